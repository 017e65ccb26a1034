"""The self-test of a sandbox: a real child is told to break out, and must fail. Takes some hundredths of a second."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from executor.actions.identity import Identity, give_all
from executor.actions.launcher import Launch, Launcher, environment, prepare
from executor.actions.sandbox.bubblewrap import temporary_of
from executor.actions.sandbox.obstacles import Problem, problem, surroundings

TRIAL_S = 20.0
_PROGRAM = (
    'echo "uid $(id -u)"; echo "$MILEPOST_TRIAL" > "written"; cat -- "$1" && echo "canary read"; '
    'echo "pid $(readlink /proc/self/ns/pid)"; echo "net $(readlink /proc/self/ns/net)"; touch /usr/milepost-trial '
    '&& echo "wrote outside"; echo end'
)


def try_out(launcher: Launcher, folders: Path, identity: Identity | None, *, network: bool = False) -> Problem | None:
    """None: the sandbox holds. Makes a workspace below `folders` and removes it. Raises nothing."""
    try:
        folders.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _folder(folders.parent) as beside:
            canary = beside / "canary"
            canary.write_text(secrets.token_hex(16), encoding="ascii")
            with _folder(folders) as workspace:
                try:
                    return _try(launcher, workspace, canary, identity, network)
                finally:
                    shutil.rmtree(temporary_of(workspace), ignore_errors=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        return problem(str(error), surroundings())


@contextmanager
def _folder(place: Path) -> Iterator[Path]:
    """For a while. What can't be removed stays: root may have no right to a folder that it gave away."""
    folder = Path(tempfile.mkdtemp(prefix=".trial-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _try(launcher: Launcher, workspace: Path, canary: Path, identity: Identity | None, network: bool) -> Problem | None:
    token = secrets.token_hex(8)
    if identity is not None:
        give_all(workspace, identity)
    prepare(workspace)
    said, errors = _run(launcher, workspace, ["sh", "-c", _PROGRAM, "trial", str(canary)], {"MILEPOST_TRIAL": token})
    written = workspace / "written"
    if not said.endswith("end\n") or not written.is_file() or written.read_text().strip() != token:
        return problem(errors or "the trial command did not run", surroundings())
    escaped = _escaped(said, canary.read_text(encoding="ascii"), network)
    return None if escaped is None else Problem(f"it does not hold: {escaped}", "please report this, with your system")


def _escaped(said: str, canary: str, network: bool) -> str | None:
    """What the child reached that it must not."""
    facts = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    if facts.get("uid") == "0":
        return "a command runs as root"
    if canary in said:
        return "a command reads files outside of its folder"
    if "wrote outside" in said:
        return "a command writes outside of its folder"
    if facts.get("pid") == _here("pid"):
        return "a command sees other processes"
    if not network and facts.get("net") == _here("net"):
        return "a command has the network"
    return None


def _here(kind: str) -> str:
    return str(Path(f"/proc/self/ns/{kind}").readlink())


def _run(launcher: Launcher, workspace: Path, arguments: list[str], extra: dict[str, str]) -> tuple[str, str]:
    gate_out, gate = os.pipe()
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        try:
            child = launcher.launch(
                Launch(
                    arguments=arguments,
                    workspace=workspace,
                    environment=environment(workspace, "trial", extra),
                    stdin=gate_out,
                    stdout=stdout.fileno(),
                    stderr=stderr.fileno(),
                )
            )
            os.close(gate_out)
            gate_out = -1
            try:
                os.write(gate, b"go\n")
                child.wait(timeout=TRIAL_S)
            except BrokenPipeError:
                child.wait(timeout=TRIAL_S)
            finally:
                child.kill()
                child.wait()
        finally:
            for descriptor in (gate, gate_out):
                if descriptor >= 0:
                    os.close(descriptor)
        stdout.seek(0)
        stderr.seek(0)
        return stdout.read().decode(errors="replace"), stderr.read().decode(errors="replace").strip()
