"""Quiet hours and the time of a digest, over midnight and over the change to summer time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from executor.domain.habits import Habits, Hours, next_at

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "now", "quiet"),
    [
        ("22:00", "07:00", "2026-03-02 21:30", True),  # 22:30 there
        ("22:00", "07:00", "2026-03-02 05:59", True),
        ("22:00", "07:00", "2026-03-02 06:00", False),
        ("22:00", "07:00", "2026-03-02 20:59", False),
        ("12:00", "13:00", "2026-03-02 11:30", True),
        ("12:00", "13:00", "2026-03-02 12:00", False),
        ("", "", "2026-03-02 02:00", False),
        ("08:00", "08:00", "2026-03-02 12:00", True),
    ],
)
def test_quiet_hours_are_those_of_the_place_and_may_span_midnight(start: str, end: str, now: str, quiet: bool) -> None:
    assert Hours(start=start, end=end).holds(at(now), BERLIN) is quiet


def test_a_chats_own_hours_replace_the_usual_ones_and_a_rest_adds_to_them() -> None:
    usual, now = Hours(start="00:00", end="00:00"), at("2026-03-02 12:00")

    assert Habits(chat_id=1).quiet(now, usual, BERLIN)
    assert not Habits(chat_id=1, hours=Hours()).quiet(now, usual, BERLIN)
    assert Habits(chat_id=1, hours=Hours(), quiet_until=now + timedelta(hours=1)).quiet(now, usual, BERLIN)
    assert not Habits(chat_id=1, hours=Hours(), quiet_until=now).quiet(now, usual, BERLIN)


@pytest.mark.parametrize(
    ("now", "next_one"),
    [
        ("2026-03-02 16:59", "2026-03-02 17:00"),
        ("2026-03-02 17:00", "2026-03-03 17:00"),
        ("2026-03-28 18:00", "2026-03-29 16:00"),  # summer time has begun in between
    ],
)
def test_the_next_digest_is_at_the_same_time_of_day(now: str, next_one: str) -> None:
    assert next_at("18:00", at(now), BERLIN) == at(next_one)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("time_of_day", ["00:00", "01:45", "02:30", "03:00", "23:59"])
def test_a_daily_digest_comes_once_a_day_over_every_change_of_the_clock(zone: str, time_of_day: str) -> None:
    place, now = ZoneInfo(zone), datetime(2026, 1, 1, 12, tzinfo=UTC)
    days = []
    while now.year == 2026:
        now = next_at(time_of_day, now, place)
        days.append(now.astimezone(place).date())

    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) >= 364
