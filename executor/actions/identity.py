"""Who commands run as where Milepost itself is root: nobody, for good.

Ids are changed, not mapped: in a user namespace over root, a child would keep root's files. What root makes for
commands to use is given to the owner of the folder that it lies in.
"""

import os
import pwd
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65_534


@dataclass(frozen=True, slots=True)
class Identity:
    uid: int
    gid: int

    def drop(self) -> list[str]:
        """The words before a command that make it run as this user: no group, no capability, no way back."""
        words = [
            shutil.which("setpriv") or "setpriv",
            f"--reuid={self.uid}",
            f"--regid={self.gid}",
            "--clear-groups",
            "--no-new-privs",
        ]
        return [*words, "--inh-caps=-all", "--bounding-set=-all", "--pdeathsig=KILL"]


def unprivileged() -> Identity | None:
    """None: this is no root, so its children are none either."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Identity(NOBODY, NOBODY)
    return Identity(entry.pw_uid, entry.pw_gid)


def is_mapped(uid: int, table: str | None = None) -> bool:
    """Whether this user exists here: a container may know only a few (`table` as in /proc/self/uid_map)."""
    if table is None:
        try:
            table = Path("/proc/self/uid_map").read_text(encoding="ascii")
        except OSError:
            return True
    ranges = [[int(word) for word in line.split()] for line in table.splitlines()]
    return any(first <= uid < first + count for first, _, count in ranges)


def can_drop() -> bool:
    return shutil.which("setpriv") is not None


def give(file: int, folder: int) -> None:
    """What root has made in somebody's folder is that owner's. Both are open descriptors."""
    if os.geteuid() == 0:
        owner = os.fstat(folder)
        if owner.st_uid != 0:
            os.fchown(file, owner.st_uid, owner.st_gid)


def give_streams(identity: Identity | None, *streams: int) -> None:
    """Pipes that somebody else's process opens anew by their names, as ``tee /dev/stderr`` does."""
    for stream in streams if identity is not None and os.geteuid() == 0 else ():
        if stat.S_ISFIFO(os.fstat(stream).st_mode):
            assert identity is not None
            os.fchown(stream, identity.uid, identity.gid)


def give_all(folder: Path, identity: Identity) -> None:
    """A folder that was root's, with all that lies in it. Links are given, not followed, whoever moves folders about
    meanwhile; a file that has other names (hard links) stays whose it is, since one of them may lie elsewhere."""
    for _, names, files, here in os.fwalk(folder, topdown=False, follow_symlinks=False):
        for name in (*names, *files):
            with suppress(FileNotFoundError):
                status = os.stat(name, dir_fd=here, follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) or status.st_nlink == 1:
                    os.chown(name, identity.uid, identity.gid, dir_fd=here, follow_symlinks=False)
    os.lchown(folder, identity.uid, identity.gid)
