"""What of this machine a sandbox shows, all of it read-only: its programs and what they need to start.

Never the whole root, never a home, never what Milepost keeps for itself. Programs that were installed elsewhere (a
Python of pyenv, a Node of nvm) come with the folder that they were installed into.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from executor.domain.reach import WHERE_KEYS_LIE

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
SETTINGS = (
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "chromium",
    "chromium.d",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gitconfig",
    "group",
    "hosts",
    "ImageMagick-6",
    "ImageMagick-7",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "magic",
    "mime.types",
    "npmrc",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pip.conf",
    "pki",
    "protocols",
    "services",
    "ssl",
    "terminfo",
    "timezone",
    "xdg/pip/pip.conf",
)
"""Of /etc."""
NAMES = ("resolv.conf", "gai.conf", "host.conf")
"""Of /etc, where there is a network."""
_TOO_MUCH = frozenset(
    map(Path, ("/", "/boot", "/dev", "/etc", "/home", "/media", "/mnt", "/opt", "/proc", "/root", "/run", "/srv"))
) | frozenset(map(Path, ("/sys", "/tmp", "/var", "/var/lib", "/var/tmp")))
_STARTED = ("python3", "python", "node", "npm", "git", "bash", "sh")


@dataclass(frozen=True, slots=True)
class Hidden:
    """What no sandbox shows: the data folder, the configuration, credentials. Of a home only single folders."""

    paths: Sequence[Path] = ()

    def allows(self, path: Path) -> bool:
        """Nothing hidden lies in it, it lies in nothing hidden, and it is neither a home nor above one: as it is named,
        and as links lead there."""
        named, real = Path(os.path.normpath(path)), Path(os.path.realpath(path))
        if not path.is_absolute() or {named, real} & _TOO_MUCH:
            return False
        hidden = {form for one in self.paths for form in (Path(os.path.normpath(one)), Path(os.path.realpath(one)))}
        above = (*hidden, Path.home(), Path(os.path.realpath(Path.home())))
        if any(place.is_relative_to(one) for place in (named, real) for one in hidden):
            return False
        return not any(one.is_relative_to(place) for place in (named, real) for one in above)


Mount = tuple[str, ...]
"""One option of bwrap with its operands; the last is where it appears in the sandbox."""


@lru_cache(maxsize=64)
def words(mounts: tuple[Mount, ...]) -> tuple[str, ...]:
    """As bwrap takes them, in this order. Folders above a mount are made passable for everybody inside, which bwrap
    itself does not see to."""
    found: list[str] = []
    known = {Path("/"), *map(Path, SYSTEM), Path("/tmp"), Path("/etc")}
    for mount in mounts:
        place = Path(mount[-1])
        for above in reversed(place.parents):
            if above not in known and not _in_system(above) and not above.is_relative_to("/etc"):
                known.add(above)
                found += ["--perms", "0755", "--dir", str(above)]
        known.add(place)
        found += mount
    return tuple(found)


def shown(path: Path) -> Mount:
    return ("--ro-bind", str(path), str(path))


def system() -> list[Mount]:
    """The machine's programs; for their settings see Etc."""
    found: list[Mount] = []
    for place in map(Path, SYSTEM):
        if place.is_symlink():
            found.append(("--symlink", str(place.readlink()), str(place)))
        elif place.is_dir():
            found.append(shown(place))
    return found


HIDING_BYTES = 1024 * 1024


def machine(hidden: Hidden, closed: Path | None = None) -> list[Mount]:
    """All of the machine, but for what Milepost keeps for itself, what is hidden in a home, and the doors to other
    programs. Its /tmp is the machine's. `closed` is a folder that the command's user can't pass: it is empty there,
    and passable, because the workspace lies in it."""
    found: list[Mount] = [("--ro-bind", "/", "/"), ("--size", str(HIDING_BYTES), "--tmpfs", "/run")]
    if closed is not None and any(closed.is_relative_to(os.path.realpath(one)) for one in hidden.paths):
        closed = None  # what is hidden is empty and passable as well
    if closed is not None:
        found.append(("--perms", "0755", "--size", str(HIDING_BYTES), "--tmpfs", str(closed)))
    places = (Path("/tmp/.X11-unix"), *hidden.paths, *(Path.home() / name for name in WHERE_KEYS_LIE))
    for place in dict.fromkeys(Path(os.path.realpath(one)) for one in places):
        if closed is not None and place.is_relative_to(closed):
            continue
        if _is_folder(place):
            found.append(("--size", str(HIDING_BYTES), "--tmpfs", str(place)))
        elif os.access(place, os.F_OK):
            found.append(("--ro-bind", "/dev/null", str(place)))
    return found


def closed_above(place: Path) -> Path | None:
    """The outermost folder above it that only its owner can pass."""
    return next((one for one in reversed(place.parents) if not one.stat().st_mode & 0o001), None)


def names() -> list[Mount]:
    """For finding hosts by their names."""
    return [shown(place) for name in NAMES if os.access(place := Path("/etc") / name, os.R_OK)]


def programs(path: str, hidden: Hidden) -> list[Mount]:
    """What is on the PATH beyond the system, outermost folders first."""
    wanted = {one for one in _places(path) if _is_folder(one) and not _in_system(one) and hidden.allows(one)}
    outer = [one for one in wanted if not any(one != other and one.is_relative_to(other) for other in wanted)]
    return [shown(place) for place in sorted(outer)]


def _in_system(place: Path) -> bool:
    return any(place.is_relative_to(root) for root in SYSTEM)


def _places(path: str) -> Iterator[Path]:
    yield Path(sys.base_prefix)
    for folder in map(Path, path.split(":")):
        if folder.is_absolute():
            yield _installation(folder)
    for name in _STARTED:
        found = shutil.which(name, path=path)
        if found is not None:
            yield _installation(Path(os.path.realpath(found)).parent)


def _installation(folder: Path) -> Path:
    """The folder that programs were installed into, for their ``bin``; a version manager's for its ``shims``."""
    above = folder.parent
    if folder.name == "shims" or (folder.name == "bin" and above.name != ".local" and _is_folder(above / "lib")):
        return above
    return folder


def _is_folder(place: Path) -> bool:
    """One that we can look into; what we can't, bwrap can't show."""
    try:
        return place.is_dir() and os.access(place, os.R_OK | os.X_OK)
    except PermissionError:
        return False
