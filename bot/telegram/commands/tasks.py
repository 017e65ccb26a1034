"""Commands about single tasks."""

import re
from collections.abc import Awaitable, Callable

from bot.telegram.commands.arguments import (
    check_has_task,
    check_may_order,
    first_word,
    goal_number,
    own_task,
    own_view,
    task_ref,
)
from bot.telegram.desk import Request, Said, say_reply
from executor.domain.decision import DecisionKind
from executor.domain.errors import WrongInput
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.engine.replies import Reply


async def task(request: Request) -> Said:
    """``/task title`` makes one alone, ``/task 12 title`` one in goal 12, ``/task 12.3`` and lines its parts;
    ``/task 12.3`` alone asks whether it can be done, now or in parts."""
    word, title = first_word(request.words)
    if (ref := task_ref(word)) is not None:
        return await _split(request, ref, title)
    number = goal_number(word) if title else None
    if number is not None:
        view = await own_view(request, word, "/task 12 Call Ann")
        if view.goal.state not in GOAL_RUNNING | {GoalState.PAUSED}:
            raise WrongInput(f"Goal {number} takes no new tasks now. /status {number} shows why.")
    else:
        title = request.words.strip()
    if not title:
        raise WrongInput(
            "Please write it like this: /task Call Ann, or in a goal: /task 12 Call Ann. "
            "/task 12.3 and numbered lines below it do that task in parts."
        )
    reply = await request.desk.engine.add_task(
        title, goal_number=number, origin=request.origin, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


async def _split(request: Request, ref: str, text: str) -> Said:
    view = await own_view(request, ref.split(".")[0], SPLIT)
    check_has_task(view, ref)
    check_may_order(request, text)
    engine = request.desk.engine
    if not text:
        return say_reply(await engine.execute_task(ref, caller=request.caller, command_id=request.command_id))
    return say_reply(await engine.split_task(ref, text, caller=request.caller, command_id=request.command_id))


SPLIT = "/task 12.3 and below it its parts, a numbered line each"


_PERSON = re.compile(r"@[A-Za-z][A-Za-z0-9_]{1,31}|[1-9]\d{0,15}")
_NOBODY = frozenset({"nobody", "none", "off"})
ASSIGN = "/assign 12.3 @ann, /assign 12.3 me or /assign 12.3 nobody"


async def assign(request: Request) -> Said:
    """``/assign 12.3 @ann``: who is named when a person is needed for it; an id, ``me`` and ``nobody`` will do."""
    word, whom = first_word(request.words)
    ref, whom = task_ref(word), whom.lower() if whom.lower() in (*_NOBODY, "me") else whom
    if ref is None or not (whom == "me" or whom in _NOBODY or _PERSON.fullmatch(whom)):
        raise WrongInput(f"Please write it like this: {ASSIGN}")
    view = await own_view(request, ref.split(".")[0], ASSIGN)
    check_has_task(view, ref)
    assignee = None if whom in _NOBODY else str(request.caller.person_id) if whom == "me" else whom
    reply = await request.desk.engine.assign(ref, assignee, caller=request.caller, command_id=request.command_id)
    return say_reply(reply)


async def skip(request: Request) -> Said:
    return await _on_task(request, request.desk.engine.skip, "/skip 12.3", DecisionKind.BLOCKAGE)


async def takeover(request: Request) -> Said:
    return await _on_task(request, request.desk.engine.take_over, "/takeover 12.3", DecisionKind.BLOCKAGE)


async def done(request: Request) -> Said:
    return await _on_task(request, request.desk.engine.done, "/done 12.3", DecisionKind.MANUAL)


async def handback(request: Request) -> Said:
    return await _on_task(request, request.desk.engine.hand_back, "/handback 12.3", DecisionKind.MANUAL)


async def _on_task(request: Request, command: Callable[..., Awaitable[Reply]], form: str, kind: DecisionKind) -> Said:
    ref = await own_task(request, form, kind)
    return say_reply(await command(ref, caller=request.caller, command_id=request.command_id))
