"""A goal on a person's own repository: a worktree per running task, merged into the goal's branch; theirs stays."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from executor.actions.history import settling
from executor.actions.history.branches import Branches
from executor.actions.workspaces import Folders
from executor.domain.change import Branch
from executor.domain.errors import WrongInput
from executor.ports import NoHistory
from tests.actions.shop import Shop


async def test_what_tasks_do_is_merged_into_a_branch_of_its_own(shop: Shop) -> None:
    first, second = await shop.begin("1.1"), await shop.begin("1.2")
    (first / "a.txt").write_text("ONE\ntwo\nthree\n")
    (second / "a.txt").write_text("one\ntwo\nTHREE\n")
    (second / "new.txt").write_text("new\n")

    conflicts = await shop.end("1.1"), await shop.end("1.2")

    assert conflicts == ((), ())
    assert shop.delivered("a.txt") == "ONE\ntwo\nTHREE"
    assert (shop.whole / "a.txt").read_text() == "ONE\ntwo\nTHREE\n"
    assert (shop.whole / "new.txt").read_text() == "new\n"
    assert shop.git("log", "--format=%s", "--first-parent", "trunk..milepost/goal-1").splitlines() == [
        "Merge Step 1.2 (1.2)",
        "Step 1.1 (1.1)",
    ]
    assert shop.worktrees == ["1"]
    assert shop.problems == []


async def test_the_persons_checkout_branches_and_hooks_are_not_touched(shop: Shop) -> None:
    shop.write("a.txt", "Ann is in the middle of something\n")
    shop.git("stash", "list")
    mark = shop.home / "ran"
    hooks = shop.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-commit", "post-update", "update", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {mark}\n")
        (hooks / name).chmod(0o755)
    before = {path: path.read_bytes() for path in (shop.path / ".git" / "index", shop.path / ".git" / "HEAD")}

    place = await shop.begin("1.1")
    (place / "b.txt").write_text("changed\n")
    await shop.end("1.1")

    assert not mark.exists()
    assert {path: path.read_bytes() for path in before} == before
    assert (shop.path / "a.txt").read_text() == "Ann is in the middle of something\n"
    assert (shop.path / "b.txt").read_text() == "b\n"
    for hook in hooks.iterdir():
        hook.unlink()
    assert shop.git("branch", "--format=%(refname:short)").splitlines() == ["milepost/goal-1", "trunk"]
    assert shop.git("status", "--porcelain") == "M a.txt"


def plant(git_folder: Path, evil: Path) -> None:
    """Every way that is known to make git run a program, by what a repository itself says."""
    (git_folder / "hooks").mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "pre-commit", "post-merge", "pre-auto-gc", "update"):
        for folder in (git_folder / "hooks", evil.parent):
            if not (folder / name).exists():
                (folder / name).symlink_to(evil)
    with (git_folder / "config").open("a") as config:
        config.write(
            f"[core]\nfsmonitor = {evil}\nsshCommand = {evil}\npager = {evil}\neditor = {evil}\naskPass = {evil}\n"
            f"hooksPath = {evil.parent}\nalternateRefsCommand = {evil}\ngitProxy = {evil}\n"
            f"[credential]\nhelper = !{evil}\n[gpg]\nprogram = {evil}\n[commit]\ngpgSign = true\n"
            f'[diff]\nexternal = {evil}\n[diff "x"]\ntextconv = {evil}\ncommand = {evil}\n'
            f'[merge "x"]\ndriver = {evil}\n[filter "x"]\nclean = {evil}\nsmudge = {evil}\nprocess = {evil}\n'
            f'[filter "lfs"]\nclean = {evil}\nsmudge = {evil}\nprocess = {evil}\nrequired = true\n'
            f"[uploadpack]\npackObjectsHook = {evil}\n[extensions]\npartialClone = far\n"
            f'[remote "far"]\nurl = {git_folder}\npromisor = true\nuploadpack = {evil}\nreceivepack = {evil}\n'
            f"[pack]\npackObjectsHook = {evil}\n[gc]\nauto = 1\n[log]\nshowSignature = true\n"
            f'[submodule "sub"]\nurl = ext::{evil}\nupdate = !{evil}\nactive = true\n'
            f"[alias]\nmerge-tree = !{evil}\nfetch = !{evil}\n"
        )


async def test_nothing_that_a_repository_says_makes_git_run_a_program(shop: Shop) -> None:
    """Planted in the person's repository, with a submodule and LFS, and by a command in its own worktree."""
    mark, evil = shop.home / "ran", shop.home / "evil" / "run"
    evil.parent.mkdir()
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\ncat\n')
    evil.chmod(0o755)
    shop.write(".gitattributes", "* filter=x diff=x merge=x\nbig filter=lfs diff=lfs merge=lfs -text\n")
    shop.write(".gitmodules", f'[submodule "sub"]\npath = sub\nurl = ext::{evil}\nupdate = !{evil}\n')
    shop.write("big", "version https://git-lfs.github.com/spec/v1\n")
    shop.git("add", "-A")
    shop.git("update-index", "--add", "--cacheinfo", "160000", "1" * 40, "sub")
    shop.git("commit", "-q", "-m", "Second")
    plant(shop.path / ".git", evil)

    first, second = await shop.begin("1.1"), await shop.begin("1.2")
    for place, text in ((first, "ONE\ntwo\nthree\n"), (second, "one\ntwo\nTHREE\n")):
        (place / "a.txt").write_text(text)
        plant(place / ".git", evil)
    plant_below = first / "nested"
    plant_below.mkdir()
    (plant_below / "file").write_text("1\n")
    (plant_below / ".git").mkdir()
    plant(plant_below / ".git", evil)
    conflicts = await shop.end("1.1"), await shop.end("1.2")
    patch = (await shop.history.difference(1, whole=True)).patch
    await shop.history.undo(1, await shop.history.undoing(1, "1.2"), "undo")
    with (shop.home / "archive").open("wb") as target:
        shop.history.archive(1, target)

    assert not mark.exists(), mark.read_text()
    assert conflicts == ((), ())
    assert "+ONE" in patch
    assert shop.problems == []


