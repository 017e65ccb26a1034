"""Stalls, planted by hand in the database: found with the next look, mended where that can be, else asked about."""

from collections.abc import Callable
from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.engine.replies import Accepted
from executor.ports import Ask
from tests.builders import ANN, chain, draft, spec
from tests.fakes import ScriptedAction
from tests.world import World, world

MONITORING_S = 300


async def plant(w: World, *statements: str) -> None:
    """By hand, past everything that would not allow it."""
    async with w.database._connections.write("by hand") as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def look(w: World) -> None:
    """Let the time of one look pass."""
    w.clock.advance(MONITORING_S)
    await w.settle()


async def stalled(w: World, number: int) -> list[str]:
    """What the log says about each stall."""
    found = [event for event in await w.executor.events(number) if event.name == "goal.stalled"]
    return [one["sentence"] for event in found for one in event.result["reasons"]]  # type: ignore[attr-defined]


def fails(parameters: object, context: object) -> Result:
    return Result(success=False, error="exit code 1")


async def test_a_task_that_is_never_due_is_taken_up_again(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(behaviour=fails_once())) as w:
        number = await w.start_goal(draft(*chain(2)))
        await w.settle()
        await plant(w, "UPDATE goal_tasks SET due_at = NULL")
        w.clock.advance(10)
        await w.settle()
        assert await w.states(number) == {"1.1": "retrying", "1.2": "pending"}

        await look(w)

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await stalled(w, number) == ["stands still: it has no time at which it would be taken"]


def fails_once() -> Callable[[object, object], Result]:
    results = [Result(success=False, error="exit code 1")]
    return lambda parameters, context: results.pop() if results else Result(success=True)


async def test_a_question_that_was_withdrawn_by_hand_is_asked_again(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(behaviour=fails)) as w:
        number = await w.start_goal(draft(spec("1", attempts_max=1)))
        await w.settle()
        await plant(w, "UPDATE decisions SET state = 'withdrawn'")
        assert await w.executor.open_decisions() == []

        await look(w)

        [asked] = await w.executor.open_decisions()
        assert (asked.kind, asked.task_ref) == (DecisionKind.BLOCKAGE, "1.1")
        assert isinstance(await w.press("skip"), Accepted)
        assert await stalled(w, number) == ["stands still: it waits for a person whom nobody has asked"]


async def test_a_blockage_that_is_gone_with_its_question_is_opened_again(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(behaviour=fails)) as w:
        number = await w.start_goal(draft(spec("1", attempts_max=1)))
        await w.settle()
        await plant(w, "UPDATE decisions SET state = 'withdrawn'", "UPDATE goal_blockages SET resolved_at = 1")

        await look(w)

        [asked] = await w.executor.open_decisions()
        assert asked.kind is DecisionKind.BLOCKAGE
        assert [blockage.task_ref for blockage in (await w.view(number)).blockages] == ["1.1"]


async def test_a_person_who_was_to_answer_an_action_is_asked_again(tmp_path: Path) -> None:
    asking = ScriptedAction(asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, asking) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        await plant(w, "UPDATE decisions SET state = 'withdrawn'")

        await look(w)

        assert isinstance(await w.press("done"), Accepted)
        await w.settle()
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_a_start_that_nobody_was_asked_for_is_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        number = await w.set_goal(draft(*chain(1)))
        await plant(w, "UPDATE decisions SET state = 'withdrawn'")
        await w.settle()

        await look(w)

        assert isinstance(await w.press("start"), Accepted)
        assert (await w.view(number)).goal.state is GoalState.IN_PROGRESS


