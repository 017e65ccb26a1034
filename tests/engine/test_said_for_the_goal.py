"""What was said for the rest of a goal is not asked again, and never holds however the same thing comes back."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.own import Own, Recipe
from executor.actions.registry import Registry
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outcome import NeedsApproval, Result
from executor.domain.plan import TaskSpec
from executor.domain.task import TaskState
from executor.engine.asking.asking import ask_for_approval
from executor.engine.flow import start
from executor.engine.planning.adaptation import adapt
from executor.engine.policy.approval import bare_digest
from executor.engine.policy.policy import Policy
from executor.engine.replies import Refused
from tests.builders import ANN, command, draft, proposal, spec
from tests.engine.test_goals_in_goals import part, place
from tests.fakes import ScriptedAction, ScriptedActions, ScriptedChecks
from tests.world import World, world

PAY = spec("1", "Pay", parameters={"risk": ["OUTSIDE"], "to": "Ann"})
AGAIN = spec("2", "Pay again", parameters=PAY.parameters)
RULES = Policy(always_ask=["shell:pay*"])


async def asked(w: World) -> list[Decision]:
    return [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.APPROVAL]


async def press(w: World, option: str, place: int = 0) -> None:
    decision = (await asked(w))[place]
    await w.executor.answer(decision.number, option=option, caller=ANN, command_id=f"p/{decision.number}")
    await w.settle()


async def test_two_that_ask_about_the_same_thing_are_answered_with_one_word(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        number = await w.set_goal(draft(PAY, AGAIN))
        await w.settle()
        before = await asked(w)
        await press(w, "for-this-goal")
        view = await w.view(number)
        [withdrawn] = [one for one in await w.executor.events(number) if one.name == "decision.withdrawn"]

    assert (len(before), sorted(action.runs), view.goal.state) == (2, ["1.1", "1.2"], GoalState.COMPLETED)
    assert (withdrawn.task_ref, withdrawn.result["note"]) == (
        "1.2",
        f"Ann said so for the rest of the goal, with question {before[0].number}",
    )


async def test_never_ends_the_other_question_about_it_as_well(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        await w.set_goal(draft(PAY, AGAIN))
        await w.settle()
        await press(w, "never", 1)
        left, states = await asked(w), await w.states(1)

    assert (left, action.runs, states) == ([], [], {"1.1": "blocked", "1.2": "blocked"})


async def test_approved_this_time_leaves_the_other_question_open(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        await w.set_goal(draft(PAY, AGAIN))
        await w.settle()
        await press(w, "approve")
        left = await asked(w)

    assert (action.runs, [one.task_ref for one in left]) == (["1.1"], ["1.2"])


DODGES: dict[str, TaskSpec] = {
    "more time": spec("2", action="shell", parameters={"command": "pay Ann", "timeout_s": 900}),
    "the network": spec("2", action="shell", parameters={"command": "pay Ann", "network": True}),
    "not repeatable": spec("2", action="shell", parameters={"command": "pay Ann", "repeatable": False}),
    "blanks": spec("2", action="shell", parameters={"command": " pay  Ann\n"}),
    "waiting for it": spec("2", action="wait", parameters={"command": "pay Ann"}),
    "a check": spec("2", action="shell", parameters={"command": "true"}, check=command("pay Ann")),
    "a condition": spec("2", action="shell", parameters={"command": "true"}, when=command("pay Ann")),
}


@pytest.mark.parametrize("way", DODGES)
async def test_never_holds_however_the_same_thing_comes_back(tmp_path: Path, way: str) -> None:
    shell, wait, checks = ScriptedAction("shell"), ScriptedAction("wait"), ScriptedChecks()
    first = spec("1", action="shell", parameters={"command": "pay Ann"}, confidence=0.1)
    second = replace(DODGES[way], depends_on=("0",))
    between = spec("0", action="work")
    async with world(tmp_path, shell, wait, Held(), checks=checks, policy=RULES, autonomy="full") as w:
        await w.set_goal(draft(between, first, second))
        await w.settle()
        await press(w, "never")
        await w.executor.retry("1.1", caller=ANN, command_id="again")
        w.clock.advance(60)
        await w.settle()
        left, states = await asked(w), await w.states(1)

    assert (shell.runs, wait.runs, checks.looked, left) == ([], [], [], [])
    assert states["1.3"] == "blocked"


class Held(ScriptedAction):
    """Fails the first time, so that what depends on it begins later."""

    def __init__(self) -> None:
        super().__init__("work", lambda parameters, context: Result(success=len(self.runs) > 1, error="Not yet"))


def test_another_program_is_another_thing() -> None:
    one = bare_digest("shell", {"command": "pay Ann"})

    assert one == bare_digest("wait", {"command": "pay Ann"})
    assert one != bare_digest("shell", {"command": "pay Bob"})
    assert bare_digest("http", {"url": "a", "body": "1"}) != bare_digest("http", {"url": "a", "body": "2"})


async def test_never_holds_in_a_goal_that_is_part_of_it(tmp_path: Path) -> None:
    shell = ScriptedAction("shell")
    pay = spec("1", "Pay", action="shell", parameters={"command": "pay Ann"}, optional=True)
    within = part("Pay\n1. Pay: `pay Ann`", "2", depends_on=("0",))
    wait = spec("0", action="ask", parameters={"question": "Go on?"})
    async with place(tmp_path, shell, policy=RULES, autonomy="full") as w:
        await w.set_goal(draft(pay, wait, within))
        await w.settle()
        await press(w, "never")
        [question] = [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.QUESTION]
        await w.executor.answer(question.number, text="Yes", caller=ANN, command_id="yes")
        await w.settle()
        child, left = await w.view(2), await asked(w)

    assert (shell.runs, left, child.tasks[0].state) == ([], [], TaskState.BLOCKED)


def test_a_changed_plan_closes_the_question_about_what_it_no_longer_runs() -> None:
    case = proposal(spec("1", parameters={"command": "pay Ann"}))
    start(case)
    ask_for_approval(case, case.move_task("1.1", TaskState.IN_PROGRESS), NeedsApproval(what="x", why="y", digest="z"))

    adapt(case, [spec("1", parameters={"command": "pay Bob"})], reason="Ann wants it")

    assert [one for one in case.open_decisions("1.1") if one.kind is DecisionKind.APPROVAL] == []
    assert case.tasks["1.1"].state is TaskState.PENDING


def test_a_changed_title_leaves_the_question_as_it_is() -> None:
    case = proposal(spec("1", parameters={"command": "pay Ann"}))
    start(case)
    ask_for_approval(case, case.move_task("1.1", TaskState.IN_PROGRESS), NeedsApproval(what="x", why="y", digest="z"))

    adapt(case, [spec("1", "Another", parameters={"command": "pay Ann"})], reason="Ann wants it")

    assert len(case.open_decisions("1.1")) == 1


async def test_an_action_of_the_owners_that_is_another_command_by_now_asks_again(tmp_path: Path) -> None:
    def registry(text: str) -> Registry:
        return Registry([Own(Recipe(name="deploy", command=text, risk="medium"), PlainLauncher())])

    task = draft(spec("1", action="deploy"))
    async with world(tmp_path, registry=registry("echo one"), autonomy="risky") as w:
        await w.set_goal(task)
        await w.settle()
    async with world(tmp_path, registry=registry("echo two > ran"), autonomy="risky", executor_id="second") as w:
        await press(w, "approve")
        [again] = await asked(w)

    assert str(again.facts["what"]) == "`echo two > ran`"
    assert str(again.facts["why"]).startswith("It has changed since it was approved.")
    assert not (tmp_path / "workspaces/1/ran").exists()


class Fickle(ScriptedActions):
    """Whose digests differ each time, as those of a folder that changes do."""

    count = 0

    def fingerprint(self, name: str, parameters: Any, workspace: Path) -> str:
        self.count += 1
        return f"{name} {self.count if name == 'work' else 0}"


async def test_what_is_only_looked_for_is_not_asked_about_again(tmp_path: Path) -> None:
    """The answer was lost, and the folder has changed: nobody is asked whether it may run, because it would not."""
    lost = Result(success=False, error="lost", metadata={"outcome_unknown": True})
    work = ScriptedAction(behaviour=lambda parameters, context: lost, repeatable=False)

    class Once(Fickle):
        def fingerprint(self, name: str, parameters: Any, workspace: Path) -> str:
            return super().fingerprint(name, parameters, workspace) if work.runs else name

    async with world(tmp_path, registry=Once(work), checks=ScriptedChecks({"paid": True}), autonomy="risky") as w:
        await w.set_goal(draft(replace(PAY, check=command("paid"))))
        await w.settle()
        await press(w, "approve")
        view = await w.view(1)

    assert (view.goal.state, work.runs) == (GoalState.COMPLETED, ["1.1"])


@pytest.mark.parametrize("by_command", [True, False])
async def test_start_is_for_what_the_card_shows(tmp_path: Path, by_command: bool) -> None:
    work = ScriptedAction()
    async with world(tmp_path, work) as w:
        number = await w.set_goal(draft(spec("1", parameters={"to": "Ann"})))
        await w.settle()
        with closing(sqlite3.connect(w.database.path)) as database, database:
            database.execute("UPDATE goal_tasks SET spec = replace(spec, 'Ann', 'Eve')")
        start_it = w.executor.start(number, caller=ANN, command_id="go") if by_command else w.press("start")
        reply = await start_it
        await w.settle()
        view = await w.view(number)

    assert isinstance(reply, Refused)
    assert reply.sentence == "Not started: 1.1 would not run what the card shows. Send the goal again."
    assert (work.runs, view.goal.state) == ([], GoalState.AWAITING_START)


async def test_what_was_changed_after_the_question_is_not_what_was_approved(tmp_path: Path) -> None:
    work = ScriptedAction(repeatable=False)
    async with world(tmp_path, work, autonomy="risky") as w:
        await w.set_goal(draft(PAY))
        await w.settle()
        with closing(sqlite3.connect(w.database.path)) as database, database:
            database.execute("UPDATE goal_tasks SET spec = replace(spec, 'Ann', 'Eve')")
        await press(w, "approve")
        [again] = await asked(w)

    assert (work.runs, "Eve" in str(again.facts["what"])) == ([], True)
