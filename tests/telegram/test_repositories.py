"""A goal on a person's own repository, from the chat, with real commands and real git."""

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.localchat import LocalChat
from executor.domain.goal import Origin
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Caller
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0
PRICE = "Tea is dearer #repo=shop\n1. Write: `echo tea 7 > prices`"
USE = "cat menu/menu prices; test ! -e tea"


def git(shop: Path, *said: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *said],
        cwd=shop,
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "HOME": str(shop.parent), "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return done.stdout.strip()


async def _say(talk: Talk, text: str, answer: str) -> Json:
    talk.chat.say(text)
    return await talk.hear(answer, patience_s=PATIENCE_S)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shop.mkdir()
    git(shop, "init", "-q", "-b", "trunk")
    (shop / "prices").write_text("tea 3\n")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "Open the shop")
    return shop


@pytest.fixture
async def talk(tmp_path: Path, shop: Path) -> AsyncIterator[Talk]:
    chat = LocalChat(tmp_path / "chat", port=0, operator_name="Ann")
    await chat.start()
    chosen = {"workspace": {"repositories": [str(shop)]}, "executor": {"attempts_max": 1}}
    async with talking(tmp_path / "data", chat, chosen=chosen) as talk:
        yield talk
    await chat.stop()


async def test_a_goal_puts_its_work_into_a_branch_of_the_repository(talk: Talk, shop: Path) -> None:
    card = await _say(
        talk,
        "Sell coffee #repo=shop\n"
        "- Coffee has a price: `grep -q coffee prices`\n"
        "1. Add it: `echo coffee 4 >> prices`\n"
        "2. Say so: `git log -1 --format=%H > note && cat prices >> note` after 1",
        "press Start",
    )

    await talk.press(card, "Start")
    end = await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    assert "🌿 Branch milepost/goal-1 of shop" in words(end)
    assert git(shop, "show", "milepost/goal-1:prices") == "tea 3\ncoffee 4"
    assert git(shop, "show", "milepost/goal-1:note").endswith("tea 3\ncoffee 4")
    assert git(shop, "log", "--format=%s", "milepost/goal-1").splitlines() == [
        "Say so (1.2)",
        "Add it (1.1)",
        "Open the shop",
    ]
    assert (shop / "prices").read_text() == "tea 3\n"


async def test_two_tasks_that_change_the_same_line_are_a_blockage(talk: Talk, shop: Path) -> None:
    """Bob's task begins before Ann's is merged, fails once, and goes on where it was."""
    card = await _say(
        talk,
        "Set the price #repo=shop\n"
        "1. Wait for a word\n"
        "2. Ann's: `echo tea 5 > prices` after 1\n"
        "3. Bob's: `echo tea 6 > prices; test -e again || { touch again; exit 1; }`\n"
        "4. Look at it after 2",
        "press Start",
    )

    await talk.press(card, "Start")
    word = await talk.hear("👤 1.1", patience_s=PATIENCE_S)
    failed = await talk.hear("⛔ 1.3", patience_s=PATIENCE_S)
    await talk.press(word, "Done")
    look = await talk.hear("👤 1.4", patience_s=PATIENCE_S)
    await talk.press(failed, "Retry")
    blocked = await talk.hear("conflicts with what was merged meanwhile", patience_s=PATIENCE_S)

    assert "in prices. Retry does it again on top" in words(blocked)
    assert git(shop, "show", "milepost/goal-1:prices") == "tea 5"
    await talk.press(blocked, "Take over")
    mine = await talk.hear("Both sides are in prices", patience_s=PATIENCE_S)
    folder = talk.house.settings.data_dir / "workspaces" / "1.3"
    await talk.press(mine, "Done")
    still = await talk.hear("there are still conflict marks (<<<<<<<) in prices", patience_s=PATIENCE_S)
    (folder / "prices").write_text("tea 5.50\n")
    await talk.press(still, "Done")
    await talk.press(look, "Done")
    await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    assert f"Its folder: {folder}." in words(mine)
    assert git(shop, "show", "milepost/goal-1:prices") == "tea 5.50"


async def test_a_repository_that_is_not_listed_is_one_clear_line(talk: Talk) -> None:
    told = await _say(talk, "/goal Sell coffee #repo=bank\n1. Add it: `true`", "#repo=bank")

    assert words(told) == "#repo=bank is none of the repositories that are open to goals: shop."


async def test_the_files_of_a_goal_in_it_come_into_the_branch(talk: Talk, shop: Path) -> None:
    me = talk.chat.operator_id
    tasks = (
        TaskSpec(key="menu", title="The menu", action="goal", parameters={"text": "Menu\n1. Write: `echo tea > menu`"}),
        TaskSpec(key="tea", title="Tea", action="goal", parameters={"text": PRICE}, depends_on=("menu",)),
        TaskSpec(key="2", title="Use", action="shell", parameters={"command": USE}, depends_on=("tea",)),
    )
    await talk.house.executor.set_goal(
        GoalDraft(title="Print the menu", tasks=tasks, metadata={"repo": "shop"}),
        origin=Origin(chat_id=me, person_id=me, person_name="Ann"),
        caller=Caller(person_id=me, name="Ann"),
        command_id="set",
    )

    await talk.press(await talk.hear("Print the menu", patience_s=PATIENCE_S), "Start")
    await talk.hear("Goal: Print the menu\nProgress: 100%", patience_s=PATIENCE_S)

    outputs = await talk.house.database.outputs(1, ["2", "tea"])
    assert outputs["2"].splitlines()[:2] == ["tea", "tea 7"]
    assert "Its work is on the branch milepost/goal-3 of shop and merged from there." in outputs["tea"]
    assert git(shop, "show", "milepost/goal-1:prices") == "tea 7"
    assert git(shop, "show", "milepost/goal-1:menu/menu") == "tea"
    assert not list((talk.house.settings.data_dir / "workspaces").glob("1.*"))
