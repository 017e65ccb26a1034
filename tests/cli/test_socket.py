"""The control socket itself: what is no request, who may use it, and where it lies."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.control.address import connected_socket
from bot.control.client import ControlClient, NoAnswer, NotRunning
from bot.control.protocol import REQUEST_BYTES_MAX, ShellRefused
from bot.control.server import ControlServer
from executor.domain.errors import WrongInput
from tests.cli.conftest import ScriptedEngine, commands


async def said(folder: Path, *lines: bytes) -> list[dict[str, Any]]:
    """Every answer to these raw lines, on one connection."""
    reader, writer = await asyncio.open_unix_connection(sock=connected_socket(folder, 5), limit=2 * REQUEST_BYTES_MAX)
    answers = []
    for line in lines:
        try:
            writer.write(line + b"\n")
            answer = await reader.readline()
        except ConnectionError:
            break
        if not answer:
            break
        answers.append(json.loads(answer))
    writer.close()
    return answers


async def in_thread(call: Callable[[], Any]) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, call)


@pytest.mark.parametrize(
    "line",
    [
        b"hello",
        b"[]",
        b"{}",
        b'{"id": "", "method": "goals"}',
        b'{"id": "a", "method": 5}',
        b"\xff\xfe",
        b"null",
        b"[" * 100_000,
    ],
)
async def test_what_is_no_request_is_refused_and_the_connection_goes_on(
    running: ScriptedEngine, folder: Path, line: bytes
) -> None:
    refused, answered = await said(folder, line, b'{"id": "a", "method": "goals", "params": {}}')

    assert (refused["ok"], refused["error"]["code"]) == (False, "wrong_input")
    assert answered == {"ok": True, "result": {"goals": [], "total": 0}}


async def test_a_request_that_is_too_long_is_refused_and_ends_the_connection(
    running: ScriptedEngine, folder: Path
) -> None:
    answers = await said(folder, b"x" * (REQUEST_BYTES_MAX + 10), b'{"id": "a", "method": "goals"}')

    assert [answer["error"]["sentence"] for answer in answers] == ["A request has at most 1000000 bytes."]


@pytest.mark.parametrize("goal", [None, "1", True, -1, 0, 2**40])
async def test_a_number_that_is_none_is_refused(running: ScriptedEngine, folder: Path, goal: object) -> None:
    [refused] = await said(folder, json.dumps({"id": "a", "method": "show", "params": {"goal": goal}}).encode())

    assert refused["error"] == {"code": "wrong_input", "sentence": "goal is a number from 1 to 2147483647."}


async def test_an_unknown_method_is_refused(running: ScriptedEngine, folder: Path) -> None:
    with pytest.raises(ShellRefused, match="This version of Milepost knows no dance"):
        await in_thread(lambda: ControlClient(folder).call("dance", {}, command_id="a"))


async def test_a_command_that_is_sent_twice_is_carried_out_once(running: ScriptedEngine, folder: Path) -> None:
    request = json.dumps({"id": "same", "method": "submit_goal", "params": {"text": "Pack"}}).encode()

    first = await said(folder, request)
    second = await said(folder, request)

    assert first == second
    assert len(running.commands) == 1


async def test_the_socket_is_its_owners_alone(running: ScriptedEngine, folder: Path) -> None:
    assert (folder / "milepost.sock").stat().st_mode & 0o777 == 0o600


async def test_a_data_folder_with_a_very_long_path_has_its_socket_too(tmp_path: Path, engine: ScriptedEngine) -> None:
    folder = tmp_path / ("deep" * 30) / ("deeper" * 30)
    folder.mkdir(parents=True)
    server = ControlServer(folder, commands(engine))
    await server.start()

    answer = await in_thread(lambda: ControlClient(folder).call("goals", {}, command_id="a"))

    assert answer == {"goals": [], "total": 0}
    await server.stop()


async def test_what_a_dead_predecessor_left_is_replaced(tmp_path: Path, engine: ScriptedEngine) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(tmp_path / "milepost.sock"))
    dead.close()
    server = ControlServer(tmp_path, commands(engine))
    await server.start()

    assert (await said(tmp_path, b'{"id": "a", "method": "goals"}'))[0]["ok"]
    await server.stop()


async def test_nobody_there_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        ControlClient(tmp_path).call("goals", {}, command_id="a")


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_somebody_who_does_not_answer_is_told_apart(tmp_path: Path, hangs_up: bool) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        if not hangs_up:
            await reader.read()  # until the other end has had enough
        writer.close()

    server = await asyncio.start_unix_server(serve, tmp_path / "milepost.sock")
    client = ControlClient(tmp_path, timeout_s=20.0 if hangs_up else 0.1)

    with pytest.raises(NoAnswer):
        await in_thread(lambda: client.call("goals", {}, command_id="a"))

    server.close()


async def test_a_goal_that_is_longer_than_a_request_is_not_even_sent(running: ScriptedEngine, folder: Path) -> None:
    with pytest.raises(WrongInput, match="That is too long"):
        ControlClient(folder).call("submit_goal", {"text": "x" * REQUEST_BYTES_MAX}, command_id="a")


async def test_it_stops_with_a_connection_open(
    engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.control.server.GRACE_S", 0.01)
    server = ControlServer(tmp_path, commands(engine))
    await server.start()
    reader, writer = await asyncio.open_unix_connection(sock=connected_socket(tmp_path, 5))
    writer.write(b'{"id": "a", "method": "goals"}\n')
    await reader.readline()

    await server.stop()

    assert await reader.read() == b""
    writer.close()
