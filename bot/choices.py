"""The configuration's tables as the values that the executor takes."""

import shlex
from collections.abc import Collection

from bot.settings import Settings
from executor.domain.errors import Unconfigured
from executor.domain.gate import Gates
from executor.domain.role import Role
from executor.engine.policy.conditions import Condition
from executor.engine.policy.policy import Policy


def gates_of(settings: Settings) -> Gates:
    chosen = settings.gates
    return Gates(tests=_line(chosen.tests), security=_line(chosen.security), review=chosen.review)


def policy_of(settings: Settings, actions: Collection[str]) -> Policy:
    """Raises Unconfigured for a rule about an action that there is not: it would hold for nothing, in silence."""
    rules = settings.rules
    tables = {f"automation.{name}.actions": one.actions for name, one in settings.automation.items()}
    for key, patterns in {"rules.unasked": rules.unasked, "rules.always_ask": rules.always_ask, **tables}.items():
        for pattern in patterns:
            if (name := pattern.partition(":")[0]) not in actions:
                raise Unconfigured(f"{key} names the action {name!r}; known are {', '.join(sorted(actions))}.")
    conditions = [Condition(name=name, **dict(one)) for name, one in settings.automation.items()]
    return Policy(rules.unasked, rules.always_ask, settings.executor.confidence_min, conditions)


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
