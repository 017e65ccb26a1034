"""A lesson: what was done about a failure, and how often it helped."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

WORKED_MIN = 2  # times before a lesson is tried before anything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How to do it again without anybody watching: one of the known safe repairs by its name, or packages to install
    into the workspace. Both empty: it can only be told."""

    rule: str = ""
    packages: tuple[str, ...] = ()
    manager: str = ""

    @property
    def automatic(self) -> bool:
        return bool(self.rule or self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """What is tried about a failure. `signature` is that of the failure with the kind of action; `cause` (a code),
    `subject`, `action` and `words` are for finding similar ones. `person` says what somebody did, with names and never
    with values. `before` is the key of the task that was put ahead. No `text`: nothing was done about it yet."""

    signature: str
    cause: str
    subject: str = ""
    action: str
    words: tuple[str, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    person: str = ""
    text: str = ""
    before: str = ""

    @property
    def key(self) -> str:
        """Equal for the same remedy against the same failure."""
        parts = (self.signature, self.recipe.rule, *self.recipe.packages, self.recipe.manager)
        told = () if self.recipe.automatic else (self.person or self.text,)
        return hashlib.sha256("\n".join((*parts, *told)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonUse:
    """A remedy that was tried, and whether it helped."""

    remedy: Remedy
    helped: bool
    goal_number: int
    task_ref: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """`number` is what people call it. `goal_number` and `task_ref` are where it was learned."""

    number: int
    remedy: Remedy
    goal_number: int
    task_ref: str
    successes: int
    failures: int
    learned_at: datetime
    used_at: datetime

    @property
    def tried_first(self) -> bool:
        return self.remedy.recipe.automatic and self.successes >= WORKED_MIN and self.successes > self.failures

    @property
    def score(self) -> str:
        """``worked once``, ``worked 3 of 4 times``."""
        if (self.successes, self.failures) == (1, 0):
            return "worked once"
        return f"worked {self.successes} of {self.successes + self.failures} times"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How sure plans were about a kind of work, and how it went: `expected` and `succeeded` are shares, 0..1."""

    action: str
    role: str
    count: int
    expected: float
    succeeded: float
