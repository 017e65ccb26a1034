"""Where parts of the engine meet: a bug in one goal and the other goals, a press and what runs meanwhile."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from executor.domain.amendment import Amendment
from executor.domain.circuit import CircuitState
from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.lesson import Remedy
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import TaskSpec
from executor.engine import tick
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.lessons import try_fix
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.flow import advance
from executor.engine.planning.steering import propose_change
from executor.engine.replies import Accepted, Refused
from executor.engine.settle import settle
from executor.engine.upkeep import lookout, watching
from executor.ports import Context
from tests.builders import ANN, draft, proposal, spec
from tests.fakes import ScriptedAction
from tests.world import World, world

waits = Waiting(wait_s=600.0, note="Not yet")
KEY = "http://api.example:8080"
BUG = KeyError("a bug")


def unless_goal_1(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` with a bug that only goal 1 meets."""

    def buggy(case: Case, *more: Any, **named: Any) -> Any:
        if case.goal.number == 1:
            raise BUG
        return function(case, *more, **named)

    return buggy


async def start(w: World, number: int, *tasks: TaskSpec) -> None:
    assert await w.set_goal(draft(*tasks), f"set/{number}") == number
    await w.executor.start(number, caller=ANN, command_id=f"start/{number}")


async def test_a_bug_in_taking_one_goals_task_leaves_the_other_goals_alone(tmp_path: Path) -> None:
    class Buggy(ScriptedAction):
        def repeatable(self, parameters: Mapping[str, Any]) -> bool:
            if parameters:
                raise BUG
            return True

    async with world(tmp_path, Buggy()) as w:
        await start(w, 1, spec("1", parameters={"x": 1}))
        await start(w, 2, spec("1"))

        await w.settle()

        assert (await w.states(1), await w.states(2)) == ({"1.1": "queued"}, {"2.1": "completed"})
        assert set(w.failures) == {"goal 1: KeyError('a bug')"}


async def test_a_bug_in_recovering_one_goal_leaves_the_other_goals_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as w:
        await start(w, 1, spec("1"))
        await start(w, 2, spec("1"))
        await w.executor.tick()
    monkeypatch.setattr(tick, "settle", unless_goal_1(settle))

    async with world(tmp_path, executor_id="second") as w:
        await w.settle()

        assert (await w.states(1), await w.states(2)) == ({"1.1": "in_progress"}, {"2.1": "completed"})
        assert w.failures == ["goal 1: KeyError('a bug')"]


def refused(parameters: Mapping[str, Any], context: Context) -> Result:
    error = "can't connect to api.example: All connection attempts failed"
    return Result(success=False, error=error, metadata={"url": parameters["url"], "method": "GET"})


def fetch() -> TaskSpec:
    return spec("1", action="http", parameters={"url": f"{KEY}/rates"})


async def test_what_a_goal_with_a_bug_says_about_a_service_is_not_counted_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tick, "advance", unless_goal_1(advance))
    async with world(tmp_path, ScriptedAction("http", refused)) as w:
        await start(w, 1, fetch())
        await start(w, 2, spec("1", action="http", parameters={"url": "http://other.example/"}))
        for _ in range(5):
            await w.settle()
            w.executor.alarm()

        assert KEY not in [circuit.key for circuit in await w.database.circuits()]
        assert set(w.failures) == {"goal 1: KeyError('a bug')"}


async def test_a_bug_in_letting_one_goal_go_on_leaves_the_other_goals_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    up: list[bool] = []

    class Look:
        async def look(self, probe: str) -> bool | None:
            return bool(up)

    def answer(parameters: Mapping[str, Any], context: Context) -> Result:
        return Result(success=True) if up else refused(parameters, context)

    limits = Limits(outage_failures=1)
    async with world(tmp_path, ScriptedAction("http", answer), watches=Look(), limits=limits) as w:
        await start(w, 1, fetch())
        await start(w, 2, fetch())
        await w.settle()
        monkeypatch.setattr(watching, "advance", unless_goal_1(advance))
        up.append(True)
        for _ in range(60):
            w.clock.advance(1)
            await w.settle()

        assert (await w.view(2)).goal.state is GoalState.COMPLETED
        assert set(w.failures) == {"goal 1: KeyError('a bug')"}


