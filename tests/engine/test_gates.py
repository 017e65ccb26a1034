"""Gates at the end of a goal, over a real database: what they run, what follows when they say no, and what is asked."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import Decision, DecisionKind
from executor.domain.gate import Gate, Gates, gate_spec, gates_of
from executor.domain.goal import Goal, GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import Criterion, GoalDraft, Plan, TaskSpec
from executor.engine.replies import Accepted
from executor.ports import Ask, Context, GateFailure
from tests.builders import ANN, command, draft, spec
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import World, world

MAKE_TEST = Gates(tests="make test")
TWO_FAIL = "FAILED tests/test_auth.py::test_login - assert 1 == 2\nFAILED tests/test_auth.py::test_refresh - boom\n"


def failing(output: str = TWO_FAIL, code: int = 1, stderr: str = "") -> Result:
    metadata = {"exit_code": code, "stderr": stderr, "tail": output + stderr}
    return Result(success=False, error=f"exit code {code}", output=output, metadata=metadata)


def passing(output: str = "12 passed in 0.31s") -> Result:
    return Result(success=True, output=output, metadata={"exit_code": 0, "tail": output})


@dataclass
class Shell:
    """Commands and what they return, one result after the other; the last one stays."""

    results: Mapping[str, Sequence[Result]]
    ran: list[str] = field(default_factory=list)

    def action(self) -> ScriptedAction:
        return ScriptedAction("shell", self._run)

    def _run(self, parameters: Mapping[str, Any], context: Context) -> Result:
        text = str(parameters["command"])
        lined_up = self.results.get(text, [passing()])
        result = lined_up[min(self.ran.count(text), len(lined_up) - 1)]
        self.ran.append(text)
        return result


def actions(shell: Shell) -> tuple[ScriptedAction, ...]:
    manual = ScriptedAction("manual", asks=Ask(manual=True, question="Do it"))
    return ScriptedAction(), shell.action(), manual, ScriptedAction("install")


async def done(w: World, ref: str, command_id: str = "") -> None:
    reply = await w.executor.done(ref, caller=ANN, command_id=command_id or f"done/{ref}")
    assert isinstance(reply, Accepted), reply
    await w.settle()


async def told(w: World) -> list[str]:
    return [str(notice.facts["line"]) for notice in await w.notices() if notice.kind is NoticeKind.ADAPTATION]


async def receipt(w: World) -> Sequence[Mapping[str, object]]:
    [end] = [notice for notice in await w.notices() if notice.kind is NoticeKind.END]
    gates = end.facts["gates"]
    assert isinstance(gates, list)
    return gates


async def open_one(w: World) -> Decision:
    [decision] = await w.executor.open_decisions()
    return decision


@pytest.mark.parametrize(
    ("configured", "metadata", "expected"),
    [
        (Gates(), {}, []),
        (Gates(), {"tests": "true"}, ["tests"]),
        (Gates(), {"require_security_audit": "true", "must_pass_tests": "true"}, ["tests", "security"]),
        (Gates(tests="make test", security="bandit .", review=True), {}, ["tests", "security", "review"]),
        (MAKE_TEST, {"tests": "no"}, []),
        (Gates(), {"must_pass_tests": "false"}, []),
    ],
)
def test_a_goal_has_the_gates_that_are_configured_or_that_it_demands(
    configured: Gates, metadata: dict[str, str], expected: list[str]
) -> None:
    assert [gate.parameters["gate"] for gate in gates_of(configured, metadata)] == expected


async def test_gates_run_after_all_work_and_criteria_and_their_evidence_stands_on_the_receipt(tmp_path: Path) -> None:
    shell = Shell({})
    gates = Gates(tests="make test", security="scan .")
    checks = ScriptedChecks()
    goal = draft(spec("1"), criteria=(Criterion(text="It is there", check=command("test -s it")),))
    async with world(tmp_path, *actions(shell), gates=gates, checks=checks) as w:
        number = await w.start_goal(goal)
        before = (await w.view(number)).goal.percentage
        await w.settle()

        view = await w.view(number)
        assert (view.goal.state, view.goal.percentage, before) == (GoalState.COMPLETED, 100, 10)
        assert (checks.looked, shell.ran) == (["test -s it"], ["make test", "scan ."])
        assert await w.states(number) == {t: "completed" for t in ("1.1", "1.c1", "1.g1", "1.g2")}
        assert await receipt(w) == [
            {"text": "The tests pass", "met": True, "evidence": "`make test` → exit 0: 12 passed in 0.31s"},
            {"text": "The security audit passes", "met": True, "evidence": "`scan .` → exit 0: 12 passed in 0.31s"},
        ]


async def test_tests_that_fail_become_a_task_for_a_person_and_run_again_after_done(tmp_path: Path) -> None:
    shell = Shell({"make test": [failing(), passing()]})
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        view = await w.view(number)
        fix = next(task for task in view.tasks if task.ref == "1.2")
        assert fix.spec.title == "Fix the failing tests: test_login, test_refresh"
        assert "FAILED tests/test_auth.py::test_login" in fix.spec.parameters["instructions"]
        assert await told(w) == ["Plan v1 → v2: +1 −0 ~0, 2 tests fail: test_login, test_refresh"]
        assert (view.goal.state, view.goal.percentage) == (GoalState.BLOCKED, 99)

        await done(w, "1.2")

        view = await w.view(number)
        assert (view.goal.state, view.goal.percentage, shell.ran) == (GoalState.COMPLETED, 100, ["make test"] * 2)
        assert w.failures == []


async def test_after_a_set_number_of_rounds_a_person_decides_and_retry_begins_anew(tmp_path: Path) -> None:
    shell = Shell({"make test": [failing()]})
    limits = Limits(gate_rounds_max=2, adaptations_max=9)
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST, limits=limits) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        await done(w, "1.2")
        await done(w, "1.3")

        decision = await open_one(w)
        assert (decision.kind, decision.task_ref) == (DecisionKind.BLOCKAGE, "1.g1")
        assert decision.facts["tried"] == ["2 rounds of mending it"]
        assert decision.facts["cause"] == "2 tests fail: test_login, test_refresh"

        await w.press("retry")
        await w.settle()

        assert (await open_one(w)).task_ref == "1.4"
        assert (await w.view(number)).goal.plan_version == 4


async def test_a_gate_that_a_person_skips_is_named_on_the_receipt_as_not_looked_at(tmp_path: Path) -> None:
    shell = Shell({"make test": [failing()]})
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST, limits=Limits(gate_rounds_max=0)) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        await w.press("skip")

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await receipt(w) == [{"text": "The tests pass", "met": None, "evidence": "Skipped by Ann"}]


async def test_a_demanded_gate_finds_the_projects_own_command_when_it_is_due(tmp_path: Path) -> None:
    shell = Shell({})

    def write_makefile(parameters: object, context: Context) -> Result:
        (context.workspace / "Makefile").write_text("test:\n\ttrue\n")
        return Result(success=True)

    async with world(tmp_path, ScriptedAction(behaviour=write_makefile), shell.action()) as w:
        number = await w.start_goal(draft(spec("1"), metadata={"tests": "true"}))
        await w.settle()

        assert (shell.ran, (await w.view(number)).goal.state) == (["make test"], GoalState.COMPLETED)


async def test_without_any_command_a_person_is_asked_for_one_and_it_is_run(tmp_path: Path) -> None:
    shell = Shell({})
    async with world(tmp_path, *actions(shell)) as w:
        number = await w.start_goal(draft(spec("1"), metadata={"tests": "true"}))
        await w.settle()
        asked = await open_one(w)

        reply = await w.executor.answer(asked.number, text="./check.sh", caller=ANN, command_id="a")
        await w.settle()

        assert isinstance(reply, Accepted)
        assert asked.question.startswith("Which command runs the tests?")
        assert [option.name for option in asked.options] == ["skip"]
        assert (reply.sentence, shell.ran) == ("Running ./check.sh", ["./check.sh"])
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_a_demanded_gate_is_only_skipped_by_a_persons_word(tmp_path: Path) -> None:
    async with world(tmp_path, *actions(Shell({}))) as w:
        number = await w.start_goal(draft(spec("1"), metadata={"audit": "true"}))
        await w.settle()

        await w.press("skip")

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert (await receipt(w))[0]["evidence"] == "Skipped by Ann"
        assert w.failures == []


async def test_what_a_gate_lacks_is_installed_first_and_it_runs_again_without_anybody(tmp_path: Path) -> None:
    missing = failing("", 2, "ModuleNotFoundError: No module named 'requests'\n")
    shell = Shell({"make test": [missing, passing()]})
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await w.executor.open_decisions() == []
        assert (await told(w))[0].startswith("Plan v1 → v2: +1 −0 ~0, The Python module requests is missing")


async def test_a_gate_that_can_not_run_is_a_blockage_and_makes_nobody_fix_tests(tmp_path: Path) -> None:
    shell = Shell({"make test": [failing("", 127, "sh: 1: make: not found\n")]})
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        for _ in range(4):
            w.clock.advance(10)
            await w.settle()

        decision = await open_one(w)
        assert (decision.kind, decision.task_ref, await told(w)) == (DecisionKind.BLOCKAGE, "1.g1", [])


async def test_tests_that_ran_none_prove_nothing(tmp_path: Path) -> None:
    shell = Shell({"make test": [passing("Ran 0 tests in 0.000s\n\nOK")]})
    async with world(tmp_path, *actions(shell), gates=MAKE_TEST) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        assert (await told(w), (await w.view(number)).goal.state) == (
            ["Plan v1 → v2: +1 −0 ~0, No test ran"],
            GoalState.BLOCKED,
        )


async def test_what_an_audit_finds_is_mended_and_the_tests_and_criteria_hold_again_afterwards(tmp_path: Path) -> None:
    shell = Shell({"scan .": [failing("Issue: weak hash\n"), passing("clean")]})
    checks = ScriptedChecks()
    criteria = (Criterion(text="It is there", check=command("test -s it")), Criterion(text="Ann agrees"))
    gates = Gates(tests="make test", security="scan .")
    async with world(tmp_path, *actions(shell), gates=gates, checks=checks) as w:
        number = await w.start_goal(draft(spec("1"), criteria=criteria))
        await w.settle()
        await w.press("yes")
        await w.settle()

        await done(w, "1.2")

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert shell.ran == ["make test", "scan .", "make test", "scan ."]
        assert checks.looked == ["test -s it"] * 2
        assert await w.executor.open_decisions() == []
        assert [gate["met"] for gate in await receipt(w)] == [True, True]


async def test_a_reviewer_sees_the_files_and_their_wishes_become_tasks(tmp_path: Path) -> None:
    def write(parameters: object, context: Context) -> Result:
        (context.workspace / "auth.py").write_text("x = 1\n")
        return Result(success=True)

    by_hand = actions(Shell({}))[2]
    async with world(tmp_path, ScriptedAction(behaviour=write), by_hand, gates=Gates(review=True)) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        asked = await open_one(w)

        await w.executor.answer(asked.number, option="rework", text="Rename x", caller=ANN, command_id="a")
        await w.settle()
        task = await open_one(w)
        await done(w, "1.2")
        again = await open_one(w)
        await w.press("looks-good")
        await w.settle()

        assert asked.question == "Please review the result. Its files, the newest first:\nauth.py, 6 bytes"
        assert [option.label for option in asked.options] == ["Looks good", "Rework"]
        assert (task.task_ref, task.facts["title"], again.task_ref) == ("1.2", "Rename x", "1.g1")
        assert (await receipt(w))[0]["evidence"] == "Reviewed by Ann, 02 Mar 2026 09:00 UTC"
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


class Model:
    """A mender that answers as a model would: a debug task and a fix that waits for it."""

    def __init__(self) -> None:
        self.asked: list[GateFailure] = []

    async def debug(self, failure: GateFailure) -> Sequence[TaskSpec]:
        self.asked.append(failure)
        return (spec("debug", "Debug"), spec("fix", "Fix", depends_on=("debug",)))

    async def rework(self, feedback: str, goal: Goal) -> Sequence[TaskSpec]:
        return (spec("new", feedback),)


async def test_what_a_model_would_do_about_it_waits_for_a_word_and_then_runs_in_its_order(tmp_path: Path) -> None:
    shell, model = Shell({"make test": [failing(), passing()]}), Model()
    work = ScriptedAction()
    async with world(tmp_path, work, shell.action(), gates=MAKE_TEST, mender=model) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        decision = await open_one(w)

        reply = await w.press("retry-with-fix")
        await w.settle()

        assert (decision.task_ref, decision.facts["cause"]) == ("1.g1", "2 tests fail: test_login, test_refresh")
        assert isinstance(reply, Accepted)
        assert reply.sentence == "Plan v1 → v2: +2 −0 ~0, then 1.g1 is tried again."
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert work.runs == ["1.1", "1.2", "1.3"]
        assert [(one.round, one.command, len(one.failing)) for one in model.asked] == [(1, "make test", 2)]


class Planner:
    """A brain whose plan holds a debug task and a fix ready for failing tests."""

    name, immediate = "planner", True

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        ready = (spec("debug", "Debug"), spec("fix", "Fix", depends_on=("debug",)))
        return Plan(tasks=(spec("1"),), gates=(gate_spec(Gate.TESTS, "make test", ready),))


async def test_what_the_accepted_plan_holds_ready_runs_each_round_and_asks_nobody(tmp_path: Path) -> None:
    shell = Shell({"make test": [failing(), failing(), passing()]})
    work = ScriptedAction()
    async with world(tmp_path, work, shell.action(), brain=Planner()) as w:
        number = await w.start_goal(GoalDraft(title="Rest"))
        await w.settle()

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert work.runs == ["1.1", "1.2", "1.3", "1.4", "1.5"]
        assert await w.executor.open_decisions() == []


@pytest.mark.parametrize("restarts", [1, 2, 3])
async def test_a_restart_between_any_two_steps_changes_nothing(tmp_path: Path, restarts: int) -> None:
    shell = Shell({"make test": [failing(), passing()]})

    def life(name: str) -> AbstractAsyncContextManager[World]:
        return world(tmp_path, *actions(shell), gates=MAKE_TEST, executor_id=name)

    async with life("first") as w:
        number = await w.start_goal(draft(spec("1")))
        for _ in range(restarts):
            await w.executor.tick()
    async with life("second") as w:
        await w.settle()
    async with life("third") as w:
        await done(w, "1.2")

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await told(w) == ["Plan v1 → v2: +1 −0 ~0, 2 tests fail: test_login, test_refresh"]


async def test_the_plan_that_is_accepted_names_its_gates(tmp_path: Path) -> None:
    async with world(tmp_path, *actions(Shell({})), gates=MAKE_TEST) as w:
        number = await w.set_goal(GoalDraft(title="Rest", tasks=(spec("1"),), metadata={"audit": "true"}))

        plan = (await w.view(number)).plan

        assert plan is not None
        assert [dict(gate.parameters) for gate in plan.gates] == [
            {"gate": "tests", "command": "make test"},
            {"gate": "security"},
        ]
