"""The methods of the Bot API that this server knows, by name; everything else is 404, as in Telegram."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.localchat import sending
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.params import Params
from bot.localchat.room import Room
from bot.localchat.sending import find_chat
from bot.localchat.shapes import Json
from bot.localchat.tags import units

ANSWER_UNITS_MAX = 200
QUERY_AGE_S_MAX = 150
DOWNLOAD_BYTES_MAX = 20 * 1024 * 1024
COMMANDS_MAX = 100
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

Method = Callable[[Room, Params], Any]


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
        room.store.confirm(2**62)
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


def get_chat(room: Room, params: Params) -> Json:
    chat = find_chat(room, params)
    full = chat | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    pins = room.store.pinned(chat["id"])
    newest = room.store.message(chat["id"], pins[-1]) if pins else None
    return full | ({"pinned_message": newest.body} if newest else {})


def get_chat_member(room: Room, params: Params) -> Json:
    chat = find_chat(room, params)
    number = params.integer("user_id")
    user = room.store.user(number)
    if user is None:
        raise bad_request("invalid user_id specified" if number <= 0 else "user not found")
    return member(user, _standing(room, chat, number) or "left")


def _standing(room: Room, chat: Json, user_id: int) -> str | None:
    if chat["type"] == "private" and user_id in {chat["id"], room.identity.bot_id}:
        return "member"
    return room.store.standing(chat["id"], user_id)


def member(user: Json, status: str) -> Json:
    """A ChatMember with all the fields that its status requires."""
    told: Json = {"user": user, "status": status}
    if status == "creator":
        return told | {"is_anonymous": False}
    if status == "kicked":
        return told | {"until_date": 0}
    if status != "administrator":
        return told
    rights = "manage_chat delete_messages manage_video_chats restrict_members promote_members change_info invite_users"
    more = "post_stories edit_stories delete_stories pin_messages"
    able = {f"can_{right}": True for right in f"{rights} {more}".split()}
    return told | able | {"can_be_edited": False, "is_anonymous": False}


def get_chat_member_count(room: Room, params: Params) -> int:
    chat = find_chat(room, params)
    return 2 if chat["type"] == "private" else len(room.store.members(chat["id"]))


def get_chat_administrators(room: Room, params: Params) -> list[Json]:
    chat = find_chat(room, params)
    if chat["type"] == "private":
        raise bad_request("there are no administrators in the private chat")
    listed = [(room.store.user(user), status) for user, status in room.store.members(chat["id"])]
    return [member(user, status) for user, status in listed if user and status in {"creator", "administrator"}]


def leave_chat(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    if chat["type"] == "private":
        raise bad_request("chat member status can't be changed in private chats")
    room.store.join(chat["id"], room.identity.bot_id, "left")
    return True


def pin_chat_message(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    number = params.integer("message_id")
    if room.store.message(chat["id"], number) is None:
        raise bad_request("message to pin not found")
    room.store.pin(chat["id"], [pin for pin in room.store.pinned(chat["id"]) if pin != number] + [number])
    return True


def unpin_chat_message(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    pins = room.store.pinned(chat["id"])
    number = params.integer("message_id") or (pins[-1] if pins else 0)
    if number not in pins:
        raise bad_request("message to unpin not found")
    room.store.pin(chat["id"], [pin for pin in pins if pin != number])
    return True


def unpin_all(room: Room, params: Params) -> bool:
    room.store.pin(find_chat(room, params)["id"], [])
    return True


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


def _scope(params: Params) -> str:
    scope = params.json("scope", "can't parse BotCommandScope") or {"type": "default"}
    parts = [scope.get("type", "default"), scope.get("chat_id", ""), scope.get("user_id", "")]
    return "commands " + " ".join([*map(str, parts), params.text("language_code")]).strip()


def set_my_commands(room: Room, params: Params) -> bool:
    commands = params.items("commands", "can't parse commands JSON object")
    if len(commands) > COMMANDS_MAX:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    kept = []
    for command in commands:
        name, description = str(command.get("command", "")).removeprefix("/"), str(command.get("description", ""))
        if not (1 <= len(name) <= 32 and name.replace("_", "a").isalnum() and name.isascii() and name == name.lower()):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description.strip()) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        kept.append({"command": name, "description": description})
    room.store.remember(_scope(params), kept)
    return True


def get_my_commands(room: Room, params: Params) -> list[Json]:
    return list(room.store.fact(_scope(params), []))


def delete_my_commands(room: Room, params: Params) -> bool:
    room.store.remember(_scope(params), [])
    return True


def commands_shown(room: Room) -> list[Json]:
    """What the page's person sees behind "/": the narrowest scope that has commands."""
    operator = room.identity.operator_id
    for scope in (f"chat {operator}", "all_private_chats", "default"):
        found = room.store.fact(f"commands {scope}")
        if found:
            return list(found)
    return []


def setter(fact: str, field: str, units_max: int) -> Method:
    """A method that remembers one text of the bot."""

    def remember(room: Room, params: Params) -> bool:
        text = params.text(field)
        if units(text) > units_max:
            raise bad_request(f"bot {fact} is too long")
        if fact == "name" and text:
            room.store.save_user(room.bot | {"first_name": text})
        room.store.remember(fact, text)
        return True

    return remember


def getter(fact: str, field: str) -> Method:
    def recall(room: Room, params: Params) -> Json:
        return {field: room.bot["first_name"] if fact == "name" else room.store.fact(fact, "")}

    return recall


def get_menu_button(room: Room, params: Params) -> Json:
    return {"type": "commands"}


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
        "getChat": get_chat,
        "getChatMember": get_chat_member,
        "getChatMemberCount": get_chat_member_count,
        "getChatAdministrators": get_chat_administrators,
        "leaveChat": leave_chat,
        "pinChatMessage": pin_chat_message,
        "unpinChatMessage": unpin_chat_message,
        "unpinAllChatMessages": unpin_all,
        "setMessageReaction": set_message_reaction,
        "setMyCommands": set_my_commands,
        "getMyCommands": get_my_commands,
        "deleteMyCommands": delete_my_commands,
        "setMyName": setter("name", "name", 64),
        "getMyName": getter("name", "name"),
        "setMyDescription": setter("description", "description", 512),
        "getMyDescription": getter("description", "description"),
        "setMyShortDescription": setter("short description", "short_description", 120),
        "getMyShortDescription": getter("short description", "short_description"),
        "setChatMenuButton": yes,
        "getChatMenuButton": get_menu_button,
        "logOut": yes,
        "close": yes,
    }.items()
}
