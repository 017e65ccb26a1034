"""The chat as one thing that starts and stops: inbox, lanes, dispatcher, polling, menu and courtesy."""

import contextlib
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from loguru import logger
from telegram import Bot, BotCommand, Update
from telegram.error import BadRequest, TelegramError

from bot.telegram.absence import ABSENCE_S, absence_notices
from bot.telegram.commands.table import COMMANDS
from bot.telegram.connection import Connection, PollRequest
from bot.telegram.departures import Departures
from bot.telegram.desk import Desk, command_id
from bot.telegram.digest import Digests
from bot.telegram.discreet import Discreet
from bot.telegram.dispatch import Dispatcher
from bot.telegram.inbox import InboxQueue, InboxRows
from bot.telegram.joining import ALONE, WAIT_S, Joiner, Whole
from bot.telegram.lanes import Lanes, lane_of
from bot.telegram.polling import Poller
from bot.telegram.ports import PollMark, Wake
from bot.telegram.presence import ChatRows, Presence
from bot.telegram.trying import PAUSES_S, Trying
from bot.telegram.urgent import place_of, stops
from executor.domain.errors import MilepostError, Unconfigured
from executor.domain.notice import Notice, NoticeKind
from executor.engine.secrecy.secrets import Secrets
from executor.ports import CrashPoints

WEBHOOK_LATER = '[telegram] mode = "webhook" is not available yet. Set it to "polling".'
SORRY = "Something went wrong on my side; it is in the log. Please try again."
SORRY_EVERY_S = 60.0
CHAT_POINTS = ("chat.before_delete", "chat.after_delete")
"""Crash points: around taking a message with a secret out of the chat."""

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the front is plugged into. `deliver` wakes the courier; `chat_heard` tells it that a chat is alive, and says
    whether it was taken for gone. `hold` keeps the chat's other messages back until the answer stands in the outbox."""

    rows: InboxRows
    chats: ChatRows
    mark: PollMark
    start_soon: StartSoon
    deliver: Wake
    secrets: Secrets
    crash_points: CrashPoints
    chat_heard: Callable[[int], bool] = lambda chat_id: False
    hold: Callable[[int], AbstractContextManager[None]] = lambda chat_id: contextlib.nullcontext()


