"""What a model thinks of a failure that the rules do not explain, and the change that it proposes."""

from dataclasses import dataclass
from enum import StrEnum

from executor.domain.blockage import BlockageType
from executor.domain.plan import TaskSpec


class FixKind(StrEnum):
    """Contract section 5."""

    RETRY = "retry"
    CHANGE_PARAMETERS = "change_parameters"
    INSERT_TASK = "insert_task"
    REPLACE_TASK = "replace_task"
    ASK_HUMAN = "ask_human"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """An opinion; `by` names the model. `spec` is the task as it would be tried next, `before` a new one ahead of it;
    both None where nothing is to be changed. `question` is for a person."""

    type: BlockageType
    cause: str
    confidence: float
    kind: FixKind
    by: str
    spec: TaskSpec | None = None
    before: TaskSpec | None = None
    question: str = ""
