"""What a chat wants of its own accord: a digest at a time of day, and hours in which nothing rings."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Times of day, ``22:00`` to ``07:00``; the end may lie on the next day. Both empty: none; the same twice: all
    day."""

    start: str = ""
    end: str = ""

    def holds(self, now: datetime, zone: tzinfo) -> bool:
        if not self.start or not self.end:
            return False
        at, start, end = now.astimezone(zone).time(), time.fromisoformat(self.start), time.fromisoformat(self.end)
        return start <= at < end if start < end else at >= start or at < end


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """`hours` None: the configured ones. `digest_at` is a time of day, empty: no digest; `digest_due_at` is when the
    next one is. `quiet_until`: quiet in any case until then."""

    chat_id: int
    thread_id: int | None = None
    digest_at: str = ""
    digest_due_at: datetime | None = None
    hours: Hours | None = None
    quiet_until: datetime | None = None

    def quiet(self, now: datetime, usual: Hours, zone: tzinfo) -> bool:
        """Nothing but questions and answers rings now."""
        if self.quiet_until is not None and now < self.quiet_until:
            return True
        return (usual if self.hours is None else self.hours).holds(now, zone)


def next_at(time_of_day: str, now: datetime, zone: tzinfo) -> datetime:
    """The next moment at which it is so late there; never now."""
    today, at = now.astimezone(zone).date(), time.fromisoformat(time_of_day)
    moments = [datetime.combine(today + timedelta(days=days), at, zone).astimezone(UTC) for days in (0, 1, 2)]
    return next(moment for moment in moments if moment > now)
