"""/digest and /quiet: what a chat wants of its own accord."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from bot.telegram.access import Role
from bot.telegram.desk import Request, Said, say
from bot.telegram.digest import make_digest
from bot.telegram.html import escape
from bot.telegram.words import clock_time
from executor.domain.errors import WrongInput
from executor.domain.habits import Habits, Hours, next_at

DIGEST = "/digest, /digest 18:00 or /digest off"
QUIET = "/quiet, /quiet 2h, /quiet 22:00-07:00 or /quiet off"
QUIET_S_MAX = 7 * 86_400
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SPAN = re.compile(r"(?:for )?(\d{1,3}) ?(m|min|h|d)")
_SECONDS = {"m": 60, "min": 60, "h": 3600, "d": 86_400}


async def digest(request: Request) -> Said:
    """All goals of this chat in one message: now, or every day at a time."""
    words, scene = request.words.strip().lower().removeprefix("daily "), request.desk.scene()
    if not words:
        return Said(message=await make_digest(request.desk.engine, request.chat_id, scene.now, scene.timezone))
    _check_may(request)
    habits = await request.desk.habits.habits(request.chat_id)
    if words == "off":
        await request.desk.habits.keep(replace(habits, digest_at="", digest_due_at=None))
        return say("No digest comes by itself any more. /digest still shows one.")
    at = _time(words, DIGEST)
    due_at = next_at(at, scene.now, scene.timezone)
    await request.desk.habits.keep(replace(habits, thread_id=request.thread_id, digest_at=at, digest_due_at=due_at))
    first = clock_time(due_at, scene.now, scene.timezone)
    return say(f"A digest comes every day at {at}, the first one {first}. /digest off ends that.")


async def quiet(request: Request) -> Said:
    """When nothing rings in this chat but questions and answers."""
    words, scene, desk = request.words.strip().lower(), request.desk.scene(), request.desk
    habits = await desk.habits.habits(request.chat_id)
    if not words:
        return say(_standing(habits, desk.quiet_hours, scene.now, request))
    _check_may(request)
    if words == "off":
        changed = replace(habits, hours=Hours(), quiet_until=None)
    elif words == "usual":
        changed = replace(habits, hours=None, quiet_until=None)
    elif found := _SPAN.fullmatch(words):
        seconds = int(found[1]) * _SECONDS[found[2]]
        if not 0 < seconds <= QUIET_S_MAX:
            raise WrongInput("Quiet for at most 7 days at a time: /quiet 2h, /quiet 3d.")
        changed = replace(habits, quiet_until=scene.now + timedelta(seconds=seconds))
    else:
        start, dash, end = words.replace("–", "-").replace(" to ", "-").partition("-")
        if not dash:
            raise WrongInput(f"Please write it like this: {QUIET}")
        changed = replace(habits, hours=Hours(start=_time(start.strip(), QUIET), end=_time(end.strip(), QUIET)))
    await desk.habits.keep(changed)
    return say(_standing(changed, desk.quiet_hours, scene.now, request))


def _check_may(request: Request) -> None:
    if request.role < Role.REQUESTER:
        raise WrongInput(f"To change that you need the role requester or higher; yours is {request.role.word}.")


def _time(words: str, form: str) -> str:
    found = _TIME.fullmatch(words)
    if found is None:
        raise WrongInput(f"Please write it like this: {form}")
    return f"{int(found[1]):02}:{found[2]}"


def _standing(habits: Habits, usual: Hours, now: datetime, request: Request) -> str:
    """How it is now, and what still rings."""
    zone, lines = request.desk.scene().timezone, []
    hours = usual if habits.hours is None else habits.hours
    if habits.quiet_until is not None and now < habits.quiet_until:
        lines.append(f"🔕 Quiet until {clock_time(habits.quiet_until, now, zone)}.")
    if hours.start:
        whence = " (from the configuration)" if habits.hours is None else ""
        lines.append(f"🔕 Quiet every day from {hours.start} to {hours.end}{whence}.")
    if not lines:
        return escape(f"🔔 This chat has no quiet hours. {QUIET}")
    lines.append("Everything still arrives, without a sound; only questions and answers ring. /quiet off ends that.")
    return escape("\n".join(lines))
