"""The Sender port over the Bot API: one notice becomes one message, or an edit of the one it already has."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from loguru import logger
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot.telegram.answers import Again, read_error
from bot.telegram.composing import Composer
from bot.telegram.html import plain
from bot.telegram.message import Document, Message
from bot.telegram.messages import repeated_message
from bot.telegram.requests import answering, file_of, keyboard_of, markup_of, of_document, thread_of
from executor.domain.decision import DecisionState
from executor.domain.errors import DeliveryFailed
from executor.domain.notice import LOUD, RINGS_ALWAYS, Notice, NoticeKind
from executor.ports import Delivered, Delivery, MaybeDelivered, MessageGone, NotDelivered, Store, Undeliverable

EDITED = frozenset({NoticeKind.CARD, NoticeKind.DECISION, NoticeKind.END})
"""Kinds whose message must stay a plain text message, because it will be edited: a document goes before it."""
OFF_THE_LISTS = "whose chat it is, is no longer on the lists"
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Messages(Protocol):
    """The part of the Outbox that replies and documents need."""

    async def message_of(self, key: str) -> int | None: ...

    async def put(self, notices: Sequence[Notice]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How a message is tried: what the chat refuses is taken away."""

    html: bool = True
    topic: bool = True

    def without(self, refused: Again) -> "_Form":
        return replace(self, html=False) if refused is Again.PLAIN else replace(self, topic=False)


