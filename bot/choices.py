"""The configuration's tables as the values that the executor takes."""

import shlex

from bot.settings import Settings
from executor.domain.gate import Gates
from executor.domain.role import Role


def gates_of(settings: Settings) -> Gates:
    chosen = settings.gates
    return Gates(tests=_line(chosen.tests), security=_line(chosen.security), review=chosen.review)


def _line(command: str | tuple[str, ...]) -> str:
    """As the shell takes it."""
    return command.strip() if isinstance(command, str) else shlex.join(command)


def roles_of(settings: Settings) -> dict[str, Role]:
    """The owner's own, by name."""
    return {
        name: Role(
            name=name,
            instructions=one.instructions,
            model=one.model,
            tools=one.tools,
            capabilities=one.capabilities,
        )
        for name, one in settings.roles.items()
    }
