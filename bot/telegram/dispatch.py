"""From an update to its answers: who speaks, what they mean, one handler, its words as notices."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace

from telegram import CallbackQuery, Update, User
from telegram import Message as TelegramMessage
from telegram.constants import ChatType

from bot.telegram.access import Role
from bot.telegram.asked import decision_asked
from bot.telegram.commands import deciding, goals, long_goals, stopping
from bot.telegram.commands.table import COMMANDS, forbidden, unknown
from bot.telegram.desk import Desk, Request, Said, notice_of, say, say_reply
from bot.telegram.discreet import Discreet, Told
from bot.telegram.html import escape
from bot.telegram.joining import ALONE, Whole
from bot.telegram.presses import Pressed, press
from bot.telegram.typed import typed_text
from bot.telegram.urgent import is_resume_word, is_stop_word
from executor.domain.errors import WrongInput
from executor.domain.notice import Notice
from executor.engine.replies import Caller

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?:\s+|$)")
PRIVATE_BOT = "This bot is private. Your id is {id}; an owner can add it."
NOT_A_QUESTION = "That message asks nothing. A new goal needs no reply: just write it, or use /goal."
IN_A_GROUP = "In a group I listen to commands: /goal Back up my notes by 18:00. /help lists them all."
FORWARDED = "That was forwarded, so it may be somebody else's words: I do nothing with it. Write it yourself, please."
BY_A_BOT = (
    "Another bot wrote that for you, so it may not be what you saw: I do nothing with it. Write it yourself, please."
)
PLEASE_DELETE = "I could not delete your message with the value. Please delete it yourself."
TEXT_ONLY = "I read text only. Write your goal as a message, or send it as a .txt or .md file with the caption /goal."

SET_GOALS = frozenset({"goal", "run"})
"""Commands whose answer is the goal's card; a repeated one finds its goal by itself."""

Handler = Callable[[Request, TelegramMessage, Whole], Awaitable[Said | None]]
Toast = Callable[[str, str, bool], Awaitable[None]]
"""(callback query id, text, alert): shows the answer to a press. Never raises for what the chat answers."""
Delete = Callable[[int, int], Awaitable[bool]]
"""(chat id, message id): takes a message out of the chat; whether it is gone. Never raises for what the chat says."""

Left = Callable[[], Awaitable[None]]
"""Somebody who may nothing was heard: perhaps they could, once."""


