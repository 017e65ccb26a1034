"""The local chat: a Bot API server and a page for one person, inside the running event loop.

A bot that speaks to `api_root` with `bot_token` can't tell it from Telegram; a person opens `url`. Nothing here knows
what the bot is for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from bot.localchat.botapi import BotApi, Call
from bot.localchat.connections import Connections
from bot.localchat.errors import LocalChatError
from bot.localchat.faults import Faults
from bot.localchat.guard import Guard
from bot.localchat.people import People
from bot.localchat.room import Room, open_room
from bot.localchat.shapes import Clock, Json, system_clock
from bot.localchat.window import Window

STOP_S_MAX = 1


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the program around it decides when to end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.open = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.open.set()


class LocalChat:
    """Start and stop it once each. History, unconfirmed updates and tokens stay in `folder`.

    For tests: `people` (also as say, press, edit, …), `faults` and `requests`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 8765,
        operator_name: str = "Operator",
        clock: Clock = system_clock,
    ) -> None:
        """`port` 0 takes a free one. `clock` gives Unix seconds."""
        self._folder = folder
        self._host = host
        self._port = port
        self._operator_name = operator_name
        self._clock = clock
        self._room: Room | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Opens the folder and serves. LocalChatError when port, host or folder can't be used."""
        listener = self._bind()
        try:
            self._room = open_room(self._folder, self._clock, self._operator_name)
        except (OSError, sqlite3.Error) as error:
            listener.close()
            raise LocalChatError(f"The local chat can't use its folder {self._folder}: {error}") from error
        self._port = listener.getsockname()[1]
        room = self._room
        connections = Connections(lost=room.updated.ring)
        self._api = BotApi(room, connections)
        self._people = People(room)
        window = Window(room, self._people)
        app = Guard(Starlette(routes=[*self._api.routes(), *window.routes()]), self._host, lambda: self._port)
        config = uvicorn.Config(
            app,
            http=connections.protocol(),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_S_MAX,
        )
        self._server = _Server(config)
        # The one task of this package: the server itself, awaited in stop().
        self._running = asyncio.get_running_loop().create_task(self._server.serve([listener]), name="local chat")
        await self._server.open.wait()
        if not self._server.started:
            await self._running

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The protocol is named because asyncio switches off Nagle's algorithm only then: 40 ms per answer otherwise.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            if isinstance(error, socket.gaierror) or self._port == 0:
                raise LocalChatError(f"[local_chat] host {self._host!r} is no address of this machine.") from error
            if isinstance(error, PermissionError):
                raise LocalChatError(f"Port {self._port} needs more rights. Set [local_chat] port.") from error
            remedy = "Set [local_chat] port in config.toml, or stop the other program."
            raise LocalChatError(f"Port {self._port} is in use. {remedy}") from error
        return listener

    async def stop(self) -> None:
        """Ends held requests and closes everything within about a second. Harmless when it is not running."""
        running, room, self._running = self._running, self._room, None
        if running is None or room is None:
            return
        room.closing.set()
        room.updated.ring()
        room.changed.ring()
        self._server.should_exit = True
        await running
        room.store.close()

    @property
    def room(self) -> Room:
        assert self._room is not None, "start() comes first"
        return self._room

    @property
    def api_root(self) -> str:
        """What stands before /bot<token>/<method>."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{'127.0.0.1' if host in {'0.0.0.0', '[::]'} else host}:{self._port}"

    @property
    def page_url(self) -> str:
        """The page's address without its token."""
        return f"{self.api_root}/"

    @property
    def url(self) -> str:
        """The address to open in a browser. It carries the page's token: whoever has it is the operator."""
        return f"{self.page_url}?token={self.room.identity.page_token}"

    @property
    def bot_token(self) -> str:
        return self.room.identity.bot_token

    @property
    def operator_id(self) -> int:
        """User id of the page's person, and the id of their private chat."""
        return self.room.identity.operator_id

    # For tests.

    @property
    def faults(self) -> Faults:
        return self._api.faults

    @property
    def requests(self) -> list[Call]:
        """The last ten thousand Bot API requests, oldest first."""
        return list(self._api.calls)

    @property
    def people(self) -> People:
        return self._people

    def say(self, text: str, **how: Any) -> Json:
        """See People.say; likewise those below."""
        return self._people.say(text, **how)

    def press(self, message_id: int, data: str, **how: Any) -> Json:
        return self._people.press(message_id, data, **how)

    def edit(self, message_id: int, text: str, **how: Any) -> Json:
        return self._people.edit(message_id, text, **how)

    def upload(self, content: bytes, name: str, **how: Any) -> Json:
        return self._people.upload(content, name, **how)

    def add_user(self, first_name: str, **how: Any) -> Json:
        return self._people.add_user(first_name, **how)

    def add_group(self, title: str, **how: Any) -> Json:
        return self._people.add_group(title, **how)

    def messages(self, chat: int | None = None) -> list[Json]:
        """All messages of a chat as the Bot API shows them, oldest first; without `chat` the page's."""
        history = self.room.store.history(self.operator_id if chat is None else chat)
        return [self.room.shown(message) for message in history]

    def answer_to(self, callback_query_id: str) -> Json | None:
        """What the bot answered to a press: text, show_alert, url. None until it did."""
        press = self.room.store.press(callback_query_id)
        return press.answer if press else None

    async def until(self, happened: Callable[[], Any], timeout_s: float = 60) -> Any:
        """Waits until `happened()` is true, looking again at every change in the room; returns its value. Raises
        TimeoutError after a time that no slow machine needs."""
        async with asyncio.timeout(timeout_s):
            while True:
                bell = self.room.changed.listen()
                if value := happened():
                    return value
                await bell.wait()
