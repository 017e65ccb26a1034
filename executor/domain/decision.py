"""A decision: whatever needs a person, as a row with a number, a revision, its options and no expiry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from executor.domain.amendment import Amendment


class DecisionKind(StrEnum):
    START = "start"
    APPROVAL = "approval"
    BLOCKAGE = "blockage"
    ADAPTATION = "adaptation"
    QUESTION = "question"
    MANUAL = "manual"
    DRAFT = "draft"
    BUDGET = "budget"
    CYCLES = "cycles"
    DEADLINE = "deadline"
    EFFECT = "effect"
    PROPOSAL = "proposal"
    RESULT = "result"


class DecisionState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"  # the world moved on; nobody's answer is needed any more


@dataclass(frozen=True, slots=True)
class Option:
    """`name` is what a text twin takes (``retry-with-fix``), `label` what the button says. `wants_text`: the answer
    is a text; pressing the button asks for it. `refuses`: what ``/reject`` takes."""

    name: str
    label: str
    wants_text: bool = False
    refuses: bool = False


def _o(label: str, *, text: bool = False, no: bool = False) -> Option:
    return Option(label.lower().replace(" ", "-"), label, text, no)


OPTIONS: Mapping[DecisionKind, tuple[Option, ...]] = {
    DecisionKind.START: (_o("Start"), _o("Edit", text=True), _o("Cancel", no=True)),
    DecisionKind.APPROVAL: (
        Option("approve", "Approve (this time)"),
        _o("For this goal"),
        _o("Reject", no=True),
        _o("Never"),
    ),
    DecisionKind.BLOCKAGE: (_o("Retry"), _o("Skip"), _o("Take over"), _o("Pause")),
    DecisionKind.ADAPTATION: (_o("Accept"), _o("Revert", no=True), _o("Ask why")),
    DecisionKind.QUESTION: (),
    DecisionKind.MANUAL: (_o("Done"), _o("Hand back", no=True)),
    DecisionKind.DRAFT: (_o("Looks good"), _o("Rework", text=True, no=True)),
    DecisionKind.BUDGET: (Option("+1", "+$1"), Option("+5", "+$5"), _o("Stop", no=True)),
    DecisionKind.CYCLES: (Option("+50", "+50"), _o("Stop", no=True)),
    DecisionKind.DEADLINE: (_o("Extend"), _o("Drop optional"), _o("Stop", no=True)),
    DecisionKind.EFFECT: (_o("It happened"), _o("It did not", no=True), _o("Check")),
    DecisionKind.RESULT: (_o("Looks good"), _o("Rework", text=True, no=True)),
}
"""Options by kind where they are always the same; a question brings its own choices."""

PROVIDE_VALUE = _o("Provide value", text=True)
"""Stands among the ways out of a blockage where a value is missing, before Skip."""
NOT_NOW = _o("Not now", no=True)
"""Beside Provide value where values are asked for before they are needed."""

RETRY_WITH_FIX = _o("Retry with fix")
"""Beside a blockage's options where a repair is known that waits for a word."""
SEND = _o("Send")
"""Beside a draft's options where it is a letter, and a command that sends letters is configured."""
IMPASSE = (_o("Retry"), _o("Skip"), _o("Pause"), _o("Stop", no=True))
"""Of a blockage of the whole goal, in which every way is blocked; each option is about all blocked tasks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """`free_text`: a reply with text is a valid answer. `facts` holds what the message shows, as plain JSON values."""

    number: int
    goal_number: int
    task_ref: str | None
    kind: DecisionKind
    state: DecisionState = DecisionState.OPEN
    revision: int = 1
    question: str = ""  # one or two lines, plain text
    facts: Mapping[str, object] = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    free_text: bool = False
    option: str | None = None
    text: str | None = None
    answered_by: int | None = None
    answered_by_name: str = ""
    answered_via: str = ""
    opened_at: datetime
    closed_at: datetime | None = None
    note: str = ""  # why it was withdrawn
    amendment: Amendment | None = None  # the change of the plan that an adaptation asks about

    @property
    def wants_value(self) -> bool:
        """Its answer may be a secret: whatever is said about it is kept out of sight."""
        return PROVIDE_VALUE in self.options

    def find(self, wanted: str) -> Option | None:
        """The option by name, by its button's words, or by its number from 1, in this order; None where none fits."""
        word = wanted.strip().lower().replace(" ", "-")
        names = {option.name: option for option in reversed(self.options)}
        labels = {option.label.lower().replace(" ", "-"): option for option in reversed(self.options)}
        numbers = {str(number): option for number, option in enumerate(self.options, start=1)}
        return names.get(word) or labels.get(word) or numbers.get(word)
