"""A client by other authors, in its own thread, with its own HTTP library, gets through the same flow."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
import telebot
from telebot import types

from bot.localchat import LocalChat


async def test_pytelegrambotapi_works_without_a_change(chat: LocalChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telebot.apihelper, "API_URL", chat.api_root + "/bot{0}/{1}")
    monkeypatch.setattr(telebot.apihelper, "FILE_URL", chat.api_root + "/file/bot{0}/{1}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    bot: Any = telebot.TeleBot(chat.bot_token, threaded=False)
    downloaded: list[bytes] = []

    def start(message: Any) -> None:
        markup = types.InlineKeyboardMarkup([[types.InlineKeyboardButton("Go", callback_data="go")]])
        bot.send_message(message.chat.id, "<b>Hi</b>", parse_mode="HTML", reply_markup=markup)

    def go(query: Any) -> None:
        bot.answer_callback_query(query.id, "ok", show_alert=True)
        bot.edit_message_text("Done", query.message.chat.id, query.message.message_id)
        bot.send_document(query.message.chat.id, ("out.txt", b"content"))

    def keep(message: Any) -> None:
        downloaded.append(bot.download_file(bot.get_file(message.document.file_id).file_path))

    bot.register_message_handler(start, commands=["start"])
    bot.register_callback_query_handler(go, func=lambda query: True)
    bot.register_message_handler(keep, content_types=["document"])
    thread = threading.Thread(target=lambda: bot.polling(non_stop=True, interval=0, timeout=60, long_polling_timeout=1))
    thread.start()
    try:
        chat.say("/start")
        (card,) = await chat.until(lambda: [each for each in chat.messages() if "reply_markup" in each])
        query = chat.press(card["message_id"], "go")["callback_query"]["id"]
        await chat.until(lambda: "document" in chat.messages()[-1])
        chat.upload(b"mine", "in.bin")
        await chat.until(lambda: downloaded)
    finally:
        bot.stop_polling()
        await asyncio.to_thread(thread.join, 60)

    assert downloaded == [b"mine"]
    assert chat.answer_to(query) == {"text": "ok", "show_alert": True, "url": ""}
    assert [message.get("text") for message in chat.messages()] == ["/start", "Done", None, None]
