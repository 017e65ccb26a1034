"""What a command in the sandbox can do, and what it can't: as root's child, and as that of somebody without rights.

Everything runs in a PID namespace of its own, because a sandbox that does not hold would kill the machine here.
"""

import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.actions.reported import Ask, asking
from tests.actions.sandboxed import Probe
from tests.apart import NOBODY

HOLD = "import time; held = b'x' * (60 << 20); time.sleep(240)"
MAPPED = (
    "import mmap, time; held = mmap.mmap(-1, 300 << 20); "
    "[held.write(bytes(1 << 20)) for _ in range(300)]; time.sleep(240)"
)
NAMELESS = (
    "import os, time; files = [os.memfd_create('x') for _ in range(6)]; "
    "[os.write(file, bytes(50 << 20)) for file in files]; time.sleep(240)"
)
SHARED = "import os, time; held = b'x' * (60 << 20); [os.fork() for _ in range(3)]; time.sleep(1); os._exit(0)"

CALLS = {  # of x86_64
    "io_uring_setup": 425,
    "bpf": 321,
    "keyctl": 250,
    "add_key": 248,
    "request_key": 249,
    "userfaultfd": 323,
    "perf_event_open": 298,
    "unshare": 272,
    "setns": 308,
    "mount": 165,
    "pivot_root": 155,
    "open_by_handle_at": 304,
}
ASKED = f"""
import ctypes, errno, fcntl
libc = ctypes.CDLL(None, use_errno=True)
for name, number in {CALLS!r}.items():
    refused = libc.syscall(number, 0, 0, 0, 0, 0) < 0
    print(name, errno.errorcode[ctypes.get_errno()] if refused else "done")
try:
    fcntl.ioctl(0, 0x5412, b"x")
except OSError as error:
    print("TIOCSTI", errno.errorcode[error.errno])
"""

PROBES: dict[str, Probe] = {
    "who": Probe(command="id -u; id -G; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status"),
    "where": Probe(command="pwd; echo made > made; cat made"),
    "environment": Probe(command="env | cut -d= -f1 | sort | tr '\\n' ' '"),
    "processes": Probe(command="ls -d /proc/[0-9]* | wc -l; cat /proc/[0-9]*/environ | grep -ac CANARY"),
    "kill": Probe(command="kill -9 -1; kill -9 @pid; echo alive"),
    "canary": Probe(command="cat ../../canary ../2/note ../../../config.toml; ls ../.. ..; cat /etc/shadow"),
    "link": Probe(command="ln -s /etc/shadow link; cat link; ln ../../canary hard"),
    "other goal": Probe(command="echo mine > note", goal=2),
    "system": Probe(command="touch /usr/x; touch /etc/x; touch /x; echo $?"),
    "no network": Probe(command="(exec 3<>/dev/tcp/127.0.0.1/@port) && echo reached; cat /proc/net/dev | grep -c :"),
    "network": Probe(command="(exec 3<>/dev/tcp/127.0.0.1/@port) && echo reached", network=True),
    "own server": Probe(command="python3 -c 'import socket; print(socket.create_server((\"127.0.0.1\", 0)) != None)'"),
    "namespaces": Probe(command="unshare -Ur true && echo user; unshare -n true && echo net; chroot / true && echo in"),
    "mount": Probe(command="mount -t tmpfs none /tmp && echo mounted; mount --bind /usr /tmp && echo bound"),
    "machine": Probe(
        command="cat ../../../seen; cat ../../canary ../../../config.toml ../2/note; ls /run; touch /usr/x; echo $?",
        machine=True,
    ),
    "machine in a closed place": Probe(
        command='cd "$MILEPOST_WORKSPACE" && echo mine > "$PWD/own" && cat "$PWD/own" /usr/lib/os-release | head -n 1',
        machine=True,
    ),
    "given": Probe(command="echo written > ../../../given/file; cat ../../../seen; echo no > ../../../other"),
    "streams": Probe(command="echo out > /dev/stdout; echo err | tee /dev/stderr"),
    "exit code": Probe(command="exit 7"),
    "signal": Probe(command="kill -9 $$"),
    "daemon": Probe(command="setsid sleep 301 >/dev/null 2>&1 & setsid nohup sleep 302 & echo left"),
    "stubborn": Probe(command="trap '' TERM; setsid sleep 303 & while :; do sleep 1; done", timeout_s=1.0),
    "polite": Probe(command="trap 'echo cleaned; exit 3' TERM; sleep 304 & wait", timeout_s=5.0),
    "memory": Probe(command="x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo ${#x}", memory_mb=64),
    "file": Probe(command="head -c 30000000 /dev/zero > big; stat -c %s big", file_mb=10),
    "cpu": Probe(command="while :; do :; done", cpu_s=1),
    "memory together": Probe(
        command=f'for i in 1 2 3 4 5 6 7; do python3 -c "{HOLD}" & done; wait', memory_mb=256, timeout_s=240
    ),
    "memory in the open": Probe(command=f'python3 -c "{MAPPED}"', memory_mb=256, timeout_s=240),
    "memory as a file": Probe(command=f'python3 -c "{NAMELESS}"', memory_mb=256, timeout_s=240),
    "memory that is shared": Probe(command=f'python3 -c "{SHARED}"; echo whole', memory_mb=256, timeout_s=240),
    "victim": Probe(command="cat /proc/self/oom_score_adj"),
    "file alone": Probe(command="exec head -c 30000000 /dev/zero > big", file_mb=10),
    "crowd": Probe(command="sh -c 'for i in $(seq 40); do sleep 306 & done; wait'", processes=20, timeout_s=240),
    "storm": Probe(
        command="sh -c 'i=0; while [ $i -lt 200 ]; do sleep 305 & i=$((i+1)); done; echo all'", processes=20
    ),
    "flood": Probe(command="yes $'\\e[31m\\xff' | head -c 3000000"),
    "calls": Probe(command=f"python3 - <<'END'{ASKED}END"),
    "one line": Probe(command="head -c 60000000 /dev/zero"),
    "shared": Probe(command="head -c 100000000 /dev/zero > /dev/shm/x; stat -c %s /dev/shm/x; touch /dev/x"),
    "put in tmp": Probe(command="echo kept > /tmp/kept; echo kept > /var/tmp/too"),
    "found in tmp": Probe(command="cat /tmp/kept /tmp/too"),
    "tmp of another": Probe(command="test -e /tmp/kept || echo gone", goal=2),
    "cost": Probe(command="i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"),
}


