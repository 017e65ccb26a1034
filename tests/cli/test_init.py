"""milepost init: what it writes, what it tries first, and what it never says."""

import io
import json
import stat
import tomllib
from pathlib import Path

import pytest

from bot.cli import main
from bot.settings import load
from tests.cli.conftest import Milepost
from tests.cli.test_doctor import TOKEN, bot_api, http
from tests.modelserver import model_server, refuses, says

KEY = "sk-canary-0123456789"
KNOWN = http("200 OK", {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "M", "username": "my_bot"}})
UNKNOWN = http("401 Unauthorized", {"ok": False, "error_code": 401, "description": "Unauthorized"})


async def test_flags_alone_write_a_file_that_only_its_owner_can_read(milepost: Milepost, tmp_path: Path) -> None:
    async with bot_api(KNOWN) as address:
        ended = await milepost(
            *("init", "--telegram-token", "-", "--api-root", address, "--owner", "42", "--owner", "43"),
            *("--timezone", "Europe/Berlin"),
            input=f"{TOKEN}\n",
        )

    file = tmp_path / "config.toml"
    settings = load(file, {"HOME": str(tmp_path)})
    assert (ended.code, ended.err) == (0, "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert settings.telegram.token.get_secret_value() == TOKEN
    assert (settings.access.owners, settings.chat.timezone) == ((42, 43), "Europe/Berlin")
    assert ended.out.splitlines() == [
        f"ok    chat: @my_bot at {address}",
        "ok    brain: offline, without a model: goals need numbered lines, criteria or a workflow",
        f"Wrote {file}; only you can read it.",
        "Next: milepost up",
    ]


async def test_a_token_that_is_refused_is_not_written_and_never_shown(milepost: Milepost, tmp_path: Path) -> None:
    async with bot_api(UNKNOWN) as address:
        ended = await milepost("init", "--telegram-token", TOKEN, "--api-root", address)

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        f"milepost: chat: {address} says Unauthorized → copy the token from @BotFather again",
        "milepost: Nothing was written.",
    ]
    assert list(tmp_path.iterdir()) == []


async def test_a_models_key_is_tried_and_a_refused_one_is_told_with_its_remedy(
    milepost: Milepost, tmp_path: Path
) -> None:
    flags = ("init", "--provider", "openai", "--model", "m-1", "--api-key", KEY, "--json", "--base-url")
    async with model_server() as server:
        server.on("judge", refuses(401, f"the key {KEY} is unknown"))
        refused = await milepost(*flags, f"{server.url}/v1")
        server.on("judge", says({"met": True, "deviation": 0, "evidence": "2 + 2 = 4"}))
        written = await milepost(*flags, f"{server.url}/v1")

    assert (refused.code, written.code) == (2, 0)
    assert refused.err.splitlines()[0] == (
        "milepost: brain: m-1: The model server refuses the API key. Check [brain] api_key. → make a new key at the "
        "provider, look whether it is paid for, and set [brain] api_key"
    )
    assert KEY not in refused.err + refused.out + written.err + written.out
    assert [one["state"] for one in json.loads(written.out)["checks"]] == ["good", "note"]
    assert tomllib.loads((tmp_path / "config.toml").read_text())["brain"]["api_key"] == KEY


async def test_what_is_there_is_replaced_only_by_force_and_kept_beside(milepost: Milepost, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("# mine\n")

    refused = await milepost("init", "--timezone", "UTC")
    forced = await milepost("init", "--timezone", "UTC", "--force")

    assert (refused.code, refused.err) == (
        2,
        f"milepost: {file} is there already; --force replaces it and keeps the old one beside it.\n",
    )
    assert (forced.code, (tmp_path / "config.toml.old").read_text()) == (0, "# mine\n")
    assert tomllib.loads(file.read_text()) == {"chat": {"timezone": "UTC"}}


async def test_wrong_values_and_missing_terminals_are_one_line(milepost: Milepost, tmp_path: Path) -> None:
    zone = await milepost("init", "--timezone", "Mars/North")
    nobody = await milepost("init")
    empty = await milepost("init", "--telegram-token", "-")

    assert (zone.code, nobody.code, empty.code) == (2, 2, 2)
    assert 'chat.timezone = "Mars/North": expected a time zone' in zone.err
    assert nobody.err == "milepost: There is no terminal to ask at; say it with flags (milepost init --help).\n"
    assert empty.err == "milepost: - means that a secret comes from standard input, a line each; there was none.\n"
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_it_asks_and_enter_keeps_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("Europe/Berlin\n\n"))
    monkeypatch.setattr("getpass.getpass", lambda question: "")
    target = tmp_path / "my.toml"

    code = main(["init", "--config", str(target)])

    said = capsys.readouterr()
    assert (code, tomllib.loads(target.read_text())) == (0, {"chat": {"timezone": "Europe/Berlin"}})
    assert said.out.splitlines() == [f"Wrote {target}; only you can read it.", "Next: milepost up"]
    assert said.err.startswith("I write config.toml. Enter keeps what stands in brackets.\nTime zone")


def test_at_a_terminal_a_wrong_time_zone_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("Mars/North\nEurope/Berlin\n\n"))
    monkeypatch.setattr("getpass.getpass", lambda question: "")
    target = tmp_path / "my.toml"

    code = main(["init", "--config", str(target)])

    assert (code, tomllib.loads(target.read_text())) == (0, {"chat": {"timezone": "Europe/Berlin"}})
    assert 'chat.timezone = "Mars/North"' in capsys.readouterr().err
