"""The kept states of one goal's folder: commits that this program writes itself, file by file.

What is known of the folder (which file had which date and content at the last look) is in memory only: after a restart
the first look reads every file once. A commit is written whole or not at all, so a kill leaves the state before.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from executor.actions.history.committing import Commit, message_of
from executor.actions.history.git import Git, GitFailed
from executor.actions.history.opening import holding
from executor.actions.history.scan import LEFT_OUT, Found, Scan, Stamp, scan
from executor.domain.change import Change

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
SECRET = "holds a secret"
_PLAINLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FIELD, _RECORD = b"\x1f", b"\x1e"


Hide = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Known:
    """One file of the newest kept state."""

    mode: bytes
    blob: bytes
    stamp: Stamp | None


@dataclass(slots=True)
class Repository:
    """One goal's. The caller lets in one thread at a time."""

    git: Git
    workspace: Path
    file_bytes_max: int
    branch: str = "main"
    ignoring: bool = False  # what the folder's .gitignore files say
    hide: Hide = bytes  # what must not be kept of a content; None: all of it
    tip: str = ""
    known: dict[bytes, Known] = field(default_factory=dict)
    left_out: dict[bytes, str] = field(default_factory=dict)

    def open(self) -> None:
        """Make it, or take up what is there. Raises GitFailed where it is damaged."""
        self.git.make()
        self.know(self.git.tip(self.branch))

    def know(self, commit: str) -> None:
        """This is the newest state now."""
        self.tip = commit
        self.known = {path: Known(mode, blob, None) for path, mode, blob in self.tree(commit)} if commit else {}

    def keep(
        self, attempt: str, ran: Sequence[str], at: datetime, *, title: str = "", undid: str = "", command_id: str = ""
    ) -> bool:
        """Write a commit where anything has changed; whether it was. With `undid` even where nothing has."""
        found = scan(self.workspace, self._now_ns(), self.file_bytes_max)
        self._without_ignored(found)
        self._without_submodules(found)
        self._without_secret_names(found)
        gone = [path for path in self.known if path not in found.files and not self._still_there(path, found)]
        message = partial(message_of, title or attempt, attempt, ran, found, undid, command_id)
        writing = Commit(self.git, self.branch, self.tip, message, at)
        with writing:
            if gone or undid:
                writing.begin(gone)
            fresh = dict(self._read(found, writing.write))
        self.left_out = found.left_out
        for path in gone:
            del self.known[path]
        self.known |= fresh
        if writing.begun:
            self.tip = self.git.tip(self.branch)
        return writing.begun

    def _still_there(self, path: bytes, found: Scan) -> bool:
        """Its content is not kept any more, or it is no file: then it stays in the state as it was."""
        return path in found.left_out or self.known[path].mode == b"160000" or _below_left_out(path)

    def _without_ignored(self, found: Scan) -> None:
        """What the project itself ignores (what was built, a local configuration) is nobody's change."""
        if not self.ignoring:
            return
        for path in self.git.ignored(self.workspace):
            for there in (found.files, found.left_out):
                below = path.endswith(b"/")
                for one in [one for one in there if one == path or (below and one.startswith(path))]:
                    if one not in self.known:
                        there.pop(one, None)

    def _without_submodules(self, found: Scan) -> None:
        """They stay what they are. What git itself put there is theirs; other files have no place in a commit."""
        for link in [path for path, one in self.known.items() if one.mode == b"160000"]:
            inside = [path for there in (found.files, found.left_out) for path in there if path.startswith(link + b"/")]
            for path in inside:
                found.files.pop(path, None)
                found.left_out.pop(path, None)
            if inside and not os.path.lexists(self.workspace / os.fsdecode(link) / ".git"):
                found.left_out[link] = "files in a submodule"

    def _without_secret_names(self, found: Scan) -> None:
        for there in (found.files, found.left_out):
            names = b"/".join(there)
            if self.hide(names) != names:
                for path in [path for path in there if self.hide(path) != path]:
                    there.pop(path, None)
                    found.left_out[self.hide(path) or b"?"] = SECRET

    def _read(self, found: Scan, write: Callable[[bytes, bytes, bytes], None]) -> Iterator[tuple[bytes, Known]]:
        """Every file that may have changed, written where it has."""
        for path, one in found.files.items():
            before = self.known.get(path)
            if before is not None and before.stamp == one.stamp is not None and before.mode == one.mode:
                continue
            content = _content(self.workspace, path, one, self.file_bytes_max)
            if content is None:  # gone, or another one, since the look: the next look sees it
                if before is None:
                    continue
                yield path, Known(before.mode, before.blob, None)
                continue
            blob = _blob(content)
            if before is None or before.blob != blob:
                kept = self.hide(content)
                if kept is None or (kept != content and self.ignoring):
                    found.left_out[path] = SECRET
                    continue
                if kept != content:
                    found.masked.append(path)
                    content, blob = kept, _blob(kept)
            if before is None or before.blob != blob or before.mode != one.mode:
                write(path, one.mode, content)
            yield path, Known(one.mode, blob, one.stamp)

    def _now_ns(self) -> int:
        """The time by the clock that the file system dates its files with."""
        probe = self.git.folder / "now"
        with probe.open("wb") as file:
            file.write(b"\n")
        return probe.stat().st_ctime_ns

    # ------------------------------------------------------------------------------------------------------ readings

    def tree(self, commit: str) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(path, mode, blob) of every file of a kept state."""
        listed = self.git.run("ls-tree", "-r", "-z", commit) if commit else b""
        for line in listed.split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, _, blob = head.split(b" ")
            yield path, mode, blob

    def contents(self, blobs: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
        """The content of each, by path."""
        if not blobs:
            return
        with self.git.talking("cat-file", "--batch") as (asking, answers):
            for path, blob in blobs.items():
                asking.write(blob + b"\n")
                asking.flush()
                head = answers.readline().split()
                if len(head) != 3:
                    raise GitFailed(f"cat-file: {head!r}")
                yield path, answers.read(int(head[2]))
                answers.read(1)

    @property
    def base(self) -> str:
        """The state before the goal: "" for an empty folder, else the commit of the repository that it works on."""
        return self.git.tip("base")

    def changes(self, *, given: bool = False) -> list[Change]:
        """Oldest first. `given`: with what the goal began with, unless that is a person's repository."""
        if not self.tip:
            return []
        form = "--format=%H%x1f%ct%x1f%B%x1e"
        since = [f"^{self.base}"] if self.base and (self.ignoring or not given) else []
        printed = self.git.run("log", "--reverse", "--first-parent", "--no-show-signature", form, self.tip, *since)
        return [_change(*record.lstrip(b"\n").split(_FIELD, 2)) for record in printed.split(_RECORD)[:-1]]

    def parent(self, commit: str) -> str:
        """The state before; "" before the first."""
        printed = self.git.run("rev-list", "--parents", "-n", "1", commit).split()
        return printed[1].decode("ascii") if len(printed) > 1 else ""


