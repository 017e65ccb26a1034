"""Repositories of all kinds that a goal works on, and what a kill leaves in them."""

import os
import subprocess
from pathlib import Path

import pytest

from executor.actions.history.histories import Histories
from executor.domain.change import Branch
from executor.ports import NoHistory
from tests.actions.shop import Shop


def other(shop: Shop, *repositories: Path) -> Histories:
    """Another Milepost's history, for goals on these."""
    return Histories(
        shop.home / "other",
        shop.clock,
        lambda number, error: shop.problems.append(repr(error)),
        repositories=repositories,
    )


async def test_a_git_that_was_killed_with_one_attempt_is_not_in_the_way_of_the_next(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / ".git" / "index.lock").touch()
    await shop.end("1.1", succeeded=False)

    again = await shop.begin("1.1", 2)

    done = subprocess.run(["git", "add", "-A"], cwd=again, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


async def test_two_tasks_on_a_shallow_clone_are_merged_and_it_stays_sound(shop: Shop) -> None:
    for text in ("1\n", "2\n", "3\n"):
        shop.write("b.txt", text)
        shop.git("commit", "-q", "-a", "-m", text)
    clone = shop.home / "shallow"
    shop.git("clone", "-q", "--depth=2", shop.path.as_uri(), str(clone))
    history = other(shop, clone)
    branches = [Branch(repository="shallow", task_ref=ref, title=ref) for ref in ("1.1", "1.2")]

    for branch in branches:
        place = await history.begin(1, f"{branch.task_ref}#1", branch)
        assert place is not None
        (place / branch.task_ref).write_text("new\n")
    ends = [await history.end(1, f"{branch.task_ref}#1", branch) for branch in branches]

    sound = subprocess.run(["git", "fsck"], cwd=clone, capture_output=True, check=False)
    names = subprocess.run(
        ["git", "diff", "--name-only", "HEAD", "milepost/goal-1"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert (ends, shop.problems, sound.returncode) == ([(), ()], [], 0)
    assert names.stdout.split() == ["1.1", "1.2"]


async def test_a_conflict_in_a_file_with_an_unspeakable_name_can_be_told_and_stored(shop: Shop) -> None:
    name = os.fsdecode(b"na\nme\xff")
    shop.write(name, "1\n")
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", "Name")
    first, second = await shop.begin("1.1"), await shop.begin("1.2")
    (first / name).write_text("2\n")
    (second / name).write_text("3\n")
    await shop.end("1.1")

    conflicts = await shop.end("1.2")
    await shop.begin("1.2", 2, by_hand=True)
    to_settle = await shop.end("1.2", 2, succeeded=False, by_hand=True)
    with pytest.raises(NoHistory) as marks:
        await shop.end("1.2", 2, by_hand=True)

    assert (conflicts, to_settle) == ((r"na\nme\xff",), (r"na\nme\xff",))
    assert marks.value.public.endswith(r"conflict marks (<<<<<<<) in na\nme\xff.")


async def test_a_submodule_stays_one_whatever_lies_in_its_folder(shop: Shop) -> None:
    library = shop.home / "library"
    shop.git("clone", "-q", str(shop.path), str(library))
    shop.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "lib")
    shop.git("commit", "-q", "-m", "With a library")
    before = shop.git("ls-tree", "HEAD", "lib")
    place = await shop.begin("1.1")
    shop.git("clone", "-q", str(library), str(place / "lib"))  # as git submodule update would
    (place / "new.txt").write_text("new\n")
    await shop.end("1.1")
    place = await shop.begin("1.2")
    (place / "lib" / "stray.txt").write_text("written\n")

    with pytest.raises(NoHistory, match=r"1\.2 left files that can't be merged: lib \(files in a submodule\)"):
        await shop.end("1.2")

    assert shop.git("ls-tree", "milepost/goal-1", "lib") == before
    assert shop.delivered("new.txt") == "new"


async def test_a_repository_that_can_not_take_the_branch_says_why_and_takes_it_later(shop: Shop) -> None:
    shop.git("branch", "milepost")
    place = await shop.begin("1.1")
    (place / "new.txt").write_text("new\n")

    with pytest.raises(NoHistory, match="has a branch that is named milepost, so there can't be a milepost/goal-1"):
        await shop.end("1.1")

    shop.git("branch", "-m", "milepost", "theirs")
    lock = shop.path / ".git" / "refs" / "heads" / "milepost" / "goal-1.lock"
    lock.parent.mkdir()
    lock.touch()
    await shop.begin("1.1", 2)
    with pytest.raises(NoHistory, match="is locked by another git"):
        await shop.end("1.1", 2)
    lock.unlink()
    await shop.begin("1.1", 3)
    await shop.end("1.1", 3)
    assert shop.delivered("new.txt") == "new"


async def test_a_repository_that_names_its_commits_otherwise_is_refused_with_the_reason(shop: Shop) -> None:
    place = shop.home / "new"
    shop.git("init", "-q", "--object-format=sha256", str(place))
    shop.git("-C", str(place), "commit", "-q", "--allow-empty", "-m", "First")

    with pytest.raises(NoHistory, match="names its commits by SHA-256"):
        await other(shop, place).begin(1, "1.1#1", Branch(repository="new", task_ref="1.1", title="Step"))


async def test_a_worktree_with_folders_that_nobody_may_write_to_goes_all_the_same(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "build").mkdir()
    (place / "build" / "cache").write_text("as Go leaves its modules")
    (place / "build").chmod(0o500)  # this holds nobody up who is root

    await shop.end("1.1")

    assert shop.worktrees == ["1"]
