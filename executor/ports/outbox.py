"""The notices as the courier works on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from executor.domain.notice import Notice


class Outbox(Protocol):
    """The notices as the courier works on them. Every method is one transaction, and safe to call twice."""

    async def pending(self, now: datetime, limit: int = 200) -> list[Notice]:
        """Pending notices with due_at <= now, by chat, then priority, then age."""
        ...

    async def unfinished(self) -> list[Notice]:
        """Notices left in sending or unknown by a process that is gone."""
        ...

    async def mark_sending(self, key: str, probe_after: int | None) -> Notice | None:
        """Pending (or unknown) → sending, attempts plus one. The notice as it now is, or None: somebody else has it."""
        ...

    async def mark_sent(self, key: str, message_id: int | None, content_hash: str, revision: int, at: datetime) -> None:
        """Sending → sent; back to pending at once if the notice has changed since `revision`."""
        ...

    async def mark_pending(self, key: str, due_at: datetime, error: str) -> None: ...

    async def mark_unknown(self, key: str, error: str) -> None: ...

    async def mark_dead(self, key: str, error: str) -> None: ...

    async def chat_gone(self, chat_id: int, reason: str, key: str) -> None:
        """Nothing arrives in that chat any more, as the delivery of `key` has shown: this notice and all pending ones
        of the chat are dead until it is back (domain.notice.GONE)."""
        ...

    async def forget_message(self, key: str) -> None:
        """The message is gone from the chat: the next delivery sends a new one. Sending or unknown → pending."""
        ...

    async def message_of(self, key: str) -> int | None:
        """The message that shows this notice (``12/card``), for replies to it; None while there is none."""
        ...

    async def known_message_ids(self, chat_id: int, above: int) -> set[int]: ...

    async def last_message_id(self, chat_id: int) -> int | None:
        """The highest message id known in that chat, of ours or of people; None where none is."""
        ...

    async def move_chat(self, old: int, new: int) -> None:
        """A group became a supergroup: every row of the old chat id gets the new one."""
        ...

    async def put(self, notices: Sequence[Notice]) -> None:
        """Insert notices that belong to no change of state (an answer to a command). A known key changes nothing."""
        ...