async def test_objects_that_are_missing_are_not_fetched_from_where_a_repository_says(shop: Shop) -> None:
    mark, evil = shop.home / "ran", shop.home / "evil" / "run"
    evil.parent.mkdir()
    evil.write_text(f"#!/bin/sh\ntouch {mark}\n")
    evil.chmod(0o755)
    blob = shop.git("rev-parse", "HEAD:b.txt")
    (shop.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    plant(shop.path / ".git", evil)

    with pytest.raises(NoHistory, match="could not work on the goal's repository"):
        await shop.begin("1.1")

    assert not mark.exists()


async def test_a_conflict_names_its_files_and_the_next_attempt_begins_on_what_was_merged(shop: Shop) -> None:
    first, second = await shop.begin("1.1"), await shop.begin("1.2")
    (first / "a.txt").write_text("from the first\n")
    (second / "a.txt").write_text("from the second\n")
    await shop.end("1.1")

    conflicts = await shop.end("1.2")
    delivered = shop.delivered("a.txt")
    again = await shop.begin("1.2", 2)
    found = (again / "a.txt").read_text()
    (again / "a.txt").write_text("from both\n")
    merged = await shop.end("1.2", 2)

    assert conflicts == ("a.txt",)
    assert (delivered, found) == ("from the first", "from the first\n")
    assert (merged, shop.delivered("a.txt")) == ((), "from both")


async def test_a_person_finds_both_sides_and_what_they_leave_is_merged(shop: Shop) -> None:
    await shop.in_conflict()

    place = await shop.begin("1.2", 2, by_hand=True)
    told = await shop.end("1.2", 2, succeeded=False, by_hand=True)
    marked = (place / "a.txt").read_text()
    with pytest.raises(NoHistory, match=r"there are still conflict marks \(<<<<<<<\) in a\.txt\."):
        await shop.end("1.2", 2, by_hand=True)
    (place / "a.txt").write_text("from both\n")
    assert await shop.begin("1.2", 2, by_hand=True) == place
    merged = await shop.end("1.2", 2, by_hand=True)

    assert told == ("a.txt",)
    assert [line for line in marked.splitlines() if line[:7] not in ("<<<<<<<", ">>>>>>>")] == [
        "from the first",
        "=======",
        "from the second",
    ]
    assert (merged, shop.delivered("a.txt"), shop.delivered("new.txt")) == ((), "from both", "new")
    assert shop.worktrees == ["1"]
    assert not list((shop.home / "data" / "histories" / "1").rglob("*settling*"))
    assert not list((shop.home / "data" / "histories" / "1" / "refs").rglob("conflict-*"))
    assert "<<<" not in shop.git("log", "-p", "trunk..milepost/goal-1")


async def test_a_task_that_is_handed_back_begins_on_what_was_merged(shop: Shop) -> None:
    await shop.in_conflict()
    place = await shop.begin("1.2", 2, by_hand=True)
    (place / "a.txt").write_text("half way\n")
    await shop.end("1.2", 2, succeeded=False, by_hand=True)

    again = await shop.begin("1.2", 3)

    assert (again / "a.txt").read_text() == "from the first\n"
    assert not (again / "new.txt").exists()


@pytest.mark.parametrize("died_in", ["_make", "go_back"])
async def test_a_kill_while_both_sides_are_written_is_made_good(
    shop: Shop, died_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.in_conflict()

    def die(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Branches if died_in == "_make" else settling, died_in, die)
        with pytest.raises(KeyboardInterrupt):
            shop.begun_by_hand()
    shop.history = shop.opened()
    place = await shop.begin("1.2", 2, by_hand=True)

    assert "<<<<<<<" in (place / "a.txt").read_text()
    assert (place / "new.txt").read_text() == "new\n"
    assert await shop.end("1.2", 2, succeeded=False, by_hand=True) == ("a.txt",)


async def test_commands_find_a_repository_and_what_they_do_to_it_goes_nowhere(shop: Shop) -> None:
    place, mark = await shop.begin("1.1"), shop.home / "ran"
    inside = {"PATH": os.environ["PATH"], "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
    clean = subprocess.run(
        ["git", "status", "--porcelain"], cwd=place, env=inside, capture_output=True, text=True, check=True
    )
    evil = f"touch {mark}"
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "filter.x.clean", "diff.x.textconv"):
        subprocess.run(["git", "config", key, evil], cwd=place, env=inside, check=True)
    (place / ".gitattributes").write_text("* filter=x diff=x merge=x\n")
    (place / "b.txt").write_text("changed\n")

    await shop.end("1.1")

    assert clean.stdout == ""
    assert not mark.exists()
    assert shop.delivered("b.txt") == "changed"


async def test_what_the_project_ignores_stays_out_and_what_it_tracks_stays_in(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "build").mkdir()
    (place / "build" / "out").write_text("built\n")
    (place / "run.log").write_text("log\n")
    (place / "made.txt").write_text("made\n")

    await shop.end("1.1")

    assert shop.git("diff", "--name-only", "trunk", "milepost/goal-1").splitlines() == ["made.txt"]


async def test_a_file_that_can_not_be_merged_is_not_lost_with_the_worktree(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "small.txt").write_text("small\n")
    with (place / "large").open("wb") as large:
        large.truncate(60_000_000)

    with pytest.raises(NoHistory) as told:
        await shop.end("1.1")
    kept = place.is_dir()
    (place / "large").unlink()
    await shop.end("1.1")

    assert told.value.public.startswith("1.1 left files that can't be merged: large (60.0 MB). Let it remove them")
    assert kept
    assert shop.delivered("small.txt") == "small"


async def test_a_secret_is_not_merged_into_somebodys_repository(shop: Shop) -> None:
    shop.hide.learn("cnry/Zk9=0042")
    folder = await shop.begin("1.1")
    (folder / "a.txt").write_text("one\ntoken=cnry/Zk9=0042\n")

    with pytest.raises(NoHistory, match=r"1\.1 left files that can't be merged: a\.txt \(holds a secret\)\."):
        await shop.end("1.1")
    (folder / "a.txt").write_text("one\ntoken=$TOKEN\n")
    await shop.end("1.1")

    assert shop.delivered("a.txt") == "one\ntoken=$TOKEN"


async def test_a_part_on_the_same_repository_builds_on_what_the_whole_has_merged(shop: Shop) -> None:
    first = await shop.begin("1.1")
    (first / "b.txt").write_text("of the whole\n")
    await shop.end("1.1")
    shop.write("later.txt", "Ann goes on\n")
    shop.git("add", "-A")
    shop.git("commit", "-q", "-m", "Later")
    part = Branch(repository="shop", task_ref="2.1", title="Step 2.1", whole=1)

    place = await shop.history.begin(2, "2.1#1", part)
    assert place is not None
    seen = (place / "b.txt").read_text(), (place / "later.txt").exists()
    (place / "new.txt").write_text("of the part\n")
    await shop.history.end(2, "2.1#1", part)

    changed = await shop.history.difference(2)
    assert seen == ("of the whole\n", False)
    assert [one.path for one in changed.files] == ["new.txt"]
    assert shop.git("show", "milepost/goal-2:b.txt") == "of the whole"
    assert shop.problems == []


async def test_what_a_goal_of_its_own_did_on_the_same_repository_is_merged(shop: Shop) -> None:
    part = Branch(repository="shop", task_ref="2.1", title="Step 2.1")
    place = await shop.history.begin(2, "2.1#1", part)
    assert place is not None
    (place / "new.txt").write_text("of the part\n")
    await shop.history.end(2, "2.1#1", part)
    other = await shop.begin("1.2")
    (other / "b.txt").write_text("meanwhile\n")
    await shop.end("1.2")
    whole = replace(shop.branch("1.1"), part=2)

    await shop.history.begin(1, "1.1#1", whole)
    conflicts = await shop.history.end(1, "1.1#1", whole)

    assert conflicts == ()
    assert (shop.delivered("new.txt"), shop.delivered("b.txt")) == ("of the part", "meanwhile")
    assert shop.git("log", "--format=%s", "--first-parent", "trunk..milepost/goal-1").splitlines() == [
        "Merge Step 1.1 (1.1)",
        "Step 1.2 (1.2)",
    ]
    assert shop.worktrees == ["1", "2"]


async def test_a_failed_attempt_merges_nothing_and_the_next_goes_on_in_its_folder(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "half.txt").write_text("half\n")
    await shop.end("1.1", succeeded=False)
    again = await shop.begin("1.1", 2)
    (again / "rest.txt").write_text("rest\n")
    before = shop.git("branch", "--list", "milepost/*")

    await shop.end("1.1", 2)

    assert before == ""
    assert (shop.delivered("half.txt"), shop.delivered("rest.txt")) == ("half", "rest")


async def test_a_restart_goes_on_where_it_was(shop: Shop) -> None:
    first = await shop.begin("1.1")
    (first / "b.txt").write_text("first\n")
    await shop.end("1.1")
    second = await shop.begin("1.2")
    (second / "c.txt").write_text("second\n")
    shop.history = shop.opened()

    again = await shop.begin("1.2", 2)
    conflicts = await shop.end("1.2", 2)

    assert (again, conflicts) == (second, ())
    assert (shop.delivered("b.txt"), shop.delivered("c.txt")) == ("first", "second")


async def test_undoing_goes_back_to_the_commit_it_began_at(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "b.txt").write_text("changed\n")
    await shop.end("1.1")
    found = await shop.history.difference(1)

    asked = await shop.history.undoing(1)
    done = await shop.history.undo(1, asked, "undo")

    assert [(one.path, one.added, one.removed) for one in found.files] == [("b.txt", 1, 1)]
    assert done
    assert (shop.whole / "b.txt").read_text() == "b\n"
    assert shop.git("diff", "trunk", "milepost/goal-1") == ""


async def test_a_branch_that_somebody_moved_is_not_overwritten(shop: Shop) -> None:
    place = await shop.begin("1.1")
    (place / "b.txt").write_text("changed\n")
    await shop.end("1.1")
    shop.git("branch", "-f", "milepost/goal-1", "trunk")
    second = await shop.begin("1.2")
    (second / "c.txt").write_text("c\n")

    with pytest.raises(NoHistory) as told:
        await shop.end("1.2")

    assert told.value.public.startswith(f"The branch milepost/goal-1 of {shop.path} was moved by somebody else")
    assert shop.git("rev-parse", "milepost/goal-1") == shop.git("rev-parse", "trunk")


async def test_only_what_the_owner_listed_can_be_named(shop: Shop) -> None:
    shop.history.check({"repo": "shop"})
    shop.history.check({"repo": str(shop.path)})
    shop.history.check({"tests": "true"})

    with pytest.raises(WrongInput) as other:
        shop.history.check({"repo": "/etc"})

    assert other.value.public == "#repo=/etc is none of the repositories that are open to goals: shop."


async def test_everything_of_the_goal_goes_with_it(shop: Shop) -> None:
    await shop.begin("1.1")
    folders = Folders(shop.home / "data")

    await folders.remove(1)

    assert shop.worktrees == []
    assert list((shop.home / "data" / "histories").iterdir()) == []
