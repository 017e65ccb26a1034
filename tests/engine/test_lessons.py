"""What helped is remembered, tried first once it has worked twice, judged with every use, and can be taken back."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.domain.goal import GoalState
from executor.domain.lesson import Lesson, LessonUse, Recipe, Remedy
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.engine.blockages.lessons import identity_of, matching, worth_trying
from executor.engine.classification import classify
from executor.engine.replies import Accepted, Refused
from executor.ports import Changes, Context
from tests.builders import ANN, draft, spec
from tests.fakes import START, CrashAt, Crashed, ScriptedAction
from tests.world import World, world


class Machine:
    """Commands that need a folder or a package, and what makes them. `heals` is what really helps."""

    def __init__(self, error: str, heals: str) -> None:
        self._error = error
        self._heals = heals
        self.did: list[str] = []
        self.shell = ScriptedAction("shell", self._run)
        self.install = ScriptedAction("install", self._install)

    def _run(self, parameters: Mapping[str, Any], context: Context) -> Result:
        command = str(parameters["command"])
        if command.startswith("mkdir"):
            self.did.append(f"{context.task_ref.split('.')[0]} {command}")
            return Result(success=True)
        if any(f"{context.task_ref.split('.')[0]} {self._heals}" == one for one in self.did):
            return Result(success=True, result="Done")
        metadata = {"exit_code": 1, "stderr": self._error, "command": command}
        return Result(success=False, error="exit code 1", metadata=metadata)

    def _install(self, parameters: Mapping[str, Any], context: Context) -> Result:
        self.did.append(f"{context.task_ref.split('.')[0]} install {','.join(parameters['packages'])}")
        return Result(success=True)


FOLDER = ("cp: cannot create regular file 'out/a.txt': No such file or directory", "mkdir -p -- out")
MODULE = ("ModuleNotFoundError: No module named 'zonk'", "install zonklib")
COPY = spec("1", action="shell", parameters={"command": "cp a.txt out/a.txt"})
READ = spec("1", action="shell", parameters={"command": "python3 read.py"})


async def run(w: World, *tasks: TaskSpec) -> int:
    """A goal of these, as far as it goes by itself."""
    number = len(await w.executor.goals()) + 1
    await w.set_goal(draft(*tasks), f"set/{number}")
    await w.executor.start(number, caller=ANN, command_id=f"start/{number}")
    await w.settle()
    return number


async def events(w: World, number: int, prefix: str) -> list[str]:
    return [event.name for event in await w.executor.events(number) if event.name.startswith(prefix)]


async def test_what_helped_is_counted_and_tried_first_once_it_has_worked_twice(tmp_path: Path) -> None:
    machine = Machine(*FOLDER)
    async with world(tmp_path, machine.shell, machine.install) as w:
        for count in (1, 2, 3):
            number = await run(w, COPY)
            [lesson] = await w.executor.lessons()
            assert (lesson.number, lesson.successes, lesson.failures) == (1, count, 0)
            assert lesson.tried_first == (count >= 2)
            assert (await w.view(number)).goal.state is GoalState.COMPLETED

        assert lesson.remedy.text == "The folder out is missing: making it"
        assert lesson.remedy.recipe == Recipe(rule="make_folder")
        assert [await events(w, number, "lesson") for number in (1, 2, 3)] == [
            ["lesson.helped"],
            ["lesson.helped"],
            ["lesson.used", "lesson.helped"],
        ]
        told = next(e for e in await w.executor.events(3) if e.name == "task.repaired").result["fix"]
        assert told == "The folder out is missing: making it (lesson 1: worked 2 of 2 times)"


def use(remedy: Remedy, *, helped: bool = True) -> LessonUse:
    return LessonUse(remedy=remedy, helped=helped, goal_number=1, task_ref="1.1", at=START)


def failure(error: str, task: TaskSpec = READ) -> Remedy:
    result = Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": error})
    return identity_of(task, result, classify(result))


def installs(package: str, error: str = MODULE[0]) -> Remedy:
    return replace(failure(error), recipe=Recipe(packages=(package,)), text=f"Install {package}")


async def learn(w: World, *uses: LessonUse) -> None:
    for one in uses:
        async with w.database.transaction("command") as transaction:
            await transaction.save(Changes(lessons=[one]))


async def test_a_lesson_comes_before_the_usual_repair(tmp_path: Path) -> None:
    machine = Machine(*MODULE)
    async with world(tmp_path, machine.shell, machine.install) as w:
        await learn(w, use(installs("zonklib")), use(installs("zonklib")))

        await run(w, READ)

        assert machine.did == ["1 install zonklib"]
        assert (await w.view(1)).goal.state is GoalState.COMPLETED
        assert [lesson.score for lesson in await w.executor.lessons()] == ["worked 3 of 3 times"]


async def test_a_lesson_that_does_not_help_this_time_is_counted_and_the_usual_repair_follows(tmp_path: Path) -> None:
    machine = Machine(MODULE[0], "install zonk")
    async with world(tmp_path, machine.shell, machine.install) as w:
        await learn(w, use(installs("zonklib")), use(installs("zonklib")))

        await run(w, READ)

        assert machine.did == ["1 install zonklib", "1 install zonk"]
        scores = {one.remedy.text: one.score for one in await w.executor.lessons()}
        assert scores == {
            "Install zonklib": "worked 2 of 3 times",
            "The Python module zonk is missing: installing zonk into the goal's own folder": "worked once",
        }


async def test_a_lesson_that_failed_as_often_as_it_worked_is_not_tried_first(tmp_path: Path) -> None:
    machine = Machine(MODULE[0], "install zonk")
    async with world(tmp_path, machine.shell, machine.install) as w:
        good, bad = use(installs("zonklib")), use(installs("zonklib"), helped=False)
        await learn(w, good, good, bad, bad)

        await run(w, READ)

        assert machine.did == ["1 install zonk"]


async def test_what_only_a_person_could_do_is_told_and_never_done_by_itself(tmp_path: Path) -> None:
    broken = [True]

    def act(parameters: Mapping[str, Any], context: Context) -> Result:
        metadata = {"exit_code": 2, "stderr": "bad mood"}
        return Result(success=False, error="exit code 2", metadata=metadata) if broken[0] else Result(success=True)

    async with world(tmp_path, ScriptedAction("shell", act), limits=Limits(attempts_max=1)) as w:
        for number in (1, 2):
            broken[0] = True
            await run(w, READ)
            broken[0] = False
            await w.press("retry", f"retry/{number}")
            await w.settle()
        broken[0] = True
        await run(w, READ)

        [blockage] = (await w.view(3)).blockages
        assert blockage.tried == ("Ran it once", "Earlier, this helped: Retry by hand (worked 2 of 2 times)")
        assert [lesson.tried_first for lesson in await w.executor.lessons()] == [False]


async def test_a_revoked_lesson_is_neither_used_nor_learned_anew(tmp_path: Path) -> None:
    machine = Machine(*FOLDER)
    async with world(tmp_path, machine.shell, machine.install) as w:
        await run(w, COPY)
        await run(w, COPY)

        reply = await w.executor.revoke_lesson(1, caller=ANN, command_id="revoke")
        again = await w.executor.revoke_lesson(1, caller=ANN, command_id="revoke")
        other = await w.executor.revoke_lesson(1, caller=ANN, command_id="revoke once more")
        await run(w, COPY)

        assert reply == again == Accepted(sentence="Lesson 1 is revoked: The folder out is missing: making it.")
        assert other == Refused(code="no_such_lesson", sentence="There is no lesson 1. /lessons lists them.")
        assert await w.executor.lessons() == []
        assert (await w.view(3)).goal.state is GoalState.COMPLETED
        assert await events(w, 3, "lesson.used") == []
        assert "lesson.revoked" in await events(w, 1, "lesson")


@pytest.mark.parametrize("nth", [2, 3, 4])
@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_crash_at_any_tick_counts_a_lesson_once(tmp_path: Path, moment: str, nth: int) -> None:
    machine = Machine(*FOLDER)
    points = CrashAt(f"storage.tick.{moment}", nth)
    async with world(tmp_path, machine.shell, machine.install, crash_points=points) as w:
        with pytest.raises((Crashed, RuntimeError)):
            await run(w, COPY)
    async with world(tmp_path, machine.shell, machine.install, executor_id="second") as w:
        await w.settle()

        assert (await w.view(1)).goal.state is GoalState.COMPLETED
        assert [(one.successes, one.failures) for one in await w.executor.lessons()] == [(1, 0)]


def lesson(number: int, remedy: Remedy, successes: int = 2, failures: int = 0) -> Lesson:
    return Lesson(
        number=number,
        remedy=remedy,
        goal_number=1,
        task_ref="1.1",
        successes=successes,
        failures=failures,
        learned_at=START,
        used_at=START,
    )


def test_the_very_same_failure_comes_first_then_similar_ones_of_the_same_subject() -> None:
    long = "Traceback\nFile 'read.py', in load\n  import zonk, os\nModuleNotFoundError: No module named 'zonk'"
    same, similar = lesson(1, installs("a", long)), lesson(2, installs("b", long.replace("load", "start")), 9)
    other_subject = lesson(3, installs("c", long.replace("zonk", "yaml")))
    other_action = lesson(4, replace(installs("d", long), action="python", signature="else"))

    found = matching([other_action, other_subject, similar, same], failure(long))

    assert [one.number for one in found] == [1, 2]


def test_only_what_worked_twice_and_more_often_than_not_is_worth_a_try() -> None:
    result = Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": MODULE[0]})
    known = [
        lesson(1, installs("a"), 1),
        lesson(2, installs("b"), 2, 2),
        lesson(3, installs("c"), 3, 1),
        lesson(4, replace(installs("d"), recipe=Recipe(), text="told"), 5),
    ]

    assert [one.number for one in worth_trying(known, READ, result, classify(result))] == [3]
