"""The stream of changes: whatever a page has missed, it catches up on once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from bot.localchat import LocalChat
from tests.localchat.conftest import AT_LAST_S, Raw

Event = tuple[str, str, dict[str, Any]]


@pytest.fixture
async def person(chat: LocalChat, web: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser that has opened the printed address."""
    await web.get(chat.url)
    return web


async def events(person: httpx.AsyncClient, after: str = "0") -> AsyncGenerator[Event, None]:
    """Id (empty when the event has none), kind and content of each event."""
    async with person.stream("GET", "/page/events", headers={"last-event-id": after}) as stream:
        number = kind = ""
        async for line in stream.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                number = value
            elif name == "event":
                kind = value
            elif name == "data":
                yield number, kind, json.loads(value)
                number = ""


async def take(person: httpx.AsyncClient, count: int, after: str = "0") -> list[Event]:
    """The first `count` events that carry a number or belong to a group; states are left out."""
    found: list[Event] = []
    stream = events(person, after)
    async with asyncio.timeout(60):
        async for event in stream:
            if event[1] != "state":
                found.append(event)
            if len(found) == count:
                break
    await stream.aclose()
    return found


async def test_a_page_that_was_away_gets_the_present_state_of_all_it_missed(
    chat: LocalChat, person: httpx.AsyncClient, raw: Raw
) -> None:
    chat.say("seen")
    ((number, _, _),) = await take(person, 1)
    card = (await raw("sendMessage", chat_id=chat.operator_id, text="draft"))["result"]["message_id"]
    await raw("editMessageText", chat_id=chat.operator_id, message_id=card, text="final")
    gone = (await raw("sendMessage", chat_id=chat.operator_id, text="gone"))["result"]["message_id"]
    await raw("deleteMessage", chat_id=chat.operator_id, message_id=gone)
    query = chat.press(card, "x")["callback_query"]["id"]
    await raw("answerCallbackQuery", callback_query_id=query, text="ok")

    missed = await take(person, 3, after=number)
    assert [(kind, body.get("text"), body.get("deleted")) for _, kind, body in missed] == [
        ("message", "final", None),
        ("message", None, True),
        ("answer", "ok", None),
    ]


async def test_of_a_group_of_changes_only_the_last_counts_as_seen(
    chat: LocalChat, person: httpx.AsyncClient, raw: Raw
) -> None:
    updates = [chat.say(text)["update_id"] for text in "abc"]
    seen = (await take(person, 3))[-1][0]
    await raw("getUpdates", offset=updates[-1] + 1)

    group = await take(person, 3, after=seen)
    assert [body["fetched"] for _, _, body in group] == [True, True, True]
    assert [bool(number) for number, _, _ in group] == [False, False, True]


async def test_a_chat_action_is_shown_for_five_seconds(chat: LocalChat, person: httpx.AsyncClient, raw: Raw) -> None:
    await raw("sendChatAction", chat_id=chat.operator_id, action="typing")
    state = (await person.get("/page/state")).json()

    assert (state["action"], state["action_s"]) == ("typing", 5.0)
    await raw("sendMessage", chat_id=chat.operator_id, text="done")
    assert (await person.get("/page/state")).json()["action"] == ""


async def test_history_comes_in_pages_from_the_newest_back(chat: LocalChat, person: httpx.AsyncClient) -> None:
    for number in range(7):
        chat.say(str(number))

    newest = (await person.get("/page/messages", params={"limit": 3})).json()
    older = (await person.get("/page/messages", params={"limit": 5, "before": 5})).json()
    assert ([message["text"] for message in newest["messages"]], newest["more"]) == (["4", "5", "6"], True)
    assert ([message["text"] for message in older["messages"]], older["more"]) == (["0", "1", "2", "3"], False)


async def test_stopping_ends_open_streams_by_itself(chat: LocalChat, person: httpx.AsyncClient) -> None:
    chat._server.config.timeout_graceful_shutdown = AT_LAST_S
    stream = events(person)
    chat.say("x")
    while (await anext(stream))[1] != "message":
        continue
    began = time.monotonic()
    await chat.stop()

    assert time.monotonic() - began < AT_LAST_S
    assert [event async for event in stream] == []
