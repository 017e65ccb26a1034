"""What Start accepts, and what lies outside of it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from executor.domain.envelope import Envelope, envelope_of, minutes_of, outside, risky
from executor.domain.limits import Limits
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, Plan, TaskSpec
from executor.domain.subtasks import SUBTASKS
from tests.builders import command, spec
from tests.fakes import START


def shell(key: str, text: str, **more: object) -> TaskSpec:
    return spec(key, f"Step {key}", "shell", parameters={"command": text}, **more)


FETCH, BUILD = shell("1", "fetch"), shell("2", "make", depends_on=("1",), check=command("test -s out"))
SEND = shell("3", "send", depends_on=("2",))
ACCEPTED = Plan(version=1, tasks=(FETCH, BUILD, SEND), criteria=(Criterion(text="It is there"),))
ENVELOPE = envelope_of(ACCEPTED, Limits(extra_tasks_max=1, timeout_s=600))


def plan(*tasks: TaskSpec) -> Plan:
    return replace(ACCEPTED, version=2, tasks=tasks)


def test_start_accepts_the_actions_the_repairs_the_budget_and_the_deadline() -> None:
    envelope = envelope_of(ACCEPTED, Limits(), extra_tasks_used=1, budget_usd=Decimal(2), deadline_at=START)

    assert envelope == Envelope(
        tasks={"1": FETCH, "2": BUILD, "3": SEND},
        criteria=(Criterion(text="It is there"),),
        extra_tasks=2,
        timeout_s_max=600,
        budget_usd=Decimal(2),
        deadline_at=START,
    )


def test_the_same_plan_lies_inside() -> None:
    assert outside(ENVELOPE, ACCEPTED) == []


@pytest.mark.parametrize(
    "new",
    [
        plan(FETCH, BUILD, replace(SEND, depends_on=("2", "1"))),
        plan(FETCH, replace(BUILD, timeout_s=600.0), SEND),
        plan(SEND, BUILD, FETCH),
        plan(FETCH, replace(BUILD, title="Another name"), SEND),
    ],
    ids=["waits for more", "more time within the limit", "another place", "another title"],
)
def test_a_change_that_runs_nothing_new_lies_inside(new: Plan) -> None:
    assert outside(ENVELOPE, new) == []


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (
            plan(FETCH, shell("2", "make all", depends_on=("1",), check=BUILD.check), SEND),
            "It changes “Step 2”: make all",
        ),
        (plan(FETCH, BUILD, SEND, shell("4", "rm -r out")), "It adds “Step 4”: rm -r out"),
        (plan(FETCH, BUILD), "It drops “Step 3”, which you accepted"),
        (plan(FETCH, BUILD, replace(SEND, depends_on=())), "“Step 3” would no longer wait for “Step 2”"),
        (plan(FETCH, replace(BUILD, check=None), SEND), "It changes how “Step 2” is checked: not at all"),
        (plan(FETCH, replace(BUILD, when=command("true")), SEND), "It changes when “Step 2” runs at all"),
        (
            plan(FETCH, replace(BUILD, timeout_s=601.0), SEND),
            "It allows “Step 2” 601 s; I may go up to 600 s by myself",
        ),
        (replace(plan(FETCH, BUILD, SEND), criteria=()), "It changes what has to be true at the end"),
    ],
    ids=["action", "new task", "dropped", "order", "check", "condition", "time", "criterion"],
)
def test_whatever_would_run_otherwise_than_accepted_lies_outside(new: Plan, reason: str) -> None:
    assert outside(ENVELOPE, new) == [reason]


@pytest.mark.parametrize(
    ("more", "reasons"),
    [
        ({}, []),
        ({"check": command("curl x | sh")}, ["It checks “Ask” by something new: curl x | sh"]),
        ({"when": command("curl x | sh")}, ["It looks at something new before “Ask”: curl x | sh"]),
        (
            {"check": Check(kind=CheckKind.HTTP, url="https://x/?d=1")},
            ["It checks “Ask” by something new: https://x/?d=1"],
        ),
        ({"check": Check(kind=CheckKind.FILE, path="a")}, []),
    ],
)
def test_a_part_that_a_person_does_looks_at_nothing_new(more: dict[str, Any], reasons: list[str]) -> None:
    """A part is added without a word where it runs nothing; what it looks at is run as well."""
    whole = replace(SEND, action=SUBTASKS, parameters={}, depends_on=("2", "3.1"))
    part = spec("3.1", "Ask", "manual", parameters={"instructions": "Ask Ann."}, parent="3", depends_on=("2",), **more)

    assert outside(ENVELOPE, plan(FETCH, BUILD, part, whole)) == reasons


def test_a_review_and_a_duty_are_not_dropped_by_the_way() -> None:
    shown = replace(SEND, execution_type=ExecutionType.SEMI_AUTOMATED)
    envelope = replace(ENVELOPE, tasks={**ENVELOPE.tasks, "3": shown})

    assert outside(envelope, plan(FETCH, BUILD, SEND)) == ["“Step 3” would no longer be shown before it counts"]
    assert outside(ENVELOPE, plan(FETCH, BUILD, replace(SEND, optional=True))) == [
        "“Step 3” would no longer have to be done"
    ]
    assert outside(ENVELOPE, plan(FETCH, BUILD, shown)) == []


def test_what_a_safe_repair_changes_and_adds_lies_inside_up_to_a_number_of_tasks() -> None:
    install = spec("fix-2", "Install x", "install", parameters={"packages": ["x"]}, weight=0)
    another = replace(install, key="fix-3")
    repaired = replace(BUILD, parameters={"command": "make -f x"}, depends_on=("1", "fix-2"))
    envelope = ENVELOPE.with_repair((install, another, repaired))

    one = outside(envelope, plan(FETCH, install, repaired, SEND))
    two = outside(envelope, plan(FETCH, install, another, repaired, SEND))

    assert (one, two) == ([], ["It adds 2 tasks, and I may add 1 more by myself"])


def test_what_is_done_may_be_missing_and_so_may_what_is_optional() -> None:
    envelope = envelope_of(plan(FETCH, replace(SEND, optional=True)), Limits())

    assert outside(envelope, plan(), done={"1"}) == []


def test_a_plan_that_ends_after_the_deadline_by_its_estimates_lies_outside() -> None:
    slow = plan(replace(FETCH, estimated_minutes=50), replace(BUILD, estimated_minutes=20), SEND)
    envelope = replace(ENVELOPE, tasks={t.key: t for t in slow.tasks}, deadline_at=START + timedelta(hours=1))

    assert minutes_of(slow) == 70
    assert outside(envelope, slow, now=START) == ["By its estimates it ends after the deadline"]
    assert outside(envelope, slow, done={"1"}, now=START) == []


def test_without_a_plan_to_accept_only_what_leaves_the_machine_asks() -> None:
    post = spec("4", "Tell", "http", parameters={"method": "POST", "url": "https://x"})
    get = spec("5", "Look", "http", parameters={"url": "https://x"})
    pay = shell(
        "6",
        "pay",
    )
    pay = replace(pay, parameters={"command": "pay", "repeatable": False})

    found = risky(ENVELOPE, plan(FETCH, BUILD, SEND, post, get, pay, shell("7", "ls")))

    assert found == [
        "It adds “Tell”, which reaches beyond this machine or can't be undone: http https://x",
        "It adds “Step 6”, which reaches beyond this machine or can't be undone: pay",
    ]
