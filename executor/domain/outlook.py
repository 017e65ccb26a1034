"""What is foreseen about a goal: what later tasks will miss, and when it will be ready against its deadline."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Against the deadline."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"  # it may be late: the moment by which it is ready four times in five lies behind the deadline
    WILL_MISS = "will_miss"  # it is late already, or what is known to be left takes longer than there is time


class FindingKind(StrEnum):
    COMMAND = "command"
    MODULE = "module"
    CREDENTIAL = "credential"
    DISK = "disk"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a later task will miss. It holds nothing up. `what` is the name of the thing, `sentence` says
    what is wrong with it, `remedy` what a person can do (plain text, may be empty)."""

    kind: FindingKind
    what: str
    sentence: str
    remedy: str = ""
    refs: tuple[str, ...] = ()  # of the tasks that need it; empty: all of them

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """As of the last look. `likely_at` and `sure_at` are when the goal is ready in one case out of two and in four out
    of five; None without a deadline. `asked` names the last deadline that a person was asked about, and `told` the
    findings that a person has seen, so that neither happens twice. `declined`: names of values that a person did not
    want to give in advance."""

    plan_version: int
    findings: tuple[Finding, ...] = ()
    standing: Standing | None = None
    likely_at: datetime | None = None
    sure_at: datetime | None = None
    asked: str = ""
    told: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
