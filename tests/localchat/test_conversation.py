"""The bot's own library, unchanged, over HTTP."""

from __future__ import annotations

from typing import Any

from telegram import ForceReply, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from bot.localchat import LocalChat
from tests.localchat.conftest import Heard

App = Application[Any, Any, Any, Any, Any, Any]
Context = ContextTypes.DEFAULT_TYPE


def keyboard(*names: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(name, callback_data=name.lower()) for name in names]])


def listen(app: App) -> Heard:
    heard = Heard()

    async def note(update: Update, context: Context) -> None:
        heard.updates.append(update)

    app.add_handler(TypeHandler(Update, note), group=9)
    return heard


async def test_start_brings_a_keyboard_and_a_press_edits_it_away(chat: LocalChat, app: App) -> None:
    async def start(update: Update, context: Context) -> None:
        assert update.message
        await update.message.reply_html("<b>Ready</b>", reply_markup=keyboard("Go"))

    async def go(update: Update, context: Context) -> None:
        assert update.callback_query
        await update.callback_query.answer("On my way")
        await update.callback_query.edit_message_text("Gone")

    app.add_handler(CommandHandler("start", start))
    app.add_handler(CallbackQueryHandler(go))
    chat.say("/start")
    (card,) = await chat.until(lambda: [each for each in chat.messages() if "reply_markup" in each])
    press = chat.press(card["message_id"], "go")
    await chat.until(lambda: chat.messages()[-1]["text"] == "Gone")

    assert card["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
    assert chat.answer_to(press["callback_query"]["id"]) == {"text": "On my way", "show_alert": False, "url": ""}
    assert "reply_markup" not in chat.messages()[-1]
    assert [call.method for call in chat.requests if call.method != "getUpdates"] == [
        "getMe",
        "deleteWebhook",
        "sendMessage",
        "answerCallbackQuery",
        "editMessageText",
    ]


async def test_a_forced_reply_comes_back_with_the_question(chat: LocalChat, app: App) -> None:
    heard = listen(app)
    question = await app.bot.send_message(chat.operator_id, "Where to?", reply_markup=ForceReply(selective=True))
    chat.say("/mnt/second", reply_to=question.message_id)
    await chat.until(heard.texts)

    answer = heard.updates[0].message
    assert answer is not None
    assert answer.reply_to_message is not None
    assert (answer.text, answer.reply_to_message.message_id) == ("/mnt/second", question.message_id)
    assert answer.reply_to_message.text == "Where to?"


async def test_documents_travel_both_ways(chat: LocalChat, app: App) -> None:
    received: list[bytes] = []

    async def keep(update: Update, context: Context) -> None:
        assert update.message
        assert update.message.document
        file = await update.message.document.get_file()
        received.append(bytes(await file.download_as_bytearray()))
        await update.message.reply_document(
            received[0].upper(), filename="out.txt", caption="<i>done</i>", parse_mode="HTML"
        )

    app.add_handler(MessageHandler(filters.Document.ALL, keep))
    chat.upload(b"hello", "in.txt", mime="text/plain", caption="please")
    answer = await chat.until(lambda: len(chat.messages()) == 2 and chat.messages()[-1])

    assert received == [b"hello"]
    assert answer["document"]["file_name"] == "out.txt"
    assert answer["document"]["file_size"] == 5
    assert answer["caption_entities"] == [{"type": "italic", "offset": 0, "length": 4}]
    again = await app.bot.send_document(chat.operator_id, answer["document"]["file_id"])
    assert again.document is not None
    assert again.document.file_unique_id == answer["document"]["file_unique_id"]


async def test_an_edited_message_reaches_the_bot(chat: LocalChat, app: App) -> None:
    heard = listen(app)
    said = chat.say("/goal one")
    chat.edit(said["message"]["message_id"], "/goal two")
    await chat.until(lambda: len(heard.updates) == 2)

    edited = heard.updates[1].edited_message
    assert edited is not None
    assert (edited.text, edited.edit_date is not None) == ("/goal two", True)


async def test_typed_backticks_become_code_and_vanish_from_the_text(chat: LocalChat) -> None:
    message = chat.say("Pack: `tar czf a.tgz .` **now**")["message"]

    assert message["text"] == "Pack: tar czf a.tgz . now"
    assert message["entities"] == [
        {"type": "code", "offset": 6, "length": 15},
        {"type": "bold", "offset": 22, "length": 3},
    ]


async def test_in_a_group_a_plain_member_hears_only_what_is_for_it(chat: LocalChat, app: App) -> None:
    heard = listen(app)
    bob = chat.add_user("Bob")
    group = chat.add_group("Team", users=[bob["id"]])["id"]
    own = await app.bot.send_message(group, "Hello all")
    chat.say("just talking", user=bob["id"], chat=group)
    chat.say("/status", user=bob["id"], chat=group)
    chat.say("/status@some_other_bot", user=bob["id"], chat=group)
    chat.say("thanks", user=bob["id"], chat=group, reply_to=own.message_id)
    chat.press(own.message_id, "x", user=bob["id"], chat=group)
    await chat.until(lambda: heard.updates and heard.updates[-1].callback_query)

    assert heard.texts() == ["/status", "thanks"]
    assert heard.updates[0].my_chat_member is not None
    pressed = heard.updates[-1].callback_query
    assert pressed is not None
    assert (pressed.from_user.id, pressed.data) == (bob["id"], "x")


async def test_a_supergroup_counts_its_messages_for_itself(chat: LocalChat, app: App) -> None:
    group = chat.add_group("Team")["id"]
    ids = [(await app.bot.send_message(place, "x")).message_id for place in (chat.operator_id, group, chat.operator_id)]

    assert ids == [1, 1, 2]


async def test_every_object_the_bot_asks_for_is_complete(chat: LocalChat, app: App) -> None:
    group = chat.add_group("Team", bot_status="administrator")["id"]
    bot = app.bot

    me = await bot.get_me()
    full = await bot.get_chat(chat.operator_id)
    admins = await bot.get_chat_administrators(group)
    member = await bot.get_chat_member(group, me.id)
    assert await bot.set_my_commands([("start", "Begin")])
    assert await bot.set_my_short_description("short")
    assert await bot.set_chat_menu_button()
    assert await bot.send_chat_action(chat.operator_id, "typing")
    assert (me.is_bot, me.can_join_groups, full.first_name) == (True, True, "Ann")
    assert sorted(admin.status for admin in admins) == ["administrator", "creator"]
    assert (member.status, await bot.get_chat_member_count(group)) == ("administrator", 2)
    assert [command.command for command in await bot.get_my_commands()] == ["start"]
    assert (await bot.get_my_short_description()).short_description == "short"
    assert (await bot.get_webhook_info()).url == ""


async def test_pin_react_copy_forward_and_delete_work(chat: LocalChat, app: App) -> None:
    me = chat.operator_id
    card = await app.bot.send_message(me, "Card", reply_parameters=None)

    assert await card.pin()
    assert await card.set_reaction("👀")
    pinned = (await app.bot.get_chat(me)).pinned_message
    copied = await card.copy(me)
    forwarded = await card.forward(me)
    replied = await app.bot.send_message(me, "r", reply_parameters=ReplyParameters(card.message_id))
    assert await card.delete()
    assert pinned is not None
    assert pinned.message_id == card.message_id
    assert forwarded.forward_origin is not None
    assert replied.reply_to_message is not None
    assert [each["message_id"] for each in chat.messages()] == [
        copied.message_id,
        forwarded.message_id,
        replied.message_id,
    ]
    assert "reply_to_message" not in chat.messages()[-1]
