"""Resources that tasks share have capacities, across all goals; what lies on the critical path goes first."""

from collections import Counter
from pathlib import Path
from typing import Any

from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.engine.replies import Refused
from executor.ports import Context
from executor.workers.local import LocalWorkers
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction
from tests.world import World, world


def needing(key: str, *names: str, **more: Any) -> TaskSpec:
    return spec(key, needs=names, **more)


async def started(w: World, *goals: tuple[TaskSpec, ...]) -> list[int]:
    numbers = [await w.set_goal(draft(*tasks), f"set/{n}") for n, tasks in enumerate(goals)]
    for number in numbers:
        await w.executor.start(number, caller=ANN, command_id=f"start/{number}")
    return numbers


def held(w: World) -> list[str]:
    return sorted(ref for ref, _ in w.workers.held())


async def one_tick(w: World) -> list[str]:
    await w.executor.tick()
    return held(w)


async def test_two_tasks_of_two_goals_never_hold_one_browser(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await started(w, (needing("1", "browser"),), (needing("1", "browser"),), (spec("1"),))

        assert await one_tick(w) == ["1.1", "3.1"]


async def test_what_waits_for_a_resource_keeps_nothing_else_waiting(tmp_path: Path) -> None:
    many = tuple(needing(str(n), "gpu") for n in range(1, 21))
    async with world(tmp_path, limits=Limits(concurrency=3)) as w:
        await started(w, many, (spec("1"), needing("2", "scanner")))

        assert await one_tick(w) == ["1.1", "2.1", "2.2"]


async def test_a_capacity_above_one_is_used_up_and_no_more(tmp_path: Path) -> None:
    tasks = tuple(needing(str(n), "gpu") for n in range(1, 5))
    async with world(tmp_path, limits=Limits(resources={"gpu": 2})) as w:
        await started(w, tasks)

        assert await one_tick(w) == ["1.1", "1.2"]


async def test_all_of_a_tasks_resources_are_taken_or_none(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await started(w, (needing("1", "camera"), needing("2", "light", "camera"), needing("3", "light")))

        assert await one_tick(w) == ["1.1", "1.3"]


async def test_what_lies_on_the_critical_path_has_it_first(tmp_path: Path) -> None:
    short = needing("short", "browser")
    wide = (needing("wide", "browser"), *(spec(f"w{n}", depends_on=("wide",)) for n in range(3)))
    long = (needing("long", "browser"), spec("l1", depends_on=("long",)), spec("l2", depends_on=("l1",)))
    async with world(tmp_path) as w:
        await started(w, (short, *wide, *long))

        [ref] = await one_tick(w)

        assert next(task for task in (await w.view(1)).tasks if task.ref == ref).spec.key == "long"


async def test_everybody_has_a_turn(tmp_path: Path) -> None:
    at_once: Counter[str] = Counter()
    most: list[int] = []

    class Counting(LocalWorkers):
        def start(self, assignment: Any) -> None:
            at_once.update(assignment.task.spec.needs)
            most.append(max(at_once.values(), default=0))
            super().start(assignment)

    def work(parameters: object, context: Context) -> Result:
        at_once.subtract(["browser"])
        return Result(success=True)

    async with world(tmp_path, ScriptedAction("work", work), hands=Counting) as w:
        await started(w, *((needing("1", "browser"), needing("2", "browser")) for _ in range(4)))
        await w.settle()

        assert {(await w.view(number)).goal.state for number in range(1, 5)} == {GoalState.COMPLETED}
        assert max(most) == 1


async def test_why_and_a_taker_hear_who_holds_it(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await started(w, (needing("1", "browser"),), (needing("1", "browser"),))
        await w.executor.tick()

        why = await w.executor.why(2)
        reply = await w.executor.take("2.1")

        assert why is not None
        [reason] = why.tasks
        assert (reason.code, reason.sentence) == ("waits_for_resource", "waits for browser (held by 1.1)")
        assert reply == Refused(code="resource_taken", sentence="2.1 waits for browser (held by 1.1).")


async def test_a_restart_gives_back_what_a_dead_program_held(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await started(w, (needing("1", "browser"),), (needing("1", "browser"),))
        await w.executor.tick()

    async with world(tmp_path, executor_id="second") as w:
        await w.settle()

        assert {(await w.view(number)).goal.state for number in (1, 2)} == {GoalState.COMPLETED}
