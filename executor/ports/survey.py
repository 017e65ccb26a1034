"""Looking ahead on this machine: what tasks will need, and what of it is not there."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from executor.domain.plan import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one task needs, as far as its text says so for certain; what may be there by then is left out. `provides`
    are names that it installs or makes; `provides_anything`: nobody can tell what is there after it."""

    commands: frozenset[str] = frozenset()
    python: frozenset[str] = frozenset()  # modules
    node: frozenset[str] = frozenset()  # packages
    variables: frozenset[str] = frozenset()  # credentials
    hosts: frozenset[tuple[str, int]] = frozenset()
    provides: frozenset[str] = frozenset()
    provides_anything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What of it is not there. `install` says by command how people get it here, where that is known. `free_bytes` is
    what the disk of the workspace has left."""

    commands: frozenset[str] = frozenset()
    python: frozenset[str] = frozenset()
    node: frozenset[str] = frozenset()
    hosts: frozenset[tuple[str, int]] = frozenset()
    install: tuple[tuple[str, str], ...] = ()
    free_bytes: int | None = None


class Surveyor(Protocol):
    """Never raises for what it finds; what can't be found out counts as there."""

    def needs(self, spec: TaskSpec) -> Needs:
        """From the task's text alone."""
        ...

    async def missing(self, needs: Needs, workspace: Path) -> Missing:
        """Looks at the machine as a task would find it. Takes seconds at most, and runs nothing of the workspace."""
        ...


class NoSurvey:
    """Sees nothing missing."""

    def needs(self, spec: TaskSpec) -> Needs:
        return Needs()

    async def missing(self, needs: Needs, workspace: Path) -> Missing:
        return Missing()
