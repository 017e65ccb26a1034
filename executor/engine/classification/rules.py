"""The table of rules.toml: rows, their conditions, and the search for the first that holds."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from executor.engine.classification.evidence import Evidence, Text
from executor.engine.classification.verdict import CAUSES, data


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row; rules.toml says what its conditions mean. What is None or empty asks nothing."""

    cause: str
    why: str
    says: tuple[str, ...] = ()
    token: re.Pattern[str] | None = None
    match: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    by: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    ran: re.Pattern[str] | None = None
    exit: frozenset[int] = frozenset()
    quiet: bool = False
    subject: str = ""

    @property
    def reads(self) -> bool:
        """Whether it looks for a message."""
        return bool(self.says or self.token or self.match)

    def fits(self, evidence: Evidence) -> bool:
        """Everything but the message. Where the command is unknown, a message may be any program's."""
        return (
            (not self.exit or evidence.code in self.exit)
            and (not self.last or evidence.last in self.last)
            and (not self.by or bool(self.by & evidence.programs) or (self.reads and not evidence.programs))
            and (self.ran is None or self.ran.search(evidence.command) is not None)
            and not (self.quiet and evidence.stderr.strip())
        )

    def found(self, text: Text) -> str | None:
        """The message's subject, empty where it names none; None: the message is not there."""
        if self.says and not any(words in text.lower for words in self.says):
            return None
        if self.token is not None and not self.token.search(text.own):
            return None
        hits = list(self.match.finditer(self._searched(text))) if self.match else []
        if (self.match and not hits) or (self.unless and self.unless.search(text.own)):
            return None
        named = (next((group for group in reversed(hit.groups()) if group), "") for hit in reversed(hits))
        return self.subject or next((name for name in named if name), "")

    def _searched(self, text: Text) -> str:
        """Only the lines that hold what the row says, unless its expression spans lines: ten times as fast."""
        if not self.says or (self.match and _SPANS.search(self.match.pattern)):
            return text.own
        return "\n".join(own for own, lower in text.lines if any(words in lower for words in self.says))


_SPANS = re.compile(r"\[\\s\\S\]|\(\?s|(?<!\[\^)(?<!\[\^:)\\n")


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text, re.MULTILINE) if text else None


def _many(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def rule(row: dict[str, Any]) -> Rule:
    """Raises where a row is wrong: the table is part of the program."""
    given = dict(row)
    assert given["cause"] in CAUSES, given["cause"]
    tokens = "|".join(re.escape(one) for one in _many(given.pop("token", None)))
    return Rule(
        says=tuple(words.lower() for words in _many(given.pop("says", None))),
        token=_pattern(rf"\b(?:{tokens})\b" if tokens else None),
        match=_pattern(given.pop("match", None)),
        unless=_pattern(given.pop("unless", None)),
        ran=_pattern(given.pop("ran", None)),
        by=frozenset(given.pop("by", ())),
        last=frozenset(given.pop("last", ())),
        exit=frozenset(given.pop("exit", ())),
        **given,
    )


def _rows(rows: object) -> Sequence[dict[str, Any]]:
    assert isinstance(rows, list)
    return rows


def _stages() -> Iterator[tuple[str, tuple[Rule, ...]]]:
    for stage, groups in data("rules.toml").items():
        yield stage, tuple(rule(row) for rows in groups.values() for row in _rows(rows))


STAGES = dict(_stages())
"""By name, in the order of the table."""


def first(stage: str, evidence: Evidence) -> tuple[Rule, str] | None:
    """The first row of `stage` that holds, with its subject: by message over stderr, own words and stdout in turn;
    then the rows that ask for no message."""
    rows = [row for row in STAGES[stage] if row.fits(evidence)]
    for text in evidence.texts:
        for row in rows:
            if row.reads and (subject := row.found(text)) is not None:
                return row, subject
    for row in rows:
        if not row.reads and not any(row.unless and row.unless.search(text.own) for text in evidence.texts):
            return row, row.subject
    return None
