"""(f) What the sandbox adds to a command."""

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

from benchmarks.table import Line, Section
from benchmarks.timing import Times, milliseconds, times
from executor.actions.bounds import Bounds
from executor.actions.launcher import Launch, Launcher, environment, prepare
from executor.actions.sandbox.choice import Wanted, isolate
from executor.actions.workspaces import Folders
from executor.domain.errors import Unconfigured

ROUNDS = 200
WARM = 10
TARGET_S = 0.010
COMMAND = ("bash", "-c", "true")

HOW = (
    f"`bash -c true` as a plain subprocess (vfork and exec, waited for), and in turns with it the same command in the "
    f"sandbox with everything that a shell task gets: mounts, namespaces, no network, filter of system calls, limits, "
    f"gate; from before its start until it is reaped. {ROUNDS} rounds after {WARM} warm ones, `python -m benchmarks "
    "sandbox`. Processor time is that of all processes of the command, and ours; unlike the wall time it hardly grows "
    "with what else runs on the machine. As root, the sandbox drops root's rights by a program more."
)


class _Cost:
    """Of the same thing, again and again: wall time, and processor time of ourselves and all children."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self.wall, self.processor = Times(), Times()

    def one(self, *, kept: bool) -> None:
        began, spent = perf_counter(), _processor_s()
        self._work()
        if kept:
            self.wall.taken.append(perf_counter() - began)
            self.processor.taken.append(_processor_s() - spent)


async def run(folder: Path) -> Section:
    return _measured()


def _measured() -> Section:
    with tempfile.TemporaryDirectory(prefix="milepost-bench-") as place:  # nobody must be able to reach it
        Path(place).chmod(0o711)
        launcher, workspace = _sandbox(Path(place))
        plain = _Cost(lambda: _bare(workspace))
        boxed = _Cost(lambda: _launched(launcher, workspace))
        for number in range(WARM + ROUNDS):
            for cost in (plain, boxed):
                cost.one(kept=number >= WARM)
    return Section(title="(f) A command in the sandbox", how=HOW, lines=_lines(plain, boxed))


def _lines(plain: _Cost, boxed: _Cost) -> list[Line]:
    added_s = boxed.wall.median_s - plain.wall.median_s
    spent_s = boxed.processor.median_s - plain.processor.median_s
    who = "root" if os.geteuid() == 0 else "a user"
    return [
        Line(what="a plain subprocess", value=str(plain.wall), ratio="1 ×"),
        Line(
            what=f"the same in the sandbox, as {who}",
            value=str(boxed.wall),
            ratio=times(boxed.wall.median_s / plain.wall.median_s),
        ),
        Line(
            what="added at the median",
            value=milliseconds(added_s),
            target=f"≤ {TARGET_S * 1000:g} ms",
            met=added_s <= TARGET_S,
        ),
        Line(what="of it processor time", value=milliseconds(spent_s)),
    ]


def _sandbox(place: Path) -> tuple[Launcher, Path]:
    """Raises Unconfigured where there is none."""
    if shutil.which("bwrap") is None:
        raise Unconfigured("bubblewrap is not installed, so there is nothing to measure")
    found = isolate(
        Wanted(mode="bubblewrap", data_dir=place, hidden=(), bounds=Bounds(memory_mb=1024, cpu_s=300), network=False)
    )
    if found.problem is not None:
        raise Unconfigured(f"No sandbox: {found.problem.seen}. To mend it: {found.problem.remedy}.")
    workspace = Folders(place, found.folders, found.owner).folder(1)
    prepare(workspace)
    return found.launcher, workspace


def _bare(workspace: Path) -> None:
    subprocess.run(COMMAND, cwd=workspace, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def _launched(launcher: Launcher, workspace: Path) -> None:
    gate_out, gate = os.pipe()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        child = launcher.launch(
            Launch(
                arguments=COMMAND,
                workspace=workspace,
                environment=environment(workspace, "1.1#1", {}),
                stdin=gate_out,
                stdout=nowhere,
                stderr=nowhere,
            )
        )
        os.write(gate, b"go\n")
        assert child.wait() == 0
    finally:
        for descriptor in (gate_out, gate, nowhere):
            os.close(descriptor)


def _processor_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime
