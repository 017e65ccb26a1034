"""A task that a model works on in turns: what it calls really runs, and what it says about the end is looked into."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Waiting
from executor.domain.task import TaskState
from executor.ports import Acting, Context
from tests.builders import command, spec
from tests.engine.agents import agent, asked, echo, press, registry, start
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.minds import ScriptedMind, call, done, stuck
from tests.world import world


async def test_it_calls_sees_the_real_result_and_the_tasks_check_decides(tmp_path: Path) -> None:
    work = ScriptedAction("work", echo)
    mind = ScriptedMind([call(say="one"), call(fails="no such file"), call(say="two"), done("Built", "port 8000")])
    checks = ScriptedChecks()
    async with world(tmp_path, registry=registry(work), mind=mind, checks=checks) as w:
        number = await start(w, agent(command("make check")))
        view, [attempt] = await w.view(number), await w.executor.attempts(number)
        turns = await w.executor.turns(number)

    assert (view.goal.state, len(work.runs), checks.looked) == (GoalState.COMPLETED, 3, ["make check"])
    assert [
        turn.result and (turn.result["success"], turn.result["output"], turn.result["error"]) for turn in turns
    ] == [
        (True, "one", None),
        (False, "", "no such file"),
        (True, "two", None),
        (True, "", None),
    ]
    assert [[turn.result for turn in acting.turns] for acting in mind.asked[-1:]] == [[t.result for t in turns[:3]]]
    assert attempt.evidence == "`make check` → exit 0"
    assert attempt.result is not None
    assert attempt.result["output"] == "Built\n\nInsights:\n- port 8000"
    assert attempt.result["metadata"]["insights"] == ["port 8000"]


async def test_that_it_says_it_is_done_is_only_a_claim(tmp_path: Path) -> None:
    mind = ScriptedMind([call(), done("Works!"), call(), done("Works now")])
    checks = ScriptedChecks({"make check": False})
    async with world(tmp_path, registry=registry(), mind=mind, checks=checks) as w:
        number = await start(w, agent(command("make check")))
        between = (await w.view(number)).tasks[0]
        checks.answers["make check"] = True
        view = await w.run_until_over(number)
        turns = await w.executor.turns(number)

    assert (between.state, view.goal.state) == (TaskState.RETRYING, GoalState.COMPLETED)
    seen = mind.asked[2].turns[-1].result
    assert seen is not None
    assert (seen["success"], seen["result"]) == (False, "The check does not hold: `make check` → exit 1")
    assert [(turn.attempt, str(turn.kind)) for turn in turns] == [
        (1, "call"),
        (1, "finish"),
        (2, "call"),
        (2, "finish"),
    ]


@pytest.mark.parametrize("agrees", [True, False])
async def test_without_a_check_the_real_results_are_judged_and_not_its_words(agrees: bool, tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: done("Perfect") if acting.turns else call(say="3 passed"), agrees=agrees)
    async with world(tmp_path, registry=registry(ScriptedAction("work", echo)), mind=mind) as w:
        number = await start(w, agent())
        [task] = (await w.view(number)).tasks

    assert task.state is (TaskState.COMPLETED if agrees else TaskState.RETRYING)
    assert "3 passed" in str(mind.judged[0]["output"])
    assert "Perfect" not in str(mind.judged[0]["output"])
    assert task.summary == "Opinion of scripted: " + ("It looks so" if agrees else "No")


async def test_an_honest_failure_goes_to_a_person_with_its_own_words(tmp_path: Path) -> None:
    mind = ScriptedMind([call(), stuck("The file data.csv is missing"), call(), done()])
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, agent(command("true")))
        decision = await asked(w)
        await press(w, "retry")
        view = await w.view(number)

    assert (decision.kind, decision.question) == (DecisionKind.BLOCKAGE, "Build it: The file data.csv is missing")
    assert view.goal.state is GoalState.COMPLETED


async def test_going_in_circles_is_told_and_then_ends(tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: call(fails="no such file: a.txt"))
    work = ScriptedAction("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        await start(w, agent(command("true")))
        decision = await asked(w)

    assert [bool(acting.warning) for acting in mind.asked] == [False, False, True]
    assert (decision.kind, len(work.runs)) == (DecisionKind.BLOCKAGE, 3)
    assert decision.question.startswith("Build it: The same error 3 times in a row: work")


async def test_what_it_tells_the_chat_is_told_once_each(tmp_path: Path) -> None:
    mind = ScriptedMind(
        [call("notify", text="one"), call("ask", question="Go on?"), call("notify", text="two"), done()]
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        await start(w, agent(command("true")))
        await press(w, "yes")
        told = [str(notice.facts["text"]) for notice in await w.notices() if notice.kind == "text"]

    assert told == ["one", "two"]


async def test_without_a_model_it_says_what_to_do(tmp_path: Path) -> None:
    async with world(tmp_path, registry=registry()) as w:
        await start(w, agent(command("true")))
        decision = await asked(w)

    assert decision.question == "Build it: An agent needs a model: set [brain] provider, or take the task over."


async def test_later_tasks_see_its_summary_and_its_insights(tmp_path: Path) -> None:
    mind = ScriptedMind([done("Found it", "it is in b.txt"), done("Used it")])
    second = spec(
        "2", "Use it", "agent", parameters={"instructions": "Go on."}, depends_on=("1",), check=command("true")
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, agent(command("true")), second)
        view = await w.view(number)

    assert view.goal.state is GoalState.COMPLETED
    assert mind.asked[1].facts["earlier_outputs"] == {"1": "Found it\n\nInsights:\n- it is in b.txt"}


async def test_why_says_which_turn_it_is(tmp_path: Path) -> None:
    said: list[str] = []

    class Asking(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
            why = await w.executor.why(1, task_ref="1.1")
            said.extend(why.lines if why else ())
            return await super().run(parameters, context)

    async with world(tmp_path, registry=registry(Asking("work", echo)), mind=ScriptedMind([call(), done()])) as w:
        await start(w, agent(command("true"), turns_max=9))

    assert said[0].startswith("1.1 Build it: running for 0 s; turn 1 of 9: work ")


async def test_a_role_may_use_its_own_tools_and_no_others(tmp_path: Path) -> None:
    """Whatever the plan names: what the owner gave the role is the border."""
    shown: list[Acting] = []

    def act(acting: Acting) -> Any:
        shown.append(acting)
        return done()

    limits = Limits(role_tools={"writer": ("notify",)})
    async with world(tmp_path, registry=registry(), mind=ScriptedMind(act), limits=limits) as w:
        await start(w, replace(agent(), role="writer"), replace(agent(), key="2", role="coder"))

    assert [acting.tools for acting in shown] == [("notify",), ("ask", "manual", "notify", "work")]
