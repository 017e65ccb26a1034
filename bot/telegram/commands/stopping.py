"""STOP in the chat: one word ends all action at once, and a person lifts it. No model and no queue is needed."""

from collections.abc import Sequence

from loguru import logger

from bot.telegram.access import Role
from bot.telegram.desk import Request, Said, say
from bot.telegram.html import bold, clip, escape
from bot.telegram.message import Button, Message
from bot.telegram.scene import stop_words
from bot.telegram.urgent import PRESS_RESUME
from executor.domain.errors import WrongInput
from executor.domain.goal import GOAL_RUNNING, Goal
from executor.domain.stop import Stop

GOALS_SHOWN = 10
TITLE_CHARACTERS = 60
NOT_LASTING = "⛔ Stopped, but STOP could not be written into the data folder: it will not survive a restart."


async def stop(request: Request) -> Said:
    """Where it was set the moment it arrived, this only says so."""
    try:
        place = (request.chat_id, request.thread_id)
        held, _ = request.desk.brake.set(request.caller.name, place, request.command_id)
    except OSError as error:
        logger.error("STOP can't be written: {}", error)
        return say(NOT_LASTING)
    if held.lifted_by:  # before its answer was written
        return say(escape(f"{held.note}. {held.lifted_by} has lifted the STOP since; everything goes on."))
    found = await request.desk.engine.goals(request.chat_id, open_only=True)
    running = [goal for goal in found if goal.state in GOAL_RUNNING]
    return Said(message=Message(html="\n".join(_stopped(request, held, running)), buttons=((_RESUME,),)))


_RESUME = Button("▶️ Resume", PRESS_RESUME, "success")


def _stopped(request: Request, held: Stop, running: Sequence[Goal]) -> list[str]:
    """With the goals of this chat that it holds up."""
    shown = [f"• {bold(goal.number)} {escape(clip(goal.title, TITLE_CHARACTERS))}" for goal in running[:GOALS_SHOWN]]
    more = len(running) - len(shown)
    return [
        f"⛔ {bold('Everything is stopped')}",
        escape(stop_words(held, request.desk.scene())),
        "",
        "Nothing new begins, and what ran is ended. Goals stay as they are.",
        *shown,
        *([f"• and {more} more"] if more > 0 else []),
        "/resume goes on.",
    ]


def lift(request: Request, *, answered: bool = True) -> str | None:
    """What came of it, in one sentence; None: there is no STOP. `answered`: the sentence becomes a message in this
    chat. Raises WrongInput where this person may not."""
    brake, place = request.desk.brake, (request.chat_id, request.thread_id)
    held = brake.lifted_with(request.command_id) or brake.held()
    if held is None:
        return None
    if request.role < Role.APPROVER:
        raise WrongInput("Only an approver or an owner can lift a STOP.")
    try:
        brake.lift(request.caller.name, place if answered else None, request.command_id)
    except OSError as error:
        raise WrongInput(f"The file STOP in the data folder can't be removed: {error.strerror}.") from None
    return f"The STOP by {held.by} is lifted. Everything goes on."
