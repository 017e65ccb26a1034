"""Who may do what. Numeric ids only: a @username can change hands. Whoever is not listed may nothing."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum

from executor.domain.decision import Decision, DecisionKind, Option
from executor.domain.goal import Goal

GROUP_ANONYMOUS_BOT = 1087968824  # what Telegram shows instead of an anonymous administrator


class Role(IntEnum):
    """A higher one may everything that a lower one may."""

    NOBODY = 0
    VIEWER = 1  # reads
    REQUESTER = 2  # sets goals, acts on their own
    APPROVER = 3  # answers decisions
    OWNER = 4  # everything

    @property
    def word(self) -> str:
        return self.name.lower()


GUARDED = frozenset(
    {
        DecisionKind.START,
        DecisionKind.APPROVAL,
        DecisionKind.ADAPTATION,
        DecisionKind.EFFECT,
        DecisionKind.BUDGET,
        DecisionKind.CYCLES,
    }
)
"""Decisions that let something happen: never a requester's, not even about their own goal."""
GUARDED_OPTIONS = frozenset({"retry-with-fix", "send"})
"""Options that let something happen, in whatever decision."""
HARMLESS_OPTIONS = frozenset({"ask-why"})


@dataclass(slots=True)
class Access:
    """The lists of the configuration. `greeted` remembers whom we already told that this bot is private."""

    owners: Collection[int] = ()
    approvers: Collection[int] = ()
    requesters: Collection[int] = ()
    viewers: Collection[int] = ()
    greeted: dict[int, date] = field(default_factory=dict)

    def role(self, person_id: int) -> Role:
        """The highest role of this person. Never for an anonymous administrator: nobody knows who that is."""
        if person_id == GROUP_ANONYMOUS_BOT:
            return Role.NOBODY
        lists = (
            (Role.OWNER, self.owners),
            (Role.APPROVER, self.approvers),
            (Role.REQUESTER, self.requesters),
            (Role.VIEWER, self.viewers),
        )
        return next((role for role, ids in lists if person_id in ids), Role.NOBODY)

    def greet_once(self, person_id: int, today: date) -> bool:
        """Whether a stranger gets the one polite line now: once a day."""
        if self.greeted.get(person_id) == today:
            return False
        if len(self.greeted) >= 10_000:  # a flood of strangers must not fill the memory
            self.greeted.clear()
        self.greeted[person_id] = today
        return True


def may_act_on(role: Role, person_id: int, goal: Goal) -> str | None:
    """Why this person may not pause, change or end this goal; None where they may."""
    if role >= Role.OWNER:
        return None
    if role >= Role.REQUESTER and goal.origin.person_id == person_id:
        return None
    return f"Goal {goal.number} belongs to {goal.origin.person_name or 'somebody else'}; only they or an owner may."


def may_decide(role: Role, person_id: int, decision: Decision, goal: Goal | None, option: str | None) -> str | None:
    """Why this person may not give this answer; None where they may. A requester may refuse and answer about their own
    goals, but not let something run."""
    if role >= Role.APPROVER:
        return None
    own = goal is not None and goal.origin.person_id == person_id
    chosen = decision.find(option) if option else None
    harmless = decision.kind not in GUARDED and decision.facts.get("runs") is not True  # True: the answer is a command
    if chosen is not None:
        harmless = chosen.name not in GUARDED_OPTIONS if harmless else _changes_nothing(chosen)
    if role >= Role.REQUESTER and own and harmless:
        return None
    return "Only an approver or an owner may decide this."


def _changes_nothing(option: Option) -> bool:
    return option.refuses or option.wants_text or option.name in HARMLESS_OPTIONS
