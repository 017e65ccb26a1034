"""A host is down: one message says so, it comes back, and the goal completes without a press. Real commands against a
real server, in the real chat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from tests.ports import quiet_port
from tests.telegram.talk import Talk, talking, words

QUICK = {
    "executor": {"retry_first_s": 0.05, "outage_pause_max_s": 0.3},
}


@asynccontextmanager
async def serving(port: int, status: str = "200 OK") -> AsyncIterator[None]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsunny\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[LocalChat]:
    room = LocalChat(tmp_path / "chat", port=0)
    await room.start()
    yield room
    await room.stop()


async def begun(talk: Talk, port: int) -> None:
    goal = f"Read the weather\n1. Fetch: `curl -sS --fail http://127.0.0.1:{port}/now`\n2. Tell: `echo done`"
    await talk.press(await talk.say(goal), "Start")


async def test_a_host_that_comes_back_costs_no_press(tmp_path: Path, chat: LocalChat) -> None:
    port = quiet_port()
    async with talking(tmp_path / "data", chat, chosen=QUICK) as talk:
        await begun(talk, port)
        told = await talk.hear("does not work")
        [circuit] = await talk.house.database.circuits()

        async with serving(port):
            await talk.hear("Goal Complete")

        lines = words(told).split("\n")
        assert lines[0] == f"📡 127.0.0.1:{port} does not work"
        assert "1.1 Fetch waits for it." in lines
        assert circuit.key == f"http://127.0.0.1:{port}"
        said = [words(message) for message in chat.messages()]
        assert len([text for text in said if "does not work" in text and "📡" in text]) == 1
        assert await talk.house.executor.open_decisions() == []


async def test_a_restart_goes_on_looking(tmp_path: Path, chat: LocalChat) -> None:
    port = quiet_port()
    async with talking(tmp_path / "data", chat, chosen=QUICK) as talk:
        await begun(talk, port)
        await talk.hear("does not work")

    async with serving(port), talking(tmp_path / "data", chat, chosen=QUICK) as talk:
        await talk.hear("Goal Complete")


async def test_what_takes_too_long_is_asked_about_and_the_question_goes_away_by_itself(
    tmp_path: Path, chat: LocalChat
) -> None:
    port = quiet_port()
    impatient = {**QUICK, "executor": {**QUICK["executor"], "outage_ask_s": 0.4}}
    async with talking(tmp_path / "data", chat, chosen=impatient) as talk:
        await begun(talk, port)
        question = await talk.hear("Blocked (external)")

        async with serving(port):
            await talk.hear("Goal Complete")

        closed = await talk.message(question["message_id"], "It is back")
        assert "reply_markup" not in closed
        assert "I go on looking, and go on by myself when it is back" in words(question)
