"""What is finite on this machine: the task is paused, the resource is watched, and it goes on by itself."""

from pathlib import Path

import pytest

from executor.domain.blockage import BlockageType
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction
from tests.world import World, world


class Machine:
    """Lacks something until the test says otherwise."""

    def __init__(self, said: str, *, lies: bool = False) -> None:
        self.said = said
        self.enough = False
        self.lies = lies  # it looks as if there were enough
        self.looked: list[str] = []

    async def look(self, probe: str) -> bool | None:
        self.looked.append(probe)
        return self.enough or self.lies

    @property
    def action(self) -> ScriptedAction:
        metadata = {"exit_code": 1, "stderr": self.said, "command": "make"}
        return ScriptedAction(
            "work",
            lambda parameters, context: (
                Result(success=True) if self.enough else Result(success=False, error="exit code 1", metadata=metadata)
            ),
        )


async def passes(w: World, seconds: int) -> None:
    for _ in range(seconds):
        w.clock.advance(1)
        await w.settle()


@pytest.mark.parametrize(
    ("said", "probe"),
    [
        ("cp: error writing '/srv/x/b': No space left on device", "disk:/srv/x/b"),
        ("MemoryError", "memory"),
        ("OSError: [Errno 98] Address already in use: ('0.0.0.0', 8080)", "port:8080"),
        ("fatal: Unable to create '/w/.git/index.lock': File exists.", "lock:/w/.git/index.lock"),
        ("OSError: [Errno 24] Too many open files: 'a'", "files"),
        ("bash: fork: retry: Resource temporarily unavailable", "processes"),
    ],
)
async def test_it_is_paused_watched_and_resumed(tmp_path: Path, said: str, probe: str) -> None:
    machine = Machine(said)
    async with world(tmp_path, machine.action, watches=machine) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        await passes(w, 60)
        paused, tried = await w.view(1), len(await w.executor.attempts(1))

        machine.enough = True
        await passes(w, 64)

        assert (paused.goal.state, paused.tasks[0].state) == (GoalState.IN_PROGRESS, "paused")
        assert (set(machine.looked), tried) == ({probe}, 2)
        assert (await w.view(1)).goal.state is GoalState.COMPLETED
        assert len([one for one in await w.notices() if one.kind is NoticeKind.FAILURE]) == 1
        assert w.failures == []


async def test_where_there_seems_to_be_enough_the_attempts_are_counted(tmp_path: Path) -> None:
    machine = Machine("MemoryError", lies=True)
    async with world(tmp_path, machine.action, watches=machine) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        await passes(w, 120)

        view = await w.view(1)
        told = [one.key for one in await w.notices() if one.key.startswith("outage/")]
        assert (view.goal.state, view.tasks[0].attempts) == (GoalState.BLOCKED, 3)
        assert len(told) == 1, "what is not really back between two attempts is one outage"


async def test_a_lock_that_no_look_can_see_is_tried_again_and_uses_up_no_attempts(tmp_path: Path) -> None:
    machine = Machine("E: Could not get lock /srv/shared.lock", lies=True)
    async with world(tmp_path, machine.action, watches=machine) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        await passes(w, 600)
        held = await w.view(1)

        machine.enough = True
        await passes(w, 300)

        assert (held.tasks[0].state, held.tasks[0].summary) == (
            "paused",
            "Waits: Something holds the lock /srv/shared.lock",
        )
        assert (await w.view(1)).goal.state is GoalState.COMPLETED


async def test_after_a_sensible_time_a_person_has_the_usual_ways_out(tmp_path: Path) -> None:
    machine = Machine("cp: error writing 'b': No space left on device")
    async with world(tmp_path, machine.action, watches=machine, limits=Limits(outage_ask_s=300)) as w:
        await w.start_goal(draft(spec("1")))
        await w.settle()
        await passes(w, 700)

        [decision] = await w.executor.open_decisions()
        await w.executor.answer(decision.number, option="skip", caller=ANN, command_id="skip")
        await w.settle()

        assert {"retry", "skip", "take-over", "pause"} <= {option.name for option in decision.options}
        assert (await w.view(1)).tasks[0].state == "skipped"


async def test_what_took_more_than_it_may_is_no_lack_of_this_machine(tmp_path: Path) -> None:
    said = "the processes of this command together used 1,300 MB; the limit is 1,024 MB (sandbox.memory_mb)"
    greedy = ScriptedAction(
        "work",
        lambda parameters, context: Result(
            success=False, error=said, metadata={"exit_code": 137, "exceeded": "memory", "command": "make"}
        ),
    )
    machine = Machine("")
    async with world(tmp_path, greedy, watches=machine) as w:
        number = await w.start_goal(draft(spec("1", attempts_max=1)))
        await w.settle()

        [blockage] = (await w.view(number)).blockages

        assert (blockage.type, blockage.cause, machine.looked) == (BlockageType.RESOURCE, said, [])