async def test_a_bug_in_looking_at_one_goal_leaves_the_other_goals_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def mend(case: Case, *more: Any) -> list[Any]:
        looked.append(case.goal.number)
        return []

    monkeypatch.setattr(lookout, "stuck", lambda rows, around: [object()])
    monkeypatch.setattr(lookout, "mend", unless_goal_1(mend))
    manual = ScriptedAction()
    async with world(tmp_path, manual) as w:
        await start(w, 1, spec("1"))
        await start(w, 2, spec("1"))
        look = lookout.Lookout(
            w.database, w.executor._tools, log_failure=lambda what, error: w.failures.append(f"{what}: {error!r}")
        )

        changed = await look.look([1, 2])

        assert (changed, looked) == (True, [2])
        assert w.failures == ["look-out at goal 1: KeyError('a bug')"]


async def test_retry_pressed_while_a_trial_runs_does_not_run_it_a_second_time(tmp_path: Path) -> None:
    up: list[bool] = []
    ends = asyncio.Event()

    class Post(ScriptedAction):
        async def run(self, parameters: Mapping[str, Any], context: Context) -> Result:
            self.runs.append(context.task_ref)
            if up:
                await ends.wait()
                return Result(success=True, metadata={"status": 201, "url": parameters["url"]})
            return refused(parameters, context)

    post = Post("http", repeatable=False)
    limits = Limits(outage_failures=1, outage_ask_s=60)
    async with world(tmp_path, post, limits=limits) as w:
        await start(w, 1, fetch())
        for _ in range(200):
            await w.settle()
            w.clock.advance(1)
        [asked] = await w.executor.open_decisions()  # nothing can be looked at but by trying
        up.append(True)
        before = len(post.runs)
        for _ in range(2_000):
            w.clock.advance(1)
            await w.executor.tick()
            await asyncio.sleep(0)
            if len(post.runs) > before:
                break
        running = await w.states(1)

        said = await w.executor.answer(asked.number, option="retry", caller=ANN, command_id="retry")
        ends.set()
        view = await w.run_until_over(1, seconds=30)

        assert running == {"1.1": "in_progress"}
        assert isinstance(said, Accepted)
        assert said.sentence == "1.1 is being tried right now."
        assert (view.goal.state, len(post.runs) - before) == (GoalState.COMPLETED, 1)
        assert [circuit.state for circuit in await w.database.circuits()] == [CircuitState.CLOSED]
        assert w.failures == []


async def test_a_proposed_change_does_not_bring_back_a_task_that_a_person_cancelled_meanwhile(tmp_path: Path) -> None:
    sad = Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": "odd"})
    action = ScriptedAction(behaviour=lambda parameters, context: sad if context.task_ref == "1.1" else waits)
    async with world(tmp_path, action, limits=Limits(attempts_max=1)) as w:
        await start(w, 1, spec("1"), spec("2"), spec("3"))
        await w.settle()
        async with w.database.transaction("command") as transaction:
            [rows] = await transaction.cases([1])
            case = Case(rows, w.clock.now(), w.executor.limits, Numbers(await transaction.next_decision_number()))
            proposed = Amendment(tasks=tuple(task.spec for task in case.work), again=("1",), reason="another try")
            decision = propose_change(case, proposed)
            await transaction.save(case.changes())

        await w.executor.cancel_task("1.2", caller=ANN, command_id="cancel")
        late = await w.executor.answer(decision.number, option="accept", caller=ANN, command_id="accept")

        assert isinstance(late, Refused)
        assert late.sentence.endswith("is no longer open: 1.2 was cancelled meanwhile.")
        assert [(one.kind, one.task_ref) for one in await w.executor.open_decisions()] == [
            (DecisionKind.BLOCKAGE, "1.1")
        ]
        assert await w.states(1) == {"1.1": "blocked", "1.2": "cancelled", "1.3": "queued"}


def test_what_a_model_thought_of_is_learned_as_words_and_never_installed_by_itself_later() -> None:
    case = proposal(spec("1"))
    install = spec("fix-1-x", action="install", parameters={"packages": ["anything"]})
    fix = Fix(what="anything is missing (so m-1 thinks)", spec=spec("1"), before=install, by="m-1")

    try_fix(case, "1.1", Remedy(signature="work.x", cause="unknown", action="work"), fix)

    remedy = case.tasks["1.1"].remedy
    assert remedy is not None
    assert (remedy.recipe.automatic, remedy.text) == (False, "anything is missing (so m-1 thinks)")