@pytest.mark.parametrize(
    ("repeatable", "state"), [(True, "completed"), (False, "awaiting_approval")], ids=["repeatable", "outside effect"]
)
async def test_a_task_without_a_running_attempt_runs_again_unless_its_effect_may_be_out(
    tmp_path: Path, repeatable: bool, state: str
) -> None:
    async with world(tmp_path, ScriptedAction(repeatable=repeatable)) as w:
        number = await w.set_goal(draft(spec("1")))
        await w.settle()  # the look at a new plan
        await w.executor.start(number, caller=ANN, command_id="start")
        await w.executor.take("1.1")
        await plant(w, "UPDATE task_attempts SET state = 'interrupted'")
        await w.settle()  # its report is fenced off
        assert await w.states(number) == {"1.1": "in_progress"}

        await look(w)

        assert await w.states(number) == {"1.1": state}


async def test_a_task_that_was_not_released_is_released(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        number = await w.start_goal(draft(*chain(1)))
        await plant(w, "UPDATE goal_tasks SET state = 'pending', due_at = NULL")
        await w.settle()

        await look(w)

        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_tasks_that_wait_for_each_other_become_one_question(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        first, second = spec("1"), spec("2", depends_on=("1",))
        number = await w.start_goal(draft(first, second))
        circle = TaskSpec(key="1", title="Step 1", action="work", depends_on=("2",))
        view = await w.view(number)
        await turn_round(w, view.tasks[0].spec, circle)
        await w.settle()

        await look(w)

        [asked] = await w.executor.open_decisions()
        assert (asked.kind, asked.task_ref) == (DecisionKind.BLOCKAGE, "1.1")
        assert (await w.view(number)).goal.state is GoalState.BLOCKED
        await look(w)
        assert len(await w.executor.open_decisions()) == 1
        assert w.failures == []


async def turn_round(w: World, old: TaskSpec, new: TaskSpec) -> None:
    from storage.codec import SPEC, dumps

    async with w.database._connections.write("by hand") as connection:
        await connection.exec_driver_sql(
            "UPDATE goal_tasks SET spec = ?, state = 'pending', due_at = NULL WHERE key = ?",
            (dumps(SPEC.encode(new)), old.key),
        )


async def test_what_waits_for_its_time_for_a_person_or_for_a_slot_is_left_alone(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(behaviour=fails)) as w:
        waiting = await w.start_goal(draft(spec("1", attempts_max=1)))
        await w.settle()
        proposed = await w.set_goal(draft(spec("1")), command_id="other")
        retrying = await w.set_goal(draft(spec("1", attempts_max=30)), command_id="third")
        await w.executor.start(retrying, caller=ANN, command_id="third/start")
        await w.settle()

        await look(w)

        for number in (waiting, proposed, retrying):
            assert await stalled(w, number) == []


async def test_tasks_that_wait_for_a_question_about_the_whole_goal_are_left_alone(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(asks=Ask(manual=True, question="Do it"))) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        await plant(w, "UPDATE decisions SET kind = 'budget', task_ref = NULL WHERE state = 'open'")

        await look(w)

        assert (await w.states(number), await stalled(w, number)) == ({"1.1": "awaiting_approval"}, [])
        found = await w.executor.why(number)
        assert found is not None
        assert found.tasks[0].sentence == "waits for you: question 2, since 09:00"


async def test_one_stuck_task_is_found_while_others_go_on(tmp_path: Path) -> None:
    asking = ScriptedAction(asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, asking, ScriptedAction("quick")) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", action="quick")))
        await plant(w, "UPDATE goal_tasks SET due_at = NULL WHERE key = '2'")
        await w.settle()

        await look(w)

        assert await w.states(number) == {"1.1": "awaiting_approval", "1.2": "completed"}


async def test_a_healthy_place_is_only_read(tmp_path: Path) -> None:
    async with world(tmp_path, ScriptedAction(asks=Ask(manual=True, question="Do it"))) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        revision = (await w.view(number)).goal.revision
        begun: list[str] = []
        w.database.transaction = noting(begun, w.database.transaction)  # type: ignore[method-assign]

        await look(w)

        assert "look" not in begun
        assert (await w.view(number)).goal.revision == revision


def noting(begun: list[str], real: Callable[..., object]) -> Callable[..., object]:
    def transaction(label: str = "write") -> object:
        begun.append(label)
        return real(label)

    return transaction
