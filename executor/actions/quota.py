"""The Quota port: what a goal's folder, its worktrees, its /tmp and its history take on the disk."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from executor.actions.history.histories import HISTORIES
from executor.actions.history.scan import size_words
from executor.actions.sandbox.bubblewrap import temporary_of
from executor.ports import Clock, NoQuota, Room

SPARING = 50  # a measurement is good for so many times as long as it took
GOALS_MAX = 1_000
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    bytes: int
    history_bytes: int  # of these: what is kept of its changes
    good_until_s: float


class DiskUse:
    """See the module. `mb_max` of one goal, in megabytes; `room` is the disk's."""

    def __init__(
        self, data_dir: Path, clock: Clock, mb_max: int, workspaces: Path | None = None, room: Room | None = None
    ) -> None:
        self._room = room or NoQuota()
        self._data_dir = data_dir.absolute()
        self._workspaces = workspaces or self._data_dir / "workspaces"
        self._clock = clock
        self._bytes_max = mb_max * MEGABYTE
        self._known: dict[int, Measured] = {}

    def short(self) -> str | None:
        return self._room.short()

    async def full(self, goal_number: int) -> str | None:
        known = self._known.get(goal_number)
        if known is None or self._clock.monotonic() >= known.good_until_s:
            known = await self._measure(goal_number)
        if known.bytes <= self._bytes_max:
            return None
        self._known.pop(goal_number, None)  # whoever makes room must not wait
        takes = f"The goal's folder takes {size_words(known.bytes)}, and {size_words(self._bytes_max)} are allowed. "
        if known.history_bytes > self._bytes_max:
            kept = f"What is kept of its changes takes {size_words(known.history_bytes)} of them and stays: "
            return f"{takes}{kept}raise workspace.mb_max, or go on in a new goal"
        return f"{takes}Make room in it, or raise workspace.mb_max"

    async def _measure(self, goal_number: int) -> Measured:
        began_s = self._clock.monotonic()
        history = self._data_dir / HISTORIES / str(goal_number)
        kept, rest = await asyncio.to_thread(lambda: (_size(history), sum(map(_size, self._places(goal_number)))))
        now_s = self._clock.monotonic()
        if len(self._known) >= GOALS_MAX:
            self._known.clear()
        measured = self._known[goal_number] = Measured(kept + rest, kept, now_s + (now_s - began_s) * SPARING)
        return measured

    def _places(self, goal_number: int) -> Iterator[Path]:
        """Its folder and its worktrees, each with what is /tmp for the commands in it."""
        goal = self._workspaces / str(goal_number)
        for folder in (goal, temporary_of(goal)):
            yield folder
            yield from folder.parent.glob(f"{goal_number}.*")


def _size(folder: Path) -> int:
    """What it takes on the disk; what can't be looked into counts nothing. Links are not followed."""
    total, seen = 0, set[int]()
    for here, folders, names in os.walk(folder):
        for name in (*folders, *names):
            try:
                status = os.lstat(f"{here}/{name}")
            except OSError:
                continue
            if status.st_nlink == 1 or status.st_ino not in seen:
                seen.add(status.st_ino)
                total += status.st_blocks * 512
    return total
