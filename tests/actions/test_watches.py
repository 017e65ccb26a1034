"""Looks at what was gone: real ports, real locks, a real disk, a real server."""

import asyncio
import fcntl
import os
from pathlib import Path

import pytest

from executor.actions.watches import Sight, looks


async def listening(status: str = "200 OK") -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def port_of(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


async def test_a_door_is_open_while_somebody_listens_and_a_port_is_free_afterwards(tmp_path: Path) -> None:
    sight, server = looks(tmp_path, []), await listening()
    port = port_of(server)
    before = await sight.look(f"tcp://127.0.0.1:{port}"), await sight.look(f"port:{port}")

    server.close()
    await server.wait_closed()

    assert before == (True, False)
    assert (await sight.look(f"tcp://127.0.0.1:{port}"), await sight.look(f"port:{port}")) == (False, True)


@pytest.mark.parametrize(
    ("status", "back"), [("200 OK", True), ("404 Not Found", True), ("503 Unavailable", False), ("429 Slow", False)]
)
async def test_a_server_is_back_when_it_answers_without_a_fault(tmp_path: Path, status: str, back: bool) -> None:
    server = await listening(status)
    address = f"127.0.0.1:{port_of(server)}"

    seen = await looks(tmp_path, [address]).look(f"http://{address}/rates")

    server.close()
    assert seen is back


async def test_where_the_http_action_may_not_go_nothing_is_looked_at(tmp_path: Path) -> None:
    server = await listening()

    seen = await looks(tmp_path, []).look(f"http://127.0.0.1:{port_of(server)}/")

    server.close()
    assert seen is None


@pytest.mark.parametrize(("needed_mb", "room"), [(0.001, True), (1e12, False)])
async def test_a_disk_has_room_or_not_at_the_nearest_folder_that_exists(
    tmp_path: Path, needed_mb: float, room: bool
) -> None:
    sight = Sight(tmp_path, disk_free_mb=needed_mb)

    assert await sight.look(f"disk:{tmp_path}/not/yet/there") is room
    assert await sight.look("disk:") is room


@pytest.mark.parametrize(("needed_mb", "room"), [(0.001, True), (1e12, False)])
async def test_there_is_memory_or_not(tmp_path: Path, needed_mb: float, room: bool) -> None:
    assert await Sight(tmp_path, memory_free_mb=needed_mb).look("memory") is room


async def test_a_lock_that_somebody_holds_is_seen_and_its_end_too(tmp_path: Path) -> None:
    lock = tmp_path / "db.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        held = await looks(tmp_path, []).look(f"lock:{lock}")
    lock.unlink()

    assert (held, await looks(tmp_path, []).look(f"lock:{lock}")) == (False, True)


@pytest.mark.parametrize("probe", ["files", "processes"])
async def test_this_machine_has_room_for_files_and_processes(tmp_path: Path, probe: str) -> None:
    assert await looks(tmp_path, []).look(probe) is True


async def test_what_is_unknown_is_not_guessed(tmp_path: Path) -> None:
    assert await looks(tmp_path, []).look("weather:Berlin") is None


async def test_what_is_no_ordinary_file_is_not_opened(tmp_path: Path) -> None:
    """A command says where the lock is: at a pipe, whoever opens it would wait for ever."""
    os.mkfifo(tmp_path / "pipe.lock")
    sight = looks(tmp_path, [])

    seen = [await sight.look(f"lock:{place}") for place in (tmp_path / "pipe.lock", "/dev/zero", tmp_path)]

    assert seen == [None, None, None]
