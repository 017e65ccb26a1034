"""Which decision a message of ours shows, read from the message itself.

Its id is noted only after the chat has answered. Somebody may reply in between, and after a crash that is a long time;
so what the outbox does not know yet, the buttons and the last line say.
"""

import re

from telegram import Message

from bot.telegram.decisions import read_data
from bot.telegram.ports import Decisions
from executor.domain.decision import Decision

TOGETHER = "b:"  # how the data of a button begins that answers several
_HINT = re.compile(r"^Reply to this message, or /answer (\d{1,9}) ", re.MULTILINE)


async def decision_asked(decisions: Decisions, chat_id: int, message: Message, bot_name: str) -> Decision | None:
    """What a message asks; where its id is not noted yet, the message itself says so, if it is ours."""
    decision = await decisions.decision_of_message(chat_id, message.message_id)
    sender = message.from_user
    ours = sender is not None and sender.is_bot and bot_name in ("", sender.username)
    if decision is not None or not ours:
        return decision
    number = decision_shown(message)
    return None if number is None else await decisions.decision(number)


def decision_shown(message: Message) -> int | None:
    """The decision's number; None where the message shows no open one, or several: a word is never an answer to one
    that somebody did not name. The caller knows that it is ours."""
    rows = message.reply_markup.inline_keyboard if message.reply_markup is not None else ()
    buttons = [button for row in rows for button in row]
    if any(isinstance(button.callback_data, str) and button.callback_data.startswith(TOGETHER) for button in buttons):
        return None
    for button in buttons:
        if isinstance(button.callback_data, str) and (press := read_data(button.callback_data)) is not None:
            return press.number
    found = _HINT.findall(message.text or "")
    return int(found[-1]) if found else None
