"""A goal as JSON, read by the planner's own readers."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.control.body import GoalBodies, Readers
from executor.domain.plan import GoalDraft
from executor.planner import characters, shapes
from executor.planner.goal_text import read_goal
from tests.fakes import START


def draft(**fields: object) -> GoalDraft:
    def goal(text: str) -> GoalDraft:
        return read_goal(text, now=START, timezone=ZoneInfo("UTC"))

    readers = Readers(goal=goal, task=shapes.read_task, criterion=shapes.read_criterion, clean=characters.cleaned)
    return GoalBodies(readers, UTC).draft({"description": "Build it"} | fields)


@pytest.mark.parametrize(
    ("fields", "hours"),
    [
        ({"constraints": {"max_time": "24 hours"}}, 24),
        ({"constraints": {"max_time": "90 min"}}, 1.5),
        ({"constraints": {"max_time": "2 days"}, "deadline": "2026-03-02T12:00:00Z"}, 3),
        ({"constraints": {}}, None),
    ],
)
def test_the_longest_time_is_a_deadline_and_the_earlier_one_counts(
    fields: dict[str, object], hours: float | None
) -> None:
    deadline = draft(**fields).deadline_at

    assert deadline == (None if hours is None else START + timedelta(hours=hours))


def test_requirements_and_constraints_of_document_003_are_criteria_gates_and_a_deadline() -> None:
    read = draft(
        requirements=["JWT tokens", "Refresh token rotation"],
        constraints={"max_time": "24 hours", "must_pass_tests": True, "require_security_audit": True},
    )

    assert [criterion.text for criterion in read.criteria] == ["JWT tokens", "Refresh token rotation"]
    assert dict(read.metadata) == {"must_pass_tests": "true", "require_security_audit": "true"}
