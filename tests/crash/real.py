"""A real `milepost up` on a folder of its own, and its shell's end of the control socket."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.control.client import ControlClient, NotRunning

MILEPOST = Path(sys.executable).with_name("milepost")
STARTED_S_MAX = 180.0  # of a slow machine


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MILEPOST_DATA_DIR": str(folder / "data"),
        "MILEPOST_LOCAL_CHAT__PORT": "0",  # a free one
        "PYTHONPATH": str(Path(__file__).parents[2]),  # this tree, whatever is installed
    }


@contextmanager
def up(folder: Path, **more: str) -> Iterator[tuple["subprocess.Popen[bytes]", ControlClient]]:
    """`more` is added to its environment."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [MILEPOST, "up"],
            env=environment(folder) | more,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    client = ControlClient(folder / "data", timeout_s=60)
    try:
        until(lambda: answers(client))
        yield process, client
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answers(client: ControlClient) -> bool:
    try:
        client.call("system", {}, command_id="look")
    except NotRunning:
        return False
    return True


def until(happened: Callable[[], bool]) -> None:
    limit = time.monotonic() + STARTED_S_MAX
    while not happened():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.02)
