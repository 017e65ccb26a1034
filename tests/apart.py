"""A PID namespace of its own for what may kill everything that it sees."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = "65534"
HOUSE = Path(__file__).parents[1]


def apart(*, root: bool = False, shown: tuple[Path, ...] = ()) -> list[str]:
    """The words before a command that put it into a PID namespace of its own; as nobody, without any right, unless
    `root`. It sees the interpreter, this checkout and what is `shown` even where they lie in somebody's home: there,
    the home holds nothing else. Skips where that can't be had."""
    if os.getuid() != 0:
        pytest.skip("only root can make a PID namespace with a /proc of its own")
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("unshare and setpriv (util-linux) are not installed")
    words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if not root:
        places = (Path(sys.base_prefix), Path(sys.prefix), HOUSE, *shown)
        words += ["sh", "-c", "\n".join((*_lines(places), 'exec "$@"')), "apart"]
        words += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        words += ["--inh-caps=-all", "--ambient-caps=-all"]
    tried = subprocess.run([*words, sys.executable, "-c", "import encodings"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no PID namespace here: {tried.stderr.strip()}")
    return words


def _lines(places: tuple[Path, ...]) -> Iterator[str]:
    """A shell's, for root in a mount namespace of its own."""
    kept = {place.resolve(): _closed(place.resolve()) for place in places}
    behind = {place: folder for place, folder in kept.items() if folder is not None}
    if not behind:
        return
    yield "set -e; mount -t tmpfs -o mode=755 apart /mnt"
    for number, place in enumerate(behind):
        yield f"mkdir /mnt/{number}; mount --bind {shlex.quote(str(place))} /mnt/{number}"
    for folder in sorted({folder for folder in behind.values()}):
        yield f"mount -t tmpfs -o mode=755 apart {shlex.quote(str(folder))}"
    for number, place in enumerate(behind):
        name = shlex.quote(str(place))
        yield f"mkdir -p {name}; mount --bind /mnt/{number} {name}; umount /mnt/{number}"
    yield f"umount /mnt; cd {shlex.quote(str(Path.cwd()))}"


def _closed(place: Path) -> Path | None:
    """The outermost folder above it that others can't pass."""
    for folder in reversed(place.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def need_bubblewrap() -> None:
    """Skips where there is none; in CI there must be."""
    if shutil.which("bwrap") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("bubblewrap is not installed, and in CI these tests must run")
        pytest.skip("bubblewrap is not installed")
