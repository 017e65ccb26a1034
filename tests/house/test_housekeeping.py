"""Finished goals are kept for so many days, and then go with their folders."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from bot.housekeeping import EVERY_S, WORKTREES_EVERY_S, Housekeeper
from executor.actions.workspaces import Folders
from executor.domain.goal import GoalState
from executor.engine.nursery import Nursery
from tests.builders import draft, spec
from tests.fakes import ManualClock
from tests.world import World, world


async def _finished(w: World, folders: Folders, names: str) -> None:
    for name in names:
        number = await w.set_goal(draft(spec("1"), title=name), command_id=name)
        await w.press("start")
        await w.run_until_over(number)
        (folders.folder(number) / "result").write_text(name)


async def test_after_keep_days_a_goal_goes_with_its_folder_and_the_others_stay(tmp_path: Path) -> None:
    clock, folders = ManualClock(), Folders(tmp_path)
    async with world(tmp_path, clock=clock) as w:
        await _finished(w, folders, "ab")
        clock.advance(timedelta(days=5).total_seconds())
        await _finished(w, folders, "cd")
        keeper = Housekeeper(w.database, folders, clock, 90)

        await keeper.tidy()
        before = [goal.title for goal in await w.executor.goals()]
        clock.advance(timedelta(days=86).total_seconds())
        nursery = Nursery(lambda name, error: None)
        nursery.start(keeper.run(), "housekeeping")
        while len(await w.executor.goals()) > 2:
            await asyncio.sleep(0.005)
        await nursery.stop()

        assert before == ["d", "c", "b", "a"]
        assert [(goal.title, goal.state) for goal in await w.executor.goals()] == [
            ("d", GoalState.COMPLETED),
            ("c", GoalState.COMPLETED),
        ]
        assert sorted(path.name for path in (tmp_path / "workspaces").iterdir()) == ["3", "4"]
        assert EVERY_S == 3_600
        assert w.failures == []


async def test_a_folder_that_cannot_be_removed_holds_its_goal_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, folders = ManualClock(), Folders(tmp_path)

    async def remove(self: Folders, goal_number: int) -> None:
        if goal_number == 1:
            raise OSError("held by a mount")

    async with world(tmp_path, clock=clock) as w:
        await _finished(w, folders, "abc")
        clock.advance(timedelta(days=91).total_seconds())
        monkeypatch.setattr(Folders, "remove", remove)

        await Housekeeper(w.database, folders, clock, 90).tidy()

        assert [goal.title for goal in await w.executor.goals()] == ["c", "a"]


async def test_a_folder_goes_whole_but_what_its_links_point_to_stays(tmp_path: Path) -> None:
    folders, kept = Folders(tmp_path), tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    inside = folders.folder(7) / "a" / "b"
    inside.mkdir(parents=True)
    (inside / "link").symlink_to(kept)
    inside.chmod(0o500)

    await folders.remove(7)
    await folders.remove(7)

    assert (kept / "file").exists()
    assert list((tmp_path / "workspaces").iterdir()) == []


async def test_the_worktrees_of_a_goal_that_is_over_go_and_those_of_an_open_one_stay(tmp_path: Path) -> None:
    clock, folders = ManualClock(), Folders(tmp_path)
    async with world(tmp_path, clock=clock) as w:
        await _finished(w, folders, "a")
        await w.set_goal(draft(spec("1"), title="b"), command_id="b")
        for name in ("1.2", "1.3", "2.1", ".tmp/1.2", ".tmp/1.4", ".tmp/2.1"):
            (tmp_path / "workspaces" / name).mkdir(parents=True)
        nursery = Nursery(lambda name, error: None)

        nursery.start(Housekeeper(w.database, folders, clock, 90).run_worktrees(), "worktrees")
        while len(folders.with_worktrees()) > 1:
            clock.advance(WORKTREES_EVERY_S)
            await asyncio.sleep(0.005)
        await nursery.stop()

        assert sorted(path.name for path in (tmp_path / "workspaces").iterdir()) == [".tmp", "1", "2.1"]
        assert [path.name for path in (tmp_path / "workspaces" / ".tmp").iterdir()] == ["2.1"]
        await Housekeeper(w.database, folders, clock, 90).tidy()
        assert folders.with_worktrees() == [2]
