"""Commands that change what a goal asks for while it is under way: its deadline, its priority, its criteria."""

import re

from bot.telegram.access import Role
from bot.telegram.commands.arguments import first_word, goal_number, own_view
from bot.telegram.desk import Request, Said, say_reply
from executor.domain.errors import WrongInput
from executor.domain.plan import Criterion

DEADLINE = "/deadline 12 18:00, /deadline 12 tomorrow 9:00, /deadline 12 in 2h or /deadline 12 none"
PRIORITY = "/priority 12 p8"
CRITERION = "/adapt 12 c1 The archive exists: `test -s notes.tgz`"
_CRITERION = re.compile(r"(?:#?(\d{1,9})\.)?c(\d{1,3}):?", re.IGNORECASE)
_PRIORITY = re.compile(r"p?(\d{1,4})", re.IGNORECASE)
_NONE = frozenset({"none", "never", "off"})


async def deadline(request: Request) -> Said:
    """``/deadline [12] <time>``, with the reading repeated."""
    goal, words = _goal_and_rest(request.words)
    if not words:
        raise WrongInput(f"Please write it like this: {DEADLINE}")
    view = await own_view(request, goal, DEADLINE)
    engine, caller, command_id = request.desk.engine, request.caller, request.command_id
    if words.lower() in _NONE:
        return say_reply(await engine.set_deadline(view.goal.number, None, caller=caller, command_id=command_id))
    draft = request.desk.read_goal(f"Deadline by {words.removeprefix('by ')}")
    if draft.deadline_at is None or draft.title != "Deadline":
        raise WrongInput(f"“{words[:40]}” is no time that I know. Please write it like this: {DEADLINE}")
    told = next((line.removeprefix("Deadline: ") for line in draft.reading if line.startswith("Deadline: ")), "")
    reply = await engine.set_deadline(
        view.goal.number, draft.deadline_at, told=told, caller=caller, command_id=command_id
    )
    return say_reply(reply)


async def priority(request: Request) -> Said:
    """``/priority [12] p8``."""
    goal, words = _goal_and_rest(request.words)
    if not words and _PRIORITY.fullmatch(goal):  # a single number is the priority of the goal that is meant
        goal, words = "", goal
    found = _PRIORITY.fullmatch(words)
    if found is None:
        raise WrongInput(f"Please write it like this: {PRIORITY}")
    view = await own_view(request, goal, PRIORITY)
    reply = await request.desk.engine.set_priority(
        view.goal.number, int(found[1]), caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


async def criterion(request: Request, goal: str, place: int, text: str) -> Said:
    """``/adapt [12] c1 new text``: another criterion in its place, or one more."""
    view = await own_view(request, goal, CRITERION)
    reply = await request.desk.engine.edit_criterion(
        view.goal.number,
        place,
        _read(request, text),
        trusted=request.role >= Role.APPROVER,
        caller=request.caller,
        command_id=request.command_id,
    )
    return say_reply(reply)


def named_criterion(words: str) -> tuple[str, int, str] | None:
    """(goal or "", place, text) where the words begin with a criterion: ``12 c1 text``, ``c1 text``, ``12.c1 text``."""
    goal, rest = _goal_and_rest(words)
    head, text = first_word(rest)
    found = _CRITERION.fullmatch(head)
    return (goal or found[1] or "", int(found[2]), text) if found else None


def _read(request: Request, text: str) -> Criterion:
    """As a bullet of a goal's text."""
    criteria = request.desk.read_goal(f"Goal\n- {' '.join(text.split())}").criteria if text.strip() else ()
    if len(criteria) != 1:
        raise WrongInput(f"Say what has to be true: {CRITERION}")
    return criteria[0]


def _goal_and_rest(words: str) -> tuple[str, str]:
    head, rest = first_word(words)
    return (head, rest) if goal_number(head) is not None else ("", words.strip())
