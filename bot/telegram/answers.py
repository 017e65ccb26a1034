"""What the Bot API answers, as values: every error of python-telegram-bot with what it means for a delivery."""

from enum import Enum

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.error import TimedOut as TimedOutError

from executor.ports import ChatMoved, Delivered, Delivery, MaybeDelivered, MessageGone, NotDelivered, Undeliverable

RETRY_S = 1.0
TOKEN_RETRY_S = 60.0
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
    "there is no caption in the message to edit",
)
_CHAT_GONE = (
    "chat not found",
    "group chat was deactivated",
    "not enough rights",
    "have no rights to send",
    "chat_write_forbidden",
    "user_is_blocked",
    "peer_id_invalid",
)
_NO_TOPIC = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Again(Enum):
    """Not an end yet: the same message once more in another form."""

    PLAIN = "without formatting"
    NO_TOPIC = "outside the topic"


def read_error(error: TelegramError, content_hash: str) -> Delivery | Again:
    """The order matters: BadRequest and TimedOut are kinds of NetworkError. Source: the Bot API's own texts."""
    match error:
        case RetryAfter():
            # The public attribute is an int or a timedelta, depending on the environment; this one never changes.
            wait_s = error._retry_after.total_seconds()
            return NotDelivered(wait_s=wait_s, error=str(error), whole_chat=True)
        case ChatMigrated():
            return ChatMoved(chat_id=error.new_chat_id)
        case Forbidden():
            return Undeliverable(error=str(error), chat_gone=True)
        case InvalidToken():
            return NotDelivered(wait_s=TOKEN_RETRY_S, error="the bot token is not valid")
        case BadRequest():
            return _read_refusal(str(error), content_hash)
        case NetworkError():  # TimedOut among them
            return _read_network(error)
        case _:
            return NotDelivered(wait_s=RETRY_S, error=_line(error))


def _read_refusal(text: str, content_hash: str) -> Delivery | Again:
    said = text.lower()
    if "message is not modified" in said:
        return Delivered(message_id=None, content_hash=content_hash)
    if any(sign in said for sign in _GONE):
        return MessageGone()
    if any(sign in said for sign in _NO_TOPIC):
        return Again.NO_TOPIC
    if "can't parse entities" in said:
        return Again.PLAIN
    return Undeliverable(error=text, chat_gone=any(sign in said for sign in _CHAT_GONE))


def _read_network(error: NetworkError) -> Delivery:
    cause = error.__cause__
    if isinstance(cause, _NEVER_SENT):
        return NotDelivered(wait_s=RETRY_S, error=_line(error))
    if isinstance(error, TimedOutError) or isinstance(cause, httpx.HTTPError):
        return MaybeDelivered(error=_line(error))
    # An HTTP answer in words. A gateway's says nothing about what stands behind it; any other is a plain refusal.
    if "gateway" in str(error).lower():
        return MaybeDelivered(error=_line(error))
    return NotDelivered(wait_s=RETRY_S, error=_line(error))


def _line(error: TelegramError) -> str:
    return f"{type(error.__cause__ or error).__name__}: {error}"[:200]
