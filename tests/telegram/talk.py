"""A person and the whole bot in one room: the embedded server, real HTTP, the real engine and a real database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.app import House, open_house
from bot.localchat import LocalChat
from bot.settings import Settings
from bot.telegram.absence import PollFile
from bot.telegram.access import Access
from bot.telegram.assembly import Chat, Plugs, assemble
from bot.telegram.connection import Connection
from bot.telegram.ports import Example

Json = dict[str, Any]
PATIENCE_S = 60.0  # of a slow machine: only a failure takes so long
EXAMPLES = [Example(label="A greeting", text="Greet\n1. Say it: `echo hello`")]


@dataclass
class Talk:
    """`people` may be changed while it runs."""

    chat: LocalChat
    house: House
    bot: Chat
    people: Access
    read: set[int] = field(default_factory=set)

    async def hear(self, text: str = "", *, chat: int | None = None, patience_s: float = PATIENCE_S) -> Json:
        """The bot's next message that was not yet heard and contains `text`."""

        def next_one() -> Json | None:
            for message in self.chat.messages(chat):
                ours = message.get("from", {}).get("is_bot") and message["message_id"] not in self.read
                if ours and text in words(message):
                    return message
            return None

        message: Json = await self.chat.until(next_one, patience_s)
        self.read.add(message["message_id"])
        return message

    async def say(self, text: str, answer: str = "", patience_s: float = PATIENCE_S, **how: Any) -> Json:
        """Write, and hear the answer: the next message with `answer` in it, for news may come in between."""
        self.chat.say(text, **how)
        return await self.hear(answer, chat=how.get("chat"), patience_s=patience_s)

    async def press(self, message: Json, label: str, **how: Any) -> Json:
        """Press the button with this label; what the bot answers to the press."""
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(button["callback_data"] for row in rows for button in row if button["text"] == label)
        return await self.press_data(message, data, **how)

    async def press_data(self, message: Json, data: str, **how: Any) -> Json:
        update = self.chat.press(message["message_id"], data, **how)
        answer: Json = await self.chat.until(lambda: self.chat.answer_to(update["callback_query"]["id"]))
        return answer

    async def message(self, number: int, text: str) -> Json:
        """The message of this id, once it contains `text`."""

        def there() -> Json | None:
            return next((m for m in self.chat.messages() if m["message_id"] == number and text in words(m)), None)

        message: Json = await self.chat.until(there)
        return message

    async def quiet(self) -> None:
        """Until everything that was written has been fetched and handled."""

        async def busy() -> bool:
            return bool(self.chat.room.store.updates_waiting()) or bool(await self.house.database.inbox.waiting())

        while await busy():
            await asyncio.sleep(0.005)


def words(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


@asynccontextmanager
async def talking(
    folder: Path, chat: LocalChat, *, runs: bool = True, chosen: Json | None = None, **how: Any
) -> AsyncIterator[Talk]:
    """A running bot in this room; `runs` False leaves the executor's loop still; `chosen`: settings."""
    settings = Settings.model_validate({"data_dir": str(folder), "chat": {"timezone": "UTC"}} | (chosen or {}))
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(open_house(settings))
        people = Access(owners=[chat.operator_id])
        connection = Connection(token=how.pop("token", chat.bot_token), api_root=chat.api_root)
        bot = assemble(connection, plugs_of(house, people, folder), local=True, **how)
        house.changed.append(bot.courier.wake)
        house.nursery.start(bot.courier.run(), "courier")
        if runs:
            await house.executor.recover()
            house.nursery.start(house.executor.run(), "executor")
        await bot.front.start()
        stack.push_async_callback(bot.courier.stop)
        stack.push_async_callback(bot.front.stop)
        yield Talk(chat, house, bot, people, {m["message_id"] for m in chat.messages()})


def plugs_of(house: House, people: Access, folder: Path, **other: Any) -> Plugs:
    plugs = Plugs(
        engine=house.executor,
        store=house.database,
        outbox=house.database.outbox,
        inbox=house.database.inbox,
        chats=house.database.chats,
        habits=house.database.habits,
        clock=house.clock,
        timezone=house.timezone,
        crash_points=house.crash_points,
        start_soon=house.nursery.start,
        access=people,
        describe=house.describe,
        read_goal=house.read_goal,
        read_run=house.read_run,
        workflows=house.workflows,
        secrets=house.secrets,
        examine=house.examine,
        mark=PollFile(folder / "last-poll"),
        brake=house.brake,
        examples=EXAMPLES,
    )
    return replace(plugs, **other)
