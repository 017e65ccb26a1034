"""Times as people write them after "by": always the nearest future, in the time zone of their chat.

A day without a time means its end, 23:59. So "Friday" on a Friday is tonight, until 23:59; then it is next week's.
A time that a clock change skips means the moment that many minutes after the change; one that comes twice is the first
that is still ahead. Only a moment written out in full can be in the past, and is then refused.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from executor.domain.errors import WrongInput

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORT_DAYS = {"tues": 1, "thur": 3, "thurs": 3} | {day[:3]: n for n, day in enumerate(DAYS)}
_WEEKDAYS = {day: n for n, day in enumerate(DAYS)} | _SHORT_DAYS
_END_OF_DAY = time(23, 59)
_YEARS_AHEAD_MAX = 100

_CLOCK = r"(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>[0-5][0-9])"
_AT = rf"(?:(?:,? | at |, at ){_CLOCK})?"
_TIME_ALONE = re.compile(_CLOCK)
_DATE = re.compile(rf"(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:(?:,? |t| at ){_CLOCK})?")
_NEAR_DAY = re.compile(rf"(?P<day>today|tomorrow){_AT}")
_WEEKDAY = re.compile(rf"(?P<day>{'|'.join(sorted(_WEEKDAYS, key=len, reverse=True))}){_AT}")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_UNIT = r"weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m"
_PART = rf"([0-9]{{1,5}}) ?({_UNIT})"
_DURATION = re.compile(rf"in {_PART}(?: ?{_PART})?(?: ?{_PART})?")


def read_time(words: str, now: datetime, timezone: ZoneInfo) -> datetime | None:
    """The moment that `words` mean, aware UTC and after `now`; None where they are no time.

    Raises WrongInput where they name a moment that is over, or one further away than a century.
    """
    said = " ".join(words.lower().split())
    if found := _TIME_ALONE.fullmatch(said):
        today = now.astimezone(timezone).date()
        return _nearest(today, _clock(found), 1, now, timezone)
    if found := _WEEKDAY.fullmatch(said):
        today = now.astimezone(timezone).date()
        ahead = (_WEEKDAYS[found["day"]] - today.weekday()) % 7
        return _nearest(today + timedelta(days=ahead), _clock(found), 7, now, timezone)
    if found := _NEAR_DAY.fullmatch(said):
        day = now.astimezone(timezone).date() + timedelta(days=found["day"] == "tomorrow")
        return _exactly(day, _clock(found), now, timezone, words)
    if found := _DATE.fullmatch(said):
        day_or_none = _date(found["date"])
        return None if day_or_none is None else _exactly(day_or_none, _clock(found), now, timezone, words)
    return _after_duration(said, now)


def told(at: datetime, timezone: ZoneInfo) -> str:
    """``Friday 27 Nov 2026, 18:00 (Europe/Berlin)``."""
    local = at.astimezone(timezone)
    day = f"{DAYS[local.weekday()].capitalize()} {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local:%H:%M} ({timezone.key.removeprefix('Etc/') or 'local time'})"


def _clock(found: re.Match[str]) -> time:
    return time(int(found["hour"]), int(found["minute"])) if found["hour"] else _END_OF_DAY


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _moment(day: date, clock: time, now: datetime, timezone: ZoneInfo) -> datetime | None:
    both = (datetime.combine(day, clock.replace(fold=fold), timezone).astimezone(UTC) for fold in (0, 1))
    return next((at for at in both if at > now), None)


def _nearest(day: date, clock: time, step_days: int, now: datetime, timezone: ZoneInfo) -> datetime:
    at = _moment(day, clock, now, timezone) or _moment(day + timedelta(days=step_days), clock, now, timezone)
    assert at is not None  # the second one lies at least a day ahead
    return at


def _exactly(day: date, clock: time, now: datetime, timezone: ZoneInfo, words: str) -> datetime:
    today = now.astimezone(timezone).date()
    if day.year - today.year > _YEARS_AHEAD_MAX:
        raise WrongInput(f"The deadline “{words}” is more than {_YEARS_AHEAD_MAX} years away. Name a nearer one.")
    at = None if day < today else _moment(day, clock, now, timezone)
    if at is None:
        raise WrongInput(f"The deadline “{words}” has passed already. Name a time that is still ahead.")
    return at


def _after_duration(said: str, now: datetime) -> datetime | None:
    found = _DURATION.fullmatch(said)
    if found is None:
        return None
    groups = found.groups()
    pairs = zip(groups[::2], groups[1::2], strict=True)
    length = sum((int(count) * _UNITS[unit[0]] for count, unit in pairs if count), timedelta())
    if not length:
        raise WrongInput(f"“{said}” leaves no time at all. Name a time that is still ahead, such as “in 2h”.")
    if length > timedelta(days=365 * _YEARS_AHEAD_MAX):
        raise WrongInput(f"The deadline “{said}” is more than {_YEARS_AHEAD_MAX} years away. Name a nearer one.")
    return now.astimezone(UTC) + length
