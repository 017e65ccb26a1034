"""Puts long texts together again before anybody reads them. All that is known about pieces stands in the inbox, so a
restart between two of them changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from telegram import Message as TelegramMessage
from telegram import Update

from bot.telegram.inbox import Heard, InboxRows
from bot.telegram.pieces import goes_on, is_nearly_full, joined, may_be_rest, may_go_on
from executor.ports import Clock

WAIT_S = 2.0  # for the next piece after one arrived; people see their plan that much later, where it is long
LOOK_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What was said, in one message or in several. `text` None: in one, as it stands there. `others`: the updates of
    the other pieces, which are done together with this one. `looks_cut`: the last piece is nearly full, and nothing
    followed it. `begun_by`: the message of the first piece, which was handled before this rest of it came.
    `piece_of`: likewise, of a message that was edited."""

    text: str | None = None
    others: tuple[int, ...] = ()
    looks_cut: bool = False
    begun_by: int | None = None
    piece_of: int | None = None


ALONE = Whole()


@dataclass(frozen=True, slots=True)
class _Piece:
    row: Heard
    message: TelegramMessage


class Joiner:
    """`wait_s`: how long a long message waits for more after it was received. A chat's messages come one at a time."""

    def __init__(
        self, rows: InboxRows, clock: Clock, parse: Callable[[Mapping[str, Any]], Update | None], wait_s: float = WAIT_S
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._parse = parse
        self._wait_s = wait_s
        self._taken: set[int] = set()  # updates that were joined to another; their rows are done with its own

    async def whole(self, update: Update) -> Whole | None:
        """What this update says with everything that belongs to it; None where it was part of another one."""
        if update.update_id in self._taken:
            self._taken.discard(update.update_id)
            return None
        if update.edited_message is not None and update.edited_message.text is not None:
            return await self._edited(update.edited_message)
        message = update.message
        if message is None or message.text is None:
            return ALONE
        before = await self._before(message) if may_be_rest(message) else []
        after = await self._after(message) if may_go_on(message) else []
        if not before and not after:
            return Whole(looks_cut=is_nearly_full(message))
        others = tuple(piece.row.update_id for piece in after)
        self._taken.update(others)
        pieces = [*before, message, *(piece.message for piece in after)]
        return Whole(
            text=joined(pieces),
            others=others,
            looks_cut=is_nearly_full(pieces[-1]),
            begun_by=before[0].message_id if before else None,
        )

    async def _before(self, message: TelegramMessage) -> list[TelegramMessage]:
        """The pieces that were handled before this one came, in their order."""
        pieces = [message]
        for one in self._read(await self._rows.messages_before(message.chat_id, message.message_id)):
            if not _same_sender(one.message, message):
                continue
            if not goes_on(one.message, pieces[0]):
                break
            pieces.insert(0, one.message)
        return pieces[:-1]

    async def _after(self, message: TelegramMessage) -> list[_Piece]:
        """The pieces that follow, once the last one has come or has had its time to come."""
        while True:
            rows = self._read(await self._rows.messages_since(message.chat_id, message.message_id))
            if not rows or rows[0].message.message_id != message.message_id:  # its chat got a new id meanwhile
                return []
            pieces = rows[:1]
            for one in rows[1:]:
                if not _same_sender(one.message, message):
                    continue
                if not one.row.waiting or not goes_on(pieces[-1].message, one.message):
                    break
                pieces.append(one)
            last = pieces[-1]
            left = last.row.received_at + timedelta(seconds=self._wait_s) - self._clock.now()
            if not may_go_on(last.message) or left <= timedelta():
                return pieces[1:]
            await self._clock.sleep(min(left.total_seconds(), LOOK_S))

    async def _edited(self, message: TelegramMessage) -> Whole:
        """An edit holds one piece; what the others are may have changed as well."""
        found = self._read(await self._rows.messages_since(message.chat_id, message.message_id))
        mine = [one.message for one in found if _same_sender(one.message, message)]
        if not mine or mine[0].message_id != message.message_id:
            return ALONE
        before = await self._before(mine[0])
        if before:
            return Whole(piece_of=before[0].message_id)
        return Whole(piece_of=message.message_id) if len(mine) > 1 and goes_on(*mine[:2]) else ALONE

    def _read(self, rows: Sequence[Heard]) -> list[_Piece]:
        parsed = [(row, self._parse(row.payload)) for row in rows]
        return [_Piece(row, update.message) for row, update in parsed if update is not None and update.message]


def _same_sender(one: TelegramMessage, other: TelegramMessage) -> bool:
    return one.from_user is not None and other.from_user is not None and one.from_user.id == other.from_user.id
