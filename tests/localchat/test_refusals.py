"""Telegram's limits in Telegram's words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, InvalidToken, NetworkError
from telegram.ext import Application
from telegram.request import HTTPXRequest

from bot.localchat import LocalChat
from bot.localchat.methods import QUERY_TOO_OLD
from bot.localchat.sending import SAME
from tests.localchat.conftest import HandClock, Raw

TOO_MANY = [[{"text": "b", "callback_data": "b"}] * 8] * 13
BUTTON = "can't parse inline keyboard button: "


def inline(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "chat_id": 1}, "chat not found"),
        ({"text": "x", "chat_id": "@nobody"}, "chat not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "parse_mode": "Word"}, "unsupported parse_mode"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"text": "x", "reply_to_message_id": 99}, "message to be replied not found"),
        ({"text": "x", "message_thread_id": 7}, "message thread not found"),
        ({"text": "x", "reply_markup": inline(text="b", callback_data="")}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": inline(text="b", callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": {"inline_keyboard": TOO_MANY}}, "reply markup is too long"),
        ({"text": "x", "reply_markup": inline(text="b")}, BUTTON + "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "reply_markup": inline(callback_data="b")}, BUTTON + 'Can\'t find field "text"'),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
    ],
)
async def test_a_message_that_telegram_refuses_is_refused_in_the_same_words(
    chat: LocalChat, raw: Raw, params: dict[str, Any], reason: str
) -> None:
    answer = await raw("sendMessage", **({"chat_id": chat.operator_id} | params))

    assert answer == {"ok": False, "error_code": 400, "description": f"Bad Request: {reason}"}
    assert chat.messages() == []


@pytest.mark.parametrize(
    "params",
    [
        {"text": "x" * 4096},
        {"text": "😀" * 2048},
        {"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "HTML"},
        {"text": "x", "reply_markup": inline(text="b", callback_data="é" * 32)},
        {"text": "x", "reply_parameters": {"message_id": 99, "allow_sending_without_reply": True}},
        {"text": "x", "reply_markup": inline(text="b", copy_text={"text": "c"}, style="success")},
    ],
)
async def test_what_is_just_within_the_limits_is_sent(chat: LocalChat, raw: Raw, params: dict[str, Any]) -> None:
    assert (await raw("sendMessage", chat_id=chat.operator_id, **params))["ok"]


async def test_edits_are_refused_as_telegram_refuses_them(chat: LocalChat, raw: Raw) -> None:
    me = chat.operator_id
    theirs = chat.say("mine")["message"]["message_id"]
    markup = inline(text="b", callback_data="b")
    sent = await raw("sendMessage", chat_id=me, text="<b>x</b> /go", parse_mode="HTML", reply_markup=markup)
    card = {"chat_id": me, "message_id": sent["result"]["message_id"]}

    async def refused(method: str, **params: Any) -> str:
        return str((await raw(method, **params))["description"]).removeprefix("Bad Request: ")

    assert await refused("editMessageText", **card, text="<b>x</b> /go", parse_mode="HTML", reply_markup=markup) == SAME
    assert await refused("editMessageReplyMarkup", **card, reply_markup=markup) == SAME
    assert await refused("editMessageText", chat_id=me, message_id=99, text="x") == "message to edit not found"
    assert await refused("editMessageText", chat_id=me, message_id=theirs, text="x") == "message can't be edited"
    assert await refused("editMessageText", chat_id=me, text="x") == "message identifier is not specified"
    assert await refused("editMessageCaption", **card, caption="x") == "there is no caption in the message to edit"
    assert await refused("deleteMessage", chat_id=me, message_id=99) == "message to delete not found"
    assert (await raw("editMessageText", **card, text="<b>x</b> /go", parse_mode="HTML"))["ok"], (
        "the keyboard is dropped"
    )
    assert "reply_markup" not in chat.messages()[-1]
    assert await refused("editMessageReplyMarkup", **card) == SAME


async def test_a_press_is_answered_once_and_within_150_seconds(chat: LocalChat, raw: Raw, clock: HandClock) -> None:
    sent = await raw(
        "sendMessage", chat_id=chat.operator_id, text="x", reply_markup=inline(text="b", callback_data="b")
    )
    number = sent["result"]["message_id"]
    first, second = (chat.press(number, "b")["callback_query"]["id"] for _ in range(2))

    too_long = await raw("answerCallbackQuery", callback_query_id=first, text="x" * 201)
    assert too_long["description"] == "Bad Request: MESSAGE_TOO_LONG"
    assert (await raw("answerCallbackQuery", callback_query_id=first))["ok"]
    assert (await raw("answerCallbackQuery", callback_query_id=first))["description"] == f"Bad Request: {QUERY_TOO_OLD}"
    clock.seconds += 151
    assert (await raw("answerCallbackQuery", callback_query_id=second))[
        "description"
    ] == f"Bad Request: {QUERY_TOO_OLD}"
    assert len((await raw("getUpdates"))["result"]) == 2, "the press itself still waits for the bot"


async def test_an_unknown_method_is_not_found_and_a_wrong_token_unauthorized(
    chat: LocalChat, raw: Raw, web: httpx.AsyncClient
) -> None:
    foreign = await web.post(f"/bot{chat.bot_token[:-1]}x/getMe")

    assert await raw("makeCoffee") == {"ok": False, "error_code": 404, "description": "Not Found"}
    assert (foreign.status_code, foreign.json()["description"]) == (401, "Unauthorized")


async def test_parameters_arrive_by_query_form_json_and_multipart(chat: LocalChat, web: httpx.AsyncClient) -> None:
    address, params = f"/bot{chat.bot_token}/sendMessage", {"chat_id": str(chat.operator_id), "text": "a+b & ü"}

    await web.get(address, params=params)
    await web.post(address, data=params)
    await web.post(address, json=params)
    await web.post(address, data=params, files={"ignored": b"x"})
    attached = params | {"document": "attach://file1", "caption": "c"}
    await web.post(f"/bot{chat.bot_token}/sendDocument", data=attached, files={"file1": ("n.txt", b"x", "text/plain")})
    assert [message.get("text") for message in chat.messages()] == ["a+b & ü"] * 4 + [None]
    assert chat.messages()[-1]["document"]["file_name"] == "n.txt"


async def test_empty_and_missing_files_are_refused(chat: LocalChat, raw: Raw, web: httpx.AsyncClient) -> None:
    address = f"/bot{chat.bot_token}/sendDocument"
    empty = await web.post(address, data={"chat_id": chat.operator_id}, files={"document": ("n", b"")})

    assert empty.json()["description"] == "Bad Request: file must be non-empty"
    missing = await raw("sendDocument", chat_id=chat.operator_id)
    assert missing["description"] == "Bad Request: there is no document in the request"
    picture = await web.post(
        f"/bot{chat.bot_token}/sendPhoto", data={"chat_id": chat.operator_id}, files={"photo": ("n", b"text")}
    )
    assert picture.json()["description"] == "Bad Request: IMAGE_PROCESS_FAILED"


async def test_refusals_reach_the_bot_as_the_right_exceptions(
    chat: LocalChat, app: Application[Any, Any, Any, Any, Any, Any]
) -> None:
    long = InlineKeyboardMarkup([[InlineKeyboardButton("b", callback_data="x" * 65)]])

    with pytest.raises(BadRequest, match="Chat not found"):
        await app.bot.send_message(1, "x")
    with pytest.raises(BadRequest, match="Button_data_invalid"):
        await app.bot.send_message(chat.operator_id, "x", reply_markup=long)
    with pytest.raises(BadRequest, match='unsupported start tag "int" at byte offset 3'):
        await app.bot.send_message(chat.operator_id, "ab <int>", parse_mode="HTML")
    with pytest.raises(NetworkError):
        await app.bot.send_document(chat.operator_id, b"x" * 53_000_000)
    request = HTTPXRequest(httpx_kwargs={"trust_env": False})
    with pytest.raises(InvalidToken):
        await Bot("123:abc", f"{chat.api_root}/bot", request=request, get_updates_request=request).get_me()
    await request.shutdown()
