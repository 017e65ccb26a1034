"""Who is asked, and as whom: the model for each purpose and role, its price, and the words that a role adds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources

from executor.domain.role import Role
from executor.planner.models.messages import Prompt
from executor.planner.models.prices import FREE, Price, listed
from executor.ports import Purpose

_IN_CHARACTER = frozenset({Purpose.ACT, Purpose.DRAFT, Purpose.DIAGNOSE, Purpose.REVIEW})
"""Requests about the work on a task. Judging it stays with nobody in particular."""


def _built_in() -> Mapping[str, Role]:
    file = resources.files(__package__).joinpath("roles.toml")
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        name: Role(name=name, instructions=one["instructions"], capabilities=tuple(one["capabilities"]))
        for name, one in tables.items()
    }


BUILT_IN: Mapping[str, Role] = _built_in()


def roles_with(own: Mapping[str, Role]) -> Mapping[str, Role]:
    """The built-in ones and the owner's; what the owner leaves empty of a built-in one stays as it is."""
    roles = dict(BUILT_IN)
    for name, role in own.items():
        known = BUILT_IN.get(name, Role(name=name))
        roles[name] = replace(
            role,
            instructions=role.instructions or known.instructions,
            capabilities=role.capabilities or known.capabilities,
        )
    return roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """`models` are by purpose; `prices` by model, where the owner names them, in US dollars for a million tokens."""

    models: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=lambda: BUILT_IN)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def model(self, usual: str, purpose: Purpose, role: str | None) -> str:
        """The role's own model goes before that of the purpose: it was chosen for this work."""
        known = self._role(purpose, role)
        return (known.model if known else "") or self.models.get(purpose, "") or usual

    def price(self, provider: str, model: str) -> Price:
        """Of a model that is not the usual one; free where nobody knows: then only its tokens are counted."""
        return self.prices.get(model) or listed(provider, model) or FREE

    def prompt(self, prompt: Prompt, role: str | None) -> Prompt:
        """Stable text first: a role's words are the same in every request of that role."""
        known = self._role(prompt.purpose, role)
        if known is None or not known.instructions:
            return prompt
        return replace(prompt, system=f"{prompt.system}\n\nYour role is {known.name}. {known.instructions}")

    def _role(self, purpose: Purpose, role: str | None) -> Role | None:
        """None where there is no such role, or where none speaks."""
        return self.roles.get(role or "") if purpose in _IN_CHARACTER else None


def own_roles(cast: Cast) -> dict[str, object]:
    """The owner's own roles, with what they are good at; the built-in ones are told to every plan."""
    own = {name: list(role.capabilities) for name, role in cast.roles.items() if name not in BUILT_IN}
    return {"roles": own} if own else {}
