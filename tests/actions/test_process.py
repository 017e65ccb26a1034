"""Commands really run: bounded in time and output, gated, in a cleared environment, and with no survivor."""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

import psutil
import pytest

from executor.actions.bounds import Bounds
from executor.actions.ended import Command
from executor.actions.launcher import PlainLauncher
from executor.actions.process import run
from executor.actions.survivors import end_survivors
from executor.actions.workspaces import Folders
from executor.domain.tail import last_lines
from executor.engine.classification import classify
from tests.actions.conftest import Scene

PATIENCE_S = 60.0
BEGUN_S = 1.5  # by then a command has begun on a slow machine, too


def living(workspace: Path) -> list[list[str]]:
    """The command lines of all living processes that belong to this workspace by their environment or folder."""
    found = []
    for process in psutil.process_iter():
        try:
            here = process.environ().get("MILEPOST_WORKSPACE") == str(workspace) or process.cwd() == str(workspace)
            if here and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
        except psutil.Error:
            continue
    return found


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds():
            await asyncio.sleep(0.01)


async def test_what_a_command_prints_and_how_it_ends_is_in_the_result(scene: Scene) -> None:
    result = await scene.shell("echo out; echo err >&2; exit 3")

    metadata = dict(result.metadata)
    assert 0 < metadata.pop("execution_time") < 10
    assert 0 <= metadata.pop("cpu_s") < 10
    metadata.pop("memory_mb_peak", None)
    assert sorted(metadata.pop("tail").split()) == ["err", "out"]
    assert metadata == {
        "exit_code": 3,
        "command": "echo out; echo err >&2; exit 3",
        "timed_out": False,
        "output_cut_bytes": 0,
        "stderr": "err\n",
    }
    assert (result.success, result.result, result.output, result.error) == (
        False,
        "exit code 3",
        "out\n",
        "exit code 3",
    )


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("kill -9 $$", "killed by signal 9"),
        ("kill -SEGV $$", "killed by signal 11"),
        ("bash -c 'kill -9 $$'; exit $?", "exit code 137 (signal 9)"),
        ("no-such-program", "exit code 127"),
        ("exit 200", "exit code 200"),
    ],
)
async def test_the_error_is_one_line_that_says_how_it_ended(scene: Scene, command: str, error: str) -> None:
    assert (await scene.shell(command)).error == error


