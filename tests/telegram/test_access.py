"""Default deny, numeric ids only, and who may do what."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.telegram.access import GROUP_ANONYMOUS_BOT, Access, Role, may_act_on, may_decide
from executor.domain.decision import DecisionKind
from executor.domain.goal import Origin
from tests.builders import goal
from tests.telegram.values import decision

ROB, ADA = 5, 6
ROBS = replace(goal(12), origin=Origin(chat_id=1, person_id=ROB, person_name="Rob"))
TODAY = date(2026, 3, 2)


def test_whoever_is_not_listed_may_nothing() -> None:
    assert Access().role(1) is Role.NOBODY


def test_the_highest_role_counts() -> None:
    access = Access(owners=[1], approvers=[1, 2], requesters=[2, 3], viewers=[3, 4])

    assert [access.role(person) for person in (1, 2, 3, 4, 5)] == [
        Role.OWNER,
        Role.APPROVER,
        Role.REQUESTER,
        Role.VIEWER,
        Role.NOBODY,
    ]


def test_an_anonymous_administrator_is_nobody_even_when_listed() -> None:
    assert Access(owners=[GROUP_ANONYMOUS_BOT]).role(GROUP_ANONYMOUS_BOT) is Role.NOBODY


def test_a_stranger_is_greeted_once_a_day() -> None:
    access = Access()

    greeted = [access.greet_once(7, TODAY), access.greet_once(7, TODAY), access.greet_once(8, TODAY)]
    tomorrow = access.greet_once(7, TODAY + timedelta(days=1))

    assert (greeted, tomorrow) == ([True, False, True], True)


@pytest.mark.parametrize(
    ("role", "person", "allowed"),
    [
        (Role.OWNER, ADA, True),
        (Role.APPROVER, ADA, False),
        (Role.APPROVER, ROB, True),
        (Role.REQUESTER, ROB, True),
        (Role.REQUESTER, ADA, False),
        (Role.VIEWER, ROB, False),
    ],
)
def test_a_goal_obeys_whoever_set_it_and_owners(role: Role, person: int, allowed: bool) -> None:
    assert (may_act_on(role, person, ROBS) is None) is allowed


@pytest.mark.parametrize(
    ("role", "person", "kind", "option", "allowed"),
    [
        (Role.APPROVER, ADA, DecisionKind.START, "start", True),
        (Role.REQUESTER, ROB, DecisionKind.START, "start", False),
        (Role.REQUESTER, ROB, DecisionKind.START, "cancel", True),
        (Role.REQUESTER, ROB, DecisionKind.START, "edit", True),
        (Role.REQUESTER, ROB, DecisionKind.EFFECT, "it-happened", False),
        (Role.REQUESTER, ROB, DecisionKind.BLOCKAGE, "retry", True),
        (Role.REQUESTER, ADA, DecisionKind.BLOCKAGE, "retry", False),
        (Role.REQUESTER, ROB, DecisionKind.QUESTION, None, True),
        (Role.VIEWER, ROB, DecisionKind.QUESTION, None, False),
    ],
)
def test_a_requester_may_not_let_something_run(
    role: Role, person: int, kind: DecisionKind, option: str | None, allowed: bool
) -> None:
    assert (may_decide(role, person, decision(kind), ROBS, option) is None) is allowed


def test_a_decision_of_an_unknown_goal_is_nobodys_own() -> None:
    assert may_decide(Role.REQUESTER, ROB, decision(DecisionKind.QUESTION), None, None) is not None