class Dispatcher:
    """`bot_name` gives our @username without @, "" while it is not known. Every notice it returns has a key made from
    the update, so that handling an update again says nothing twice."""

    def __init__(
        self, desk: Desk, toast: Toast, bot_name: Callable[[], str], discreet: Discreet, delete: Delete, left: Left
    ) -> None:
        self._desk = desk
        self._toast = toast
        self._discreet = discreet
        self._delete = delete
        self._left = left
        self._bot_name = bot_name

    async def handle(self, update: Update, whole: Whole = ALONE) -> list[Notice]:
        """Carry it out and return its answers. WrongInput becomes its one clear line."""
        if update.callback_query is not None:
            return await self._pressed(update.update_id, update.callback_query)
        if update.edited_message is not None:
            return await self._said(update.update_id, update.edited_message, whole, self._edited)
        if update.message is not None:
            return await self._said(update.update_id, update.message, whole, self._written)
        return []

    # -------------------------------------------------------------------------------------------------------- messages

    async def _said(self, update_id: int, message: TelegramMessage, whole: Whole, handler: Handler) -> list[Notice]:
        if message.migrate_to_chat_id is not None:
            await self._desk.outbox.move_chat(message.chat_id, message.migrate_to_chat_id)
            return []
        if message.migrate_from_chat_id is not None:  # the same, told in the new one
            await self._desk.outbox.move_chat(message.migrate_from_chat_id, message.chat_id)
            return []
        sender = message.from_user
        # A message in the name of a group or a channel has no person behind it who could be asked for their role.
        if sender is None or sender.is_bot or message.sender_chat is not None:
            return []
        request = self._request(update_id, message, sender)
        if request.role is Role.NOBODY:
            await self._left()
            return self._greet(request)
        if message.forward_origin is not None or message.via_bot is not None:
            others = FORWARDED if message.forward_origin is not None else BY_A_BOT
            return [notice_of(request, say(others), 1)] if request.private else []
        told = await self._discreet.told(message)
        try:
            said = await (handler(request, message, whole) if told is None else self._provided(request, told))
        except WrongInput as error:
            said = say(escape(error.public))
        notices = [notice_of(request, said, 1)] if said is not None else []
        if told is not None and not await self._delete(message.chat_id, message.message_id):
            notices.append(notice_of(request, say(PLEASE_DELETE), 2))
        return notices

    def _request(self, update_id: int, message: TelegramMessage, sender: User, words: str = "") -> Request:
        return Request(
            desk=self._desk,
            update_id=update_id,
            chat_id=message.chat_id,
            thread_id=message.message_thread_id if message.is_topic_message else None,
            message_id=message.message_id,
            private=message.chat.type == ChatType.PRIVATE,
            caller=Caller(person_id=sender.id, name=sender.first_name or str(sender.id)),
            role=self._desk.access.role(sender.id),
            words=words,
        )

    def _greet(self, request: Request) -> list[Notice]:
        """One polite line to a stranger, once a day, and never in front of a group."""
        today = self._desk.clock.now().date()
        if not request.private or not self._desk.access.greet_once(request.caller.person_id, today):
            return []
        return [notice_of(request, say(PRIVATE_BOT.format(id=request.caller.person_id)), 1)]

    async def _written(self, request: Request, message: TelegramMessage, whole: Whole) -> Said | None:
        text = typed_text(message) if whole.text is None else whole.text
        if whole.begun_by is not None:
            return await self._told(request) or await long_goals.rest(_with(request, text), whole.begun_by)
        if whole.looks_cut and not request.private:
            raise WrongInput(long_goals.CUT_IN_A_GROUP)
        if found := _COMMAND.match(text):
            words = text[found.end() :]
            if message.document is not None and found[1].lower() == "goal":
                words = await long_goals.with_file(self._desk.fetch, words, message.document)
            return await self._command(request, found[1].lower(), found[2], words)
        replied_to = message.reply_to_message
        if replied_to is not None and message.text:
            if (told := await self._told(request)) is not None:
                return told
            decision = await decision_asked(self._desk.decisions, request.chat_id, replied_to, self._bot_name())
            if decision is not None:
                _need(request, Role.REQUESTER)
                return await deciding.decide(request, decision, text.strip())
            ours = replied_to.from_user is not None and replied_to.from_user.is_bot
            return say(NOT_A_QUESTION) if request.private or ours else None
        if not request.private:
            return say(IN_A_GROUP) if self._mentioned(text) else None
        if not text.strip():
            return say(TEXT_ONLY)
        _need(request, Role.REQUESTER)
        return await self._free_text(request, text)

    async def _free_text(self, request: Request, text: str) -> Said | None:
        """What is no command and no reply: a word that stops everything or goes on, else a goal."""
        if is_stop_word(text):
            return await stopping.stop(request)
        if is_resume_word(text) and self._desk.brake.held() is not None:
            return await goals.resume(_with(request, ""))
        return await goals.goal(_with(request, text))

    def _mentioned(self, text: str) -> bool:
        name = self._bot_name()
        return bool(name) and re.search(rf"(?i)(?<!\w)@{re.escape(name)}(?!\w)", text) is not None

    async def _command(self, request: Request, name: str, addressed: str | None, words: str) -> Said | None:
        if addressed is not None and addressed.lower() != self._bot_name().lower():
            return None  # in a group with several bots, this one is somebody else's
        command = COMMANDS.get(name)
        if command is None:
            return say(escape(unknown(name))) if request.private or addressed else None
        if request.role < command.role:
            return say(escape(forbidden(command, request.role)))
        told = None if name in SET_GOALS else await self._told(request)
        return told or await command.run(_with(request, words))

    async def _provided(self, request: Request, told: Told) -> Said:
        _need(request, Role.REQUESTER)
        return await self._told(request) or await deciding.provide(request, told.decision, told.words)

    async def _told(self, request: Request) -> Said | None:
        """What this very message was told before a crash. What it meant without a number may be another goal by now."""
        reply = await self._desk.engine.replied(request.command_id)
        return None if reply is None else say_reply(reply)

    async def _edited(self, request: Request, message: TelegramMessage, whole: Whole) -> Said | None:
        """An edited goal, before Start, replaces the proposal. Other edits change nothing that was already taken."""
        if whole.piece_of is not None:
            return await long_goals.edited_piece(request, whole.piece_of)
        text = typed_text(message)
        found = _COMMAND.match(text)
        if found and found[1].lower() != "goal":
            return None
        mine = await long_goals.set_by(request, message.message_id)
        if mine is None:
            return None
        if (told := await self._told(request)) is not None:
            return told
        return await deciding.replace_proposal(request, mine.number, text[found.end() :] if found else text)

    # --------------------------------------------------------------------------------------------------------- presses

    async def _pressed(self, update_id: int, query: CallbackQuery) -> list[Notice]:
        message = query.message
        if not isinstance(message, TelegramMessage) or query.data is None:
            await self._toast(query.id, "That message is too old. The commands still work: /help.", True)
            return []
        request = self._request(update_id, message, query.from_user)
        try:
            if request.role is Role.NOBODY:
                await self._left()
                raise WrongInput(PRIVATE_BOT.format(id=request.caller.person_id))
            pressed = await press(_from_button(request), query.data)
        except WrongInput as error:
            pressed = Pressed(toast=error.public[:200], alert=True)
        await self._toast(query.id, pressed.toast, pressed.alert)
        return [notice_of(_from_button(request), pressed.said, 1)] if pressed.said is not None else []


def _need(request: Request, role: Role) -> None:
    if request.role < role:
        raise WrongInput(f"That needs the role {role.word} or higher; yours is {request.role.word}.")


def _with(request: Request, words: str) -> Request:
    return replace(request, words=words)


def _from_button(request: Request) -> Request:
    """The message under a button is ours: a goal or an answer that comes of the press does not reply to it."""
    return replace(request, message_id=None)
