"""The chat over bad lines: servers that come late, hang or belong to somebody else, and restarts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from telegram import Update

from bot.app import open_house
from bot.localchat import LocalChat
from bot.real import SystemClock
from bot.settings import Settings
from bot.telegram.absence import PollFile
from bot.telegram.access import Access
from bot.telegram.assembly import assemble
from bot.telegram.connection import Connection, build_bot
from executor.domain.errors import Unconfigured
from tests.ports import quiet_port
from tests.telegram.talk import Talk, plugs_of, talking, words

GOAL = "Say hello\n1. Say it: `echo hello`"


async def until(condition: object, timeout_s: float = 60) -> None:
    """Wait for something that gives no signal of its own."""
    assert callable(condition)
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


async def test_what_was_said_while_the_program_was_away_is_heard_later(tmp_path: Path, chat: LocalChat) -> None:
    chat.say(GOAL)

    async with talking(tmp_path / "data", chat) as talk:
        card = await talk.hear()

    assert "echo hello" in words(card)


async def test_an_old_button_works_after_a_restart(tmp_path: Path, chat: LocalChat) -> None:
    async with talking(tmp_path / "data", chat) as talk:
        card = await talk.say(GOAL)

    async with talking(tmp_path / "data", chat) as talk:
        toast = await talk.press(card, "Start")

    assert toast["text"] == "Goal 1 has started."


async def test_an_update_that_a_crash_left_unhandled_is_handled_at_the_next_start(
    tmp_path: Path, chat: LocalChat
) -> None:
    settings = Settings.model_validate({"data_dir": str(tmp_path / "data")})
    said = chat.say(GOAL)
    chat.room.store.confirm(said["update_id"] + 1)  # Telegram has heard that we have it
    async with open_house(settings) as house:
        await house.database.inbox.put([(said["update_id"], chat.operator_id, said)])

    async with talking(tmp_path / "data", chat) as talk:
        card = await talk.hear()
        await talk.quiet()

    assert "echo hello" in words(card)


async def test_a_restart_says_nothing_twice(tmp_path: Path, chat: LocalChat) -> None:
    async with talking(tmp_path / "data", chat) as talk:
        await talk.press(await talk.say(GOAL), "Start")
        await talk.hear("Goal Complete")
        await talk.message(2, "completed")
    before = [words(message) for message in chat.messages()]

    async with talking(tmp_path / "data", chat) as talk:
        await talk.say("/whoami")

    assert [words(message) for message in chat.messages()][: len(before)] == before
    assert len(chat.messages()) == len(before) + 2


async def test_a_server_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    first = LocalChat(tmp_path / "chat", port=quiet_port(), operator_name="Ann")
    await first.start()
    root, token, operator = first.api_root, first.bot_token, first.operator_id
    await first.stop()
    settings = Settings.model_validate({"data_dir": str(tmp_path / "data")})
    async with open_house(settings) as house:
        plugs = plugs_of(house, Access(owners=[operator]), tmp_path)
        bot = assemble(Connection(token=token, api_root=root), plugs, local=True)

        await bot.front.start()
        assert bot.front.problem.startswith("Telegram can't be reached")
        chat = LocalChat(tmp_path / "chat", port=int(root.rsplit(":", 1)[1]), operator_name="Ann")
        await chat.start()
        await asyncio.wait_for(bot.front.wait_ready(), 60)

        assert bot.front.problem == ""
        await bot.front.stop()
        await chat.stop()


async def test_a_wrong_token_is_told_in_one_line(tmp_path: Path, chat: LocalChat) -> None:
    with pytest.raises(Unconfigured) as caught:
        async with talking(tmp_path / "data", chat, token="1:wrong"):
            pass

    assert caught.value.public == (
        "Telegram does not accept the bot token. Check [telegram] token in the configuration."
    )


async def test_a_webhook_is_refused_with_the_remedy(tmp_path: Path, chat: LocalChat) -> None:
    with pytest.raises(Unconfigured) as caught:
        async with talking(tmp_path / "data", chat, mode="webhook"):
            pass

    assert caught.value.public == '[telegram] mode = "webhook" is not available yet. Set it to "polling".'


async def test_polls_that_hang_in_silence_are_started_anew(tmp_path: Path, chat: LocalChat) -> None:
    chat.faults.fail_next("getUpdates", "hang-before", seconds=60)

    async with talking(tmp_path / "data", chat, silence_s=1.0, look_s=0.1) as talk:
        answer = await talk.say("/whoami")

    assert words(answer).startswith("You are Ann")


async def test_a_second_program_with_the_same_token_is_named(tmp_path: Path, chat: LocalChat) -> None:
    async with talking(tmp_path / "data", chat) as talk:
        other = Connection(token=chat.bot_token, api_root=chat.api_root)
        stranger, _ = build_bot(other, SystemClock())
        async with stranger:
            stolen = asyncio.get_running_loop().create_task(stranger.get_updates(timeout=5))
            await until(lambda: "Another program" in talk.bot.front.problem)
            stolen.cancel()
            await asyncio.wait([stolen])

        assert talk.bot.front.problem.startswith("Another program fetches this bot's updates with the same token.")


async def test_after_an_absence_one_silent_line_names_what_is_open(tmp_path: Path, chat: LocalChat) -> None:
    clock = SystemClock()
    async with talking(tmp_path / "data", chat) as talk:
        await talk.say(GOAL)
    await PollFile(tmp_path / "data" / "last-poll").mark(clock.now() - timedelta(minutes=10))

    async with talking(tmp_path / "data", chat, look_s=0.05) as talk:
        line = await talk.hear("I was away")
        await talk.say("/whoami")

    assert words(line) == ("I was away for 10 min; a press of a button may be lost. 1 open question: 1 (goal 1, start)")
    lines = [message for message in chat.messages() if "I was away" in words(message)]
    silent = [call for call in chat.requests if "I was away" in str(call.params.get("text"))]
    assert len(lines) == 1
    assert [str(call.params["disable_notification"]).lower() for call in silent] == ["true"]


async def test_a_short_absence_is_nobodys_business(tmp_path: Path, chat: LocalChat) -> None:
    async with talking(tmp_path / "data", chat) as talk:
        await talk.say(GOAL)
    await PollFile(tmp_path / "data" / "last-poll").mark(SystemClock().now() - timedelta(seconds=60))

    async with talking(tmp_path / "data", chat, look_s=0.02) as talk:
        mark = PollFile(tmp_path / "data" / "last-poll")
        for _ in range(3):
            await talk.say("/whoami")
        last = await mark.last()

    assert last is not None
    assert [words(message) for message in chat.messages() if "away" in words(message)] == []


async def test_the_menu_lists_the_commands(talk: Talk) -> None:
    await talk.bot.front.wait_ready()
    await until(lambda: any(call.method == "setMyCommands" for call in talk.chat.requests))

    menu = await talk.bot.front._bot.get_my_commands()

    assert {"goal", "status", "approve", "help"} <= {command.command for command in menu}


async def test_the_token_never_reaches_the_logs(
    tmp_path: Path, chat: LocalChat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async with talking(tmp_path / "data", chat) as talk:
        await talk.say("/whoami")

    assert chat.bot_token not in caplog.text


async def test_a_proxy_in_the_environment_does_not_stand_before_this_machine(
    tmp_path: Path, chat: LocalChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async with talking(tmp_path / "data", chat) as talk:
        assert words(await talk.say("/whoami")).startswith("You are Ann")


@pytest.fixture
async def quiet_plugs(tmp_path: Path, chat: LocalChat) -> AsyncIterator[Talk]:
    async with talking(tmp_path / "data", chat, runs=False) as talk:
        yield talk


async def test_one_press_is_answered_while_its_chats_lane_is_busy(quiet_plugs: Talk) -> None:
    talk = quiet_plugs
    card = await talk.say(GOAL)
    lanes = talk.bot.front._lanes
    held = asyncio.Event()
    lanes.add((talk.chat.operator_id, None, False), _wait(held))

    talk.chat.say("/whoami")
    toast = await talk.press(card, "Start")
    unheard = [words(message) for message in talk.chat.messages() if "You are" in words(message)]
    held.set()
    answer = await talk.hear("You are Ann")

    assert toast["text"] == "Goal 1 has started."
    assert unheard == []
    assert answer


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def test_a_group_that_became_a_supergroup_keeps_its_goals(quiet_plugs: Talk) -> None:
    talk = quiet_plugs
    group = talk.chat.add_group("Team", kind="group")["id"]
    await talk.say("/goal " + GOAL, chat=group)
    message = {
        "message_id": 900,
        "date": 1,
        "chat": {"id": group, "type": "group", "title": "Team"},
        "migrate_to_chat_id": -1009,
    }
    update = Update.de_json({"update_id": 5, "message": message}, None)

    answers = await talk.bot.front._dispatcher.handle(update)

    (goal,) = await talk.house.executor.goals()
    assert answers == []
    assert replace(goal.origin, person_name="") == replace(goal.origin, chat_id=-1009, person_name="")
