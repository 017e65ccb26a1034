"""The outside of a program that dies: a chat that lives on in its own thread, a person in it, and what really happened.

Nothing here knows of crashes. The person looks at the chat, presses each button once and types each line once, as
people do; whoever relies on a second press has lost the first one.
"""

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bot.localchat import LocalChat
from tests.crash.history import Happened, Seen
from tests.ports import quiet_port

T = TypeVar("T")

_REF = re.compile(r"\b\d+\.\d+\b")
PRESSED = ("Start", "Retry", "Done", "Yes", "Red")
"""Buttons that the person presses wherever they stand; what an effect's question gets depends on what happened."""


class Outside:
    """One chat server with one person. `port` and history stay over `restart_chat`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="outside", daemon=True)
        self.effects: list[Happened] = []
        self.runs: Counter[str] = Counter()
        self.lives = 0
        self.repaired = False
        self.presses = PRESSED
        self.replies: dict[str, str] = {}
        self.alerts: list[str] = []
        self.on_text: dict[str, Callable[[int], None]] = {}  # what the person does about a message with these words
        self._presses: dict[int, str] = {}  # query ids by update id
        self._updates: set[int] = set()
        self._handled: set[tuple[int, int, str]] = set()
        self.chat: LocalChat
        self._person: asyncio.Task[None]
        self.home: int | None = None  # another chat than the private one, where the person is at home

    # ------------------------------------------------------------------------------------------------------- the server

    def start(self) -> None:
        self._thread.start()
        self.chat = LocalChat(self.folder, port=quiet_port(), operator_name="Ann")
        self.run(self._open())

    async def _open(self) -> None:
        await self.chat.start()
        self._person = self._loop.create_task(self._watch())

    def restart_chat(self) -> None:
        """The server dies as well, and comes back with its history on the same port."""
        port = int(self.chat.api_root.rsplit(":", 1)[1])
        self.run(self._close())
        self.chat = LocalChat(self.folder, port=port, operator_name="Ann")
        self.run(self._open())

    async def _close(self) -> None:
        self._person.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._person
        await self.chat.stop()

    def stop(self) -> None:
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=120)

    def do(self, work: Callable[[], T]) -> T:
        """Call something of the chat in its own thread."""

        async def call() -> T:
            return work()

        return self.run(call())

    # ------------------------------------------------------------------------------------------------------- the person

    def say(self, text: str, **how: Any) -> None:
        self.do(lambda: self._said(self.chat.say(text, **how)))

    def _said(self, update: dict[str, Any]) -> None:
        self._updates.add(update["update_id"])

    async def _watch(self) -> None:
        while True:
            bell = self.chat.room.changed.listen()
            for message in self._from_bot():
                self._look_at(message)
            await bell.wait()

    def _from_bot(self) -> list[dict[str, Any]]:
        chat = self.chat
        places = {chat.operator_id, *([self.home] if self.home is not None else [])}
        return [m for place in places for m in chat.messages(place) if m["from"]["id"] == chat.room.identity.bot_id]

    def _look_at(self, message: dict[str, Any]) -> None:
        text, place = message.get("text") or message.get("caption") or "", message["chat"]["id"]
        for words, act in self.on_text.items():
            if words in text and self._first(place, message["message_id"], words):
                act(message["message_id"])
        rows = message.get("reply_markup", {}).get("inline_keyboard", [])
        buttons = {button["text"]: button["callback_data"] for row in rows for button in row}
        for label in self._wanted(text, buttons):
            if self._first(place, message["message_id"], buttons[label]):
                self.repaired = self.repaired or label == "Retry"
                update = self.chat.press(message["message_id"], buttons[label], chat=place)
                self._updates.add(update["update_id"])
                self._presses[update["update_id"]] = update["callback_query"]["id"]

    def _first(self, place: int, message_id: int, what: str) -> bool:
        """Whether the person sees this for the first time; a question that came twice is the same question, in whatever
        chat it stands."""
        data = what.split(":")
        seen = (0, 0, data[1]) if data[0] == "d" else (place, message_id, what)
        if seen in self._handled:
            return False
        self._handled.add(seen)
        return True

    def _wanted(self, text: str, buttons: dict[str, str]) -> list[str]:
        if "It happened" in buttons:
            found = _REF.search(text)
            assert found is not None, text
            happened = any(one.task_ref == found[0] for one in self.effects)
            return ["It happened" if happened else "It did not"]
        return [label for label in self.presses if label in buttons][:1]

    # ---------------------------------------------------------------------------------------------------- what was seen

    def seen(self) -> Seen:
        return self.do(self._seen)

    def _seen(self) -> Seen:
        store = self.chat.room.store
        waiting = {update["update_id"] for update in store.updates(0, 10_000)}
        pressed = set()
        for update_id, query_id in self._presses.items():
            answer = self.chat.answer_to(query_id)
            if answer is not None and answer["show_alert"]:
                self.alerts.append(answer["text"])
            elif answer is not None:
                pressed.add(f"tg:{update_id}")
        return Seen(
            replies=self.replies,
            pressed=pressed,
            confirmed=self._updates - waiting,
            effects=list(self.effects),
            effects_seen=True,
            messages={
                (m["chat"]["id"], m["message_id"]): m.get("text") or m.get("caption") or "" for m in self._from_bot()
            },
        )


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    opened = Outside(folder)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()
