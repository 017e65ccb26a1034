"""An agent asks people: before what they must allow, about what nobody saw, and for their opinion of its work."""

from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.plan import Check, CheckKind, ExecutionType
from tests.builders import command, spec
from tests.engine.agents import OUTSIDE, agent, asked, echo, kinds, press, registry, start
from tests.fakes import CrashAt, Crashed, ManualClock, ScriptedAction
from tests.minds import ScriptedMind, call, done
from tests.world import world


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
