"""What a message becomes in a request to the Bot API."""

from dataclasses import replace

from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, ReplyParameters
from telegram import Message as SentMessage

from bot.telegram.message import Document, Message
from executor.domain.notice import Notice, NoticeKind, NoticeState

GENERAL_TOPIC = 1  # a forum's main topic has this number, and a message to it must not name it


def of_document(notice: Notice, key: str, document: Document, sent: SentMessage) -> Notice:
    """A document that has been sent, as a row of its own under `key`."""
    return replace(
        notice,
        key=key,
        kind=NoticeKind.TEXT,
        facts={"text": document.name},
        state=NoticeState.SENT,
        decision_number=None,
        message_id=sent.message_id,
        content_hash="",
        sent_revision=notice.revision,
        sent_at=sent.date,
        error="",
    )


def thread_of(notice: Notice) -> int | None:
    """The topic to name; None for the main one, and where there are none."""
    return None if notice.thread_id == GENERAL_TOPIC else notice.thread_id


def answering(message_id: int | None) -> ReplyParameters | None:
    """It is sent all the same if that message is gone."""
    return None if message_id is None else ReplyParameters(message_id, allow_sending_without_reply=True)


def file_of(document: Document) -> InputFile:
    return InputFile(document.text.encode("utf-8", "replace"), filename=document.name)


def markup_of(message: Message) -> InlineKeyboardMarkup | ForceReply | None:
    if message.force_reply is not None:
        return ForceReply(input_field_placeholder=message.force_reply[:64] or None)
    return keyboard_of(message)


def keyboard_of(message: Message) -> InlineKeyboardMarkup | None:
    if not message.buttons:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(b.label, callback_data=b.data, style=b.style) for b in row] for row in message.buttons]
    )
