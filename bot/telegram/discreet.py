"""Messages that carry a secret: recognised before they are stored, so that their text never is.

What a person says to a question that wants a value (in reply to it, with /answer, or alone as NAME=value) is taken out
of the update and sealed beside its row in the inbox; only the program that handles it sees it again. Whether something
is such a message depends on nothing that changes, so that an edited, repeated or late one is known as well.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from telegram import Message as TelegramMessage
from telegram import Update

from bot.telegram.asked import decision_asked
from bot.telegram.ports import Decisions
from executor.domain.decision import PROVIDE_VALUE, Decision
from executor.domain.errors import SealBroken
from executor.domain.secret import MASK
from executor.engine.blockages.providing import wanted_of, wanted_together
from executor.engine.secrecy.secrets import Secrets

_COMMAND = re.compile(r"/([A-Za-z]{1,64})(?:@([A-Za-z0-9_]{3,32}))?\s+(.*)", re.DOTALL)
_NUMBERED = re.compile(r"#?(\d{1,9})\s+(.*)", re.DOTALL)
_VALUE = re.compile(r"(?:export\s+)?([A-Z][A-Z0-9_]*?(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS))=\S.*")
_ANSWER = "answer"
_TYPO = 0.75  # how close to /answer a command must be, so that a slip of the finger does not store a secret
_KEPT = ("message_id", "from", "chat", "date", "edit_date", "message_thread_id", "is_topic_message", "sender_chat")
"""All that is stored of such a message, beside the message that it replies to: a link's preview repeats it."""


class Letter(Protocol):
    """A stored update."""

    @property
    def payload(self) -> Mapping[str, Any]: ...

    @property
    def sealed(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What a person said to a question that wants a value. `decision` None: several are open, and none was named."""

    decision: Decision | None
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Stored:
    """An update as it is stored: `sealed` is what was taken out of it."""

    payload: Mapping[str, Any]
    sealed: str | None = None


class Discreet:
    """`open_decisions` gives those of a chat, `bot_name` our @username without @, "" while it is not known."""

    def __init__(
        self,
        decisions: Decisions,
        open_decisions: Callable[[int | None], Awaitable[list[Decision]]],
        bot_name: Callable[[], str],
        secrets: Secrets,
    ) -> None:
        self._decisions = decisions
        self._open_decisions = open_decisions
        self._bot_name = bot_name
        self._secrets = secrets
        self._sealed: set[tuple[int, int]] = set()  # messages (chat, id) that were stored without their text

    async def told(self, message: TelegramMessage) -> Told | None:
        """None: nothing in this message is a value. What was one when it was stored stays one, whatever has been
        decided since."""
        told = await self._told(message)
        if told is None and (message.chat_id, message.message_id) in self._sealed:
            return Told(None, message.text or message.caption or "")
        return told

    async def _told(self, message: TelegramMessage) -> Told | None:
        text = (message.text if message.text is not None else message.caption or "").strip()
        if found := _COMMAND.fullmatch(text):
            return await self._told_by_command(message.chat_id, *found.groups())
        if text and message.reply_to_message is None and message.chat.type == "private":
            return await self._told_unasked(message.chat_id, text)
        if not text or message.reply_to_message is None:
            return None
        asked = message.reply_to_message
        decision = await decision_asked(self._decisions, message.chat_id, asked, self._bot_name())
        if decision is None and asked.has_protected_content and asked.from_user is not None and asked.from_user.is_bot:
            return Told(None, text)  # ours, and nobody knows any more what it asked
        if decision is None or not decision.wants_value:
            return None
        # A message without buttons asked for the value alone; whatever is said to it is one.
        if asked.reply_markup is not None and decision.find(text) is not None:
            return None
        return Told(decision, _value_in(text))

    async def _told_unasked(self, chat_id: int, text: str) -> Told | None:
        """``GITHUB_TOKEN=…`` alone, without a reply: for the one question that wants it, and never a goal's title."""
        if text == MASK:  # the local chat kept no more of it
            return Told(None, text)
        found = [_VALUE.fullmatch(line.strip()) for line in text.splitlines() if line.strip()]
        names = {one[1] for one in found if one is not None}
        if None in found or not names:
            return None
        wanting = [one for one in await self._open_decisions(chat_id) if one.wants_value]
        fitting = [one for one in wanting if names <= {wanted_of(one), *wanted_together(one)}]
        return Told(fitting[0] if len(fitting) == 1 else None, text)

    async def _told_by_command(self, chat_id: int, name: str, addressed: str | None, words: str) -> Told | None:
        near = difflib.SequenceMatcher(None, name.lower(), _ANSWER).ratio() >= _TYPO
        if not near or (addressed is not None and addressed.lower() != self._bot_name().lower()):
            return None
        if found := _NUMBERED.fullmatch(words):
            decision = await self._decisions.decision(int(found[1]))
            wanted = decision is not None and decision.wants_value and decision.find(found[2]) is None
            return Told(decision, _value_in(found[2])) if wanted else None
        waiting = await self._open_decisions(chat_id)
        wanting = [one for one in waiting if one.wants_value]
        if not wanting or words.strip().isdecimal() or any(one.find(words) for one in wanting):
            return None
        return Told(waiting[0] if len(waiting) == 1 else None, _value_in(words))

    # --------------------------------------------------------------------------------------------------------- storing

    async def stored(self, update: Update) -> Stored:
        """The update as it may be stored."""
        payload = update.to_dict()
        name = next((one for one in ("message", "edited_message") if one in payload), None)
        message = update.message or update.edited_message
        if name is None or message is None:
            return Stored(payload)
        body = payload[name]
        about = {"reply_to_message": self._secrets.hide.everywhere(body.get("reply_to_message"))}
        about = {key: value for key, value in about.items() if value is not None}
        if await self.told(message) is None:
            return Stored(payload | {name: body | about})
        text = message.text if message.text is not None else message.caption or ""
        self._sealed.add((message.chat_id, message.message_id))
        kept = {key: body[key] for key in _KEPT if key in body}
        return Stored(payload | {name: kept | about | {"text": MASK}}, self._secrets.seal(text))

    def restored(self, letter: Letter) -> Mapping[str, Any]:
        """The update as it came. With a key that is lost it stays without its text, and the person is asked again."""
        if letter.sealed is None:
            return letter.payload
        name = next(one for one in ("message", "edited_message") if one in letter.payload)
        self._sealed.add((letter.payload[name]["chat"]["id"], letter.payload[name]["message_id"]))
        try:
            text = self._secrets.unseal(letter.sealed)
        except SealBroken:
            return letter.payload
        return {**letter.payload, name: {**letter.payload[name], "text": text}}


def _value_in(words: str) -> str:
    """Without the option's own name, which may stand before the value."""
    head, *rest = words.strip().split(None, 1)
    return rest[0] if head.lower() == PROVIDE_VALUE.name and rest else words.strip()
