"""The install action: packages into the workspace's own environment, never into the machine.

Python packages go into ``.venv`` in the workspace, Node packages into its ``node_modules``; commands that run there
find both first. Where packages come from is the machine's own configuration of pip and npm.
"""

import os
import re
import shlex
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from executor.actions.launcher import VENV, Launcher
from executor.actions.process import Command, run
from executor.actions.typed import Parameters, Typed
from executor.domain.outcome import Result
from executor.ports import Context

# A name with an optional version: no address, no path and no option, so nothing but the configured index is reached.
PACKAGE = (
    r"^(@[a-z0-9][a-z0-9._-]*/)?[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?"
    r"((==|>=|<=|~=|!=|<|>|@)[A-Za-z0-9.*+!_-]+)?$"
)
Package = Annotated[str, StringConstraints(max_length=200, pattern=PACKAGE)]

_INDEX = re.compile(r"(?i)^(PIP_|NPM_CONFIG_|SSL_CERT_|REQUESTS_CA_BUNDLE$|NODE_EXTRA_CA_CERTS$|(HTTPS?|NO)_PROXY$)")


class InstallParameters(Parameters):
    packages: tuple[Package, ...] = Field(min_length=1, max_length=50)
    manager: Literal["pip", "npm"] = "pip"


class Install(Typed[InstallParameters]):
    name: ClassVar[str] = "install"
    model = InstallParameters

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher

    def what(self, parameters: InstallParameters) -> str:
        return f"installs {', '.join(parameters.packages)} with {parameters.manager} into the goal's own folder"

    async def act(self, parameters: InstallParameters, context: Context) -> Result:
        packages = shlex.join(parameters.packages)
        script = f"npm install --no-fund --no-audit -- {packages}"
        if parameters.manager == "pip":
            made = f"test -x {VENV}/bin/pip || python3 -m venv {VENV}"  # pip comes last: a half-made one is finished
            quiet = "--quiet --disable-pip-version-check --no-input"
            script = f"{made} && {VENV}/bin/python -m pip install {quiet} -- {packages}"
        command = Command(
            arguments=["/bin/sh", "-c", script], shown=script, timeout_s=context.timeout_s, extra=_index_settings()
        )
        return (await run(command, context, self._launcher)).result()


def _index_settings() -> dict[str, str]:
    """Which index, which certificates, which proxy: what pip and npm need of this machine, and nothing else of it."""
    return {name: value for name, value in os.environ.items() if _INDEX.match(name)}
