"""What puts a notice in its chat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from executor.domain.notice import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """It is in the chat. `message_id` None where the chat gives none (an equal edit)."""

    message_id: int | None
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """Surely not in the chat; try again in `wait_s`. `whole_chat`: the chat asked for the pause (429)."""

    wait_s: float
    error: str
    whole_chat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MaybeDelivered:
    """The request left and nobody saw the answer."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undeliverable:
    """It will never arrive. `chat_gone`: nothing else to this chat will either."""

    error: str
    chat_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageGone:
    """The message to edit is no longer there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMoved:
    """The chat has a new id."""

    chat_id: int


Delivery = Delivered | NotDelivered | MaybeDelivered | Undeliverable | MessageGone | ChatMoved


class Sender(Protocol):
    """Puts one notice in its chat: a new message where `message_id` is None, else an edit of that message. Renders at
    the time of the call from the store, so the newest state wins. Never raises for what the chat answers."""

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> Delivery:
        """`repeated`: mark the message as possibly sent before."""
        ...

    async def probe(self, notice: Notice, candidates: Sequence[int]) -> int | None:
        """Which of these message ids already shows this very notice; None: none of them, or it can't be told."""
        ...

    @property
    def can_probe(self) -> bool: ...