async def test_a_command_gets_a_cleared_environment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_TELEGRAM__TOKEN", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "secret")

    result = await scene.shell("env -0 | sort -z | tr '\\0' '\\n'", environment={"GRANTED": "yes"})

    names = {line.split("=", 1)[0]: line.split("=", 1)[1] for line in result.output.splitlines()}
    for name in ("PWD", "SHLVL", "_"):
        names.pop(name)
    assert names == {
        "PATH": os.environ["PATH"],
        "HOME": str(scene.workspace),
        "TMPDIR": str(scene.workspace / ".milepost" / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TERM": "dumb",
        "GRANTED": "yes",
        "MILEPOST_ATTEMPT": "1.1#1",
        "MILEPOST_WORKSPACE": str(scene.workspace),
    }


async def test_a_command_has_nothing_to_read_and_no_descriptor_of_ours(scene: Scene) -> None:
    with (scene.workspace / "open").open("w") as ours:
        os.set_inheritable(ours.fileno(), False)
        result = await scene.shell("ls /proc/$$/fd > fds; wc -c; echo $(cat fds); pwd; mktemp")

    count, descriptors, folder, temporary = result.output.splitlines()
    assert (count, descriptors, folder) == ("0", "0 1 2", str(scene.workspace))
    assert temporary.startswith(str(scene.workspace / ".milepost" / "tmp"))


async def test_a_command_that_takes_too_long_is_ended_and_says_so(scene: Scene) -> None:
    began = monotonic()

    result = await scene.shell("echo begun; sleep 300", timeout_s=BEGUN_S)

    assert monotonic() - began < PATIENCE_S
    assert (result.error, result.output) == ("timed out after 1.5 s", "begun\n")
    assert result.metadata["timed_out"] is True
    assert living(scene.workspace) == []


async def test_one_that_ignores_the_request_to_end_is_killed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("executor.actions.process.GRACE_S", 0.3)

    result = await scene.shell("trap '' TERM; echo begun; while :; do sleep 0.1; done", timeout_s=BEGUN_S)

    assert (result.error, result.metadata["exit_code"]) == ("timed out after 1.5 s", -9)
    assert living(scene.workspace) == []


async def test_one_that_tidies_up_when_asked_to_end_gets_the_time(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.process.GRACE_S", 60.0)
    command = "trap 'echo tidy > tidied; exit' TERM; while :; do sleep 0.05; done"

    result = await scene.shell(command, timeout_s=BEGUN_S)

    assert result.error == "timed out after 1.5 s"
    assert (scene.workspace / "tidied").read_text() == "tidy\n"


DAEMONS = {
    "in the group": "sleep 300 & echo done",
    "in the group, ignoring hangup and term": "(trap '' HUP TERM; sleep 300) & echo done",
    "in a session of its own": "setsid sleep 300 & echo done",
    "forked twice": "setsid sh -c 'setsid sleep 300 & exit' & sleep 0.1; echo done",
    "silent": "setsid sleep 300 >/dev/null 2>&1 </dev/null & echo done",
    "many": "for i in 1 2 3 4 5 6 7 8; do setsid sleep 300 & done; echo done",
    "one that forks on": "setsid sh -c 'while :; do setsid sleep 0.3 & sleep 0.02; done' & sleep 0.1; echo done",
}


@pytest.mark.parametrize("daemon", DAEMONS)
async def test_nobody_survives_a_command(scene: Scene, daemon: str) -> None:
    began = monotonic()

    result = await scene.shell(DAEMONS[daemon])

    assert monotonic() - began < PATIENCE_S
    assert (result.success, result.output) == (True, "done\n")
    assert living(scene.workspace) == []


async def test_a_daemon_out_of_reach_that_holds_stdout_does_not_hold_us_up(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.process.DRAIN_S", 0.3)
    command = "env -i setsid sh -c 'echo $$ > pid; exec sleep 300' & while [ ! -s pid ]; do :; done; echo done"
    began = monotonic()

    result = await scene.shell(command)

    assert monotonic() - began < PATIENCE_S
    assert (result.success, result.output) == (True, "done\n")
    os.kill(int((scene.workspace / "pid").read_text()), signal.SIGKILL)  # what only a PID namespace will catch


async def test_what_a_command_left_writing_in_good_order_is_still_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.process.FLUSH_S", 60.0)

    assert (await scene.shell("echo late > >(sleep 0.05; cat)")).output == "late\n"


async def test_a_flood_is_cut_in_the_middle_and_read_to_its_end(scene: Scene) -> None:
    result = await scene.shell(
        "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last", output_bytes_max=1000
    )

    assert result.success
    assert result.output.startswith("first\nxxx")
    assert result.output.endswith("xxx\nlast\n")
    assert "… 2,999,012 bytes cut …" in result.output
    assert result.metadata["output_cut_bytes"] == 2_999_012
    assert len(result.output) < 1100


async def test_an_endless_flood_ends_with_its_time(scene: Scene) -> None:
    result = await scene.shell("yes", timeout_s=0.3, output_bytes_max=1000)

    assert (result.error, len(result.output) < 1100) == ("timed out after 0.3 s", True)


async def test_bytes_that_are_no_text_are_shown_as_such(scene: Scene) -> None:
    assert (await scene.shell("printf 'a\\0b\\377c'")).output == "a�b�c"


async def test_the_child_waits_until_its_start_has_been_recorded(scene: Scene) -> None:
    seen: list[Any] = []

    async def started(pid: int, pid_started: float, command: str) -> None:
        await asyncio.sleep(0.2)
        process = psutil.Process(pid)
        seen.extend([process.create_time() == pid_started, os.getpgid(pid) == pid, (scene.workspace / "mark").exists()])

    result = await scene.shell("touch mark", started=started)

    assert result.success
    assert seen == [True, True, False]
    assert (scene.workspace / "mark").exists()


async def test_a_lost_lease_keeps_the_command_from_running(scene: Scene) -> None:
    async def started(pid: int, pid_started: float, command: str) -> None:
        raise RuntimeError("somebody else has it")

    with pytest.raises(RuntimeError, match="somebody else has it"):
        await scene.shell("touch mark", started=started)

    assert living(scene.workspace) == []
    assert not (scene.workspace / "mark").exists()


async def test_if_we_die_before_the_gate_opens_the_child_does_nothing(scene: Scene, tmp_path: Path) -> None:
    """A second process starts a command and kills itself while the start is being recorded."""
    program = f"""
import asyncio, os, signal
from pathlib import Path
from tests.actions.conftest import Scene
async def started(pid, pid_started, command):
    Path({str(tmp_path / "pid")!r}).write_text(str(pid))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(Scene(Path({str(scene.workspace)!r})).shell("touch mark", started=started))
"""

    ended = subprocess.run([sys.executable, "-c", program], timeout=PATIENCE_S, capture_output=True, check=False)

    assert ended.returncode == -signal.SIGKILL, ended.stderr
    await until(lambda: not _runs(int((tmp_path / "pid").read_text())))
    assert not (scene.workspace / "mark").exists()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


@pytest.mark.parametrize("command", ["echo x > begun; sleep 300", "setsid sleep 300 & echo x > begun; wait"])
async def test_cancelling_ends_every_child_before_it_returns(scene: Scene, command: str) -> None:
    task = asyncio.get_running_loop().create_task(scene.shell(command))
    await until(lambda: (scene.workspace / "begun").exists())

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert living(scene.workspace) == []


async def test_cancelling_while_the_start_is_recorded_runs_nothing(scene: Scene) -> None:
    async def started(*_: object) -> None:
        await asyncio.sleep(300)

    task = asyncio.get_running_loop().create_task(scene.shell("touch mark", started=started))
    await until(lambda: living(scene.workspace) != [])

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert living(scene.workspace) == []
    assert not (scene.workspace / "mark").exists()


async def test_a_peak_of_memory_above_our_own_is_known(scene: Scene) -> None:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + 50_000_000

    large = await scene.shell(f"{sys.executable} -c 'b\"x\" * {size}'")
    small = await scene.shell("true")

    assert large.metadata["memory_mb_peak"] > size / 2**20
    assert small.metadata.get("memory_mb_peak", 0.0) < 20  # none where it was over before anybody looked


async def test_a_command_leaves_no_descriptor_open(scene: Scene) -> None:
    await scene.shell("true")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for command in ("true", "exit 1", "setsid sleep 300 &"):
        await scene.shell(command)
    await scene.shell("sleep 300", timeout_s=0.1)

    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_one_attempt_ends_only_its_own_processes(scene: Scene, tmp_path: Path) -> None:
    """Another attempt of the same goal, and the same attempt in another data folder, run beside it."""
    other_folder = Scene(tmp_path / "elsewhere")
    other_folder.workspace.mkdir()
    neighbours = [
        asyncio.get_running_loop().create_task(one)
        for one in (
            scene.shell("echo x > one; sleep 1; echo kept", attempt=2),
            other_folder.shell("echo x > one; setsid sleep 1; echo kept"),
        )
    ]
    await until(lambda: (scene.workspace / "one").exists() and (other_folder.workspace / "one").exists())

    await scene.shell("setsid sleep 300 & true")

    assert [(await one).output for one in neighbours] == ["kept\n", "kept\n"]


async def test_a_command_without_a_pidfd_ends_as_well(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")

    assert (await scene.shell("sleep 0.05; exit 3")).error == "exit code 3"
    assert (await scene.shell("sleep 300", timeout_s=0.1)).error == "timed out after 0.1 s"


async def test_a_folder_that_is_gone_is_a_failure_in_one_line(scene: Scene) -> None:
    scene.workspace.rmdir()

    result = await scene.shell("true")

    assert (result.success, result.error) == (False, "can't start: No such file or directory")


async def test_a_link_in_place_of_our_own_folder_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (scene.workspace / ".milepost").symlink_to(tmp_path / "outside")

    result = await scene.shell("true")

    assert result.error == "can't start: .milepost is a link"
    assert list((tmp_path / "outside").iterdir()) == []


async def test_a_command_that_is_too_long_for_the_kernel_is_a_failure_in_one_line(scene: Scene) -> None:
    command = Command(arguments=["bash", "-c", ": " + "x" * 200_000], shown="x", timeout_s=5)

    with pytest.raises(OSError, match="Argument list too long"):
        await run(command, scene.context(), PlainLauncher())


# --------------------------------------------------------------------------------------------------------- limits


@pytest.mark.skipif(sys.platform != "linux", reason="what processes hold together is told by Linux alone")
async def test_processes_that_take_too_much_together_are_ended_without_a_sandbox_too(scene: Scene) -> None:
    scene.launcher = PlainLauncher(bounds=Bounds(memory_mb=128, cpu_s=60))
    hold = f"{sys.executable} -c 'import time; held = b\"x\" * (60 << 20); time.sleep(240)'"

    result = await scene.shell(f"for i in 1 2 3 4; do {hold} & done; wait", timeout_s=240)

    assert (result.error or "").startswith("the processes of this command together used ")
    assert (result.error or "").endswith(" MB; the limit is 128 MB (sandbox.memory_mb)")
    assert (result.metadata["exceeded"], result.metadata["timed_out"]) == ("memory", False)
    assert classify(result).subclass == "out_of_memory"
    assert living(scene.workspace) == []


# ------------------------------------------------------------------------------------------------------- recovery


@contextlib.asynccontextmanager
async def predecessor(scene: Scene, command: str, ready: Callable[[], bool]) -> Any:
    """A process that ran a command for us and was killed; gives the (pid, start time) that it had recorded."""
    record = scene.workspace.parent / "record"
    program = f"""
import asyncio
from pathlib import Path
from tests.actions.conftest import Scene
async def started(pid, pid_started, command):
    Path({str(record)!r}).write_text(f"{{pid}} {{pid_started}}")
asyncio.run(Scene(Path({str(scene.workspace)!r})).shell({command!r}, started=started))
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        await until(ready)
    finally:
        process.kill()
        process.wait()
    pid, pid_started = record.read_text().split()
    yield int(pid), float(pid_started)


async def test_what_a_dead_predecessor_left_running_is_ended(scene: Scene) -> None:
    command = "setsid sleep 301 & sleep 302 & echo x > begun; sleep 303; true"
    async with predecessor(scene, command, lambda: len(living(scene.workspace)) == 4) as (pid, pid_started):
        folders = Folders(scene.workspace.parent.parent)

        ended = await folders.end_leftovers(pid, pid_started, "1.1#1")

        assert (ended, living(scene.workspace)) == (4, [])
        assert await folders.end_leftovers(pid, pid_started, "1.1#1") == 0


async def test_the_group_is_ended_even_where_its_members_cleared_their_environment(scene: Scene) -> None:
    command = "env -i sleep 301 & echo x > begun; wait"
    async with predecessor(scene, command, lambda: (scene.workspace / "begun").exists()) as (pid, pid_started):
        ended = await end_survivors(pid, pid_started, "1.1#1", scene.workspace)

        assert (ended, living(scene.workspace)) == (2, [])


async def test_a_stranger_is_never_ended(scene: Scene, tmp_path: Path) -> None:
    """A process that got the recorded number later, and one with the same mark for another data folder."""
    marks = {"PATH": os.environ["PATH"], "MILEPOST_ATTEMPT": "1.1#1", "MILEPOST_WORKSPACE": str(tmp_path / "other")}
    strangers = [
        subprocess.Popen(["sleep", "300"], start_new_session=True),
        subprocess.Popen(["sleep", "300"], start_new_session=True, env=marks),
    ]
    try:
        pid, began = strangers[0].pid, psutil.Process(strangers[0].pid).create_time()

        ended = await end_survivors(pid, began - 60, "1.1#1", scene.workspace)
        unknown = await end_survivors(None, None, "1.1#1", scene.workspace)
        gone = await end_survivors(2**22 + 1, 1.0, "1.1#1", scene.workspace)

        assert (ended, unknown, gone) == (0, 0, 0)
        assert [stranger.poll() for stranger in strangers] == [None, None]
    finally:
        for stranger in strangers:
            stranger.kill()
            stranger.wait()


# ----------------------------------------------------------------------------------------------------- last lines


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"output": "a\nb\nc\n", "metadata": {}}, "b\nc"),
        ({"output": "a", "metadata": {"tail": "x\ny\nz\n\n"}}, "y\nz"),
        ({"output": "", "metadata": {"tail": "\x1b[31mred\x1b[0m\n10 %\r100 %\r\nlast"}}, "100 %\nlast"),
        ({"output": "", "error": "x"}, ""),
    ],
)
def test_the_last_lines_are_what_a_person_sees(record: dict[str, object], expected: str) -> None:
    assert last_lines(record, 2) == expected


async def test_the_last_lines_of_a_failed_command_hold_its_complaint(scene: Scene) -> None:
    result = await scene.shell("echo working; ls nowhere")

    assert "nowhere" in last_lines(result.record(), 1)


async def test_the_memory_of_a_whole_tree_is_seen_even_where_it_stays_below_our_own(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.footprint.SPARING", 1)  # a look that took long is followed by another soon
    hungry = "python3 -c 'import time; x = bytearray(20_000_000); print(flush=True); time.sleep(240)'"
    both = f"{hungry} >> begun & {hungry} >> begun &"
    wait = "until [ $(wc -l < begun) = 2 ]; do sleep 0.05; done; sleep 1; kill $(jobs -p); wait"

    result = await scene.shell(f": > begun; {both} {wait}")

    assert 40 <= result.metadata["memory_mb_peak"] <= 400
    assert result.metadata["cpu_s"] > 0