class TelegramFront:
    """Start and stop it once each, in one event loop. `bot` and `polls` come from build_bot, so that the sender shares
    them."""

    def __init__(
        self,
        connection: Connection,
        bot: Bot,
        polls: PollRequest,
        desk: Desk,
        wiring: Wiring,
        *,
        mode: str = "polling",
        poll_s: int = 30,
        silence_s: float = 120.0,
        look_s: float = 5.0,
        join_s: float = WAIT_S,
        retry_pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        if mode != "polling":
            raise Unconfigured(WEBHOOK_LATER)
        self._token = connection.token
        self._bot = bot
        self._polls = polls
        self._desk = desk
        self._wiring = wiring
        self._lanes = Lanes(wiring.start_soon)
        self._discreet = Discreet(desk.decisions, desk.engine.open_decisions, self._name, wiring.secrets)
        self._dispatcher = Dispatcher(desk, self._toast, self._name, self._discreet, self._delete, self._left)
        self._joiner = Joiner(wiring.rows, desk.clock, self._parse, join_s)
        self._presence = Presence(wiring.chats, desk.access, desk.clock, wiring.chat_heard)
        self._departures = Departures(desk.engine, desk.access, desk.clock, wiring.deliver)
        self._digests = Digests(desk.engine, desk.habits, desk.clock, lambda: desk.scene().timezone, wiring.deliver)
        self._queue = InboxQueue(wiring.rows, desk.clock, self._arrived, self._discreet.stored, self._stop_at_once)
        self._poller = Poller(
            bot,
            polls,
            self._queue,
            desk.clock,
            wiring.start_soon,
            poll_s=poll_s,
            silence_s=silence_s,
            look_s=look_s,
            heard=self._heard,
        )
        self._trying = Trying(desk.clock, wiring.start_soon, retry_pauses_s)
        self._sorry_at: dict[int, float] = {}
        self._menu_set = False
        self._stopping = False

    @property
    def problem(self) -> str:
        """What keeps us from hearing the chat now; empty when all is well."""
        return self._poller.problem

    async def start(self) -> None:
        """Handle what a predecessor left, then listen. Raises Unconfigured when the server refuses the token; a server
        that is not there yet is waited for in the background."""
        await self._presence.start()
        for row in await self._wiring.rows.waiting():
            if (update := self._parse(self._discreet.restored(row))) is not None:
                self._arrived(update.update_id, update)
        try:
            await self._poller.start()
        except Unconfigured:
            await self._hang_up()
            raise
        self._wiring.start_soon(self._set_menu(), "telegram menu")
        self._wiring.start_soon(self._digests.run(), "digests")
        self._wiring.start_soon(self._departures.run(), "departures")

    async def wait_ready(self) -> None:
        """Until the first connection stands."""
        await self._poller.ready.wait()

    async def stop(self) -> None:
        """Stop listening. What was stored and not handled is handled at the next start."""
        self._stopping = True
        await self._poller.stop()
        self._lanes.clear()
        await self._hang_up()

    async def _hang_up(self) -> None:
        """Close the connections, also those of a bot that never got through."""
        with contextlib.suppress(TelegramError, RuntimeError):
            await self._bot.shutdown()
        await self._bot.request.shutdown()
        await self._polls.shutdown()

    # -------------------------------------------------------------------------------------------------------- updates

    def _parse(self, payload: Mapping[str, Any]) -> Update | None:
        return Update.de_json(dict(payload), self._bot)

    def _arrived(self, update_id: int, update: Update) -> None:
        self._stop_at_once(update)
        if not self._stopping:
            self._lanes.add(lane_of(update), self._work(update_id, update))

    def _stop_at_once(self, update: Update) -> None:
        """Before any queue, and whether or not the database takes anything."""
        if (person := stops(update, self._desk.access, self._name())) is not None:
            try:
                self._desk.brake.set(person, place_of(update), command_id(update.update_id))
            except OSError as error:  # it holds all the same, for as long as this process lives
                logger.error("STOP can't be written: {}", error)

    async def _work(self, update_id: int, update: Update) -> None:
        """Handle one stored update and store its answers. What fails unexpectedly is tried again a few times beside its
        lane, and then set aside, with a word to the chat and the trace in the log: one bad update must not stop what
        comes after it."""
        whole: Whole | None = ALONE
        try:
            await self._presence.heard(update)
            whole = await self._joiner.whole(update)
            if whole is None:
                return
            with self._answering(update):
                notices = await self._dispatcher.handle(update, whole)
                await self._wiring.rows.done(update_id, notices, whole.others)
            self._trying.done(update_id)
        except Exception as error:  # noqa: BLE001 - see above
            if not self._trying.later(update_id, error, lambda: self._again(update_id, update)):
                await self._set_aside(update_id, update, error, whole.others if whole is not None else ())
        self._wiring.deliver()

    def _again(self, update_id: int, update: Update) -> None:
        if not self._stopping:
            self._lanes.add(lane_of(update), self._work(update_id, update))

    def _answering(self, update: Update) -> AbstractContextManager[None]:
        """A press is answered outside the outbox, and nobody waits for that."""
        chat = update.effective_chat
        if chat is None or update.callback_query is not None:
            return contextlib.nullcontext()
        return self._wiring.hold(chat.id)

    async def _set_aside(self, update_id: int, update: Update, error: Exception, others: Sequence[int]) -> None:
        hide = self._wiring.secrets.hide
        trace = hide("".join(traceback.format_exception(error)).replace(self._token, "<token>"))
        reason = hide(f"{type(error).__name__}: {error}".replace(self._token, "<token>"))
        logger.error("Update {} could not be handled\n{}", update_id, trace)
        try:
            await self._wiring.rows.failed(update_id, reason, self._sorry(update_id, update, error), others)
        except Exception:  # noqa: BLE001 - the database fails as well: the update stays, and is tried after a restart
            logger.error("Update {} could not be set aside either", update_id)

    def _sorry(self, update_id: int, update: Update, error: Exception) -> Sequence[Notice]:
        """One line to the chat, at most one a minute."""
        chat, now = update.effective_chat, self._desk.clock.monotonic()
        if chat is None or now - self._sorry_at.get(chat.id, -SORRY_EVERY_S) < SORRY_EVERY_S:
            return ()
        self._sorry_at[chat.id] = now
        text = error.public if isinstance(error, MilepostError) else SORRY
        at = self._desk.clock.now()
        notice = Notice(
            key=f"answer/{update_id}/error",
            kind=NoticeKind.ANSWER,
            chat_id=chat.id,
            facts={"text": text, "html": text.replace("&", "&amp;").replace("<", "&lt;")},
            due_at=at,
            created_at=at,
        )
        return (notice,)

    async def _toast(self, query_id: str, text: str, alert: bool) -> None:
        """The answer to a press. The decision stands whatever becomes of it: a press that Telegram has forgotten, or a
        lost connection, only loses the toast."""
        try:
            await self._bot.answer_callback_query(query_id, text=text or None, show_alert=alert)
        except TelegramError as error:
            logger.debug("The answer to a press was lost: {}", error)

    async def _left(self) -> None:
        await self._departures.look()

    async def _delete(self, chat_id: int, message_id: int) -> bool:
        """Twice at most: what carries a secret should not stay for the sake of one lost connection."""
        points = self._wiring.crash_points
        for _ in range(2):
            points.reached("chat.before_delete")
            try:
                await self._bot.delete_message(chat_id, message_id)
            except BadRequest as error:
                return "message to delete not found" in str(error).lower()
            except TelegramError as error:
                logger.debug("A message could not be deleted: {}", error)
                continue
            points.reached("chat.after_delete")
            return True
        return False

    # -------------------------------------------------------------------------------------------------------- courtesy

    def _name(self) -> str:
        try:
            return self._bot.username
        except RuntimeError:  # not connected yet
            return ""

    async def _heard(self) -> None:
        """Polls come back: note it, and after an absence say what is open."""
        now = self._desk.clock.now()
        last = await self._wiring.mark.last()
        await self._wiring.mark.mark(now)
        if last is not None and (now - last).total_seconds() > ABSENCE_S:
            await self._desk.outbox.put(await absence_notices(self._desk.engine, last, now))
            self._wiring.deliver()

    async def _set_menu(self) -> None:
        """The list that Telegram shows behind the / key."""
        await self.wait_ready()
        try:
            await self._bot.set_my_commands([BotCommand(one.name, one.about) for one in COMMANDS.values()])
        except TelegramError as error:
            logger.warning("The menu of commands could not be set: {}", error)