class TelegramSender:
    """`can_probe`: whether an equal edit may be used to find out that a message is there (reliable in the local chat;
    for Telegram a switch, until somebody has confirmed it there). `quiet` says whether a chat has its quiet hours."""

    def __init__(
        self,
        bot: Bot,
        composer: Composer,
        store: Store,
        messages: Messages,
        *,
        can_probe: bool,
        quiet: Callable[[int], Awaitable[bool]] | None = None,
        may_hear: Callable[[Notice], bool] = lambda notice: True,
    ) -> None:
        self._bot = bot
        self._composer = composer
        self._store = store
        self._messages = messages
        self._can_probe = can_probe
        self._quiet = quiet
        self._may_hear = may_hear

    @property
    def can_probe(self) -> bool:
        return self._can_probe

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> Delivery:
        if not self._may_hear(notice):
            return Undeliverable(error=OFF_THE_LISTS, chat_gone=True)
        message = await self._composer.message(notice)
        if message is None:
            return Undeliverable(error="there is nothing left to show")
        if repeated and notice.message_id is None:
            message = repeated_message(message)
        if notice.message_id is None:
            return await self._send(notice, message)
        if message.content_hash == notice.content_hash:
            return Delivered(message_id=notice.message_id, content_hash=message.content_hash)
        return await self._edit(notice, message, notice.message_id)

    async def probe(self, notice: Notice, candidates: Sequence[int]) -> int | None:
        """Edits each candidate to what this notice shows: "not modified" means that it is the one. So does a success:
        then it was another message of ours that nobody knew, and now it shows this. Raises DeliveryFailed when the
        chat can't be asked now."""
        message = await self._composer.message(notice)
        if message is None:
            return None
        for candidate in candidates:
            delivery = await self._try_edit(notice, message, candidate)
            match delivery:
                case Delivered():
                    return candidate
                case NotDelivered() | MaybeDelivered():
                    raise DeliveryFailed(detail=delivery.error)
                case _:
                    continue
        return None

    # --------------------------------------------------------------------------------------------------------- sending

    async def _send(self, notice: Notice, message: Message) -> Delivery:
        if message.document is not None and (notice.kind in EDITED or not message.fits_caption):
            problem = await self._send_document_first(notice, message.document)
            if problem is not None:
                return problem
            message = replace(message, document=None) if notice.kind not in EDITED else message
        if (problem := await self._send_beside(notice, message)) is not None:
            return problem
        reply_to = await self._reply_target(notice)
        form = _Form()
        while True:
            try:
                message_id = await self._request_send(notice, message, reply_to, form)
                return Delivered(message_id=message_id, content_hash=message.content_hash)
            except TelegramError as error:
                delivery = read_error(error, message.content_hash)
            if not isinstance(delivery, Again):
                return delivery
            if (next_form := form.without(delivery)) == form:
                return Undeliverable(error=f"refused even {delivery.value}")
            logger.warning("{} is sent {}", notice.key, delivery.value)
            form = next_form

    async def _request_send(self, notice: Notice, message: Message, reply_to: int | None, form: _Form) -> int:
        shared: dict[str, Any] = {
            "chat_id": notice.chat_id,
            "parse_mode": ParseMode.HTML if form.html else None,
            "reply_markup": markup_of(message),
            "message_thread_id": thread_of(notice) if form.topic else None,
            "disable_notification": not await self._rings(notice),
            "reply_parameters": answering(reply_to),
            "protect_content": message.protect or None,
        }
        text = message.html if form.html else plain(message.html)
        if message.document is not None and notice.kind not in EDITED:
            sent = await self._bot.send_document(document=file_of(message.document), caption=text, **shared)
        else:
            sent = await self._bot.send_message(text=text, link_preview_options=_NO_PREVIEW, **shared)
        return sent.message_id

    async def _rings(self, notice: Notice) -> bool:
        """In quiet hours only what a person asked for and what waits for one."""
        if notice.kind not in LOUD or notice.kind in RINGS_ALWAYS:
            return notice.kind in LOUD
        return self._quiet is None or not await self._quiet(notice.chat_id)

    async def _send_document_first(self, notice: Notice, document: Document) -> Delivery | None:
        """None: it is in the chat, and the message may follow. A person must be able to read all of what they accept,
        so a document that may be missing holds the message up. Where it stands is kept in the outbox, as a notice of
        its own, so that a message that is sent later, or after a restart, does not bring it again."""
        key = f"{notice.key}/document/{Message(html='', document=document).content_hash}"
        if await self._messages.message_of(key) is not None:
            return None
        topic = True
        while True:
            try:
                sent = await self._bot.send_document(
                    chat_id=notice.chat_id,
                    document=file_of(document),
                    message_thread_id=thread_of(notice) if topic else None,
                    disable_notification=True,
                )
            except TelegramError as error:
                delivery = read_error(error, "")
                if delivery is Again.NO_TOPIC and topic:
                    topic = False
                    continue
                return Undeliverable(error=str(error)) if isinstance(delivery, Again) else delivery
            await self._messages.put([of_document(notice, key, document, sent)])
            return None

    async def _send_beside(self, notice: Notice, message: Message) -> Delivery | None:
        """As above, of each document that was not sent yet."""
        for document in message.beside:
            if (problem := await self._send_document_first(notice, document)) is not None:
                return problem
        return None

    async def _reply_target(self, notice: Notice) -> int | None:
        """What a message answers: the command it replies to, else its goal's card."""
        wanted = notice.facts.get("reply_to")
        if isinstance(wanted, int):
            return wanted
        if notice.goal_number is None or notice.kind in (NoticeKind.CARD, NoticeKind.ANSWER):
            return None
        return await self._messages.message_of(f"{notice.goal_number}/card")

    # --------------------------------------------------------------------------------------------------------- editing

    async def _edit(self, notice: Notice, message: Message, message_id: int) -> Delivery:
        if message.document is not None:
            problem = await self._send_document_first(notice, message.document)
            if problem is not None:
                return problem
        if (problem := await self._send_beside(notice, message)) is not None:
            return problem
        delivery = await self._try_edit(notice, message, message_id)
        if isinstance(delivery, MessageGone) and await self._is_closed(notice):
            # Somebody deleted an answered question: there is nothing left to press, so there is nothing to say.
            return Delivered(message_id=message_id, content_hash=message.content_hash)
        return delivery

    async def _try_edit(self, notice: Notice, message: Message, message_id: int) -> Delivery:
        form = _Form()
        while True:
            try:
                await self._request_edit(notice, message, message_id, form)
                return Delivered(message_id=message_id, content_hash=message.content_hash)
            except TelegramError as error:
                delivery = read_error(error, message.content_hash)
            if not isinstance(delivery, Again):
                return delivery
            if (next_form := form.without(delivery)) == form:
                return Undeliverable(error=f"refused even {delivery.value}")
            form = next_form

    async def _request_edit(self, notice: Notice, message: Message, message_id: int, form: _Form) -> None:
        text = message.html if form.html else plain(message.html)
        buttons = keyboard_of(message)
        place: dict[str, Any] = {
            "chat_id": notice.chat_id,
            "message_id": message_id,
            "parse_mode": ParseMode.HTML if form.html else None,
            "reply_markup": buttons,
        }
        if message.document is not None and notice.kind not in EDITED and message.fits_caption:
            await self._bot.edit_message_caption(caption=text, **place)
        else:
            await self._bot.edit_message_text(text=text, link_preview_options=_NO_PREVIEW, **place)

    async def _is_closed(self, notice: Notice) -> bool:
        if notice.kind not in (NoticeKind.DECISION, NoticeKind.END) or notice.decision_number is None:
            return False
        decision = await self._store.decision(notice.decision_number)
        return decision is None or decision.state is not DecisionState.OPEN
