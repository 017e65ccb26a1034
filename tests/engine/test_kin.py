"""Goals that are parts of one do not count from nothing each: what fails in all of them the same way stops early."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.ports import Context
from tests.builders import ANN, draft
from tests.engine.test_goals_in_goals import part, place
from tests.fakes import ScriptedAction
from tests.world import World

ONE_AT_A_TIME = Limits(concurrency=1, attempts_max=10)
CAUSE = "times, here and in other goals that are part of the same one: exit code 1"


def failing(how: Mapping[str, str]) -> ScriptedAction:
    """Says for each command what `how` says; a command that is not named says ``boom``."""

    def fails(parameters: Mapping[str, Any], context: Context) -> Result:
        said = how.get(parameters["command"], "boom")
        return Result(success=not said, error="exit code 1", metadata={"exit_code": 1, "stderr": said})

    return ScriptedAction("shell", fails)


async def work(w: World, seconds: int = 120) -> None:
    for _ in range(seconds):
        await w.settle()
        w.clock.advance(1)


async def causes(w: World, *numbers: int) -> list[str]:
    return [one.cause for number in numbers for one in (await w.view(number)).blockages]


async def test_the_same_failure_in_three_parts_stops_all_of_them(tmp_path: Path) -> None:
    shell = failing({})
    async with place(tmp_path, shell, limits=ONE_AT_A_TIME) as w:
        await w.start_goal(draft(*(part("Work\n1. Do it: `fetch`", key=key) for key in "123")))
        await work(w)

        assert await causes(w, 2, 3, 4) == [f"The same {count} {CAUSE}" for count in (4, 5, 3)]
        assert len(shell.runs) == 5  # of nine that three goals would have by themselves


async def test_other_failures_and_goals_of_another_family_count_for_themselves(tmp_path: Path) -> None:
    shell = failing({"one": "one", "two": "two"})
    async with place(tmp_path, shell, limits=ONE_AT_A_TIME) as w:
        await w.start_goal(draft(part("Work\n1. Do it: `one`"), part("Work\n1. Do it: `two`", key="2")))
        other = await w.set_goal(draft(part("Work\n1. Do it: `one`")), command_id="other")
        await w.executor.start(other, caller=ANN, command_id="go")
        await work(w)

        assert {ref: shell.runs.count(ref) for ref in shell.runs} == {"3.1": 3, "4.1": 3, "5.1": 3}


async def test_what_succeeded_in_the_end_is_held_against_nobody(tmp_path: Path) -> None:
    def second_time(parameters: Mapping[str, Any], context: Context) -> Result:
        again = shell.runs.count(context.task_ref) > 1
        return Result(success=again, error="" if again else "exit code 1", metadata={"exit_code": int(not again)})

    shell = ScriptedAction("shell", second_time)
    async with place(tmp_path, shell, limits=ONE_AT_A_TIME) as w:
        number = await w.start_goal(
            draft(
                part("Work\n1. Do it: `fetch`"),
                part("Work\n1. Do it: `fetch`", key="2", depends_on=("1",)),
                part("Work\n1. Do it: `fetch`", key="3", depends_on=("2",)),
            )
        )
        view = await w.run_until_over(number)

        assert str(view.goal.state) == "completed"
        assert len(shell.runs) == 6
