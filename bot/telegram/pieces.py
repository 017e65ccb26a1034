"""Long texts: Telegram's apps cut what has more than 4,096 units into several messages. Pure functions.

The apps cut at a line's end where there is one in the second half, else at a space, else right there, and trim both
sides of the cut. So a message of more than half the limit may go on in the next one, and one of nearly the whole limit
probably does.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from telegram import Message as TelegramMessage

from bot.telegram.commands.table import COMMANDS
from bot.telegram.html import units
from bot.telegram.typed import typed_text

UNITS_MAX = 4096  # of one message, as Telegram counts
HALF = UNITS_MAX // 2
NEARLY_FULL = 3_700  # Android looks for a line's end or a space within the last 300 characters
WORD_UNITS = 64  # a message that is shorter by more was not cut between two words
SOON_S = 5.0  # between two pieces, by Telegram's own clock; they leave an app one right after the other
LATER_S = 60.0  # where the first is nearly full and the connection is poor
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@[A-Za-z0-9_]{3,32})?(?:\s|$)")
_ITEM = re.compile(r"\s*(?:[-*–•]|[0-9]{1,4}[.)])\s")


def may_go_on(message: TelegramMessage) -> bool:
    """Whether the next message may be the rest of this one."""
    return message.text is not None and units(message.text) > HALF


def is_nearly_full(message: TelegramMessage) -> bool:
    """Whether a message that nothing follows looks cut all the same."""
    return message.text is not None and units(message.text) >= NEARLY_FULL


def may_be_rest(message: TelegramMessage) -> bool:
    """Whether this message may be the rest of the one before: a rest is neither a reply nor a command."""
    return message.text is not None and message.reply_to_message is None and not _is_command(message.text)


def goes_on(before: TelegramMessage, after: TelegramMessage) -> bool:
    """Whether `after`, the same person's next message in the chat, is the rest of `before`."""
    if not (may_go_on(before) and may_be_rest(after) and _from_same_place(before, after)):
        return False
    apart_s = (after.date - before.date).total_seconds()
    return apart_s <= (LATER_S if is_nearly_full(before) else SOON_S)


def joined(pieces: Sequence[TelegramMessage]) -> str:
    """The text as it was typed, with backticks around code, before it was cut."""
    whole = typed_text(pieces[0])
    for before, after in pairwise(pieces):
        whole = _sewn(whole, _seam(before.text or "", after.text or ""), typed_text(after))
    return whole


def _is_command(text: str) -> bool:
    """A line of a text may begin with a path; a command that exists is one, and so is a single short line."""
    found = _COMMAND.match(text)
    if found is None:
        return False
    return found[1].lower() in COMMANDS or ("\n" not in text.strip() and units(text) <= WORD_UNITS)


def _from_same_place(one: TelegramMessage, other: TelegramMessage) -> bool:
    def place(message: TelegramMessage) -> tuple[int | None, int | None]:
        return message.message_thread_id, message.from_user.id if message.from_user is not None else None

    return place(one) == place(other)


def _seam(before: str, after: str) -> str:
    """What the cut has taken away: a line's end wherever there can have been one."""
    if "\n" in before[HALF:] or units(before) < UNITS_MAX - WORD_UNITS or _ITEM.match(after):
        return "\n"
    return "" if units(before) >= UNITS_MAX else " "


def _sewn(before: str, seam: str, after: str) -> str:
    """A block that was cut has got its marks twice."""
    if before.endswith("\n```") and after.startswith("```\n"):
        return f"{before[:-4]}\n{after[4:]}"
    return before + seam + after
