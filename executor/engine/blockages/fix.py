"""A repair, and what it is made from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from executor.domain.lesson import Recipe
from executor.domain.plan import Check, TaskSpec
from executor.engine.classification import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """`what` is one line for people. `spec` is the task as it is tried next; `before` a new task ahead of it. `recipe`
    makes it again, and `lesson` is the number of the one that proposed it. `by`: the model that thought of it; empty: a
    rule."""

    what: str
    spec: TaskSpec
    before: TaskSpec | None = None
    recipe: Recipe = Recipe()
    lesson: int | None = None
    by: str = ""

    @property
    def plain(self) -> str:
        """Without the lesson that proposed it."""
        return self.what.partition(" (lesson ")[0] if self.lesson is not None else self.what


@dataclass(frozen=True, slots=True)
class Trouble:
    spec: TaskSpec
    verdict: Verdict
    said: str  # errors, then output

    @property
    def command(self) -> str:
        command = self.spec.parameters.get("command")
        return command if isinstance(command, str) else ""

    def with_command(self, command: str) -> TaskSpec:
        return replace(self.spec, parameters={**self.spec.parameters, "command": command})

    def ahead(self, title: str, action: str, parameters: Mapping[str, Any], when: Check | None = None) -> "Ahead":
        return Ahead(self.spec, title, action, parameters, when)


@dataclass(frozen=True, slots=True)
class Ahead:
    """A task to be put before the one that failed."""

    spec: TaskSpec
    title: str
    action: str
    parameters: Mapping[str, Any]
    when: Check | None

    def as_fix(self, what: str) -> Fix:
        key = f"fix-{self.spec.key}-{_slug(self.title)}"
        before = TaskSpec(
            key=key,
            title=self.title,
            action=self.action,
            parameters=self.parameters,
            depends_on=self.spec.depends_on,
            when=self.when,
            weight=0,
        )
        return Fix(what=what, spec=replace(self.spec, depends_on=(*self.spec.depends_on, key)), before=before)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
