"""(c) From the press on a button to what its person sees, beside the smallest bot that keeps anything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import Application, ApplicationBuilder, CallbackQueryHandler, ContextTypes
from telegram.request import HTTPXRequest

from benchmarks.engine import ANN
from benchmarks.raw import connect
from benchmarks.table import Line, Section
from benchmarks.timing import Times, times
from bot.app import House, open_house
from bot.app.whole import plugs_of
from bot.localchat import LocalChat
from bot.settings import Settings
from bot.telegram.access import Access
from bot.telegram.assembly import assemble
from bot.telegram.connection import Connection
from executor.domain.goal import Origin
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Accepted

PRESSES = 50
WARM_UP = 3
QUIET_S = 0.02  # what follows a press is not to slow the next one
READING_S = 0.4  # nobody presses sooner, and a card is edited at most every 0.3 s
RATIO_MAX = 3.0
PATIENCE_S = 20.0
_TASK = TaskSpec(key="1", title="Call Ann", action="manual", parameters={"instructions": "Call Ann"})
_DRAFT = GoalDraft(title="Call Ann", tasks=(_TASK,))

HOW = (
    "Start is pressed on the card of a goal, through the embedded Bot API server, real HTTP on loopback, the real "
    "front, engine and courier on a real database: the press is stored in the inbox, the decision is committed with "
    "the goal's start, and then the press is answered (the toast that its person sees); the card's edit and the next "
    f"question follow as notices of the outbox. Each card has stood there for {READING_S:g} s. Beside it, in turns, on "
    "an embedded server of its own in the same process: a python-telegram-bot handler that inserts one row in SQLite "
    "with synchronous=FULL, answers the press and edits the message, and would lose any press that it was killed with."
)


@dataclass(slots=True)
class _Side:
    """One bot: `button` gives the next (message id, data) to press."""

    chat: LocalChat
    button: Callable[[], Awaitable[tuple[int, str]]]
    answered: Times
    edited: Times

    async def press(self) -> None:
        message_id, data = await self.button()
        before = _shown(self.chat, message_id)
        began = perf_counter()
        update = self.chat.press(message_id, data)
        query_id = update["callback_query"]["id"]
        await self.chat.until(lambda: self.chat.answer_to(query_id), PATIENCE_S)
        self.answered.taken.append(perf_counter() - began)
        await self.chat.until(lambda: _shown(self.chat, message_id) != before, PATIENCE_S)
        self.edited.taken.append(perf_counter() - began)

    def forget(self) -> None:
        self.answered, self.edited = Times(), Times()


async def run(folder: Path) -> Section:
    async with _milepost(folder / "milepost") as ours, _minimal(folder / "minimal") as theirs:
        for number in range(WARM_UP + PRESSES):
            if number == WARM_UP:
                ours.forget()
                theirs.forget()
            for side in (ours, theirs):
                await side.press()
                await asyncio.sleep(QUIET_S)
        answer = ours.answered.median_s / theirs.answered.median_s
        edit = ours.edited.median_s / theirs.edited.median_s
        lines = [
            Line(what="the minimal bot: press to answer", value=str(theirs.answered), ratio="1 ×"),
            Line(
                what="Milepost: press to answer",
                value=str(ours.answered),
                ratio=times(answer),
                target=f"≤ {RATIO_MAX:g} ×",
                met=answer <= RATIO_MAX,
            ),
            Line(what="the minimal bot: press to edited message", value=str(theirs.edited), ratio="1 ×"),
            Line(what="Milepost: press to edited card", value=str(ours.edited), ratio=times(edit)),
        ]
    return Section(title=f"(c) From press to answer, {PRESSES} presses", how=HOW, lines=lines)


def _shown(chat: LocalChat, message_id: int) -> Any:
    message = chat.room.store.message(chat.operator_id, message_id)
    return None if message is None else (message.body.get("text"), message.body.get("reply_markup"))


@asynccontextmanager
async def _chat(folder: Path) -> AsyncIterator[LocalChat]:
    chat = LocalChat(folder, port=0, operator_name=ANN.name)
    await chat.start()
    try:
        yield chat
    finally:
        await chat.stop()


# ---------------------------------------------------------------------------------------------------------- Milepost


@asynccontextmanager
async def _milepost(folder: Path) -> AsyncIterator[_Side]:
    settings = Settings.model_validate({"data_dir": str(folder), "chat": {"timezone": "UTC"}})
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(_chat(folder))
        house = await stack.enter_async_context(open_house(settings))
        connection = Connection(token=chat.bot_token, api_root=chat.api_root)
        bot = assemble(connection, plugs_of(house, Access(owners=[chat.operator_id])), local=True)
        house.changed.append(bot.courier.wake)
        house.nursery.start(bot.courier.run(), "courier")
        house.nursery.start(house.executor.run(), "executor")
        await bot.front.start()
        stack.push_async_callback(bot.courier.stop)
        stack.push_async_callback(house.executor.stop)
        stack.push_async_callback(bot.front.stop)

        async def start_button() -> tuple[int, str]:
            return await _start_button(house, chat)

        yield _Side(chat, start_button, Times(), Times())


async def _start_button(house: House, chat: LocalChat) -> tuple[int, str]:
    """Set a goal, and wait for its card with Start on it."""
    command_id = f"set/{perf_counter()}"
    origin = Origin(chat_id=chat.operator_id, person_id=chat.operator_id, person_name=ANN.name)
    reply = await house.executor.set_goal(_DRAFT, origin=origin, caller=ANN, command_id=command_id)
    assert isinstance(reply, Accepted)
    number = reply.goal_number

    def card() -> tuple[int, str] | None:
        newest = chat.messages()[-3:]
        for message in newest:
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if "Start" in button["text"] and str(number) in message["text"]:
                        return message["message_id"], button["callback_data"]
        return None

    button = await chat.until(card, PATIENCE_S)
    await asyncio.sleep(READING_S)
    return cast(tuple[int, str], button)


# --------------------------------------------------------------------------------------------------- the minimal bot


@asynccontextmanager
async def _minimal(folder: Path) -> AsyncIterator[_Side]:
    async with _chat(folder) as chat:
        raw = connect(folder / "presses.db")
        raw.execute("CREATE TABLE presses (id INTEGER PRIMARY KEY, data TEXT)")
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("Press", callback_data="press")]])

        async def pressed(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            query = update.callback_query
            assert query is not None
            number = raw.execute("INSERT INTO presses (data) VALUES (?)", (query.data,)).lastrowid
            await query.answer("Done")
            await query.edit_message_text(f"Pressed {number} times", reply_markup=keyboard)

        application = _application(chat)
        application.add_handler(CallbackQueryHandler(pressed))
        async with application:
            assert application.updater is not None
            await application.start()
            await application.updater.start_polling(poll_interval=0, timeout=30)
            message = await application.bot.send_message(chat.operator_id, "Not pressed", reply_markup=keyboard)

            async def button() -> tuple[int, str]:
                return message.message_id, "press"

            yield _Side(chat, button, Times(), Times())
            await application.updater.stop()
            await application.stop()
        raw.close()


def _application(chat: LocalChat) -> "Application[Any, Any, Any, Any, Any, Any]":
    def request() -> HTTPXRequest:
        return HTTPXRequest(connection_pool_size=8, httpx_kwargs={"trust_env": False})

    builder = ApplicationBuilder().token(chat.bot_token).base_url(f"{chat.api_root}/bot").job_queue(None)
    return builder.request(request()).get_updates_request(request()).build()
