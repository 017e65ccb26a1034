"""The install action: packages into the workspace's own environment.

Python packages go into ``.venv`` in the workspace, Node packages into its ``node_modules``; commands that run there
find both first. Where packages come from is the machine's own configuration of pip and npm. An installation may use
the network without a grant for it: its packages stand on the plan, and a name can lead nowhere but to the index. What
apt installs is the one exception: it is there for the whole machine, and a person is asked every time.
"""

import os
import re
import shlex
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, model_validator

from executor.actions.ended import Command
from executor.actions.launcher import VENV, Launcher
from executor.actions.process import run
from executor.actions.sandbox import index
from executor.actions.typed import Parameters, Typed, shown
from executor.domain.outcome import Result
from executor.domain.reach import Reach
from executor.ports import Context

# A name with an optional version: no address, no path and no option, so nothing but the configured index is reached.
PACKAGE = (
    r"^(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?"
    r"((==|>=|<=|~=|!=|<|>|@)[A-Za-z0-9.*+!_-]+)?$"
)
APT = r"^[a-z0-9][a-z0-9+.-]*(=[A-Za-z0-9.+:~-]+)?$"
Package = Annotated[str, StringConstraints(max_length=200)]


class InstallParameters(Parameters):
    packages: tuple[Package, ...] = Field(min_length=1, max_length=50)
    manager: Literal["pip", "npm", "apt"] = "pip"

    @model_validator(mode="after")
    def _names(self) -> "InstallParameters":
        pattern = APT if self.manager == "apt" else PACKAGE
        if wrong := [name for name in self.packages if not re.fullmatch(pattern, name)]:
            raise ValueError(f"packages holds {shown(wrong[0])}, which is no name that {self.manager} takes")
        return self


class Install(Typed[InstallParameters]):
    name: ClassVar[str] = "install"
    model = InstallParameters

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def what(self, parameters: InstallParameters) -> str:
        where = "on this machine, for everybody" if parameters.manager == "apt" else "into the goal's own folder"
        return f"installs {', '.join(parameters.packages)} with {parameters.manager} {where}"

    async def act(self, parameters: InstallParameters, context: Context) -> Result:
        packages = shlex.join(parameters.packages)
        script = f"npm install --no-fund --no-audit -- {packages}"
        if parameters.manager == "pip":
            made = f"test -x {VENV}/bin/pip || python3 -m venv {VENV}"  # pip comes last: a half-made one is finished
            quiet = "--quiet --disable-pip-version-check --no-input"
            script = f"{made} && {VENV}/bin/python -m pip install {quiet} -- {packages}"
        if parameters.manager == "apt":
            script = _apt(packages)
        command = Command(
            arguments=["/bin/sh", "-c", script],
            shown=script,
            timeout_s=context.timeout_s,
            extra=index.variables(os.environ, Path.home()),
            reach=Reach(network=True),
        )
        return (await run(command, context, self._launcher)).result()


def _apt(packages: str) -> str:
    """With sudo, and never with a password: who is asked for one here would wait for ever."""
    by_hand = f"sudo apt-get install -y {packages}"
    words = f"sudo asks for a password here; take the task over, and run: {by_hand}"
    return "\n".join(
        [
            'command -v apt-get >/dev/null || { echo "apt-get: command not found" >&2; exit 127; }',
            f"sudo -n true 2>/dev/null || {{ echo {shlex.quote(words)} >&2; exit 77; }}",
            "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "
            f"-o Dpkg::Options::=--force-confold -- {packages}",
        ]
    )
