"""The card that gathers approvals of one goal: what waits in full, what was decided, and buttons for each and for those
that may be answered together. Pure functions.

Button data is ``b:<y or n>:<goal>:<first>-<last>``: it covers what stood on the card when it was made, never more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.telegram.decisions import data_of, outcome
from bot.telegram.html import bold, clip, code, escape, italic, unquoted
from bot.telegram.message import Button, Document, Message
from bot.telegram.words import count
from executor.domain.decision import Decision, DecisionState
from executor.domain.gathered import answered_together, is_apart, page_of, waiting

LONG_CHARACTERS = 300
"""What an approval runs beyond this stands in a document of its own; the card shows where it begins."""
WHY_CHARACTERS = 120
TITLE_CHARACTERS = 80
DECIDED_SHOWN = 5
_DATA = re.compile(r"([yn]):(\d{1,9}):(\d{1,9})-(\d{1,9})")
_RANGE = re.compile(r"(\d{1,9})\s*[-–]\s*(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Together:
    """A press on "these"."""

    yes: bool
    goal_number: int
    first: int
    last: int


def read_together(data: str) -> Together | None:
    """Of button data without its ``b:``."""
    found = _DATA.fullmatch(data)
    return Together(found[1] == "y", int(found[2]), int(found[3]), int(found[4])) if found else None


def read_range(word: str) -> tuple[int, int] | None:
    """``17-22``."""
    found = _RANGE.fullmatch(word.strip())
    return (int(found[1]), int(found[2])) if found else None


def gathered_message(
    goal_number: int, title: str, number: int, decisions: Sequence[Decision], now: datetime, timezone: tzinfo
) -> Message:
    """`decisions` is the whole round, oldest first."""
    left, page = waiting(decisions), page_of(decisions, number)
    decided = [decision for decision in decisions if decision.state is not DecisionState.OPEN]
    lines = [f"🔐 {bold(clip(title, TITLE_CHARACTERS))} #{goal_number}", _how_many(left, page)]
    for decision in page:
        lines += ["", *_item(decision)]
    lines += _decided(decided, now, timezone)
    if page:
        lines += ["", *_ways(page)]
    documents = tuple(_document(decision) for decision in page if _is_long(decision))
    return Message(html="\n".join(lines), buttons=_buttons(goal_number, page), beside=documents)


def _how_many(left: Sequence[Decision], page: Sequence[Decision]) -> str:
    if not left:
        return "Nothing waits for approval any more."
    one = len(left) == 1
    said = f"{count(len(left), 'approval')} {'waits' if one else 'wait'} for you"
    return f"{said}; the next {len(page)}:" if len(left) > len(page) else f"{said}:"


def _item(decision: Decision) -> list[str]:
    facts = decision.facts
    sign = "❗ " if is_apart(decision) else ""
    name = clip(f"{facts.get('ref', '')} {facts.get('title', '')}".strip(), TITLE_CHARACTERS)
    lines = [f"{sign}{bold(str(decision.number))} · {escape(name)}"]
    lines.append(italic(clip(str(facts.get("why") or ""), WHY_CHARACTERS)))
    whole = _whole(decision)
    lines.append(code(clip(whole, LONG_CHARACTERS)))
    if _is_long(decision):
        lines.append(f"📄 all of it: {escape(_name(decision))}")
    return lines


def _whole(decision: Decision) -> str:
    """All that it covers, as its own message would show it."""
    what, beside = unquoted(str(decision.facts.get("what") or "")), decision.facts.get("beside")
    others = [str(one) for one in beside] if isinstance(beside, list | tuple) else []
    return "\n".join([*([what] if what else []), *others])


def _is_long(decision: Decision) -> bool:
    return len(_whole(decision)) > LONG_CHARACTERS or len(str(decision.facts.get("why") or "")) > WHY_CHARACTERS


def _document(decision: Decision) -> Document:
    facts = decision.facts
    head = f"{decision.number}: {facts.get('ref', '')} {facts.get('title', '')}\n{facts.get('why') or ''}"
    return Document(_name(decision), f"{head}\n\n{_whole(decision)}\n")


def _name(decision: Decision) -> str:
    return f"approval-{decision.number}.md"


def _decided(decided: Sequence[Decision], now: datetime, timezone: tzinfo) -> list[str]:
    if not decided:
        return []
    newest = sorted(decided, key=lambda decision: (decision.closed_at or now, decision.number))[-DECIDED_SHOWN:]
    before = len(decided) - len(newest)
    lines = [f"{one.number} {escape(one.facts.get('ref', ''))} {outcome(one, now, timezone)}" for one in newest]
    return ["", *([f"and {before} decided before these"] if before else []), *lines]


def _ways(page: Sequence[Decision]) -> list[str]:
    first, last = page[0].number, page[-1].number
    together = answered_together(page, first, last, yes=True)
    lines = ["Each runs exactly as shown, or not at all."]
    if any(is_apart(decision) for decision in page):
        lines.append("❗ is risky: answered by itself only.")
    if len(page) == 1:  # what is left of a round
        return [lines[0], italic("or") + f" /approve {first} · /reject {first}"]
    lines.append("Reject these skips their tasks.")
    ways = [f"/approve {first}-{last}"] if together else []
    return [*lines, italic("or") + f" {' · '.join([*ways, f'/reject {first}-{last}', f'/answer {first} approve'])}"]


def _buttons(goal_number: int, page: Sequence[Decision]) -> tuple[tuple[Button, ...], ...]:
    if not page:
        return ()
    first, last = page[0].number, page[-1].number
    rows = [tuple(_of(decision, name) for name in ("approve", "reject")) for decision in page]
    if len(page) == 1:
        return tuple(rows)
    together = answered_together(page, first, last, yes=True)
    all_of = [Button(f"Approve these {len(together)}", f"b:y:{goal_number}:{first}-{last}", "success")]
    none_of = Button(f"Reject these {len(page)}", f"b:n:{goal_number}:{first}-{last}", "danger")
    return (*rows, (*(all_of if len(together) > 1 else []), none_of))


def _of(decision: Decision, name: str) -> Button:
    place, option = next((place, one) for place, one in enumerate(decision.options, start=1) if one.name == name)
    return Button(f"{name.capitalize()} {decision.number}", data_of(decision, place, option))
