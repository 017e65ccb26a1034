"""A sandbox works under what the unit makes of /proc: systemd's mounts, made by hand, then the trial as a user."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.apart import NOBODY, apart, need_bubblewrap

UNIT = Path(__file__).parents[2] / "systemd" / "milepost.service"
READ_ONLY = "mount --bind {0} {0}; mount -o remount,bind,ro {0}"
MOUNTS = {  # of systemd 257, src/core/namespace.c
    "ProtectProc=invisible": "mount -o remount,hidepid=invisible /proc",
    "ProtectHostname=yes": READ_ONLY.format("/proc/sys/kernel/hostname"),
    "ProtectKernelTunables=yes": READ_ONLY.format("/proc/sys"),
    "ProtectKernelLogs=yes": "mount --bind /dev/null /proc/kmsg",
    "ProtectControlGroups=yes": "mount --rbind /sys /sys; mount -o remount,bind,ro /sys",
}
REFUSED = {
    "ProtectHostname=yes": "/proc/sys/kernel/hostname",
    "ProtectKernelTunables=yes": "/proc/sys",
    "ProtectKernelLogs=yes": "/proc/kmsg",
}
PROGRAM = """
import json, sys
from pathlib import Path
from executor.actions.bounds import Bounds
from executor.actions.sandbox.choice import Wanted, isolate
bounds = Bounds(memory_mb=512, cpu_s=60)
found = isolate(Wanted(mode="bubblewrap", data_dir=Path(sys.argv[1]), hidden=(), bounds=bounds, network=False))
print(json.dumps(None if found.problem is None else [found.problem.seen, found.problem.remedy]))
"""

pytestmark = pytest.mark.timeout(900)


def tried(options: list[str]) -> list[str] | None:
    """What the trial says where these options of a unit hold; None: the sandbox holds."""
    need_bubblewrap()
    words = apart()
    before, after = words[: words.index("setpriv")], words[words.index("setpriv") :]
    lines = "; ".join(["set -e", *(MOUNTS[option] for option in options), 'exec "$@"'])
    with tempfile.TemporaryDirectory(prefix="milepost-unit-") as place:
        Path(place).chmod(0o755)
        data = Path(place) / "data"
        data.mkdir()
        subprocess.run(["chown", f"{NOBODY}:{NOBODY}", data], check=True)
        done = subprocess.run(
            [*before, "sh", "-c", lines, "unit", *after, sys.executable, "-c", PROGRAM, str(data)],
            cwd=Path(__file__).parents[2],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    found: list[str] | None = json.loads(done.stdout)
    return found


@pytest.fixture(autouse=True, scope="module")
def _possible() -> None:
    """A machine that forbids sandboxes altogether says nothing about the unit."""
    if (found := tried([])) is not None:
        pytest.skip(found[0])


def test_under_the_options_of_the_unit_the_sandbox_holds() -> None:
    lines = UNIT.read_text().splitlines()

    assert tried([option for option in MOUNTS if option in lines]) is None


@pytest.mark.parametrize("option", REFUSED)
def test_an_option_that_covers_a_part_of_proc_is_told_with_its_remedy(option: str) -> None:
    found = tried([option])

    assert found is not None
    assert found[0] == f"parts of /proc are covered here ({REFUSED[option]}), so a sandbox gets none of its own"
    assert "ProtectHostname" in found[1] or "systempaths=unconfined" in found[1]


def test_the_unit_has_none_of_them() -> None:
    settings = {line.split("=")[0] for line in UNIT.read_text().splitlines()}

    assert settings & {"ProtectHostname", "ProtectKernelTunables", "ProtectKernelLogs", "ProcSubset"} == set()
