"""A task that a model works on in turns: what it calls really runs, asks where it must, and goes on after anything."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.actions.agent import Agent
from executor.actions.ask import Ask
from executor.actions.launcher import PlainLauncher
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.actions.wait import Wait
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check, CheckKind, ExecutionType, TaskSpec
from executor.domain.stop import Stop
from executor.domain.task import TaskState
from executor.engine.replies import Accepted
from executor.ports import Acting, BrainFailed, Context, Failure
from executor.ports.brake import NoBrake
from tests.builders import ANN, command, draft, spec
from tests.fakes import START, CrashAt, Crashed, ManualClock, ScriptedAction, ScriptedActions, ScriptedChecks
from tests.minds import ScriptedMind, call, done, stuck
from tests.world import World, world

OUTSIDE = ("OUTSIDE",)


class HeldBrake(NoBrake):
    """A STOP that a test sets and lifts."""

    stop: Stop | None = None

    def held(self) -> Stop | None:
        return self.stop


def registry(*actions: ScriptedAction) -> ScriptedActions:
    work = actions or (ScriptedAction(),)
    known = [*work, Ask(), Manual(), Notify()]
    return ScriptedActions(*known, Agent(action.name for action in known))


def agent(check: Check | None = None, **parameters: Any) -> TaskSpec:
    return spec("1", "Build it", "agent", parameters={"instructions": "Build it."} | parameters, check=check)


def echo(parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
    fails = parameters.get("fails")
    said = str(parameters.get("say", ""))
    return Result(success=not fails, result="Done", output=said, error=str(fails) if fails else None)


async def asked(w: World) -> Decision:
    [decision] = await w.executor.open_decisions()
    return decision


async def press(w: World, option: str, text: str | None = None) -> str:
    decision = await asked(w)
    reply = await w.executor.answer(
        decision.number, option=option, text=text, caller=ANN, command_id=f"p/{decision.number}/{option}"
    )
    assert isinstance(reply, Accepted), reply
    await w.settle()
    return reply.sentence


async def start(w: World, *specs: TaskSpec) -> int:
    number = await w.start_goal(draft(*specs))
    await w.settle()
    return number


async def kinds(w: World, number: int) -> list[tuple[str, str, bool]]:
    turns = await w.executor.turns(number)
    return [(str(turn.kind), turn.does, turn.succeeded) for turn in turns]


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


async def test_what_needs_an_approval_parks_over_a_restart_and_wakes_once(tmp_path: Path) -> None:
    work = ScriptedAction("work", echo, repeatable=False)
    said = [call(say="pay", risk=OUTSIDE), call(say="pay", risk=OUTSIDE), done()]
    clock = ManualClock()
    async with world(tmp_path, registry=registry(work), mind=ScriptedMind(said[:1]), clock=clock) as w:
        number = await start(w, agent(command("true")))
        decision, held = await asked(w), w.workers.held()
        before = list(work.runs)
    clock.advance(5 * 86_400)
    async with world(tmp_path, registry=registry(work), mind=ScriptedMind(said[1:]), clock=clock) as w:
        await w.settle()
        still = list(work.runs)
        await press(w, "approve")
        once, again = list(work.runs), await asked(w)
        await press(w, "approve")
        view, turns = await w.view(number), await kinds(w, number)

    assert (decision.kind, before, held, still) == (DecisionKind.APPROVAL, [], [], [])
    assert decision.facts["why"] == (
        "An agent chose this by itself (turn 1). It is not part of the plan that was accepted."
    )
    assert (len(once), again.kind, len(work.runs)) == (1, DecisionKind.APPROVAL, 2)
    assert (view.goal.state, [one[::2] for one in turns]) == (
        GoalState.COMPLETED,
        [("call", True), ("call", True), ("finish", True)],
    )


async def test_what_was_allowed_for_the_goal_asks_no_more_and_never_means_never(tmp_path: Path) -> None:
    work = ScriptedAction("work", echo)
    pay, post = call(say="pay", risk=OUTSIDE), call(say="post", risk=OUTSIDE)
    mind = ScriptedMind([pay, pay, post, post, done()])
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        number = await start(w, agent(command("true")))
        await press(w, "for-this-goal")
        await press(w, "never")
        view, turns = await w.view(number), await w.executor.turns(number)

    assert (view.goal.state, len(work.runs)) == (GoalState.COMPLETED, 2)
    assert [turn.result and turn.result["error"] for turn in turns] == [
        None,
        None,
        "Ann did not let this run",
        "A person said that this never runs for this goal",
        None,
    ]


async def test_a_refused_call_is_told_and_three_end_the_asking(tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: call(say=f"try {acting.turn}", risk=OUTSIDE))
    work = ScriptedAction("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        await start(w, agent(command("true")))
        for _ in range(3):
            await press(w, "reject")
        decision = await asked(w)

    assert (decision.kind, work.runs) == (DecisionKind.BLOCKAGE, [])
    assert decision.question == "Build it: 3 of its calls were refused, and it found no other way"


async def test_a_question_and_a_manual_step_within_wait_for_a_person(tmp_path: Path) -> None:
    mind = ScriptedMind(
        [
            call("ask", question="Which port?"),
            call("manual", instructions="Plug it in"),
            call("ask", question="And the name?"),
            done(),
        ]
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, agent(command("true")))
        first = await asked(w)
        await press(w, "8000")
        second = await asked(w)
        await press(w, "done")
        third = await asked(w)
        await press(w, "Ann's shop")
        view, turns = await w.view(number), await w.executor.turns(number)

    assert [one.kind for one in (first, second, third)] == [
        DecisionKind.QUESTION,
        DecisionKind.MANUAL,
        DecisionKind.QUESTION,
    ]
    assert (view.goal.state, [turn.result and turn.result["output"] for turn in turns[:3]]) == (
        GoalState.COMPLETED,
        ["8000", "Done, said Ann", "Ann's shop"],
    )


@pytest.mark.parametrize("point", ["attempt.before_action", "attempt.after_action", "storage.turn.before_commit"])
async def test_a_crash_in_the_middle_goes_on_at_that_turn(point: str, tmp_path: Path) -> None:
    work = ScriptedAction("work", echo)
    script = {1: call(say="one"), 2: call(say="two"), 3: call(say="three")}

    def says(acting: Acting) -> Any:
        return script.get(acting.turn) or done()

    with pytest.raises((Crashed, RuntimeError)):
        async with world(
            tmp_path, registry=registry(work), mind=ScriptedMind(says), crash_points=CrashAt(point, 2)
        ) as w:
            await start(w, agent(command("true")))
    async with world(tmp_path, registry=registry(work), mind=ScriptedMind(says), executor_id="next") as w:
        await w.settle()
        view, turns = await w.view(1), await w.executor.turns(1)

    assert (view.goal.state, [turn.parameters.get("say") for turn in turns]) == (
        GoalState.COMPLETED,
        ["one", "two", "three", None],
    )
    assert all(turn.succeeded for turn in turns)


@pytest.mark.parametrize(("answer", "happened"), [("it-happened", True), ("it-did-not", False)])
async def test_an_effect_whose_end_nobody_saw_is_asked_about_and_not_repeated(
    answer: str, happened: bool, tmp_path: Path
) -> None:
    pay = ScriptedAction("work", echo, repeatable=False)
    with pytest.raises((Crashed, RuntimeError)):
        async with world(
            tmp_path,
            registry=registry(pay),
            mind=ScriptedMind([call(say="pay")]),
            crash_points=CrashAt("attempt.after_action"),
        ) as w:
            await start(w, agent(command("true")))
    async with world(tmp_path, registry=registry(pay), mind=ScriptedMind([done()]), executor_id="next") as w:
        await w.settle()
        decision = await asked(w)
        await press(w, answer)
        view, turns = await w.view(1), await w.executor.turns(1)

    assert (decision.kind, [option.name for option in decision.options]) == (
        DecisionKind.EFFECT,
        ["it-happened", "it-did-not"],
    )
    assert (view.goal.state, len(pay.runs), turns[0].succeeded) == (GoalState.COMPLETED, 1, happened)


async def test_going_in_circles_is_told_and_then_ends(tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: call(fails="no such file: a.txt"))
    work = ScriptedAction("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        await start(w, agent(command("true")))
        decision = await asked(w)

    assert [bool(acting.warning) for acting in mind.asked] == [False, False, True]
    assert (decision.kind, len(work.runs)) == (DecisionKind.BLOCKAGE, 3)
    assert decision.question.startswith("Build it: The same error 3 times in a row: work")


async def test_its_turns_are_limited_and_retry_gives_new_ones(tmp_path: Path) -> None:
    mind = ScriptedMind(lambda acting: call(say=f"{len(acting.turns)}"))
    work = ScriptedAction("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind) as w:
        await start(w, agent(command("true"), turns_max=2))
        first = await asked(w)
        await press(w, "retry")
        turns = await kinds(w, 1)

    assert first.question.startswith("Build it: It used its 2 turns and was not done; the last one: work")
    assert [kind for kind, _, _ in turns] == ["call", "call", "finish", "call", "call", "finish"]


async def test_an_outage_of_the_model_waits_and_a_limit_asks(tmp_path: Path) -> None:
    mind = ScriptedMind(
        [
            call(),
            BrainFailed(Failure.SERVER, "The model is down."),
            BrainFailed(Failure.CYCLES, "The 50 reasoning cycles of this goal are used up.", limit="cycles"),
            call(),
            done(),
        ]
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, agent(command("true")))
        waits = (await w.view(number)).tasks[0]
        w.clock.advance(31)
        await w.settle()
        decision = await asked(w)
        await press(w, "+50")
        view = await w.view(number)

    assert (waits.state, waits.failures, waits.summary) == (
        TaskState.QUEUED,
        0,
        "The model is down. I ask again by myself.",
    )
    assert (decision.kind, view.goal.state, len(await_turns := mind.asked[-1].turns)) == (
        DecisionKind.CYCLES,
        GoalState.COMPLETED,
        2,
    )
    assert all(turn.succeeded for turn in await_turns)


async def test_a_pause_ends_it_between_two_turns_and_resume_goes_on(tmp_path: Path) -> None:
    mind = ScriptedMind([call(say="one"), call(say="two"), done()])
    paused: list[str] = []

    def work(parameters: Mapping[str, Any], context: Context) -> Result:
        return Result(success=True, output=str(parameters["say"]))

    class Pausing(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
            if not paused:
                paused.append("now")
                await w.executor.pause(1, caller=ANN, command_id="pause")
            return await super().run(parameters, context)

    async with world(tmp_path, registry=registry(Pausing("work", work)), mind=mind) as w:
        number = await start(w, agent(command("true")))
        between = await w.view(number)
        await w.executor.resume(number, caller=ANN, command_id="resume")
        await w.settle()
        view, turns = await w.view(number), await w.executor.turns(number)

    assert (between.goal.state, between.tasks[0].state) == (GoalState.PAUSED, TaskState.QUEUED)
    assert view.goal.state is GoalState.COMPLETED
    assert [turn.parameters.get("say") for turn in turns] == ["one", "two", None]


async def test_a_draft_of_an_agent_is_looked_at_and_done_better(tmp_path: Path) -> None:
    mind = ScriptedMind([call(), done("First"), call(), done("Second")])
    semi = spec(
        "1",
        "Build it",
        "agent",
        parameters={"instructions": "Build it."},
        check=command("true"),
        execution_type=ExecutionType.SEMI_AUTOMATED,
    )
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        number = await start(w, semi)
        await press(w, "rework", "Shorter, please")
        await press(w, "looks-good")
        view = await w.view(number)

    assert view.goal.state is GoalState.COMPLETED
    assert [dict(turn.parameters) for turn in mind.asked[2].turns if turn.kind == "note"] == [
        {"by": "Ann", "text": "Shorter, please"}
    ]


async def test_a_person_decides_where_the_check_is_a_person(tmp_path: Path) -> None:
    mind = ScriptedMind([call(), done("Painted")])
    async with world(tmp_path, registry=registry(), mind=mind) as w:
        await start(w, agent(Check(kind=CheckKind.HUMAN, question="Is it blue?")))
        decision = await asked(w)
        await press(w, "looks-good")
        view = await w.view(1)

    assert (decision.kind, view.goal.state) == (DecisionKind.DRAFT, GoalState.COMPLETED)


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


async def test_a_stop_ends_the_turn_and_it_goes_on_when_it_is_lifted(tmp_path: Path) -> None:
    """What was killed by the STOP is not the call's own failure."""

    class Braking(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
            if not self.runs:
                brake.stop = Stop(by="Ann", at=w.clock.now())
                self.runs.append("killed")
                return Result(success=False, error="Killed", metadata={"exit_code": 137})
            return await super().run(parameters, context)

    brake = HeldBrake()
    mind = ScriptedMind(lambda acting: done() if acting.turns else call(say="one"))
    work = Braking("work", echo)
    async with world(tmp_path, registry=registry(work), mind=mind, brake=brake) as w:
        await start(w, agent(command("true")))
        during = (await w.view(1)).tasks[0]
        brake.stop = None
        await w.settle()
        view, turns = await w.view(1), await kinds(w, 1)

    assert during.state is TaskState.QUEUED
    assert (view.goal.state, [kind for kind, _, _ in turns], work.runs) == (
        GoalState.COMPLETED,
        ["call", "finish"],
        ["killed", "1.1"],
    )


async def test_a_wait_within_holds_no_slot_and_counts_from_its_own_beginning(tmp_path: Path) -> None:
    waits = Wait(PlainLauncher(), START.tzinfo)
    actions = ScriptedActions(ScriptedAction(), waits, Agent(["work", "wait"]))
    mind = ScriptedMind([call(), call("wait", seconds=100), call(), call("wait", seconds=100), done()])
    async with world(tmp_path, registry=actions, mind=mind) as w:
        number = await start(w, agent(command("true")))
        first, held = (await w.view(number)).tasks[0], w.workers.held()
        w.clock.advance(100)
        await w.settle()
        second = (await w.view(number)).tasks[0]
        w.clock.advance(100)
        await w.settle()
        view = await w.view(number)

    assert (first.state, second.state, held) == (TaskState.QUEUED, TaskState.QUEUED, [])
    assert (view.goal.state, len(mind.asked)) == (GoalState.COMPLETED, 5)


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