def _content(workspace: Path, path: bytes, one: Found, bytes_max: int) -> bytes | None:
    """Of a file, or where a link points to; None where it can't be had."""
    try:
        with holding(workspace, path) as (folder, name):
            if one.mode == b"120000":
                return os.fsencode(os.readlink(name, dir_fd=folder))
            with os.fdopen(os.open(name, _PLAINLY, dir_fd=folder), "rb") as stream:
                status = os.fstat(stream.fileno())
                content = stream.read(bytes_max + 1)
    except OSError:
        return None
    ordinary = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    return content if ordinary and len(content) <= bytes_max else None


def _below_left_out(path: bytes) -> bool:
    return any(os.fsdecode(part).lower() in LEFT_OUT for part in path.split(b"/")[:-1])


def _blob(content: bytes) -> bytes:
    """The name that git gives to it."""
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest().encode("ascii")


def _change(commit: bytes, at: bytes, message: bytes) -> Change:
    told: dict[str, list[str]] = {}
    for line in message.decode("utf-8", "replace").splitlines()[1:]:
        key, _, value = line.partition(": ")
        told.setdefault(key, []).append(value)
    return Change(
        commit=commit.decode("ascii"),
        attempt="".join(told.get("Attempt", ())),
        ran=tuple(told.get("Ran", ())),
        at=datetime.fromtimestamp(int(at), UTC),
        left_out=tuple(told.get("Left-Out", ())),
        masked=tuple(told.get("Masked", ())),
        undid="".join(told.get("Undid", ())),
        command="".join(told.get("Command", ())),
    )
