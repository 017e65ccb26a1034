"""What hangs for certain is ended before its time; what is only silent, slow or waiting is not."""

import sys

import pytest

from executor.actions import hangs
from executor.actions.hangs import Hang, Sight
from executor.engine.classification import classify
from tests.actions.conftest import Scene

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process waits for is told by Linux alone")

READS_TERMINAL = f"""{sys.executable} -c '
import os, pty, time
pid, _ = pty.fork()
if not pid:
    os.execvp("cat", ["cat"])
os.waitpid(pid, 0)
'"""


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hangs, "LOOK_S", 0.1)


@pytest.mark.parametrize("command", ["kill -STOP $$", "(kill -STOP $BASHPID); echo never"])
async def test_a_command_that_was_stopped_is_ended_and_told(scene: Scene, command: str) -> None:
    result = await scene.shell(command, timeout_s=60)

    assert (result.success, result.error) == (False, "it was stopped, and nobody let it go on")
    assert (result.metadata["timed_out"], result.metadata["stopped"]) == (False, True)
    assert classify(result).subclass == "stopped"


async def test_a_command_that_reads_a_terminal_is_ended_and_asked_about(scene: Scene) -> None:
    result = await scene.shell(READS_TERMINAL, timeout_s=60)

    assert result.error == "it waits for input at a terminal, where nobody is"
    assert classify(result).subclass == "needs_input"


@pytest.mark.parametrize(
    "command",
    [
        "sleep 0.8",
        "sleep 0.8 & wait",
        "sleep 30 & kill -STOP $!; sleep 0.8; kill -KILL $!",
        f"{sys.executable} -c 'import time; end = time.monotonic() + 0.8\nwhile time.monotonic() < end: pass'",
    ],
    ids=["silent", "waits for a child", "stops a helper of its own", "busy"],
)
async def test_what_goes_on_in_silence_is_left_alone(scene: Scene, command: str) -> None:
    result = await scene.shell(command, timeout_s=60)

    assert (result.success, result.error) == (True, None)


def test_only_the_same_sight_twice_without_work_between_is_a_hang() -> None:
    stopped = Sight(Hang.STOPPED, 1.0)

    assert hangs.hangs(stopped, stopped) is Hang.STOPPED
    assert hangs.hangs(None, stopped) is None
    assert hangs.hangs(Sight(None, 1.0), stopped) is None
    assert hangs.hangs(Sight(Hang.STOPPED, 0.5), stopped) is None
    assert hangs.hangs(Sight(None, 1.0), Sight(None, 1.0)) is None


def test_a_process_that_is_gone_hangs_no_more() -> None:
    assert hangs.look(2**22 + 1) == Sight(None, 0.0)
