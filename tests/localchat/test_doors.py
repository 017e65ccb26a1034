"""Who gets in: the page only with its token, nothing from foreign sites, no more bytes than allowed."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.localchat import LocalChat


@pytest.fixture
async def person(chat: LocalChat) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has opened the printed address."""
    async with httpx.AsyncClient(base_url=chat.api_root, trust_env=False) as client:
        assert (await client.get(chat.url)).status_code == 200
        yield client


async def test_without_the_token_the_page_says_where_the_door_is(chat: LocalChat, web: httpx.AsyncClient) -> None:
    page = await web.get("/")
    wrong = await web.get("/", params={"token": "x" * 43})
    state = await web.get("/page/state")

    assert (page.status_code, wrong.status_code, state.status_code) == (401, 401, 401)
    assert "milepost up" in page.text
    assert "set-cookie" not in wrong.headers
    assert chat.bot_token not in page.text


async def test_the_token_becomes_a_cookie_that_no_script_and_no_other_site_can_use(
    chat: LocalChat, web: httpx.AsyncClient
) -> None:
    answer = await web.get(chat.url)
    cookie = answer.headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert chat.url.partition("=")[2] not in cookie
    assert (await web.get("/")).status_code == 200


async def test_every_answer_of_the_page_carries_the_strict_headers(person: httpx.AsyncClient) -> None:
    for path in ("/", "/page/state", "/page/page.js", "/page/messages"):
        headers = (await person.get(path)).headers

        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8765"},
        {"host": "127.0.0.1"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
async def test_a_foreign_site_is_refused_even_with_the_cookie(
    chat: LocalChat, person: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    said = await person.post("/page/say", json={"text": "x"}, headers=headers)
    sent = await person.post(f"/bot{chat.bot_token}/getMe", headers=headers)

    assert (said.status_code, sent.status_code) == (403, 403)
    assert chat.messages() == []


async def test_a_form_can_not_speak_for_the_person(chat: LocalChat, person: httpx.AsyncClient) -> None:
    refused = await person.post("/page/say", data={"text": "x"})

    assert refused.status_code == 415
    assert chat.messages() == []


async def test_too_large_a_body_is_refused(chat: LocalChat, person: httpx.AsyncClient) -> None:
    said = await person.post("/page/say", json={"text": "x" * 70_000})
    sent = await person.post(
        f"/bot{chat.bot_token}/sendMessage", content=b"x" * 54_000_000, headers={"content-type": "application/json"}
    )

    assert (said.status_code, sent.status_code) == (413, 413)


@pytest.mark.parametrize("body", [b"{", b"[" * 50_000, b'{"text": ' + b"9" * 5_000 + b"}", b"\xff", b"null"])
async def test_a_body_that_is_no_json_object_is_refused(
    chat: LocalChat, person: httpx.AsyncClient, body: bytes
) -> None:
    as_json = {"content-type": "application/json"}

    said = await person.post("/page/say", content=body, headers=as_json)
    sent = await person.post(f"/bot{chat.bot_token}/sendMessage", content=body, headers=as_json)

    assert (said.status_code, sent.status_code) == (400, 400)


async def test_a_message_sent_twice_with_one_key_is_one_message(chat: LocalChat, person: httpx.AsyncClient) -> None:
    first, second = [(await person.post("/page/say", json={"text": "x", "once": "k1"})).json() for _ in range(2)]

    assert first == second == {"message_id": 1}
    assert len(chat.messages()) == 1


async def test_a_file_is_offered_for_download_and_never_as_a_page(chat: LocalChat, person: httpx.AsyncClient) -> None:
    said = chat.upload(b"<script>alert(1)</script>", 'a"b\r\n.html', mime="text/html")
    address = f"/page/files/{said['message']['document']['file_id']}"
    answer = await person.get(address, params={"inline": "1"})

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a%22b%0D%0A.html"


async def test_everything_on_disk_is_for_the_owner_alone(chat: LocalChat, tmp_path: Path) -> None:
    chat.upload(b"x", "a.txt")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]

    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "chat").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "path", ["../localchat.db", "%2e%2e/localchat.db", "documents/../../localchat.db", "/etc/passwd"]
)
async def test_downloads_reach_nothing_but_known_files(chat: LocalChat, web: httpx.AsyncClient, path: str) -> None:
    assert (await web.get(f"/file/bot{chat.bot_token}/{path}")).status_code == 404
