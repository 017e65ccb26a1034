"""A full disk: nothing new begins, what runs is stored, and everything goes on by itself."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.disk import DiskWatch
from executor.domain.errors import DataFolderError
from executor.domain.notice import Notice
from executor.domain.outcome import Result
from executor.engine.replies import Refused
from executor.ports import NoQuota
from tests.builders import ANN, CHAT, chain, draft
from tests.fakes import ManualClock, ScriptedAction
from tests.world import World, world

FULL = "The disk with /data is full (0.1 MB free): nothing new begins until there is room"


class Room(NoQuota):
    said: str | None = None
    given_up = 0

    def database_bytes(self) -> int:
        return 1000

    def give_up(self) -> None:
        self.given_up += 1

    def short(self) -> str | None:
        return self.said


def with_room(w: World, room: Room) -> None:
    """What the composition root plugs in."""
    tools = replace(w.executor._tools, quota=room)
    w.executor._tools = w.executor._ticker._tools = w.workers._tools = tools


async def test_nothing_new_begins_and_what_ran_is_stored_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    room = Room()

    def fills(parameters: object, context: object) -> Result:
        room.said = FULL
        return Result(success=True, result="Done")

    action = ScriptedAction(behaviour=fills)
    async with world(tmp_path, action) as w:
        with_room(w, room)
        number = await w.start_goal(draft(*chain(2)))
        await w.settle()
        while_full = await w.states(number)
        system, why = await w.executor.system(), await w.executor.why(number)
        taken = await w.executor.take("1.2")
        room.said = None
        await w.settle()

        assert while_full == {"1.1": "completed", "1.2": "queued"}
        assert why is not None
        assert [one.sentence for one in why.tasks][1:] == ["waits until there is room on the disk"]
        assert system[0] == f"{FULL}."
        assert taken == Refused(code="no_room", sentence=f"{FULL}.")
        assert await w.states(number) == {"1.1": "completed", "1.2": "completed"}


async def test_a_new_goal_is_refused_and_the_same_command_is_taken_later(tmp_path: Path) -> None:
    room = Room()
    room.said = FULL
    async with world(tmp_path) as w:
        with_room(w, room)
        refused = await w.executor.set_goal(draft(*chain(1)), origin=CHAT, caller=ANN, command_id="one")
        none = await w.executor.goals()
        room.said = None
        number = await w.set_goal(draft(*chain(1)), command_id="one")

        assert refused == Refused(code="no_room", sentence=f"{FULL}. Send this goal again then.")
        assert none == []
        assert number == 1


class Outbox:
    """Takes nothing for so many times."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.put_in: list[Notice] = []

    async def put(self, notices: Sequence[Notice]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DataFolderError("full")
        self.put_in += notices


async def test_the_owners_hear_of_it_once_and_once_that_it_is_over() -> None:
    room, outbox, clock, woken, reserved = Room(), Outbox(refusals=1), ManualClock(), [], []
    written_out: list[str | None] = []

    class Pages:
        async def keep_free(self, size: int) -> bool:
            reserved.append((room.said, size))
            return True

        async def write_out(self) -> None:
            written_out.append(room.said)

    watch = DiskWatch(room, Pages(), outbox, clock, [7, 8], wake=lambda: woken.append(room.said))
    await watch.look()
    quiet = list(outbox.put_in)
    room.said = FULL
    for _ in range(4):
        try:
            await watch.look()
        except DataFolderError:
            clock.advance(2)
    told_full, woken_full = list(outbox.put_in), list(woken)
    outbox.put_in.clear()
    clock.advance(2)
    room.said = None
    for _ in range(3):
        await watch.look()

    assert quiet == []
    assert [(one.chat_id, one.facts["text"]) for one in told_full] == [
        (chat, f"⚠️ {FULL}. What is planned is kept, and I go on by myself. /doctor shows how much is free.")
        for chat in (7, 8)
    ]
    assert reserved == [(None, 1000)]  # not again so soon, and never while it is full
    assert written_out == [FULL] * 4
    assert room.given_up == 3  # not with the first look
    assert woken_full == [FULL]
    assert [(one.chat_id, one.facts["text"]) for one in outbox.put_in] == [
        (chat, "✅ There is room on the disk again. Everything goes on.") for chat in (7, 8)
    ]
    assert woken[1:] == [None]
