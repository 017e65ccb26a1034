"""Long polling that keeps going: connects with patience, notices silence and a second poller, and says so once."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from loguru import logger
from telegram import Bot
from telegram.error import Conflict, InvalidToken, TelegramError
from telegram.ext import Updater

from bot.telegram.connection import PollRequest
from bot.telegram.inbox import InboxQueue
from executor.domain.errors import Unconfigured
from executor.ports import Clock

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
SILENCE_S_MAX = 120.0
LOOK_S = 5.0
PAUSE_S_MAX = 30.0
STOP_S_MAX = 3.0
BAD_TOKEN = "Telegram does not accept the bot token. Check [telegram] token in the configuration."
SECOND_POLLER = (
    "Another program fetches this bot's updates with the same token. Stop it, or give Milepost a bot of its own; "
    "I keep trying."
)

StartSoon = Callable[[Coroutine[Any, Any, None], str], object]


class Poller:
    """`poll_s` is how long the server may hold a poll. `silence_s`: without a completed poll for so long, polling
    starts anew. `heard` is called after every look that found new polls."""

    def __init__(
        self,
        bot: Bot,
        polls: PollRequest,
        queue: InboxQueue,
        clock: Clock,
        start_soon: StartSoon,
        *,
        poll_s: int = 30,
        silence_s: float = SILENCE_S_MAX,
        look_s: float = LOOK_S,
        heard: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        self._bot = bot
        self._polls = polls
        self._queue = queue
        self._clock = clock
        self._start_soon = start_soon
        self._poll_s = poll_s
        self._silence_s = silence_s
        self._look_s = look_s
        self._heard = heard
        self._updater: Updater | None = None
        self._conflicts = 0
        self._stopping = False
        self.ready = asyncio.Event()
        self.problem = ""  # what stands in the way now, for /system and doctor

    async def start(self) -> None:
        """Connect now if the server is there, else go on trying in the background. Raises Unconfigured when the server
        refuses the token."""
        if not await self._connect():
            self._start_soon(self._keep_connecting(), "telegram connects")
        self._start_soon(self._watch(), "telegram watchdog")

    async def stop(self) -> None:
        """Stop polling within seconds. What was fetched is stored."""
        self._stopping = True
        await self._end_polling()

    # ------------------------------------------------------------------------------------------------------ connecting

    async def _connect(self) -> bool:
        try:
            await self._bot.initialize()
            await self._begin_polling()
        except InvalidToken:
            self.problem = BAD_TOKEN
            raise Unconfigured(BAD_TOKEN) from None
        except TelegramError as error:
            self.problem = f"Telegram can't be reached: {error}"
            logger.warning("{}; trying again", self.problem)
            return False
        self.problem = ""
        self.ready.set()
        return True

    async def _keep_connecting(self) -> None:
        pause_s = 1.0
        while not self._stopping:
            await self._clock.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
            try:
                if await self._connect():
                    return
            except Unconfigured as error:
                logger.error("{}", error.public)
                return

    async def _begin_polling(self) -> None:
        # A new updater each time: one whose stop was cut short keeps its stop signal, and would spin.
        updater = Updater(self._bot, self._queue)
        await updater.initialize()
        self._polls.answered_at = self._clock.monotonic()
        await updater.start_polling(
            timeout=self._poll_s,
            bootstrap_retries=0,
            allowed_updates=ALLOWED_UPDATES,
            drop_pending_updates=False,  # goals that were typed while this machine slept are goals
            error_callback=self._stumbled,
        )
        self._updater = updater

    async def _end_polling(self) -> None:
        updater, self._updater = self._updater, None
        if updater is None or not updater.running:
            return
        stopped = asyncio.Event()
        self._start_soon(_stop(updater, stopped), "telegram stops polling")
        # Its last request confirms what we have stored; without it the same updates come again, and are recognised.
        # It is not cancelled when it takes long: it would swallow that, and start another request.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S_MAX):
                await stopped.wait()

    # -------------------------------------------------------------------------------------------------------- watching

    def _stumbled(self, error: TelegramError) -> None:
        """A poll failed; python-telegram-bot waits and tries again, up to 30 s apart."""
        if isinstance(error, Conflict):
            self._conflicts += 1
            self.problem = SECOND_POLLER
            if self._conflicts in (1, 5) or self._conflicts % 50 == 0:
                logger.error(SECOND_POLLER)
            return
        if not self.problem:
            logger.warning("A poll failed: {}", error)
        self.problem = f"Telegram can't be reached: {error}"

    async def _watch(self) -> None:
        seen = -1
        while not self._stopping:
            await self._clock.sleep(self._look_s)
            if self._polls.answers != seen:
                seen = self._polls.answers
                self._conflicts, self.problem = 0, ""
                await self._heard()
            silent_s = self._clock.monotonic() - self._polls.answered_at
            if self._updater is not None and silent_s > self._silence_s and not self._queue.blocked:
                logger.warning("No poll came back for {:.0f} s; starting anew", silent_s)
                await self._restart()

    async def _restart(self) -> None:
        await self._end_polling()
        await self._polls.shutdown()
        await self._polls.initialize()
        try:
            if not await self._connect():
                self._start_soon(self._keep_connecting(), "telegram connects")
        except Unconfigured as error:
            logger.error("{}", error.public)


async def _stop(updater: Updater, stopped: asyncio.Event) -> None:
    # It polls a last time and logs a trace where that fails. Nothing is lost then: all that came is stored.
    logging.getLogger("telegram.ext.Updater").addFilter(_no_last_poll)
    try:
        await updater.stop()
    except TelegramError as error:
        logger.debug("The last poll failed: {}", error)
    finally:
        stopped.set()


def _no_last_poll(record: logging.LogRecord) -> bool:
    return "one more time to mark all fetched updates" not in str(record.msg)
