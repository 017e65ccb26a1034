"""What one goal may take of the disk is bounded: looked at before each attempt, and while it runs."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from executor.actions.quota import MEGABYTE, DiskUse
from executor.actions.sandbox.bubblewrap import temporary_of
from executor.domain.blockage import BlockageType
from executor.domain.outcome import Result, Waiting
from executor.domain.task import TaskState
from executor.ports import Context
from executor.workers import bounded
from tests.builders import draft, spec
from tests.fakes import ManualClock, ScriptedAction
from tests.world import World, world


def _with_quota(w: World, quota: object) -> None:
    """What the composition root plugs in."""
    w.workers._tools = replace(w.workers._tools, quota=quota)


async def test_a_folder_that_has_outgrown_its_limit_takes_no_more_work_until_there_is_room(tmp_path: Path) -> None:
    clock, action = ManualClock(), ScriptedAction()
    large = tmp_path / "workspaces" / "1" / "large"
    async with world(tmp_path, action, clock=clock) as w:
        _with_quota(w, DiskUse(tmp_path, clock, 10))
        large.parent.mkdir(parents=True)
        large.write_bytes(b"x" * (11 * MEGABYTE))
        number = await w.start_goal(draft(spec("1")))
        await w.settle()
        [blockage] = (await w.view(number)).blockages
        runs = list(action.runs)

        large.unlink()
        await w.press("retry")
        await w.settle()

        assert (blockage.type, runs) == (BlockageType.RESOURCE, [])
        assert blockage.cause == (
            "The goal's folder takes 11.0 MB, and 10.0 MB are allowed. Make room in it, or raise workspace.mb_max"
        )
        assert (await w.view(number)).tasks[0].state is TaskState.COMPLETED


async def test_what_a_goal_keeps_in_tmp_counts(tmp_path: Path) -> None:
    kept = temporary_of(tmp_path / "workspaces" / "1") / "kept"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"x" * (11 * MEGABYTE))

    disk = DiskUse(tmp_path, ManualClock(), 10)

    assert (await disk.full(1) is None, await disk.full(2)) == (False, None)


async def test_a_history_that_alone_is_too_large_is_named_as_what_stays(tmp_path: Path) -> None:
    kept = tmp_path / "histories" / "1" / "objects"
    kept.mkdir(parents=True)
    (kept / "pack").write_bytes(b"x" * (11 * MEGABYTE))
    worktree = temporary_of(tmp_path / "workspaces" / "2.1")
    worktree.mkdir(parents=True)
    (worktree / "kept").write_bytes(b"x" * (11 * MEGABYTE))
    disk = DiskUse(tmp_path, ManualClock(), 10)

    assert await disk.full(1) == (
        "The goal's folder takes 11.0 MB, and 10.0 MB are allowed. What is kept of its changes takes 11.0 MB of them "
        "and stays: raise workspace.mb_max, or go on in a new goal"
    )
    assert "Make room in it" in (await disk.full(2) or "")


class Hanging(ScriptedAction):
    """Runs until it is ended."""

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")


class Filling:
    """A disk that is full at the second look."""

    def __init__(self) -> None:
        self.looks = 0

    async def full(self, goal_number: int) -> str | None:
        self.looks += 1
        return "It is too much" if self.looks > 1 else None


async def test_a_command_that_fills_the_disk_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "LOOK_S", 0.0)
    action = Hanging()
    async with world(tmp_path, action) as w:
        _with_quota(w, Filling())

        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        [blockage] = (await w.view(number)).blockages
        assert (action.runs, blockage.type, blockage.cause) == (["1.1"], BlockageType.RESOURCE, "It is too much")
        assert w.failures == []


async def test_hard_links_count_once_and_links_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "workspaces" / "1"
    folder.mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"x" * (30 * MEGABYTE))
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (folder / "one").write_bytes(b"x" * (6 * MEGABYTE))
    (folder / "again").hardlink_to(folder / "one")

    full = await DiskUse(tmp_path, ManualClock(), 10).full(1)

    assert full is None
