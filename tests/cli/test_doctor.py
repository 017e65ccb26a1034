import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.listen import listening_socket
from bot.write_ahead import LARGE_BYTES
from tests.cli.conftest import Ended, Milepost, ScriptedEngine
from tests.modelserver import model_server, refuses, says

TOKEN = "123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr"


def state_of(ended: Ended, check: str) -> tuple[str, str, str]:
    """(state, seen, remedy) of one check of a --json run."""
    found = [one for one in json.loads(ended.out)["checks"] if one["check"] == check]
    assert len(found) == 1
    return found[0]["state"], found[0]["seen"], found[0]["remedy"]


async def examined(milepost: Milepost, *arguments: str, **environ: str) -> Ended:
    return await milepost("doctor", "--json", *arguments, env={"MILEPOST_LOCAL_CHAT__PORT": "0", **environ})


@asynccontextmanager
async def bot_api(answer: bytes) -> AsyncIterator[str]:
    """A Bot API server that says one thing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def http(status: str, body: object) -> bytes:
    text = json.dumps(body)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode()


async def test_a_fresh_place_is_healthy_and_says_what_will_be_made(milepost: Milepost, folder: Path) -> None:
    ended = await examined(milepost)

    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["healthy"]
    assert state_of(ended, "data folder") == ("note", f"{folder} is not there yet", "milepost up makes it")
    assert state_of(ended, "program")[:2] == ("good", "not running")
    assert not folder.exists()


async def test_the_text_has_a_line_for_each_check(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await milepost("doctor")

    assert ended.code == 0
    checks = [line.split(":")[0].split(maxsplit=1)[1] for line in ended.out.splitlines()]
    assert checks[:7] == ["configuration", "data folder", "disk", "database", "workflows", "program", "chat"]
    assert checks[7:] == ["brain", "clock", "sqlite", "shell", "git", "sandbox"]


async def test_a_running_milepost_says_how_it_is(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await examined(milepost)

    state, seen, _ = state_of(ended, "program")
    assert state == "good"
    assert seen.endswith("; 1 goal in progress")


async def test_a_wrong_configuration_is_a_fault_a_line(milepost: Milepost, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[web]\nprot = 1\n")

    ended = await examined(milepost)

    assert ended.code == 1
    assert state_of(ended, "configuration")[:2] == (
        "wrong",
        "config.toml: web.prot = 1: no such key; did you mean web.port?",
    )


async def test_a_port_in_use_is_a_fault(milepost: Milepost) -> None:
    with closing(listening_socket("127.0.0.1", 0, "test")) as taken:
        port = taken.getsockname()[1]
        ended = await examined(milepost, MILEPOST_LOCAL_CHAT__PORT=str(port))

    assert ended.code == 1
    assert state_of(ended, "port")[1].startswith(f"Port {port} on 127.0.0.1 is in use.")


@pytest.mark.parametrize(
    ("answer", "state", "seen"),
    [
        (http("200 OK", {"ok": True, "result": {"username": "mile_bot"}}), "good", "@mile_bot at {root}"),
        (http("401 Unauthorized", {"ok": False, "description": "Unauthorized"}), "wrong", "{root} says Unauthorized"),
    ],
)
async def test_the_token_is_tried(milepost: Milepost, answer: bytes, state: str, seen: str) -> None:
    async with bot_api(answer) as root:
        ended = await examined(milepost, MILEPOST_TELEGRAM__TOKEN=TOKEN, MILEPOST_TELEGRAM__API_ROOT=root)

    assert state_of(ended, "chat")[:2] == (state, seen.format(root=root))
    assert ended.code == (0 if state == "good" else 1)
    assert TOKEN not in ended.out + ended.err


async def test_a_chat_that_is_not_there_is_a_fault_without_the_token(milepost: Milepost) -> None:
    ended = await examined(milepost, MILEPOST_TELEGRAM__TOKEN=TOKEN, MILEPOST_TELEGRAM__API_ROOT="http://127.0.0.1:9")

    assert state_of(ended, "chat")[0] == "wrong"
    assert TOKEN not in ended.out + ended.err


async def test_a_damaged_database_is_a_fault(milepost: Milepost, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    (folder / "milepost.db").write_bytes(b"no database at all" * 100)

    ended = await examined(milepost)

    assert ended.code == 1
    assert state_of(ended, "database")[:2] == (
        "wrong",
        f"{folder}/milepost.db can't be read: file is not a database",
    )


async def test_a_whole_database_names_its_schema(milepost: Milepost, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "milepost.db")) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES ('0007')")

    assert state_of(await examined(milepost), "database")[:2] == ("good", "whole, schema 0007")


async def test_a_broken_workflow_file_is_a_fault_with_its_reason(milepost: Milepost, folder: Path) -> None:
    (folder / "workflows").mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    (folder / "workflows" / "mine.toml").write_text('name = "mine"\ntitle = \n')

    ended = await examined(milepost)

    assert ended.code == 1
    assert state_of(ended, "workflows") == (
        "wrong",
        "mine.toml, line 2: Invalid value",
        f"correct the file in {folder}/workflows",
    )


async def test_what_others_can_read_is_found_and_mended(milepost: Milepost, folder: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[brain]\napi_key = "very secret"\n')
    config.chmod(0o644)
    folder.mkdir(mode=0o755)

    before = await examined(milepost)
    mended = await examined(milepost, "--fix")
    after = await examined(milepost)

    assert [state_of(before, check)[0] for check in ("secrets", "data folder")] == ["wrong", "wrong"]
    assert [ended.code for ended in (before, mended, after)] == [1, 0, 0]
    assert (config.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_fix_makes_the_data_folder(milepost: Milepost, folder: Path) -> None:
    ended = await examined(milepost, "--fix")

    assert ended.code == 0
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("provider", ["gemini", "openai"])
async def test_the_model_is_asked_one_question_and_its_price_told(milepost: Milepost, provider: str) -> None:
    async with model_server() as server:
        server.on("judge", says({"met": True, "deviation": 0, "evidence": "2 + 2 = 4"}))
        ended = await examined(milepost, **model(provider, server.url, MILEPOST_BRAIN__PRICE_IN="0.5"))

    state, seen, remedy = state_of(ended, "brain")
    assert (state, seen.split(" in ")[0], seen.split("; ")[1], remedy) == (
        "good",
        "m-1 answers,",
        "$0.5 and $0.0 for a million tokens in and out, as configured",
        "",
    )
    assert server.purposes() == ["judge"]


async def test_a_model_without_a_price_is_noted_and_the_question_is_counted(milepost: Milepost, folder: Path) -> None:
    async with model_server() as server:
        server.on("judge", says({"met": True, "deviation": 0, "evidence": "2 + 2 = 4"}))
        ended = await examined(milepost, **model("openai", server.url))

    state, seen, remedy = state_of(ended, "brain")
    assert (state, seen.split("; ")[1]) == ("note", "its price is not listed")
    assert remedy == "set [brain] price_in and price_out; until then no limit of money holds"
    with closing(sqlite3.connect(folder / "milepost.db")) as database:
        [counted] = database.execute("SELECT goal_number, purpose, tokens_in, error FROM brain_calls").fetchall()
    assert counted == (None, "judge", 100, "")


async def test_a_refused_key_is_told_with_its_remedy(milepost: Milepost) -> None:
    async with model_server() as server:
        server.on("judge", refuses(401, "no"))
        ended = await examined(milepost, **model("openai", server.url))

    assert ended.code == 1
    assert state_of(ended, "brain") == (
        "wrong",
        "m-1: The model server refuses the API key. Check [brain] api_key.",
        "make a new key at the provider, look whether it is paid for, and set [brain] api_key",
    )


async def test_a_missing_key_is_told(milepost: Milepost) -> None:
    ended = await examined(milepost, MILEPOST_BRAIN__PROVIDER="gemini")

    assert state_of(ended, "brain") == (
        "wrong",
        'The brain "gemini" needs a key: set [brain] api_key or MILEPOST_BRAIN__API_KEY.',
        "",
    )


def model(provider: str, url: str, **more: str) -> dict[str, str]:
    base_url = f"{url}/v1" if provider == "openai" else url
    return {
        "MILEPOST_BRAIN__PROVIDER": provider,
        "MILEPOST_BRAIN__MODEL": "m-1",
        "MILEPOST_BRAIN__API_KEY": "key-1",
        "MILEPOST_BRAIN__BASE_URL": base_url,
        **more,
    }


async def test_a_write_ahead_log_that_can_not_be_folded_is_a_fault(milepost: Milepost, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / "milepost.db")) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        with closing(sqlite3.connect(folder / "milepost.db")) as held:
            held.execute("SELECT count(*) FROM alembic_version").fetchone()
            os.truncate(folder / "milepost.db-wal", LARGE_BYTES)

            found = state_of(await examined(milepost), "database")

    assert found[:2] == (
        "wrong",
        "its write-ahead log has grown to 67 MB, for another program keeps an old reading of the database open",
    )
