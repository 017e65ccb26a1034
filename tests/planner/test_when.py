from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from executor.domain.errors import WrongInput
from executor.planner.when import read_time, told
from tests.planner.reading import BERLIN, NOW, berlin


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("18:00", "2026-11-20 18:00"),
        ("9:30", "2026-11-21 09:30"),
        ("09:30", "2026-11-21 09:30"),
        ("13:00", "2026-11-21 13:00"),  # it is 13:00 now: the nearest one ahead is tomorrow's
        ("13:01", "2026-11-20 13:01"),
        ("00:00", "2026-11-21 00:00"),
        ("2026-11-27", "2026-11-27 23:59"),
        ("2026-11-27 18:00", "2026-11-27 18:00"),
        ("2026-11-27, 18:00", "2026-11-27 18:00"),
        ("2026-11-27T18:00", "2026-11-27 18:00"),
        ("2028-02-29", "2028-02-29 23:59"),
        ("today", "2026-11-20 23:59"),
        ("today 18:00", "2026-11-20 18:00"),
        ("tomorrow", "2026-11-21 23:59"),
        ("Tomorrow at 8:15", "2026-11-21 08:15"),
        ("friday", "2026-11-20 23:59"),  # today is Friday, and its end is still ahead
        ("Friday 18:00", "2026-11-20 18:00"),
        ("Friday 12:00", "2026-11-27 12:00"),
        ("saturday", "2026-11-21 23:59"),
        ("Thu", "2026-11-26 23:59"),
        ("thursday, 10:00", "2026-11-26 10:00"),
        ("in 2h", "2026-11-20 15:00"),
        ("in 30m", "2026-11-20 13:30"),
        ("in 3d", "2026-11-23 13:00"),
        ("in 1h30m", "2026-11-20 14:30"),
        ("in 1d 2h 5m", "2026-11-21 15:05"),
        ("in 2 hours", "2026-11-20 15:00"),
        ("in 1 week", "2026-11-27 13:00"),
        ("in 45 min", "2026-11-20 13:45"),
    ],
)
def test_a_time_is_the_nearest_future(words: str, meant: str) -> None:
    assert read_time(words, NOW, BERLIN) == berlin(meant)


@pytest.mark.parametrize(
    "words",
    ["", "Ann", "24:00", "18:60", "1800", "2026-02-30", "2026-13-01", "27.11.2026", "next friday", "18:00 Ann"]
    + ["in 2", "in 2x", "2h", "in h", "in 1234567d", "١٨:٠٠", "friday saturday"],
)
def test_what_is_no_time_is_not_guessed_at(words: str) -> None:
    assert read_time(words, NOW, BERLIN) is None


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("2026-11-19", "has passed"),
        ("2026-11-20 12:59", "has passed"),
        ("today 9:00", "has passed"),
        ("0001-01-01", "has passed"),
        ("in 0m", "no time at all"),
        ("9999-12-31", "more than 100 years"),
        ("in 99999w", "more than 100 years"),
    ],
)
def test_a_moment_that_is_over_or_a_century_away_is_refused(words: str, why: str) -> None:
    with pytest.raises(WrongInput, match=why):
        read_time(words, NOW, BERLIN)


def test_the_day_is_that_of_the_chat_and_not_of_greenwich() -> None:
    in_auckland = read_time("today", datetime(2026, 11, 20, 20, 0, tzinfo=UTC), ZoneInfo("Pacific/Auckland"))

    assert in_auckland == datetime(2026, 11, 21, 10, 59, tzinfo=UTC)


def test_a_time_that_the_clock_change_skips_is_the_same_while_later() -> None:
    before = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)  # the night in which 2:30 does not exist

    at = read_time("02:30", before, BERLIN)

    assert at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)  # 3:30 in summer time


def test_a_time_that_comes_twice_is_the_first_one_ahead() -> None:
    between = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)  # 2:45 in summer time; 2:30 comes once more

    at = read_time("02:30", between, BERLIN)

    assert at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_time_is_repeated_in_full() -> None:
    assert told(berlin("2026-11-27 18:00"), BERLIN) == "Friday 27 Nov 2026, 18:00 (Europe/Berlin)"
