"""What can't wait for its turn: a STOP is carried out the moment its update arrives. Its answer comes in its turn.

Only who may set goals may stop them; nothing that was forwarded, edited, or said in the name of a group counts.
"""

import re

from telegram import Message, Update

from bot.telegram.access import Access, Role
from executor.domain.stop import Place

PRESS_STOP, PRESS_RESUME = "s:stop", "s:resume"
WORDS = frozenset({"stop", "stopp", "halt", "стоп", "👎", "🛑", "⛔", "✋"})
"""What stops everything as a whole message in a private chat, beside /stop."""
RESUME_WORDS = frozenset({"resume", "continue", "go on"})
"""What lifts a STOP in the same way, as long as there is one; else it is the title of a goal like any other."""
_COMMAND = re.compile(r"/stop(?:@([A-Za-z0-9_]{3,32}))?(?:\s|$)", re.IGNORECASE)


def is_stop_word(text: str) -> bool:
    return _bare(text) in WORDS


def is_resume_word(text: str) -> bool:
    return _bare(text) in RESUME_WORDS


def _bare(text: str) -> str:
    return text.strip().rstrip("!.").rstrip("\ufe0f").strip().casefold()


def stops(update: Update, access: Access, bot_name: str) -> str | None:
    """The name of who stops everything with this update; None: it is something else, or they may not."""
    message, query = update.message, update.callback_query
    if query is not None:
        said, person = query.data == PRESS_STOP, query.from_user
    elif message is not None and message.from_user is not None:
        text, person = message.text or "", message.from_user
        ours = message.sender_chat is None and message.forward_origin is None and not person.is_bot
        alone = message.chat.type == "private" and message.reply_to_message is None and is_stop_word(text)
        said = ours and (alone or _is_command(text, bot_name))
    else:
        return None
    if not said or access.role(person.id) < Role.REQUESTER:
        return None
    return person.first_name or str(person.id)


def place_of(update: Update) -> Place | None:
    """Where a STOP by this update is answered."""
    message = update.effective_message
    if message is None:
        return None
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return message.chat.id, topic


def _is_command(text: str, bot_name: str) -> bool:
    found = _COMMAND.match(text)
    return found is not None and (found[1] is None or found[1].lower() == bot_name.lower())