@pytest.fixture(scope="module", params=["root", "nobody"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    with asking(request.param, PROBES) as ask:
        yield ask


pytestmark = pytest.mark.timeout(900)


def test_a_command_is_nobody_without_any_right(ask: Ask) -> None:
    said = ask("who")["stdout"].split()

    assert said[:2] == [NOBODY, NOBODY]
    assert said[2:4] == ["CapEff:", "0000000000000000"]
    assert said[-2:] == ["NoNewPrivs:", "1"]


def test_a_command_works_in_its_folder_at_its_own_path(ask: Ask) -> None:
    report = ask("where")
    path, text = report["stdout"].splitlines()

    assert (path.endswith("/data/workspaces/1"), text, report["problem"]) == (True, "made", None)
    assert Path(path, "made").read_text() == "made\n"


def test_a_command_gets_no_variable_of_ours(ask: Ask) -> None:
    assert ask("environment")["stdout"].split() == [
        "HOME",
        "LANG",
        "MILEPOST_ATTEMPT",
        "MILEPOST_WORKSPACE",
        "PATH",
        "PWD",
        "PYTHONDONTWRITEBYTECODE",
        "SHLVL",
        "TERM",
        "TMPDIR",
        "_",
    ]


def test_a_command_sees_only_its_own_processes(ask: Ask) -> None:
    count, secrets = ask("processes")["stdout"].splitlines()

    assert (int(count) < 8, secrets) == (True, "0")


def test_kill_minus_nine_minus_one_kills_nobody_outside(ask: Ask) -> None:
    assert ask("kill")["stdout"] == "alive\n"


@pytest.mark.parametrize("name", ["canary", "link"])
def test_nothing_outside_the_goals_folder_can_be_read(ask: Ask, name: str) -> None:
    report = ask(name)

    assert "CANARY" not in report["stdout"] + report["stderr"]
    assert "root:" not in report["stdout"]
    assert report["problem"] is not None


def test_what_lies_beside_the_goals_folder_is_not_even_there(ask: Ask) -> None:
    assert ask("canary")["stdout"] == "..:\n1\n\n../..:\nworkspaces\n"


def test_the_system_can_only_be_read(ask: Ask) -> None:
    assert ask("system")["stdout"] == "1\n"


def test_the_network_is_there_only_where_it_is_granted(ask: Ask) -> None:
    assert ask("no network")["stdout"] == "1\n"  # a loopback of its own
    assert ask("network")["stdout"] == "reached\n"
    assert ask("own server")["stdout"] == "True\n"


@pytest.mark.parametrize("name", ["namespaces", "mount"])
def test_no_namespace_and_no_mount_can_be_made_inside(ask: Ask, name: str) -> None:
    assert ask(name)["stdout"] == ""


def test_the_end_of_a_command_is_told_as_it_was(ask: Ask) -> None:
    assert (ask("exit code")["exit_code"], ask("signal")["exit_code"]) == (7, 137)
    assert ask("signal")["problem"] == "exit code 137 (signal 9)"


@pytest.mark.parametrize("name", ["daemon", "stubborn", "polite", "storm"])
def test_nothing_is_alive_after_the_end(ask: Ask, name: str) -> None:
    assert ask(name)["left"] == []


def test_a_command_that_is_too_slow_is_asked_to_end_and_then_ended(ask: Ask) -> None:
    polite, stubborn = ask("polite"), ask("stubborn")

    assert (polite["timed_out"], polite["stdout"], polite["exit_code"]) == (True, "cleaned\n", 3)
    assert (stubborn["timed_out"], stubborn["problem"]) == (True, "timed out after 1 s")


def test_memory_files_and_processor_time_are_limited(ask: Ask) -> None:
    memory, file, cpu = ask("memory"), ask("file"), ask("cpu")

    assert memory["stdout"] == ""
    assert "cannot allocate" in memory["stderr"] or memory["excess"]["what"] == "memory"  # who looks first
    assert int(file["stdout"]) == 10 * 1024 * 1024
    assert (cpu["exit_code"], cpu["timed_out"]) == (152, False)
    assert cpu["problem"] == "it ran out of processor time; 1 s are allowed (sandbox.cpu_s)"
    assert ask("file alone")["problem"] == "it wrote a file of more than 10 MB, and no command may"


@pytest.mark.parametrize("name", ["memory together", "memory in the open", "memory as a file"])
def test_all_processes_of_a_command_share_one_limit_of_memory(ask: Ask, name: str) -> None:
    report = ask(name)

    assert report["excess"]["what"] == "memory"
    assert re.fullmatch(
        r"the processes of this command together used \d+ MB; the limit is 256 MB \(sandbox.memory_mb\)",
        report["problem"],
    )
    assert (report["timed_out"], report["left"]) == (False, [])


def test_memory_that_processes_share_counts_once(ask: Ask) -> None:
    assert (ask("memory that is shared")["problem"], ask("memory that is shared")["stdout"]) == (None, "whole\n")


def test_where_memory_runs_out_commands_are_ended_before_milepost(ask: Ask) -> None:
    assert ask("victim")["stdout"] == "500\n"


def test_too_many_processes_are_refused_or_ended(ask: Ask) -> None:
    """The kernel refuses them where it counts those of one sandbox; else the whole command is ended."""
    report = ask("crowd")

    told = re.fullmatch(r"this command ran \d+ processes and threads at once; 20 together .*", report["problem"] or "")
    assert told or "Cannot fork" in report["stderr"]
    assert report["left"] == []


def test_a_storm_of_processes_is_stopped(ask: Ask) -> None:
    assert "all" not in ask("storm")["stdout"]


def test_memory_that_looks_like_files_is_limited_too(ask: Ask) -> None:
    report = ask("shared")

    assert (report["stdout"], "Read-only" in report["stderr"]) == (f"{64 * 1024 * 1024}\n", True)


def test_a_command_that_may_read_the_machine_reads_nothing_of_ours_and_changes_nothing(ask: Ask) -> None:
    report = ask("machine")

    assert report["stdout"] == "seen\n1\n"
    assert "CANARY" not in report["stdout"] + report["stderr"]


def test_a_command_that_may_read_the_machine_finds_its_own_folder_by_its_path(ask: Ask) -> None:
    assert ask("machine in a closed place")["stdout"] == "mine\n"


def test_a_folder_that_was_granted_can_be_written_to_and_nothing_beside_it(ask: Ask) -> None:
    report = ask("given")
    place = Path(ask("where")["stdout"].split()[0]).parents[2]

    assert (place / "given" / "file").read_text() == "written\n"
    assert (report["stdout"], (place / "other").exists()) == ("", False)


def test_the_streams_can_be_opened_by_their_names(ask: Ask) -> None:
    assert (ask("streams")["stdout"], ask("streams")["stderr"]) == ("out\nerr\n", "err\n")


def test_a_flood_of_output_is_cut(ask: Ask) -> None:
    report = ask("flood")

    assert (report["cut_bytes"], len(report["stdout"]) < 30_000) == (3_000_000 - 10_000, True)


def test_one_endless_line_of_nothing_is_cut_too(ask: Ask) -> None:
    report = ask("one line")

    assert (report["problem"], report["cut_bytes"], len(report["stdout"]) < 30_000) == (None, 60_000_000 - 10_000, True)
    assert "\0" not in report["stdout"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86_64")
def test_the_kernels_dangerous_calls_are_refused(ask: Ask) -> None:
    said = dict(line.split() for line in ask("calls")["stdout"].splitlines())

    assert said == dict.fromkeys((*CALLS, "TIOCSTI"), "EPERM")


def test_tmp_lasts_as_long_as_the_goal_and_is_its_own(ask: Ask) -> None:
    assert ask("found in tmp")["stdout"] == "kept\nkept\n"
    assert ask("tmp of another")["stdout"] == "gone\n"


def test_what_a_command_cost_is_measured(ask: Ask) -> None:
    assert ask("cost")["cpu_s"] > 0.05
