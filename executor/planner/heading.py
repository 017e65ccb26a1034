"""The first line of a goal: its title, and at the end of it, in any order, what else it says.

``by <time>``  ``p1`` … ``p10``  ``$<budget>``  ``#word``  ``#key=value``  ``#key="a value with spaces"``

Reading starts at the end of the line and stops at the first word that is none of these: the rest is the title. Where
an option is given more than once, the last one counts, and the reading says so. ``#word`` is kept as word: "true".
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from executor.domain.errors import WrongInput
from executor.planner.characters import shortened
from executor.planner.when import read_time, told

GATES = {"tests": "Demanded: the tests pass", "audit": "Demanded: a security audit passes"}
BUDGET_USD_MAX = Decimal(1_000_000)
LINE_CHARACTERS_MAX = 2_000  # a title, and every option that makes sense; each option costs a look at the whole line

_LABEL = re.compile(r'(?:(?P<rest>.*)\s)?#(?P<key>[^\W\d][\w.-]*)(?:=(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s"]*)))?')
_BY = re.compile(r"(?:(?P<rest>.*)\s)?by\s+(?P<time>\S.*)", re.IGNORECASE)
_PRIORITY = re.compile(r"p(?P<number>[0-9]+)")
_AMOUNT = re.compile(r"\$(?P<amount>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,6})?|\.[0-9]{1,6})")
_NEARLY_AMOUNT = re.compile(r"\$[0-9][0-9.,]*|(?:-\$|\$-)[0-9.,]+")
_BARE_DURATION = re.compile(r"(?:^|\s)(in [0-9]+ ?(?:[wdhm]|weeks?|days?|hours?|min(?:utes?)?s?))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """`reading` says what was understood, and what was not, a sentence a line."""

    title: str
    deadline_at: datetime | None = None
    priority: int | None = None
    budget_usd: Decimal | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    reading: tuple[str, ...] = ()


def read_heading(line: str, now: datetime, timezone: ZoneInfo) -> Heading:
    """Raises WrongInput for a priority, a budget or a deadline that can't be meant so. The title may be empty."""
    if len(line) > LINE_CHARACTERS_MAX:
        raise WrongInput(
            f"The first line may have {LINE_CHARACTERS_MAX:,} characters at most; this one has {len(line):,}. "
            "Keep it short and put the rest below it."
        )
    heading = Heading(title=" ".join(line.split()))
    while (shorter := _without_last_option(heading, now, timezone)) is not None:
        heading = replace(shorter, title=shorter.title.rstrip(" ,;"))
    return replace(heading, reading=(*_understood(heading, timezone), *heading.reading, *_left(heading.title)))


def _without_last_option(heading: Heading, now: datetime, timezone: ZoneInfo) -> Heading | None:
    for text in dict.fromkeys((heading.title, heading.title.rstrip(" ,;."))):
        found = (
            _without_label(heading, text)
            or _without_priority(heading, text)
            or _without_budget(heading, text)
            or _without_deadline(heading, text, now, timezone)
        )
        if found:
            return found
    return None


def _without_label(heading: Heading, text: str) -> Heading | None:
    found = _LABEL.fullmatch(text)
    if found is None:
        return None
    key = found["key"].lower() if found["key"].lower() in GATES else found["key"]
    given = [value for value in (found["quoted"], found["value"], "true") if value is not None]
    heading = replace(heading, title=found["rest"] or "")
    if key in heading.metadata:
        return _overruled(heading, f"#{key}", "label of that name")
    return replace(heading, metadata={key: given[0]} | heading.metadata)


def _without_priority(heading: Heading, text: str) -> Heading | None:
    rest, word = _last_word(text)
    found = _PRIORITY.fullmatch(word)
    if found is None:
        return None
    if len(found["number"]) > 4 or not 1 <= int(found["number"]) <= 10:
        raise WrongInput(f"“{shortened(word, 20)}” is no priority: write p1 (lowest) to p10 (highest).")
    heading = replace(heading, title=rest)
    if heading.priority is not None:
        return _overruled(heading, word, "priority")
    return replace(heading, priority=int(found["number"]))


def _without_budget(heading: Heading, text: str) -> Heading | None:
    rest, word = _last_word(text)
    found = _AMOUNT.fullmatch(word)
    if found is None:
        if _NEARLY_AMOUNT.fullmatch(word):
            raise WrongInput(f"“{shortened(word, 20)}” is no budget: write dollars and cents, such as $0.50 or $12.")
        return None
    amount = Decimal(found["amount"].replace(",", ""))
    if amount > BUDGET_USD_MAX:
        raise WrongInput(f"“{shortened(word, 20)}” is more than a budget may be: at most ${BUDGET_USD_MAX:,}.")
    heading = replace(heading, title=rest)
    if heading.budget_usd is not None:
        return _overruled(heading, word, "budget")
    return replace(heading, budget_usd=amount)


def _without_deadline(heading: Heading, text: str, now: datetime, timezone: ZoneInfo) -> Heading | None:
    found = _BY.fullmatch(text)
    deadline_at = read_time(found["time"], now, timezone) if found else None
    if found is None or deadline_at is None:
        return None
    heading = replace(heading, title=found["rest"] or "")
    if heading.deadline_at is not None:
        return _overruled(heading, f"“by {found['time']}”", "deadline")
    return replace(heading, deadline_at=deadline_at)


def _overruled(heading: Heading, given: str, what: str) -> Heading:
    return replace(heading, reading=(f"{given} does not count: the last {what} does", *heading.reading))


def _last_word(text: str) -> tuple[str, str]:
    rest, _, word = text.rpartition(" ")
    return rest, word


def _understood(heading: Heading, timezone: ZoneInfo) -> list[str]:
    lines = []
    if heading.deadline_at is not None:
        lines.append(f"Deadline: {told(heading.deadline_at, timezone)}")
    if heading.budget_usd is not None:
        lines.append(f"Budget: {dollars(heading.budget_usd)}")
    if heading.priority is not None:
        lines.append(f"Priority {heading.priority} of 10")
    lines += [GATES[key] for key in heading.metadata if key in GATES]
    labels = [k if v == "true" else f"{k}={v}" for k, v in heading.metadata.items() if k not in GATES]
    return [*lines, f"Labels: {', '.join(labels)}"] if labels else lines


def dollars(amount: Decimal) -> str:
    """At least two decimals, and more only where they are needed: $0.50, $12.00, $0.125."""
    whole, _, decimals = f"{amount:f}".partition(".")
    return f"${whole}.{decimals.rstrip('0'):0<2}"


def _left(title: str) -> list[str]:
    """What looks like an option and is none, because of where it stands or what it says."""
    lines = []
    if found := _BY.fullmatch(title):
        lines.append(f"“by {shortened(found['time'], 40)}” is no time that I know; it stays in the title")
    if duration := _BARE_DURATION.search(title):
        lines.append(f"“{duration[1]}” stays in the title; write “by {duration[1]}” for a deadline")
    options = [w for w in title.split() if _PRIORITY.fullmatch(w) or _AMOUNT.fullmatch(w) or _LABEL.fullmatch(w)]
    if options:
        names = ", ".join(dict.fromkeys(options[:5]))
        lines.append(f"{names}: inside the title, so taken as words; options go at the end of the first line")
    return lines
