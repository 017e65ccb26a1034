"""What a command may reach beyond its goal's folder, where a sandbox keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executor.domain.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The network; the files of this machine, to read; the folders in `writes`, to change (absolute, ``~`` allowed).
    Where there is no sandbox this says nothing."""

    network: bool = False
    machine: bool = False
    writes: tuple[str, ...] = ()


NOWHERE = Reach()
WHERE_KEYS_LIE = (
    ".aws",
    ".azure",
    ".config/gcloud",
    ".docker",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".netrc",
    ".npmrc",
    ".pgpass",
    ".pypirc",
    ".ssh",
    ".local/share/keyrings",
    ".mozilla",
    ".config/google-chrome",
    ".password-store",
)
"""Of a home: hidden even from a command that may read this machine's files."""


def reach_of(parameters: Mapping[str, Any]) -> Reach:
    """As a task's parameters have it, checked or not."""
    writes = parameters.get("writes")
    return Reach(
        network=parameters.get("network") is True,
        machine=parameters.get("machine") is True,
        writes=tuple(one for one in writes if isinstance(one, str) and one) if isinstance(writes, list | tuple) else (),
    )
