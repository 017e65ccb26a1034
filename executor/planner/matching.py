"""Which workflow a goal's title asks for: one of its phrases stands in the title, word for word."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from executor.planner.workflow import Workflow, wrong

_BLANK = re.compile(r"\{(\w+)\}")
_ENDS = ".,;:!?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`words` are the title's own; `values` come from the phrase's blanks and the goal's labels; `missing` must still
    be given."""

    workflow: Workflow
    phrase: str
    words: str
    values: Mapping[str, str]
    missing: tuple[str, ...]


def matches(title: str, labels: Mapping[str, str], workflows: Iterable[Workflow]) -> list[Match]:
    """Every workflow that fits, the best first: nothing missing, then the longest phrase, then the name."""
    found = [
        match
        for workflow in workflows
        for phrase in workflow.match
        if (match := _match(title, labels, workflow, phrase))
    ]
    found.sort(
        key=lambda one: (bool(one.missing), -len(_BLANK.sub("", one.phrase)), -len(one.phrase), one.workflow.name)
    )
    best: dict[str, Match] = {}
    for one in found:
        best.setdefault(one.workflow.name, one)
    return list(best.values())


def _match(title: str, labels: Mapping[str, str], workflow: Workflow, phrase: str) -> Match | None:
    found = re.search(_pattern(phrase, workflow.names), title, re.IGNORECASE)
    if found is None:
        return None
    blanks = {name: _bare(value) for name, value in found.groupdict().items()}
    known = {parameter.name: parameter for parameter in workflow.parameters}
    if any(wrong(known[name], value) or not value for name, value in blanks.items()):
        return None
    values = {name: value for name, value in labels.items() if name in known} | blanks
    missing = tuple(name for name in workflow.needed if not values.get(name))
    return Match(workflow=workflow, phrase=phrase, words=found[0].rstrip(_ENDS), values=values, missing=missing)


def _pattern(phrase: str, names: list[str]) -> str:
    """Words in any case and with any space between them; a blank takes one word, or several in quotes."""
    words: list[str] = []
    for word in phrase.split():
        blank = _BLANK.fullmatch(word)
        known = blank is not None and blank[1] in names and f"(?P<{blank[1]}>" not in " ".join(words)
        words.append(rf"(?P<{word[1:-1]}>\"[^\"]+\"|“[^”]+”|\S+)" if known else re.escape(word))
    return r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)"


def _bare(value: str) -> str:
    quoted = re.fullmatch(r"\"([^\"]+)\"|“([^”]+)”", value)
    return (quoted[1] or quoted[2]) if quoted else value.rstrip(_ENDS)
