"""Times that somebody wrote to do harm: each is read or refused, in a moment, and none lies beyond the calendar."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest

from executor.domain.errors import WrongInput
from executor.planner.goal_text import read_goal
from executor.planner.when import read_time
from tests.fakes import START
from tests.planner.test_goal_bodies import draft

FARTHEST = START + timedelta(days=366 * 100)
ZONES = [ZoneInfo(name) for name in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin")]
LONG = 8_000
HOSTILE = [
    "in " + "9" * LONG + "h",
    "in " + "1h " * LONG,
    "in 1 " + " " * LONG + "h",
    "in 99999w 99999w 99999w",
    "monday" + " at " * LONG,
    "monday," * LONG,
    "friday 18:00" * LONG,
    "0" * LONG + ":00",
    "18:" + "0" * LONG,
    "2026-03-02" * LONG,
    "9999-12-31 23:59",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01 00:00",
    "2026-02-30",
    "2038-01-19 03:14",
    "every second",
    "RRULE:FREQ=SECONDLY",
    "* * * * * *",
    "*/1 " * LONG,
    "٣ ٣:٣",
    "in ٣h",
    "(" * LONG + "a+" * LONG,
    "today" + "\u200b" * LONG,
]


T = TypeVar("T")


def refused_or(read: Callable[[], T]) -> T | str:
    """What was read, or the line that refuses it."""
    try:
        return read()
    except WrongInput as error:
        return error.public


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: words[:24])
def test_a_hostile_time_is_refused_or_lies_within_reach(words: str) -> None:
    found = [refused_or(lambda zone=zone: read_time(words, START, zone)) for zone in ZONES]  # type: ignore[misc]

    assert all("\n" not in one for one in found if isinstance(one, str))
    moments = [one for one in found if isinstance(one, datetime)]
    assert all(START < moment <= FARTHEST for moment in moments)
    assert all(moment.astimezone(zone).tzinfo for moment in moments for zone in ZONES)


@pytest.mark.parametrize("words", HOSTILE, ids=lambda words: words[:24])
def test_a_goal_with_a_hostile_time_is_a_draft_or_refused_in_one_line(words: str) -> None:
    text = f"/goal Pack by {words}\n1. Go: `true`"

    found = refused_or(lambda: read_goal(text, now=START, timezone=ZONES[1]))

    if isinstance(found, str):
        assert "\n" not in found
    else:
        assert found.deadline_at is None or START < found.deadline_at <= FARTHEST


@pytest.mark.parametrize(
    "deadline",
    ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "3000-01-01T00:00:00Z"],
)
def test_a_deadline_at_the_end_of_the_calendar_is_refused_with_its_field(deadline: str) -> None:
    with pytest.raises(WrongInput, match='deadline.*a time like "2030-01-31T18:00:00'):
        draft(deadline=deadline)


def test_a_deadline_after_2038_is_a_deadline() -> None:
    assert draft(deadline="2040-06-01T00:00:00Z").deadline_at == datetime(2040, 6, 1, tzinfo=UTC)
