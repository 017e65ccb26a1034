"""Presses of inline buttons: the decision first, then the answer to the press, with what really came of it."""

from dataclasses import dataclass, replace

from bot.telegram.access import Role
from bot.telegram.commands import grants
from bot.telegram.commands.arguments import goal_number, own_view, task_ref
from bot.telegram.commands.deciding import answer_together, check_may_decide, refusal
from bot.telegram.commands.history import read_target, undoing, undone
from bot.telegram.commands.lessons import revoke
from bot.telegram.commands.letters import again, page, read_page
from bot.telegram.commands.stopping import lift, stop
from bot.telegram.decisions import Press, read_data
from bot.telegram.desk import Request, Said, say_reply
from bot.telegram.gathered import read_together
from bot.telegram.html import clip
from bot.telegram.urgent import PRESS_RESUME, PRESS_STOP
from executor.domain.decision import Decision
from executor.domain.errors import WrongInput
from executor.engine.replies import Accepted, Refused

TOAST_CHARACTERS_MAX = 200
NOT_MINE = "This button is not one of mine."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What the press shows: a toast, or an alert that must be read. `said`: a message besides."""

    toast: str
    alert: bool = False
    said: Said | None = None


async def press(request: Request, data: str) -> Pressed:
    """Raises WrongInput where this person may not."""
    if (button := _BUTTONS.get(data[:2])) is not None:
        return await button(request, data[2:])
    read = read_data(data)
    if read is None:
        return Pressed(toast=NOT_MINE, alert=True)
    option = await _option(request, read)
    if option is None:
        return Pressed(toast=NOT_MINE, alert=True)
    reply = await request.desk.engine.answer(
        read.number,
        option=option,
        text=None,
        revision=read.revision,
        caller=request.caller,
        command_id=request.command_id,
    )
    if isinstance(reply, Refused):
        return Pressed(toast=clip(await refusal(request, read.number, reply), TOAST_CHARACTERS_MAX), alert=True)
    said = say_reply(reply) if reply.wants_text or reply.aloud else None
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), said=said)


async def _take_back(request: Request, data: str) -> Pressed:
    goal, _, key = data.partition(":")
    if goal_number(goal) is None or not key:
        return Pressed(toast=NOT_MINE, alert=True)
    reply = await grants.revoke(request, goal, key)
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=not isinstance(reply, Accepted))


async def _stopping(request: Request, data: str) -> Pressed:
    if f"s:{data}" not in (PRESS_STOP, PRESS_RESUME):
        return Pressed(toast=NOT_MINE, alert=True)
    if request.role < Role.REQUESTER:
        raise WrongInput("Stopping and resuming need the role requester or higher.")
    if f"s:{data}" == PRESS_STOP:
        return Pressed(toast="⛔ Everything is stopped.", said=await stop(request))
    return Pressed(toast=clip(lift(request, answered=False) or "Nothing is stopped.", TOAST_CHARACTERS_MAX))


async def _option(request: Request, read: Press) -> str | None:
    """The option's name; None where this decision has no such place. Whoever may decide everything, and pressed a named
    button, needs no look at the decision first: that is one read less between the press and its answer."""
    if isinstance(read.option, str) and request.role >= Role.APPROVER:
        return read.option
    decision = await request.desk.decisions.decision(read.number)
    if decision is None:
        return None
    option = _named(decision, read.option)
    if option is not None:
        await check_may_decide(request, decision, option)
    return option


def _named(decision: Decision, option: str | int) -> str | None:
    if isinstance(option, str):
        return option
    return decision.options[option - 1].name if 1 <= option <= len(decision.options) else None


async def _example(request: Request, place: str) -> Pressed:
    examples = request.desk.examples
    if not (place.isascii() and place.isdigit() and 1 <= int(place) <= len(examples)):
        return Pressed(toast=NOT_MINE, alert=True)
    if request.role < Role.REQUESTER:
        raise WrongInput("Setting a goal needs the role requester or higher.")
    draft = request.desk.read_goal(examples[int(place) - 1].text)
    reply = await request.desk.engine.set_goal(
        draft, origin=request.origin, caller=request.caller, command_id=request.command_id
    )
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=not isinstance(reply, Accepted))


async def _again(request: Request, name: str) -> Pressed:
    """Take up what had ended: a goal by its number, a task by its ref."""
    if goal_number(name) is None and task_ref(name) is None:
        return Pressed(toast=NOT_MINE, alert=True)
    if request.role < Role.REQUESTER:
        raise WrongInput("Taking up work again needs the role requester or higher.")
    reply = await again(replace(request, words=name))
    refused = not isinstance(reply, Accepted)
    return Pressed(
        toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=refused, said=None if refused else say_reply(reply)
    )


async def _letters(request: Request, data: str) -> Pressed:
    wanted = read_page(data)
    if wanted is None:
        return Pressed(toast=NOT_MINE, alert=True)
    return Pressed(toast="", said=await page(request, wanted[0], everywhere=wanted[1]))


async def _revoke(request: Request, number: str) -> Pressed:
    if not (number.isascii() and number.isdigit() and goal_number(number) is not None):
        return Pressed(toast=NOT_MINE, alert=True)
    reply = await revoke(request, number)
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=not isinstance(reply, Accepted))


async def _undo(request: Request, data: str) -> Pressed:
    """A look at what it would do; with the state that was looked at, the deed."""
    what, _, seen = data.partition(":")
    target = read_target(what)
    if target is None:
        return Pressed(toast=NOT_MINE, alert=True)
    if request.role < Role.REQUESTER:
        raise WrongInput("Undoing needs the role requester or higher.")
    said = await (undone(request, target, seen) if seen else undoing(request, target))
    return Pressed(toast="Undone" if seen else "", said=said)


async def _resume(request: Request, number: str) -> Pressed:
    if goal_number(number) is None:
        return Pressed(toast=NOT_MINE, alert=True)
    view = await own_view(request, number, "/resume 12")
    reply = await request.desk.engine.resume(view.goal.number, caller=request.caller, command_id=request.command_id)
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=not isinstance(reply, Accepted))


async def _together(request: Request, data: str) -> Pressed:
    """Several approvals of one card."""
    meant = read_together(data)
    if meant is None:
        return Pressed(toast=NOT_MINE, alert=True)
    reply = await answer_together(request, meant)
    return Pressed(toast=clip(reply.sentence, TOAST_CHARACTERS_MAX), alert=not isinstance(reply, Accepted))


_BUTTONS = {
    "b:": _together,
    "r:": _resume,
    "x:": _example,
    "t:": _again,
    "l:": _letters,
    "u:": _undo,
    "v:": _revoke,
    "g:": _take_back,
    "s:": _stopping,
}
"""By how their data begins; every other button answers a decision."""
