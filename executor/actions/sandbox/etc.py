"""What of /etc a sandbox shows, as one read-only mount: a copy, made anew when something of it has changed.

A mount for each of its files would cost more than everything else that makes a sandbox, because bubblewrap reads the
list of all mounts after each one.
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from executor.actions.sandbox.mounts import NAMES, SETTINGS, Mount

ETC = Path("/etc")
KEPT = 2  # the newest copies: a command that runs may still look at the last but one
SWITCH = "nsswitch.conf"
NAME_SERVICES = """\
passwd: files
group: files
shadow: files
hosts: files dns myhostname
networks: files
protocols: files
services: files
ethers: files
rpc: files
"""
"""In place of this machine's: the daemons of others (systemd, sssd) can't be reached from inside, and programs that
look up a user would load their libraries first."""
FILE_BYTES_MAX = 16 * 1024 * 1024


@dataclass(slots=True)
class Etc:
    """`folder` holds the copies. `public`: only what everybody may read is copied, because it is root who copies.
    `source` is what is copied."""

    folder: Path
    public: bool
    source: Path = ETC
    _seen: list[tuple[Path, tuple[int, int, int]]] = field(default_factory=list)
    _copy: Path | None = None

    def mount(self) -> Mount:
        """Raises OSError where there is no room for a copy."""
        if self._copy is None or not self._copy.is_dir() or any(_sight(one) != seen for one, seen in self._seen):
            self._copy = self._made()
        return ("--ro-bind", str(self._copy), str(ETC))

    def holds(self, place: Path) -> bool:
        """Whether this file or folder of /etc can be seen in the copy. What is empty there may be room for another."""
        if self._copy is None or not place.is_relative_to(ETC):
            return False
        copied = self._copy / place.relative_to(ETC)
        if copied.is_symlink():
            return True
        return any(copied.iterdir()) if copied.is_dir() else copied.is_file() and copied.stat().st_size > 0

    def make_room(self, place: Path) -> None:
        """Something is going to be mounted at `place`: where that is in /etc, there must be something below it."""
        if not place.is_relative_to(ETC) or self._copy is None:
            return
        below = self._copy / place.relative_to(ETC)
        if not os.path.lexists(below):
            below.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if place.is_dir():
                below.mkdir(mode=0o755)
            else:
                below.touch(mode=0o644)

    def _made(self) -> Path:
        self._seen = [(one, _sight(one)) for one in self._sources()]
        name = hashlib.sha256(repr((self.public, NAME_SERVICES, self._seen)).encode()).hexdigest()[:16]
        made = self.folder / name
        if not made.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
            try:
                self._fill(draft)
                with suppress(FileExistsError):  # somebody else was faster, with the same
                    _rename(draft, made)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        os.utime(made)
        self._forget(made)
        return made

    def _forget(self, newest: Path) -> None:
        copies = sorted((one for one in self.folder.iterdir() if one != newest), key=_age, reverse=True)
        for old in copies[KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)

    def _sources(self) -> Iterator[Path]:
        """Everything whose change makes a new copy, folders as well as what is in them."""
        for name in SETTINGS:
            place = self.source / name
            yield place
            if place.is_dir() and not place.is_symlink():
                yield from sorted(one for one in place.rglob("*") if not one.is_symlink())

    def _fill(self, draft: Path) -> None:
        for name in SETTINGS:
            self._add(self.source / name, draft / name)
        for name in NAMES:
            if (self.source / name).exists():
                (draft / name).touch(mode=0o644)
        if (draft / SWITCH).exists():
            (draft / SWITCH).write_text(NAME_SERVICES, encoding="ascii")
        for one in (draft, *draft.rglob("*")):
            if not one.is_symlink():
                one.chmod(0o755 if one.is_dir() else 0o644)

    def _add(self, source: Path, target: Path, *, inner: bool = False) -> None:
        """A link in a folder stays one; as with a mount, any other is what it leads to."""
        with suppress(OSError):  # gone meanwhile, or not ours to read
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            if inner and source.is_symlink():
                target.symlink_to(source.readlink())
                return
            status = source.stat()
            if self.public and not status.st_mode & 0o004:
                return
            if stat.S_ISDIR(status.st_mode):
                target.mkdir(mode=0o755)
                for one in source.iterdir():
                    self._add(one, target / one.name, inner=True)
            elif stat.S_ISREG(status.st_mode) and status.st_size <= FILE_BYTES_MAX:
                shutil.copyfile(source, target)


def _rename(draft: Path, made: Path) -> None:
    try:
        draft.rename(made)
    except OSError:
        if not made.is_dir():
            raise


def _sight(place: Path) -> tuple[int, int, int]:
    """Enough to see that it is another one now; zeros where it is not there."""
    try:
        status = place.stat()
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino


def _age(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
