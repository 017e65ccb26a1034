"""STOP in the chat: one word ends all action at once, and a person lifts it. No model and no queue is needed."""

from loguru import logger

from bot.telegram.access import Role
from bot.telegram.desk import Request, Said, say
from bot.telegram.html import bold, escape
from bot.telegram.message import Button, Message
from bot.telegram.scene import stop_words
from bot.telegram.urgent import PRESS_RESUME
from executor.domain.errors import WrongInput
from executor.domain.stop import Stop

NOT_LASTING = "⛔ Stopped, but STOP could not be written into the data folder: it will not survive a restart."


async def stop(request: Request) -> Said:
    """Where it was set the moment it arrived, this only says so."""
    try:
        held, _ = request.desk.brake.set(request.caller.name)
    except OSError as error:
        logger.error("STOP can't be written: {}", error)
        return say(NOT_LASTING)
    return Said(message=Message(html="\n".join(_stopped(request, held)), buttons=((_RESUME,),)))


_RESUME = Button("▶️ Resume", PRESS_RESUME, "success")


def _stopped(request: Request, held: Stop) -> list[str]:
    return [
        f"⛔ {bold('Everything is stopped')}",
        escape(stop_words(held, request.desk.scene())),
        "",
        "Nothing new begins, and what ran is ended. Goals stay as they are.",
        "/resume goes on.",
    ]


def lift(request: Request) -> str | None:
    """What came of it, in one sentence; None: there is no STOP. Raises WrongInput where this person may not."""
    held = request.desk.brake.held()
    if held is None:
        return None
    if request.role < Role.APPROVER:
        raise WrongInput("Only an approver or an owner can lift a STOP.")
    try:
        request.desk.brake.lift(request.caller.name)
    except OSError as error:
        raise WrongInput(f"The file STOP in the data folder can't be removed: {error.strerror}.") from None
    return f"The STOP by {held.by} is lifted. Everything goes on."
