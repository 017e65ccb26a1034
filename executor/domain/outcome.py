"""What came of an attempt, as values: expected endings are not exceptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.diagnosis import Diagnosis
from executor.domain.plan import GoalDraft, TaskSpec
from executor.domain.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every action returns (contract section 5). `metadata` holds `execution_time` in seconds and more."""

    success: bool
    result: str = ""  # one line for people
    output: str = ""  # what it printed or read; cut to the output limit
    error: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """As stored and shown to whoever reads JSON."""
        return {
            "success": self.success,
            "result": self.result,
            "output": self.output,
            "error": self.error,
            "metadata": dict(self.metadata),
        }


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The action succeeded and the task's check, where there is one, held. `evidence` says how that was seen."""

    result: Result
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stumbled:
    """It failed, and trying again may help. `wait_s`: not before so many seconds (Retry-After). `diagnosis`: what a
    model thinks, where the rules know no way."""

    result: Result
    evidence: str = ""
    wait_s: float | None = None
    diagnosis: Diagnosis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """It failed in a way that trying again does not mend."""

    result: Result
    type: BlockageType
    cause: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Nothing wrong: look again in `wait_s` seconds, without holding a slot (the wait action)."""

    wait_s: float
    note: str = ""
    result: Result | None = None  # of the look that found it not to be so yet
    gone: str = ""  # the circuit of what it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsPerson:
    """It can't go on before a person has spoken. `manual`: they do the task and say Done; else they answer `question`,
    by one of the `choices` or in their own words."""

    manual: bool
    question: str
    choices: tuple[str, ...] = ()
    problem: str = ""  # why the last answer did not hold
    check: str = ""  # what will be looked at after Done


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsAllowance:
    """The next request to a model would overshoot a limit (``goal``, ``day`` or ``cycles``): a person decides."""

    kind: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsGoal:
    """It is a goal of its own, and waits for that one: `number`, or None where it has to be made."""

    draft: GoalDraft
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsApproval:
    """A person approves exactly `what` before it runs, and what runs `beside` it to look whether it is needed or done;
    `digest` is of all their bytes, `parts` of each, the action first, `asking` of those among them that ask; `bare`
    stands for each whatever its limits and its files are. `why` it asks at all. `turn`: the one of a task that is
    worked on in turns; 0: the task itself. `risky`: what about it asks for an answer of its own."""

    what: str
    why: str
    digest: str
    beside: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    asking: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    turn: int = 0
    risky: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsReview:
    """It succeeded, and a person looks at the result before it counts. `preview` is the head of what was made."""

    result: Result
    evidence: str
    preview: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The attempt was stopped from our side (shutdown, pause, cancel). It does not count as a failure. `lost`: Milepost
    itself died while it ran; `soon`: right after its start."""

    note: str = ""
    lost: bool = False
    soon: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """An outside effect was begun and its end was not seen. `looked`: its check was looked at, and does not hold."""

    note: str
    result: Result | None = None
    looked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNeeded:
    """The task's `when` check did not hold: it is skipped."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateClosed:
    """A gate ran and said no, or its reviewer did. `evidence` is one line for people, `tasks` what has to be done
    before it is tried again; empty: only a decision helps."""

    result: Result
    evidence: str
    tasks: tuple[TaskSpec, ...] = ()


Outcome = (
    Succeeded
    | Stumbled
    | Blocked
    | Waiting
    | NeedsPerson
    | NeedsAllowance
    | NeedsApproval
    | NeedsGoal
    | NeedsReview
    | Interrupted
    | Uncertain
    | NotNeeded
    | GateClosed
)
