"""The shell action: one command line, in the goal's workspace."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator

from executor.actions.ended import Command
from executor.actions.identity import give
from executor.actions.launcher import DEFAULT_PATH, OWN_FOLDER, Launcher, own_folder
from executor.actions.process import run
from executor.actions.references import VARIABLE, rewrite, variables
from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.domain.reach import NOWHERE, Reach
from executor.ports import Context

COMMAND_CHARACTERS_MAX = 30_000  # the kernel takes 131,072 bytes in one argument; a character has up to four
VARIABLE_BYTES_MAX = 65_536  # of one output as an environment variable; larger ones come as files
VARIABLES_BYTES_MAX = 524_288  # of all of them together: a quarter of what the kernel takes at exec

FILE = "MILEPOST_FILE_"  # and then as in the variable's name: where a large output lies

OUTPUTS = "outputs"
"""The hidden parameter: what the references in the command stand for, by key. The registry's `fill` sets it."""


def no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("it holds a NUL character, which no command can take")
    return text


CommandText = Annotated[str, StringConstraints(min_length=1, max_length=COMMAND_CHARACTERS_MAX, pattern=r"\S")]


AbsolutePath = Annotated[str, StringConstraints(max_length=4096, pattern=r"^([/~].*)?$")]


class ReachParameters(Parameters):
    """Of what runs a program, beyond the contract's: what its sandbox leaves open, see Reach."""

    network: bool = False
    machine: bool = False
    writes: Annotated[tuple[AbsolutePath, ...], Field(max_length=10)] = ()

    @property
    def reach(self) -> Reach:
        return Reach(network=self.network, machine=self.machine, writes=tuple(one for one in self.writes if one))

    def with_reach(self, what: str) -> str:
        """What runs, and on a line of its own what it may reach."""
        beyond = ["may use the network"] if self.network else []
        beyond += ["may read this machine's files"] if self.machine else []
        beyond += [f"may write to {folder}" for folder in self.reach.writes]
        return "\n".join([what, *([f"It {', '.join(beyond)}."] if beyond else [])])


class ShellParameters(ReachParameters):
    command: CommandText
    timeout_s: float | None = Field(default=None, gt=0, le=30 * 86_400)
    repeatable: bool = True
    outputs: dict[str, str] = Field(default_factory=dict, exclude=True)

    _no_nul = field_validator("command")(no_nul)


class Shell(Typed[ShellParameters]):
    """``bash -c``, else ``sh -c``."""

    name: ClassVar[str] = "shell"
    model = ShellParameters

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def what(self, parameters: ShellParameters) -> str:
        return parameters.with_reach(f"`{parameters.command}`")

    def may_repeat(self, parameters: ShellParameters) -> bool:
        return parameters.repeatable

    async def act(self, parameters: ShellParameters, context: Context) -> Result:
        timeout_s = parameters.timeout_s or context.timeout_s
        outputs, reach = parameters.outputs, parameters.reach
        return await run_shell(parameters.command, context, self._launcher, timeout_s, outputs, reach)


async def run_shell(
    command: str,
    context: Context,
    launcher: Launcher,
    timeout_s: float,
    outputs: Mapping[str, str] | None = None,
    reach: Reach = NOWHERE,
) -> Result:
    """Run a command line; what can't even start is a failed result. `outputs`: see `OUTPUTS`. Raises WrongInput where
    an output stands in a place that it must not reach."""
    program = rewrite(command, outputs or {})
    extra: dict[str, str] = {}
    files: list[Path] = []
    try:
        for name, text in _named(outputs or {}).items():
            if _fits(text, extra):
                extra[name] = text
            else:
                file = name.replace(VARIABLE, FILE, 1)
                files.append(filed(context, name, text))
                program = f'{name}=$(cat -- "${{{file}}}")\n{program}'
                extra[file] = str(files[-1])
        arguments = [shell_program(), "-c", program]
        ended = await run(
            Command(arguments=arguments, shown=command, timeout_s=timeout_s, extra=extra, reach=reach),
            context,
            launcher,
        )
    except OSError as error:
        said = f"can't start: {error.strerror or error}"
        return Result(success=False, result=said, error=said, metadata={"execution_time": 0.0, "command": command})
    finally:
        for left in files:
            left.unlink(missing_ok=True)
    return ended.result()


def _named(outputs: Mapping[str, str]) -> dict[str, str]:
    return {name: outputs[key] for key, name in variables(list(outputs)).items()}


def _fits(text: str, extra: Mapping[str, str]) -> bool:
    size = len(text.encode())
    return size <= VARIABLE_BYTES_MAX and size + sum(len(one.encode()) for one in extra.values()) <= VARIABLES_BYTES_MAX


def filed(context: Context, name: str, text: str) -> Path:
    """A file that only this attempt reads. A new one each time, so nothing that lies there is followed."""
    name = f"{context.task_ref}-{context.attempt}-{name}"
    with own_folder(context.workspace) as own:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=own)
        made = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=own)
        with os.fdopen(made, "w", encoding="utf-8") as file:
            give(made, own)
            file.write(text)
    return context.workspace / OWN_FOLDER / name


def shell_program() -> str:
    """Where this machine has its shell."""
    path = os.environ.get("PATH") or DEFAULT_PATH
    return shutil.which("bash", path=path) or shutil.which("sh", path=path) or "/bin/sh"
