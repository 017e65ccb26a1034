"""The page in a real browser: one conversation as a person has it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.localchat import LocalChat
from tests.localchat.conftest import HandClock, Raw
from tests.ports import quiet_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]

PATIENCE_MS = 120_000  # of a slow machine
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_MS)
        yield opened
        await opened.close()


@pytest.fixture
async def page(browser: Browser, chat: LocalChat) -> AsyncIterator[Page]:
    """The page after its printed address was opened; a script error fails the test."""
    errors: list[str] = []
    opened = await browser.new_page(viewport={"width": 360, "height": 740})
    opened.set_default_timeout(PATIENCE_MS)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    await opened.goto(chat.url)
    await opened.wait_for_url(chat.page_url)
    await opened.wait_for_selector("#status.online, #status.away")
    yield opened
    assert errors == []


def keyboard(*rows: tuple[str, ...]) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, "callback_data": text.lower()} for text in row] for row in rows]}


async def test_a_person_starts_presses_and_reads_the_edited_card(chat: LocalChat, page: Page, raw: Raw) -> None:
    me = chat.operator_id
    await page.click("#start")
    await chat.until(chat.messages)
    sent = await raw(
        "sendMessage", chat_id=me, text="<b>Plan</b>", parse_mode="HTML", reply_markup=keyboard(("Go", "Stop"))
    )
    await page.click("text=Go")
    (pressed,) = await chat.until(lambda: [u for u in chat.room.store.updates(0, 9) if "callback_query" in u])
    await expect(page.locator(".key.busy")).to_have_text("Go")
    await raw("answerCallbackQuery", callback_query_id=pressed["callback_query"]["id"], text="Started")
    await expect(page.locator("#toast")).to_have_text("Started")
    await expect(page.locator(".key.busy")).to_have_count(0)
    await raw("editMessageText", chat_id=me, message_id=sent["result"]["message_id"], text="Plan, running")

    await expect(page.locator("li.in .text")).to_contain_text("Plan, running")
    await expect(page.locator(".keys")).to_have_count(0)
    await expect(page.locator("#welcome")).to_be_hidden()


async def test_an_alert_waits_for_its_button(chat: LocalChat, page: Page, raw: Raw) -> None:
    await raw("sendMessage", chat_id=chat.operator_id, text="x", reply_markup=keyboard(("Approve",)))
    await page.click("text=Approve")
    (pressed,) = await chat.until(lambda: [u for u in chat.room.store.updates(0, 9) if "callback_query" in u])
    query = pressed["callback_query"]["id"]
    await raw("answerCallbackQuery", callback_query_id=query, text="Already approved by Bob", show_alert=True)

    await expect(page.locator("#alert")).to_be_visible()
    await expect(page.locator("#alert-text")).to_have_text("Already approved by Bob")
    await page.keyboard.press("Escape")
    await expect(page.locator("#alert")).to_be_hidden()


async def test_a_forced_reply_and_the_keys_of_the_composer(chat: LocalChat, page: Page, raw: Raw) -> None:
    question = {"force_reply": True, "input_field_placeholder": "A path"}
    await raw("sendMessage", chat_id=chat.operator_id, text="Where to?", reply_markup=question)
    await expect(page.locator("#text")).to_have_attribute("placeholder", "A path")
    await page.fill("#text", "line one")
    await page.press("#text", "Shift+Enter")
    await page.keyboard.type("line two")
    await page.press("#text", "Enter")
    (answer,) = await chat.until(lambda: chat.messages()[1:])
    await expect(page.locator("li.out:not(.pending)")).to_have_count(1)
    await page.press("#text", "ArrowUp")
    await expect(page.locator("#context-title")).to_have_text("Edit message")
    await page.fill("#text", "changed `code`")
    await page.press("#text", "Enter")
    await chat.until(lambda: "edit_date" in chat.messages()[1])

    assert (answer["text"], answer["reply_to_message"]["text"]) == ("line one\nline two", "Where to?")
    assert chat.messages()[1]["text"] == "changed code"
    await expect(page.locator("li.out code")).to_have_text("code")
    await expect(page.locator("li.out")).to_have_count(1)


async def test_the_menu_of_commands_answers_to_the_keyboard(chat: LocalChat, page: Page, raw: Raw) -> None:
    commands = [{"command": name, "description": f"Do {name}"} for name in ("start", "status", "stop")]
    await raw("setMyCommands", commands=commands)
    await expect(page.locator("#status")).to_be_visible()
    await raw("sendMessage", chat_id=chat.operator_id, text="after the commands")
    await expect(page.locator("li.in")).to_have_count(1)
    await page.fill("#text", "/st")
    await expect(page.locator("#menu li")).to_have_count(3)
    await page.press("#text", "ArrowDown")
    await page.press("#text", "Tab")

    await expect(page.locator("#text")).to_have_value("/status ")
    await expect(page.locator("#menu")).to_be_hidden()


async def test_message_text_is_never_markup_of_the_page(chat: LocalChat, page: Page, raw: Raw) -> None:
    evil = "<img src=x onerror=alert(1)>"
    await raw("sendMessage", chat_id=chat.operator_id, text=evil, reply_markup=keyboard((evil,)))

    await expect(page.locator("li.in .text")).to_contain_text(evil)
    await expect(page.locator("li.in img")).to_have_count(0)


async def test_an_edit_far_above_does_not_move_what_is_being_read(chat: LocalChat, page: Page, raw: Raw) -> None:
    me = chat.operator_id
    first = (await raw("sendMessage", chat_id=me, text="card"))["result"]["message_id"]
    for number in range(40):
        await raw("sendMessage", chat_id=me, text=f"message {number}")
    await expect(page.locator("li.in")).to_have_count(41)
    await page.evaluate("document.getElementById('view').scrollTop = 500")
    await expect(page.locator("#down")).to_be_visible()
    target = page.locator("li", has_text="message 15")
    before = await target.bounding_box()
    await raw("editMessageText", chat_id=me, message_id=first, text="card\n" * 20)
    await raw("sendMessage", chat_id=me, text="unread")
    await expect(page.locator("#unread")).to_have_text("1")
    after = await target.bounding_box()

    assert before
    assert after
    assert abs(before["y"] - after["y"]) <= 1
    await page.click("#down")
    await expect(page.locator("#unread")).to_be_hidden()


async def test_the_page_survives_a_restart_without_loss_or_doubles(
    browser: Browser, tmp_path: Path, clock: HandClock
) -> None:
    port = quiet_port()
    first = LocalChat(tmp_path, port=port, clock=clock)
    await first.start()
    page = await browser.new_page()
    await page.goto(first.url)
    await page.wait_for_selector("#status.online, #status.away")
    for number in range(70):
        first.say(f"before {number}")
    await expect(page.locator("li.out")).to_have_count(70)
    await page.fill("#text", "a draft")
    await first.stop()
    await expect(page.locator("#status")).to_have_class("lost")
    await page.fill("#text", "written meanwhile")
    await page.press("#text", "Enter")
    await page.fill("#text", "a draft")
    second = LocalChat(tmp_path, port=port, clock=clock)
    await second.start()
    second.say("after")
    await expect(page.locator("li.out:not(.pending)")).to_have_count(72)
    await expect(page.locator("#text")).to_have_value("a draft")
    await page.reload()
    await expect(page.locator("li.out")).to_have_count(50)
    await page.evaluate("document.getElementById('view').scrollTop = 0")
    await expect(page.locator("li.out")).to_have_count(72)
    await expect(page.locator("#text")).to_have_value("a draft")
    texts = [message["text"] for message in second.messages()]
    await second.stop()

    assert sorted(texts) == sorted([f"before {number}" for number in range(70)] + ["written meanwhile", "after"])
