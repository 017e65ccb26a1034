"""Times and lengths of time in words, for sentences about a goal. A phone's line is short, so are these."""

from datetime import UTC, datetime, timedelta, tzinfo


def span(seconds: float) -> str:
    """3 s, 4 min, 2 h 5 min, 3 d 2 h."""
    whole = max(int(seconds + 0.5), 0)
    if whole < 60:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def ago(then: datetime, now: datetime) -> str:
    """A length of time in the largest two units that matter."""
    return span((now - then).total_seconds())


def ahead(then: datetime | None, now: datetime) -> str:
    seconds = (then - now).total_seconds() if then else 0.0
    return f"in {span(seconds)}" if seconds > 0 else "now"


def clock(at: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """``14:02`` for today, ``tomorrow 14:02``, else with the day, and with the year where it is another one."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.date() == today.date() + timedelta(days=1):
        return f"tomorrow {local:%H:%M}"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local.day} {local:%b}{year} {local:%H:%M}"


def moment(at: datetime, now: datetime, zone: tzinfo = UTC) -> str:
    """``at 14:02, in 4 min``; what is only seconds away needs no time of day."""
    if (at - now).total_seconds() < 60:
        return ahead(at, now)
    return f"at {clock(at, now, zone)}, {ahead(at, now)}"
