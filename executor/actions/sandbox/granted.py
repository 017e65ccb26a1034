"""The folders that a command was given to write to, as mounts.

Whoever works in one of them can put a link there, and a later command may name it: the link must not lead it to what
nobody granted. So where a link of the commands' own user leads elsewhere, that place counts only if it was granted by
its own name. What is mounted is the folder that was looked at, by a descriptor, whatever its name means by then.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from executor.actions.sandbox.mounts import Hidden, Mount


def granted(
    folders: Sequence[str], hidden: Hidden, uid: int, opened: list[int] | None, *, machine: bool
) -> Iterator[Mount]:
    """`uid`: who commands run as. `opened` gets the descriptors; without it names are mounted. `machine`: the links of
    this machine are seen inside."""
    named = [Path(os.path.normpath(Path(one).expanduser())) for one in folders]
    own = [one for one in named if Path(os.path.realpath(one)) == one]
    for one in named:
        real = Path(os.path.realpath(one))
        if not hidden.allows(one) or (_by_link_of(uid, one) and not any(real.is_relative_to(other) for other in own)):
            continue
        source = str(real) if opened is None else _held(real, opened)
        if source is not None:
            yield ("--bind-try", source, str(real if machine else one))


def _by_link_of(uid: int, place: Path) -> bool:
    for one in (place, *place.parents):
        with suppress(OSError):
            status = one.lstat()
            if stat.S_ISLNK(status.st_mode) and status.st_uid == uid:
                return True
    return False


def _held(real: Path, opened: list[int]) -> str | None:
    """None: it is gone, or another one by now."""
    try:
        descriptor = os.open(real, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    opened.append(descriptor)
    there = Path(f"/proc/self/fd/{descriptor}")
    return str(there) if there.readlink() == real else None
