"""One moment and one place in which the tests of this folder read goals."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, GoalDraft, TaskSpec
from executor.planner.goal_text import read_goal

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday, 13:00 in Berlin


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def read(text: str) -> GoalDraft:
    return read_goal(text, now=NOW, timezone=BERLIN)


def refusal(text: str) -> str:
    with pytest.raises(WrongInput) as refused:
        read(text)
    assert "\n" not in refused.value.public
    return refused.value.public


def shell(key: str, title: str, command: str, *after: str, only_if: tuple[str, ...] = ()) -> TaskSpec:
    return TaskSpec(
        key=key, title=title, action="shell", parameters={"command": command}, depends_on=after, only_if=only_if
    )


def by_hand(key: str, title: str, *after: str, only_if: tuple[str, ...] = ()) -> TaskSpec:
    return TaskSpec(
        key=key,
        title=title,
        action="manual",
        parameters={"instructions": title},
        depends_on=after,
        only_if=only_if,
        execution_type=ExecutionType.MANUAL,
    )


def checked(text: str, command: str) -> Criterion:
    return Criterion(text=text, check=Check(kind=CheckKind.COMMAND, command=command))
