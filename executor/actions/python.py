"""The python action: a program in the goal's folder, by the workspace's own interpreter where it has one.

The program lies in a file of its own while it runs, so that a traceback shows its lines; outputs of earlier tasks lie
in another, as data (see python_child).
"""

import inspect
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints, field_validator

from executor.actions import python_child
from executor.actions.ended import Command
from executor.actions.launcher import DEFAULT_PATH, VENV, Launcher, prepare
from executor.actions.process import run
from executor.actions.shell import ReachParameters, filed, no_nul
from executor.actions.typed import Typed
from executor.domain.outcome import Result
from executor.ports import Context

CODE_CHARACTERS_MAX = 100_000
_CHILD = f"{inspect.getsource(python_child)}\n\nmain(*sys.argv[1:])\n"


class PythonParameters(ReachParameters):
    code: Annotated[str, StringConstraints(min_length=1, max_length=CODE_CHARACTERS_MAX, pattern=r"\S")]
    timeout_s: float | None = Field(default=None, gt=0, le=30 * 86_400)
    outputs: dict[str, str] = Field(default_factory=dict, exclude=True)

    _no_nul = field_validator("code")(no_nul)

    @field_validator("code")
    @classmethod
    def _sound(cls, code: str) -> str:
        return sound(code)


def sound(code: str, outputs: dict[str, str] | None = None) -> str:
    """The code itself, where it is a program that can run with these outputs (None: with any). Raises ValueError."""
    try:
        python_child.parsed(code, "code", outputs)
    except python_child.Misplaced as misplaced:
        raise ValueError(str(misplaced).rstrip(".")) from None
    except SyntaxError as error:
        raise ValueError(f"code is no Python: line {error.lineno or 1}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"code is no Python: {error}") from None
    return code


class Python(Typed[PythonParameters]):
    """Each run is a new process; nothing of the program stays but what it wrote."""

    name: ClassVar[str] = "python"
    model = PythonParameters

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def what(self, parameters: PythonParameters) -> str:
        return parameters.with_reach(f"Python: `{parameters.code.strip()}`")

    async def act(self, parameters: PythonParameters, context: Context) -> Result:
        timeout_s = parameters.timeout_s or context.timeout_s
        code, files = parameters.code, list[Path]()
        try:
            prepare(context.workspace)
            files.append(filed(context, "program.py", code))
            if parameters.outputs:
                files.append(filed(context, "outputs.json", json.dumps(parameters.outputs)))
            arguments = [interpreter(context.workspace), "-u", "-c", _CHILD]
            arguments += [str(file.relative_to(context.workspace)) for file in files]
            command = Command(arguments=arguments, shown=code, timeout_s=timeout_s, reach=parameters.reach)
            ended = await run(command, context, self._launcher)
        except OSError as error:
            said = f"can't start: {error.strerror or error}"
            return Result(success=False, result=said, error=said, metadata={"execution_time": 0.0, "command": code})
        finally:
            for file in files:
                file.unlink(missing_ok=True)
        return ended.result()


def interpreter(workspace: Path) -> str:
    """The goal's own, else the machine's, else the one that runs Milepost."""
    own = workspace / VENV / "bin" / "python"
    if own.exists():
        return str(own)
    path = os.environ.get("PATH") or DEFAULT_PATH
    return shutil.which("python3", path=path) or shutil.which("python", path=path) or sys.executable
