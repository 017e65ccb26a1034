import os
import subprocess
import sys
from datetime import UTC, timedelta

import pytest

from bot.real import NoCrashPoints, RandomIds, SystemClock, crash_points
from executor.domain.errors import Unconfigured
from tests.apart import apart

REACH = """
from bot.real import crash_points
points = crash_points({"MILEPOST_CRASH_AT": "after commit:2"})
for name in ("after commit", "before send", "after commit", "after commit"):
    print(name, flush=True)
    points.reached(name)
"""


CLOSED = """
import os, subprocess
from bot.real import close_to_others
read = ["cat", f"/proc/{os.getpid()}/environ"]
before = subprocess.run(read, capture_output=True).returncode
close_to_others()
own = subprocess.run(["cat", "/proc/self/environ"], env={"A": "b"}, capture_output=True)
print(before, subprocess.run(read, capture_output=True).returncode, own.stdout.decode())
"""


async def test_the_clock_is_aware_utc_and_its_monotonic_half_goes_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.001)

    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() >= before + 0.001


def test_names_are_32_hex_digits_and_never_the_same() -> None:
    names = {RandomIds().new() for _ in range(1000)}

    assert len(names) == 1000
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)


def test_a_crash_point_kills_the_process_at_the_nth_time() -> None:
    ended = subprocess.run([sys.executable, "-c", REACH], capture_output=True, text=True, check=False)

    assert ended.returncode == -9
    assert ended.stdout.splitlines() == ["after commit", "before send", "after commit"]


def test_without_a_wish_no_point_crashes() -> None:
    assert isinstance(crash_points({}), NoCrashPoints)


@pytest.mark.parametrize("wish", ["a:0", "a:x", "a:-1"])
def test_a_wrong_wish_is_one_line(wish: str) -> None:
    with pytest.raises(Unconfigured, match=f"MILEPOST_CRASH_AT = {wish}: expected <name> or <name>:<nth>, nth from 1."):
        crash_points({"MILEPOST_CRASH_AT": wish})


@pytest.mark.skipif(sys.platform != "linux", reason="Linux says who may read what a process holds")
def test_what_the_program_holds_is_read_by_no_other_process_of_its_user() -> None:
    """Without a sandbox commands run as the same user. Their own environment stays theirs to read."""
    words = apart() if os.geteuid() == 0 else []
    done = subprocess.run([*words, sys.executable, "-c", CLOSED], capture_output=True, text=True, check=True)

    assert done.stdout.rstrip("\0\n") == "0 1 A=b"
