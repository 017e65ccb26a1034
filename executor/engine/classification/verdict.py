"""What a look at the evidence comes to, and the causes there are (causes.toml)."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files

from executor.domain.blockage import BlockageType

FINE = "fine"
SUBJECT_CHARACTERS_MAX = 80


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cause` is a sentence for people, `subclass` its code (causes.toml), `confidence` 0..1.

    `hopeless`: the very same attempt can't succeed before something changes. `wait_s`: seconds that are worth waiting
    before another attempt, as the other side asked or as experience says; None: nothing to wait for. `subject` is what
    is missing, taken or refused (a command, a module, a variable's name, a port), empty where nothing names it."""

    type: BlockageType
    cause: str
    confidence: float
    subclass: str = "unknown"
    hopeless: bool = False
    wait_s: float | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """A row of causes.toml. `type` None: nothing is wrong."""

    code: str
    type: BlockageType | None
    text: str
    hopeless: bool = False
    wait_s: float | None = None


def data(name: str) -> dict[str, dict[str, object]]:
    """A table of this package."""
    return tomllib.loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _causes() -> dict[str, Cause]:
    causes: dict[str, Cause] = {}
    for name, rows in data("causes.toml").items():
        type = None if name == "none" else BlockageType(name)
        for code, row in rows.items():
            assert isinstance(row, dict)
            causes[code] = Cause(code, type, **row)
    return causes


CAUSES = _causes()


def verdict(code: str, confidence: float, *, subject: str = "", wait_s: float | None = None) -> Verdict:
    """The verdict for a cause that is a fault."""
    cause = CAUSES[code]
    assert cause.type is not None, code
    subject = " ".join(subject.split())[:SUBJECT_CHARACTERS_MAX]
    return Verdict(
        type=cause.type,
        cause=f"{cause.text}: {subject}" if subject else cause.text,
        confidence=confidence,
        subclass=code,
        hopeless=cause.hopeless,
        wait_s=cause.wait_s if wait_s is None else wait_s,
        subject=subject,
    )
