"""Every attempt's changes are kept, can be seen and undone; nothing that lies in a workspace makes git do anything."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from executor.actions.handover import FolderHandover
from executor.actions.history.histories import MISSING, Histories
from executor.actions.history.scan import TooMany, scan
from executor.domain.change import FileChange
from executor.ports import NoHistory
from tests.fakes import ManualClock

SMALL = 1_000


@dataclass
class Place:
    """The folder of goal 1, and what is kept about it. `problems` were only logged."""

    data_dir: Path
    clock: ManualClock = field(default_factory=ManualClock)
    problems: list[str] = field(default_factory=list)
    hide: Callable[[bytes], bytes | None] = bytes

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self.history = self.opened()

    def opened(self) -> Histories:
        return Histories(
            self.data_dir,
            self.clock,
            lambda number, error: self.problems.append(f"{number}: {error!r}"),
            file_bytes_max=SMALL,
            hide=self.hide,
        )

    @property
    def folder(self) -> Path:
        return self.data_dir / "workspaces" / "1"

    @property
    def kept(self) -> Path:
        return self.data_dir / "histories" / "1"

    async def attempt(self, name: str, **files: str | None) -> None:
        """`name` runs, and leaves these files; None: removes it."""
        async with self.during(name):
            self.write(**files)

    @asynccontextmanager
    async def during(self, name: str) -> AsyncIterator[None]:
        await self.history.begin(1, name)
        yield
        await self.history.end(1, name)
        self.clock.advance(10)

    def write(self, **files: str | None) -> None:
        for path, content in files.items():
            if content is None:
                (self.folder / path).unlink()
            else:
                (self.folder / path).write_text(content)

    async def attempts(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(change.attempt, change.ran) for change in await self.history.changes(1)]

    def files(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.folder)): path.read_text()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    async def undo(self, task_ref: str | None = None, **how: str) -> bool:
        asked = await self.history.undoing(1, task_ref, **how)
        return await self.history.undo(1, asked, "undo-1")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


# ------------------------------------------------------------------------------------------------------------ keeping


async def test_what_a_part_was_given_is_no_change_of_its_own_and_stays_when_all_is_undone(place: Place) -> None:
    whole = place.data_dir / "workspaces" / "7"
    whole.mkdir()
    (whole / "input").write_text("from the whole")
    handover = FolderHandover(lambda number: place.data_dir / "workspaces" / str(number), place.data_dir / "histories")
    await handover.give(7, 1)
    await place.attempt("1.1#1", input="changed", made="1")

    changed = await place.history.difference(1)
    undone = await place.undo()

    assert [(one.path, one.new) for one in changed.files] == [("input", False), ("made", True)]
    assert await handover.give(7, 1) is None
    assert (undone, place.files()) == (True, {"input": "from the whole"})


async def test_what_each_attempt_changed_is_kept_apart(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n", b="same\n")
    await place.attempt("1.2#1")
    await place.attempt("1.3#1", a="one\ntwo\n", b=None, c="new\n")

    whole, third = await place.history.difference(1), await place.history.difference(1, "1.3")

    assert await place.attempts() == [("1.1#1", ("1.1#1",)), ("1.3#1", ("1.3#1",))]
    assert [(one.path, one.added, one.removed, one.new, one.gone) for one in whole.files] == [
        ("a", 2, 0, True, False),
        ("c", 1, 0, True, False),
    ]
    assert third.files == (
        FileChange(path="a", added=1, removed=0),
        FileChange(path="b", added=0, removed=1, gone=True),
        FileChange(path="c", added=1, removed=0, new=True),
    )
    assert "\n+two\n" in third.patch
    assert place.problems == []


async def test_what_changed_while_several_ran_is_said_to_be_of_them_all(place: Place) -> None:
    await place.history.begin(1, "1.1#1")
    await place.history.begin(1, "1.2#1")
    place.write(a="by one of them\n")
    await place.history.end(1, "1.1#1")
    place.write(b="only 1.2 was left\n")
    await place.history.end(1, "1.2#1")

    found = await place.history.difference(1, "1.1")

    assert await place.attempts() == [("1.1#1", ("1.1#1", "1.2#1")), ("1.2#1", ("1.2#1",))]
    assert found.others == ("1.2#1",)
    assert [one.path for one in found.files] == ["a"]


async def test_what_a_person_changed_between_two_attempts_is_no_attempts_work(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n")
    place.write(notes="mine\n")

    await place.attempt("1.2#1", b="two\n")

    assert await place.attempts() == [("1.1#1", ("1.1#1",)), ("", ()), ("1.2#1", ("1.2#1",))]


async def test_a_change_that_keeps_size_and_date_is_seen(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n")
    before = (place.folder / "a").stat()

    await place.history.begin(1, "1.2#1")
    (place.folder / "a").write_text("two\n")
    os.utime(place.folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    await place.history.end(1, "1.2#1")

    assert "\n-one\n+two\n" in (await place.history.difference(1, "1.2")).patch


async def test_a_restart_goes_on_with_what_was_kept(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n", b="two\n")
    place.history = place.opened()

    await place.attempt("1.2#1", b="three\n")

    assert [one.path for one in (await place.history.difference(1, "1.2")).files] == ["b"]
    assert await place.attempts() == [("1.1#1", ("1.1#1",)), ("1.2#1", ("1.2#1",))]


async def test_large_and_hard_linked_files_are_named_and_not_kept(place: Place) -> None:
    (place.folder / "large").write_bytes(b"x" * (SMALL + 1))
    (place.data_dir / "outside").write_text("of somebody else")
    os.link(place.data_dir / "outside", place.folder / "linked")

    await place.attempt("1.1#1", a="one\n")

    [change] = await place.history.changes(1)
    assert change.left_out == ("large (1.0 kB)", "linked (hard-linked)")
    assert [one.path for one in (await place.history.difference(1)).files] == ["a"]


async def test_what_is_installed_or_cached_is_not_kept(place: Place) -> None:
    for name in (".venv/lib", "node_modules/x", "src/__pycache__", ".milepost/tmp", "clone/.git"):
        (place.folder / name).mkdir(parents=True)
        (place.folder / name / "file").write_text("x")
    (place.folder / "clone" / "code.py").write_text("pass\n")

    await place.attempt("1.1#1")

    assert [one.path for one in (await place.history.difference(1)).files] == ["clone/code.py"]


async def test_any_name_and_any_kind_of_file_is_taken(place: Place) -> None:
    for name in (b'"quoted"', b"line\nbreak", b"tab\t", b"\xff\xfe", b"back\\slash", "ümlaut 🎯".encode(), b" "):
        (place.folder / os.fsdecode(name)).write_text("x")
    os.mkfifo(place.folder / "pipe")
    (place.folder / "link").symlink_to("/etc/hostname")
    (place.folder / "run").write_text("#!/bin/sh\n")
    (place.folder / "run").chmod(0o755)
    (place.folder / "secret").write_text("x")
    (place.folder / "empty").mkdir()

    await place.attempt("1.1#1")
    names = sorted(path.name for path in place.folder.iterdir())
    await place.undo()
    left = sorted(path.name for path in place.folder.iterdir())
    back = (await place.history.changes(1))[0].commit
    await place.history.undo(1, await place.history.undoing(1, state=back), "undo-2")

    assert left == ["empty", "pipe"]
    assert sorted(path.name for path in place.folder.iterdir()) == names
    assert (place.folder / "link").readlink() == Path("/etc/hostname")
    assert (place.folder / "run").stat().st_mode & 0o777 == 0o755
    assert place.problems == []


async def test_a_file_may_become_a_folder_and_a_folder_a_file(place: Place) -> None:
    await place.attempt("1.1#1", a="file\n")
    async with place.during("1.2#1"):
        (place.folder / "a").unlink()
        (place.folder / "a").mkdir()
        (place.folder / "a" / "b").write_text("in it\n")

    await place.undo("1.2")

    assert place.files() == {"a": "file\n"}
    assert place.problems == []


def test_too_many_files_are_no_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executor.actions.history.scan.FILES_MAX", 3)
    for name in "abcd":
        (tmp_path / name).touch()

    with pytest.raises(TooMany):
        scan(tmp_path, 0, SMALL)


# ------------------------------------------------------------------------------------------------------- not trusting


async def test_nothing_in_a_workspace_makes_git_run_or_read_anything(place: Place, tmp_path: Path) -> None:
    """Hooks, a .git folder with a configuration, filters and attributes, and links: every way that is known."""
    mark = tmp_path / "ran"
    evil = place.folder / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    evil.chmod(0o755)
    subprocess.run(["git", "init", "-q", str(place.folder)], check=True, env=_plain(tmp_path))
    for hook in ("pre-commit", "post-index-change", "reference-transaction", "post-checkout"):
        (place.folder / ".git" / "hooks").mkdir(exist_ok=True)
        (place.folder / ".git" / "hooks" / hook).symlink_to(evil)
    with (place.folder / ".git" / "config").open("a") as config:
        for section, key in (("core", "fsmonitor"), ("core", "pager"), ("core", "sshCommand"), ("diff", "external")):
            config.write(f"[{section}]\n{key} = {evil}\n")
        config.write(
            f'[filter "x"]\nclean = {evil}\nsmudge = {evil}\n[diff "x"]\ntextconv = {evil}\ncommand = {evil}\n'
        )
    (place.folder / ".gitattributes").write_text("* filter=x diff=x text eol=crlf ident export-ignore\n")
    (place.folder / ".gitconfig").write_text(f"[core]\nfsmonitor = {evil}\nhooksPath = .git/hooks\n")
    (place.folder / ".gitignore").write_text("*\n")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_text("not for a goal")
    (place.folder / "way").symlink_to(tmp_path / "private")

    await place.attempt("1.1#1", a="$Id$\r\none\n")
    await place.attempt("1.2#1", a="$Id$\r\ntwo\n")
    found = await place.history.difference(1, whole=True)
    await place.undo("1.2")

    assert not mark.exists()
    assert (place.folder / "a").read_bytes() == b"$Id$\r\none\n"
    assert "not for a goal" not in found.patch
    assert [one.path for one in found.files] == [".gitattributes", ".gitconfig", ".gitignore", "a", "evil.sh", "way"]
    assert place.problems == []


async def test_a_folder_that_turns_into_a_link_leads_nowhere(place: Place, tmp_path: Path) -> None:
    """One thread swaps a folder for a link out of the workspace again and again while it is kept and put back."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("theirs\n")
    inside, aside, link = place.folder / "d", place.folder / "aside", place.folder / "link"
    inside.mkdir()
    (inside / "file").write_text("ours\n")
    link.symlink_to(outside)
    await place.attempt("1.1#1", a="one\n")
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            inside.rename(aside)
            link.rename(inside)
            inside.rename(link)
            aside.rename(inside)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for number in range(20):
            await place.attempt(f"1.{number + 2}#1", a=f"{number}\n")
    finally:
        done.set()
        swapping.join()

    assert "theirs" not in (await place.history.difference(1)).patch
    for change in await place.history.changes(1):
        assert "theirs" not in _show(place, change.commit)
    assert (outside / "file").read_text() == "theirs\n"


