"""A running local chat on a free port, a clock to set by hand, and the clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from telegram import Message, Update
from telegram.ext import Application
from telegram.request import HTTPXRequest

from bot.localchat import LocalChat

NOON = 1_790_000_000.0
PATIENCE_S = 60.0  # of a slow machine
AT_LAST_S = 30  # when a server that stops cuts off what does not end by itself

Raw = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class HandClock:
    """Unix seconds that pass only when a test says so."""

    seconds: float = NOON

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture(autouse=True)
def _seconds_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """python-telegram-bot warns about its old form of retry_after."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def chat(tmp_path: Path, clock: HandClock) -> AsyncIterator[LocalChat]:
    room = LocalChat(tmp_path / "chat", port=0, operator_name="Ann", clock=clock)
    await room.start()
    yield room
    await room.stop()


@pytest.fixture
async def web(chat: LocalChat) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=chat.api_root, trust_env=False) as client:
        yield client


@pytest.fixture
def raw(chat: LocalChat, web: httpx.AsyncClient) -> Raw:
    """Calls a method with JSON and returns the envelope."""

    async def call(method: str, **params: Any) -> dict[str, Any]:
        response = await web.post(f"/bot{chat.bot_token}/{method}", json=params, timeout=60)
        envelope: dict[str, Any] = response.json()
        assert response.status_code == envelope.get("error_code", 200)
        return envelope

    return call


def ptb(chat: LocalChat, read_timeout_s: float = PATIENCE_S) -> Application[Any, Any, Any, Any, Any, Any]:
    """The real python-telegram-bot, set up for a server on this machine."""

    def request() -> HTTPXRequest:
        return HTTPXRequest(connection_pool_size=8, read_timeout=read_timeout_s, httpx_kwargs={"trust_env": False})

    builder = Application.builder().token(chat.bot_token).job_queue(None)
    builder = builder.base_url(f"{chat.api_root}/bot").base_file_url(f"{chat.api_root}/file/bot")
    return builder.request(request()).get_updates_request(request()).build()


@dataclass
class Heard:
    """What reached the bot's handlers."""

    updates: list[Update] = field(default_factory=list)

    def texts(self) -> list[str]:
        messages: list[Message | None] = [update.message for update in self.updates]
        return [message.text or "" for message in messages if message]


@pytest.fixture
async def app(chat: LocalChat) -> AsyncIterator[Application[Any, Any, Any, Any, Any, Any]]:
    """A polling application without handlers; tests add theirs."""
    application = ptb(chat)
    await application.initialize()
    await application.start()
    assert application.updater is not None
    await application.updater.start_polling(timeout=20, allowed_updates=Update.ALL_TYPES)
    yield application
    if application.updater.running:
        await application.updater.stop()
    await application.stop()
    await application.shutdown()
