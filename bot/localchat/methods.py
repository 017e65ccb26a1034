"""The methods of the Bot API that this server knows, by name; everything else is 404, as in Telegram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.localchat import places, profile, sending
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.params import Params
from bot.localchat.profile import Method
from bot.localchat.room import Room
from bot.localchat.sending import find_chat
from bot.localchat.shapes import Json
from bot.localchat.tags import units

ANSWER_UNITS_MAX = 200
QUERY_AGE_S_MAX = 150
DOWNLOAD_BYTES_MAX = 20 * 1024 * 1024
ACTION_S = 5
QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ACTIONS = {
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
}


def get_me(room: Room, params: Params) -> Json:
    return room.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": False,
        "allows_users_to_create_topics": False,
    }


def yes(room: Room, params: Params) -> bool:
    """For what a real server would note down and no one here can see."""
    return True


def get_webhook_info(room: Room, params: Params) -> Json:
    allowed = room.store.fact("allowed_updates")
    return {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": room.store.updates_waiting(),
    } | ({"allowed_updates": allowed} if allowed else {})


def delete_webhook(room: Room, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        room.confirm(2**62)
    return True


def set_webhook(room: Room, params: Params) -> bool:
    if params.text("url"):
        raise bad_request("bad webhook: the local chat delivers by getUpdates only")
    return delete_webhook(room, params)


def answer_callback_query(room: Room, params: Params) -> bool:
    if units(params.text("text")) > ANSWER_UNITS_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    press = room.store.press(params.text("callback_query_id"))
    if press is None or press.answer is not None or room.clock() - press.pressed_at > QUERY_AGE_S_MAX:
        raise bad_request(QUERY_TOO_OLD)
    answer = {"text": params.text("text"), "show_alert": params.flag("show_alert"), "url": params.text("url")}
    room.store.answer_press(press.id, answer)
    return True


def send_chat_action(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    action = params.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    room.fleeting[chat["id"]] = (room.clock() + ACTION_S, action)
    return True


def get_file(room: Room, params: Params) -> Json:
    file = room.store.file(params.text("file_id"))
    if file is None:
        raise bad_request("invalid file_id")
    if file.size > DOWNLOAD_BYTES_MAX:
        raise bad_request("file is too big")
    told = {"file_id": file.id, "file_unique_id": file.unique_id, "file_size": file.size}
    return told | {"file_path": file.path}


def set_message_reaction(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    message = room.store.message(chat["id"], params.integer("message_id"))
    if message is None:
        raise bad_request("message to react not found")
    reactions = params.items("reaction", "can't parse reaction types JSON object")
    if len(reactions) > 1 or any(not reaction.get("emoji") for reaction in reactions):
        raise bad_request("REACTION_INVALID")
    prompt = {"reaction": reactions[0]["emoji"]} if reactions else None
    room.store.show_with(message, prompt)
    return True


def call(room: Room, method: str, params: Params) -> Any:
    """Runs one method in one transaction. ApiError is a refusal, and then nothing has changed."""
    run = METHODS.get(method.lower())
    if run is None:
        raise ApiError(404, "Not Found")
    with room.change():
        return run(room, params)


METHODS: Mapping[str, Method] = {
    name.lower(): run
    for name, run in {
        "getMe": get_me,
        "getWebhookInfo": get_webhook_info,
        "deleteWebhook": delete_webhook,
        "setWebhook": set_webhook,
        "sendMessage": sending.send_message,
        "sendDocument": sending.send_document,
        "sendPhoto": sending.send_photo,
        "copyMessage": sending.copy_message,
        "forwardMessage": sending.forward_message,
        "editMessageText": sending.edit_text,
        "editMessageCaption": sending.edit_caption,
        "editMessageReplyMarkup": sending.edit_markup,
        "deleteMessage": sending.delete_message,
        "answerCallbackQuery": answer_callback_query,
        "sendChatAction": send_chat_action,
        "getFile": get_file,
        "getChat": places.get_chat,
        "getChatMember": places.get_chat_member,
        "getChatMemberCount": places.get_chat_member_count,
        "getChatAdministrators": places.get_chat_administrators,
        "leaveChat": places.leave_chat,
        "pinChatMessage": places.pin_chat_message,
        "unpinChatMessage": places.unpin_chat_message,
        "unpinAllChatMessages": places.unpin_all,
        "setMessageReaction": set_message_reaction,
        "setMyCommands": profile.set_my_commands,
        "getMyCommands": profile.get_my_commands,
        "deleteMyCommands": profile.delete_my_commands,
        "setMyName": profile.setter("name", "name", 64),
        "getMyName": profile.getter("name", "name"),
        "setMyDescription": profile.setter("description", "description", 512),
        "getMyDescription": profile.getter("description", "description"),
        "setMyShortDescription": profile.setter("short description", "short_description", 120),
        "getMyShortDescription": profile.getter("short description", "short_description"),
        "setChatMenuButton": yes,
        "getChatMenuButton": profile.get_menu_button,
        "logOut": yes,
        "close": yes,
    }.items()
}
