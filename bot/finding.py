"""What a check of this place found."""

from dataclasses import asdict, dataclass
from typing import Literal

MARKS = {"good": "ok   ", "note": "note ", "wrong": "WRONG"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check. `remedy` says what to do, where something is; "note" does not make the place unhealthy."""

    check: str
    state: Literal["good", "note", "wrong"]
    seen: str
    remedy: str = ""

    def line(self) -> str:
        return f"{MARKS[self.state]} {self.check}: {self.seen}" + (f" → {self.remedy}" if self.remedy else "")

    def document(self) -> dict[str, str]:
        return asdict(self)


def good(check: str, seen: str) -> Finding:
    return Finding(check=check, state="good", seen=seen)


def note(check: str, seen: str, remedy: str) -> Finding:
    return Finding(check=check, state="note", seen=seen, remedy=remedy)


def wrong(check: str, seen: str, remedy: str) -> Finding:
    return Finding(check=check, state="wrong", seen=seen, remedy=remedy)
