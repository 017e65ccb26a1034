"""Which chats there are: remembered when they first speak, given up when we are thrown out, and taken up again.

Only what changes is written, so that an ordinary message costs nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from loguru import logger
from telegram import Chat, ChatMemberUpdated, Update
from telegram.constants import ChatMemberStatus, ChatType

from bot.telegram.access import Access, Role
from executor.ports import Clock

_OUT = frozenset({ChatMemberStatus.LEFT, ChatMemberStatus.BANNED})


class KnownChat(Protocol):
    @property
    def chat_id(self) -> int: ...

    @property
    def kind(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def active(self) -> bool: ...


class ChatRows(Protocol):
    """The chats as storage keeps them. Every method is one transaction, and safe to call twice."""

    async def all(self) -> Sequence[KnownChat]: ...

    async def remember_chat(self, chat_id: int, kind: str, title: str, at: datetime) -> None:
        """It is active; what died with it is delivered again."""
        ...

    async def set_chat_inactive(self, chat_id: int, reason: str, at: datetime) -> None:
        """Nothing arrives there; what waits for delivery is given up until it is back."""
        ...


class Presence:
    """`back` tells the courier that a chat is alive, and says whether it had taken it for gone."""

    def __init__(self, rows: ChatRows, access: Access, clock: Clock, back: "Back") -> None:
        self._rows = rows
        self._access = access
        self._clock = clock
        self._back = back
        self._active: dict[int, tuple[str, str]] = {}  # kind and title, by id, as stored
        self._inactive: set[int] = set()

    async def start(self) -> None:
        for chat in await self._rows.all():
            if chat.active:
                self._active[chat.chat_id] = (chat.kind, chat.title)
            else:
                self._inactive.add(chat.chat_id)

    async def heard(self, update: Update) -> None:
        """Something came from a chat: it is there, unless that is exactly what the chat says it is not."""
        chat = update.effective_chat
        if chat is None:
            return
        if update.my_chat_member is not None and update.my_chat_member.new_chat_member.status in _OUT:
            await self._gone(update.my_chat_member)
            return
        if chat.type == ChatType.PRIVATE and not self._has_business(update):
            return
        was_gone = self._back(chat.id) or chat.id in self._inactive
        shown = (str(chat.type), _title(chat))
        if was_gone or (self._active.get(chat.id) != shown and self._has_business(update)):
            await self._rows.remember_chat(chat.id, *shown, self._clock.now())
            self._active[chat.id] = shown
            self._inactive.discard(chat.id)
        if was_gone:
            logger.info("Chat {} is back", chat.id)

    async def _gone(self, change: ChatMemberUpdated) -> None:
        if change.chat.id not in self._active:
            return
        reason = f"we are {change.new_chat_member.status} there"
        await self._rows.set_chat_inactive(change.chat.id, reason, self._clock.now())
        self._inactive.add(change.chat.id)
        del self._active[change.chat.id]
        logger.info("Chat {} has thrown us out", change.chat.id)

    def _has_business(self, update: Update) -> bool:
        """A stranger's chat leaves no trace."""
        user = update.effective_user
        return user is not None and self._access.role(user.id) is not Role.NOBODY


class Back(Protocol):
    def __call__(self, chat_id: int, /) -> bool: ...


def _title(chat: Chat) -> str:
    return chat.title or " ".join(name for name in (chat.first_name, chat.last_name) if name)
