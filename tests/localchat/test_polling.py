"""Updates: kept until confirmed, over restarts too, for one listener at a time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.localchat import LocalChat, LocalChatError
from tests.localchat.conftest import AT_LAST_S, PATIENCE_S, HandClock, Raw


def texts(envelope: dict[str, Any]) -> list[str]:
    return [update["message"]["text"] for update in envelope["result"]]


async def test_updates_stay_until_a_higher_offset_confirms_them(chat: LocalChat, raw: Raw) -> None:
    ids = [chat.say(text)["update_id"] for text in ("a", "b", "c")]

    assert texts(await raw("getUpdates")) == ["a", "b", "c"]
    assert texts(await raw("getUpdates", limit=2)) == ["a", "b"]
    assert texts(await raw("getUpdates", offset=ids[1])) == ["b", "c"]
    assert texts(await raw("getUpdates")) == ["b", "c"], "a is forgotten"
    assert texts(await raw("getUpdates", offset=-1)) == ["c"], "all before the last one are forgotten"
    assert (await raw("getWebhookInfo"))["result"]["pending_update_count"] == 1
    assert texts(await raw("getUpdates", offset=ids[2] + 1)) == []


async def test_a_held_poll_ends_with_the_first_update(chat: LocalChat, raw: Raw) -> None:
    poll = asyncio.ensure_future(raw("getUpdates", timeout=50))
    await chat.until(lambda: chat.room.online())
    chat.say("hello")

    assert texts(await asyncio.wait_for(poll, PATIENCE_S)) == ["hello"]


async def test_the_newest_listener_wins(chat: LocalChat, raw: Raw) -> None:
    first = asyncio.ensure_future(raw("getUpdates", timeout=50))
    await chat.until(lambda: chat.room.pollers)
    second = asyncio.ensure_future(raw("getUpdates", timeout=50))
    refused = await asyncio.wait_for(first, PATIENCE_S)
    chat.say("to the second")

    assert refused == {
        "ok": False,
        "error_code": 409,
        "description": "Conflict: terminated by other getUpdates request; "
        "make sure that only one bot instance is running",
    }
    assert texts(await asyncio.wait_for(second, PATIENCE_S)) == ["to the second"]


async def test_unasked_kinds_are_not_queued_and_the_list_is_remembered(chat: LocalChat, raw: Raw) -> None:
    await raw("getUpdates", allowed_updates=["callback_query"])
    chat.say("unheard")
    sent = await raw("sendMessage", chat_id=chat.operator_id, text="x")
    chat.press(sent["result"]["message_id"], "heard")

    assert [set(update) - {"update_id"} for update in (await raw("getUpdates"))["result"]] == [{"callback_query"}]


async def test_history_tokens_and_unconfirmed_updates_survive_a_restart(tmp_path: Path, clock: HandClock) -> None:
    before = LocalChat(tmp_path, port=0, clock=clock)
    await before.start()
    kept = before.say("before")
    await before.stop()
    after = LocalChat(tmp_path, port=0, clock=clock)
    await after.start()
    later = after.say("after")
    address = f"{after.api_root}/bot{after.bot_token}/getUpdates"
    async with httpx.AsyncClient(trust_env=False) as client:
        waiting = (await client.get(address)).json()
        await client.get(address, params={"offset": later["update_id"] + 1})
    third = after.say("third")
    await after.stop()

    assert (after.bot_token, after.operator_id, after.url.partition("?")[2]) == (
        before.bot_token,
        before.operator_id,
        before.url.partition("?")[2],
    )
    assert texts(waiting) == ["before", "after"]
    assert [later["update_id"] - kept["update_id"], third["update_id"] - later["update_id"]] == [1, 1]
    assert [later["message"]["message_id"], third["message"]["message_id"]] == [2, 3]


async def test_stopping_ends_held_polls_by_itself(chat: LocalChat, raw: Raw) -> None:
    chat._server.config.timeout_graceful_shutdown = AT_LAST_S
    poll = asyncio.ensure_future(raw("getUpdates", timeout=50))
    await chat.until(lambda: chat.room.pollers)
    began = time.monotonic()
    await chat.stop()

    assert time.monotonic() - began < AT_LAST_S
    assert (await poll)["result"] == []


async def test_a_listener_that_hangs_up_no_longer_counts_as_online(chat: LocalChat, clock: HandClock) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=0.1) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{chat.api_root}/bot{chat.bot_token}/getUpdates", params={"timeout": 50})
    await chat.until(lambda: not chat.room.pollers)
    clock.seconds += 11

    assert not chat.room.online()


async def test_a_port_in_use_is_one_clear_sentence(chat: LocalChat, tmp_path: Path) -> None:
    port = int(chat.api_root.rpartition(":")[2])

    with pytest.raises(LocalChatError) as refusal:
        await LocalChat(tmp_path / "other", port=port).start()
    assert str(refusal.value) == (
        f"Port {port} is in use. Set [local_chat] port in config.toml, or stop the other program."
    )


async def test_a_folder_that_can_not_be_used_is_one_clear_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")

    with pytest.raises(LocalChatError, match="The local chat can't use its folder"):
        await LocalChat(tmp_path / "taken", port=0).start()