async def test_going_back_never_writes_through_a_link(place: Place, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (place.folder / "d").mkdir()
    (place.folder / "d" / "file").write_text("ours\n")
    await place.attempt("1.1#1")
    async with place.during("1.2#1"):
        (place.folder / "d" / "file").unlink()
        (place.folder / "d").rmdir()
        (place.folder / "d").symlink_to(outside)

    await place.undo("1.2")

    assert list(outside.iterdir()) == []
    assert (place.folder / "d" / "file").read_text() == "ours\n"
    assert not (place.folder / "d").is_symlink()


# ------------------------------------------------------------------------------------------------------------- undoing


async def test_undoing_a_task_goes_back_to_before_it_and_can_be_undone(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n", b="stays\n")
    await place.attempt("1.2#1", a="two\n", c="new\n")
    place.write(d="a person's\n")

    asked = await place.history.undoing(1, "1.2")
    done = await place.history.undo(1, asked, "first")
    undone = place.files()
    await place.history.undo(1, await place.history.undoing(1, state=asked.now[:10]), "second")

    assert done
    assert [(one.path, one.gone) for one in asked.files] == [("a", False), ("c", True), ("d", True)]
    assert undone == {"a": "one\n", "b": "stays\n"}
    assert place.files() == {"a": "two\n", "b": "stays\n", "c": "new\n", "d": "a person's\n"}


async def test_undoing_is_refused_once_the_folder_has_changed_and_done_once_only(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n")
    asked = await place.history.undoing(1)
    place.write(a="changed\n")

    late = await place.history.undo(1, asked, "late")
    kept = place.files()
    again = [await place.history.undo(1, await place.history.undoing(1), "now") for _ in range(2)]

    assert (late, kept) == (False, {"a": "changed\n"})
    assert (again, place.files()) == ([True, True], {})
    assert len([one for one in await place.history.changes(1) if one.undid]) == 1


async def test_what_is_kept_nowhere_is_named_before_it_is_lost(place: Place) -> None:
    await place.attempt("1.1#1", data="small\n")
    await place.attempt("1.2#1", data="x" * (SMALL + 1))

    asked = await place.history.undoing(1)

    assert asked.lost == ("data",)


async def test_a_goal_that_changed_nothing_says_so(place: Place) -> None:
    with pytest.raises(NoHistory) as told:
        await place.history.difference(1)
    await place.attempt("1.1#1", a="one\n")
    with pytest.raises(NoHistory) as of_task:
        await place.history.undoing(1, "1.7")

    assert told.value.public == "Nothing has changed in the folder of goal 1 yet."
    assert of_task.value.public == "1.7 has changed nothing in the folder of goal 1."


# ---------------------------------------------------------------------------------------------------- what may go wrong


async def test_what_a_killed_git_left_locked_heals(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n")
    (place.kept / "refs" / "heads" / "main.lock").touch()

    await place.attempt("1.2#1", a="two\n")

    assert await place.attempts() == [("1.1#1", ("1.1#1",)), ("1.2#1", ("1.2#1",))]


async def test_a_kill_in_the_middle_of_a_commit_leaves_the_state_before(place: Place) -> None:
    """A real process, which dies with half a commit in git's hands."""
    await place.attempt("1.1#1", a="one\n", b="one\n")
    place.write(a="two\n", b="two\n")
    died = subprocess.run([sys.executable, "-c", _DIES, str(place.data_dir)], check=False, capture_output=True)
    place.history = place.opened()

    await place.attempt("1.2#1", c="three\n")

    assert died.returncode == -9
    assert await place.attempts() == [("1.1#1", ("1.1#1",)), ("", ()), ("1.2#1", ("1.2#1",))]
    assert [one.path for one in (await place.history.difference(1)).files] == ["a", "b", "c"]


async def test_a_damaged_history_is_put_aside_and_begun_anew(place: Place) -> None:
    await place.attempt("1.1#1", a="one\n")
    for file in (place.kept / "objects").rglob("*"):
        if file.is_file():
            file.chmod(0o600)
            file.write_bytes(b"rubbish")
    place.history = place.opened()

    await place.attempt("1.2#1", b="two\n")

    assert place.kept.with_suffix(".damaged").is_dir()
    assert [one.path for one in (await place.history.difference(1)).files] == ["a", "b"]
    assert len(place.problems) > 0


async def test_a_full_or_forbidden_disk_fails_no_attempt(place: Place) -> None:
    place.kept.parent.mkdir()
    place.kept.write_text("a file where the history should be")

    await place.attempt("1.1#1", a="one\n")

    assert place.files() == {"a": "one\n"}
    assert len(place.problems) == 2  # one look before it, one after it


async def test_without_git_nothing_is_kept_and_everything_else_goes_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(place.data_dir))
    place.history = place.opened()

    await place.attempt("1.1#1", a="one\n")

    with pytest.raises(NoHistory) as told:
        await place.history.difference(1)
    assert told.value.public == MISSING
    assert (place.problems, place.kept.exists()) == ([], False)


async def test_an_attempt_that_is_cancelled_while_its_changes_are_kept_runs_no_more(place: Place) -> None:
    await place.history.begin(1, "1.1#1")
    place.write(a="one\n")
    keeping = asyncio.get_running_loop().create_task(place.history.end(1, "1.1#1"))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping

    await place.attempt("1.2#1", b="two\n")
    await place.attempt("1.3#1", b="three\n")

    assert (await place.attempts())[-1] == ("1.3#1", ("1.3#1",))


_DIES = """
import os, signal, sys
from pathlib import Path
from executor.actions.history.git import Git
from executor.actions.history.committing import Commit
from executor.actions.history.repository import Repository
from tests.fakes import START

folder = Path(sys.argv[1])
repository = Repository(Git(folder / "histories" / "1"), folder / "workspaces" / "1", 1000)
repository.open()
written = Commit.write

def die(self, path, mode, content):
    written(self, path, mode, content)
    self._stream.flush()
    os.kill(os.getpid(), signal.SIGKILL)

Commit.write = die
repository.keep("1.9#1", (), START)
"""


def _plain(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def _show(place: Place, commit: str) -> str:
    shown = subprocess.run(
        ["git", "--git-dir", str(place.kept), "show", "--format=", commit],
        capture_output=True,
        text=True,
        check=True,
        env=_plain(place.data_dir),
    )
    return shown.stdout
