"""Approvals that come in numbers: gathered on one card instead of ringing one by one.

Each stays a decision of its own, with its own digest and its own answer; what is shared is the message. A round begins
when one approval more comes than people are asked one by one, takes in those that wait already, and ends when all of
its approvals are answered. Only what stands on the card in full can be answered together, and never what is risky.
"""

from collections.abc import Iterable, Mapping, Sequence

from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.risk import Risk

ALONE_MAX = 3
"""Waiting approvals of one goal that have a message of their own; the next one gathers all of them."""
WAITING_MAX = 30
"""Waiting approvals of one goal; at this number it asks for nothing more."""
ASKS_AGAIN_AT = 15
"""It goes on asking when no more than these are left."""
PAGE_ITEMS = 6
"""Approvals that the card shows at once: about two screens of a phone, and all of what they run."""

ROUND, ALSO_ALONE, APART = "gathered", "also_alone", "apart"
"""Facts of an approval: its round (the number of the round's first one), whether it also has a message of its own, and
what about it is risky."""
HELD = "approvals"
"""What `waits_on` says of a task that will ask once fewer approvals wait."""

RISKY = frozenset(
    {
        Risk.SPENDS,
        Risk.OUTSIDE,
        Risk.IRREVERSIBLE,
        Risk.MACHINE,
        Risk.REACHES,
        Risk.UNCONFINED,  # such a command may do anything of the above
        Risk.CHANGED,
        Risk.ORDERS,
    }
)
"""Never answered together with others."""


def round_of(decision: Decision) -> int | None:
    """None: it has a message of its own and no other."""
    found = decision.facts.get(ROUND)
    return found if isinstance(found, int) else None


def is_apart(decision: Decision) -> bool:
    """Also one of which nobody wrote down what is risky about it."""
    return bool(decision.facts.get(APART, True))


def waiting(decisions: Iterable[Decision]) -> list[Decision]:
    """Open approvals, oldest first."""
    found = (d for d in decisions if d.kind is DecisionKind.APPROVAL and d.state is DecisionState.OPEN)
    return sorted(found, key=lambda decision: decision.number)


def page_of(decisions: Iterable[Decision], number: int) -> list[Decision]:
    """What the card of this round asks about now."""
    return [decision for decision in waiting(decisions) if round_of(decision) == number][:PAGE_ITEMS]


def answered_together(page: Sequence[Decision], first: int, last: int, *, yes: bool) -> list[Decision]:
    """Which of the page a press on "these" covers, that was made when they ran from `first` to `last`. What has come
    onto the page since then has a higher number."""
    shown = [decision for decision in page if first <= decision.number <= last]
    return [decision for decision in shown if not is_apart(decision)] if yes else shown


Shown = tuple[str, Mapping[str, object], int | None]
"""A message about a decision: the notice's key, its facts, and the decision where the message is of that one alone."""


def messages_of(decision: Decision, title: str) -> list[Shown]:
    """`title` is the goal's."""
    own: Shown = (f"{decision.number}/decision", {}, decision.number)
    if (number := round_of(decision)) is None:
        return [own]
    card: Shown = (card_key(decision.goal_number, number), {"round": number, "title": title}, None)
    return [own, card] if decision.facts.get(ALSO_ALONE) else [card]


def card_key(goal_number: int, number: int) -> str:
    return f"{goal_number}/approvals/{number}"
