"""Bad days: each fault reaches the bot as what it would be with Telegram, once, and leaves the right state behind."""

from __future__ import annotations

from typing import Any

import pytest
from telegram.error import ChatMigrated, Forbidden, NetworkError, RetryAfter, TimedOut
from telegram.ext import Application

from bot.localchat import LocalChat
from bot.localchat.faults import Kind
from tests.localchat.conftest import ptb

App = Application[Any, Any, Any, Any, Any, Any]


@pytest.mark.parametrize(
    ("kind", "error", "messages"),
    [
        ("429", RetryAfter, 0),
        ("500", NetworkError, 0),
        ("403", Forbidden, 0),
        ("migrated", ChatMigrated, 0),
        ("drop-before", NetworkError, 0),
        ("drop-after", NetworkError, 1),
    ],
)
async def test_a_fault_happens_once_and_then_all_is_well(
    chat: LocalChat, app: App, kind: Kind, error: type[Exception], messages: int
) -> None:
    chat.faults.fail_next("sendMessage", kind, seconds=3, new_chat_id=-100123)

    with pytest.raises(error):
        await app.bot.send_message(chat.operator_id, "x")
    assert len(chat.messages()) == messages
    await app.bot.send_message(chat.operator_id, "again")
    assert chat.messages()[-1]["text"] == "again"


async def test_an_answer_that_hangs_times_out_after_the_message_was_sent(chat: LocalChat) -> None:
    hasty = ptb(chat, read_timeout_s=0.2)
    await hasty.initialize()
    chat.faults.fail_next("sendMessage", "hang", seconds=30)
    chat.faults.fail_next("sendMessage", "hang-before", seconds=30)

    with pytest.raises(TimedOut):
        await hasty.bot.send_message(chat.operator_id, "sent")
    with pytest.raises(TimedOut):
        await hasty.bot.send_message(chat.operator_id, "held back")
    assert [message["text"] for message in chat.messages()] == ["sent"]
    await hasty.shutdown()


async def test_a_fault_can_be_for_one_chat_and_several_times(chat: LocalChat, app: App) -> None:
    bob = chat.add_user("Bob")["id"]
    chat.faults.fail_next("sendMessage", "403", times=2, chat=bob)

    await app.bot.send_message(chat.operator_id, "fine")
    for _ in range(2):
        with pytest.raises(Forbidden, match="bot was blocked by the user"):
            await app.bot.send_message(bob, "x")
    assert (await app.bot.send_message(bob, "back")).text == "back"


async def test_retry_after_carries_its_seconds(chat: LocalChat, app: App) -> None:
    chat.faults.fail_next("editMessageText", "429", seconds=17)
    card = await app.bot.send_message(chat.operator_id, "x")

    with pytest.raises(RetryAfter, match="Retry in 0:00:17"):
        await card.edit_text("y")


async def test_a_migrated_group_answers_with_its_new_number(chat: LocalChat, app: App) -> None:
    old = chat.add_group("Team", kind="group")["id"]
    new = chat.people.migrate(old)["id"]

    with pytest.raises(ChatMigrated) as moved:
        await app.bot.send_message(old, "x")
    assert moved.value.new_chat_id == new
    assert (await app.bot.send_message(new, "x")).chat.type == "supergroup"
