"""What a bot sends, edits and deletes."""

from __future__ import annotations

from typing import Any

from bot.localchat.entities import CAPTION_UNITS_MAX, TEXT_UNITS_MAX, given_only, read_text
from bot.localchat.errors import ApiError, bad_request
from bot.localchat.keyboard import Markup, read_markup
from bot.localchat.params import Params
from bot.localchat.pictures import picture_size
from bot.localchat.room import Room
from bot.localchat.rows import Message, StoredFile
from bot.localchat.shapes import Json
from bot.localchat.tags import units
from bot.localchat.whispers import commands_in

DOCUMENT_BYTES_MAX = 50 * 1024 * 1024
PHOTO_BYTES_MAX = 10 * 1024 * 1024
DELETE_AGE_S_MAX = 48 * 3600
SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def find_chat(room: Room, params: Params, name: str = "chat_id") -> Json:
    """The chat that a parameter names by number or @username; ApiError as Telegram words it."""
    wanted = params.text(name).strip()
    if not wanted:
        raise bad_request(f"{name} is empty")
    named = wanted.startswith("@")
    chat = room.store.chat_named(wanted[1:]) if named else room.store.chat(params.integer(name))
    if chat is None:
        raise bad_request("chat not found")
    if (moved := room.store.fact(f"migrated {chat['id']}")) is not None:
        raise migrated(moved)
    if room.store.standing(chat["id"], room.identity.bot_id) in {"left", "kicked"}:
        raise ApiError(403, f"Forbidden: bot is not a member of the {chat['type']} chat")
    return chat


def migrated(new_chat_id: int) -> ApiError:
    """The refusal for a group that has become a supergroup."""
    told = {"migrate_to_chat_id": new_chat_id}
    return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", told)


def send_message(room: Room, params: Params) -> Json:
    chat = find_chat(room, params)
    return _send(room, params, chat, _text(params))


def send_document(room: Room, params: Params) -> Json:
    chat = find_chat(room, params)
    file = _file(room, params, "document", DOCUMENT_BYTES_MAX)
    return _send(room, params, chat, {"document": document(file)} | _caption(params))


def send_photo(room: Room, params: Params) -> Json:
    chat = find_chat(room, params)
    file = _file(room, params, "photo", PHOTO_BYTES_MAX)
    return _send(room, params, chat, {"photo": [photo(file)]} | _caption(params))


def copy_message(room: Room, params: Params) -> Json:
    return {"message_id": _again(room, params, {})["message_id"]}


def forward_message(room: Room, params: Params) -> Json:
    original = _original(room, params)
    origin = {"type": "user", "sender_user": original.body.get("from"), "date": original.body["date"]}
    return _again(room, params, {"forward_origin": origin})


def _original(room: Room, params: Params) -> Message:
    source = find_chat(room, params, "from_chat_id")
    original = room.store.message(source["id"], params.integer("message_id"))
    if original is None:
        raise bad_request("message to copy not found")
    return original


def _again(room: Room, params: Params, extra: Json) -> Json:
    body = _original(room, params).body
    kept = ("text", "entities", "document", "photo", "caption", "caption_entities")
    return _send(room, params, find_chat(room, params), {key: body[key] for key in kept if key in body} | extra)


def _text(params: Params) -> Json:
    if not params.text("text"):
        raise bad_request("message text is empty")
    given = params.items("entities", "can't parse entities JSON object")
    text, entities = read_text(params.text("text"), params.text("parse_mode"), given)
    if not text:
        raise bad_request("message text is empty")
    if units(text) > TEXT_UNITS_MAX:
        raise bad_request("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def _caption(params: Params) -> Json:
    given = params.items("caption_entities", "can't parse caption entities JSON object")
    text, entities = read_text(params.text("caption"), params.text("parse_mode"), given)
    if units(text) > CAPTION_UNITS_MAX:
        raise bad_request("message caption is too long")
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": entities} if entities else {})


def _send(room: Room, params: Params, chat: Json, content: Json) -> Json:
    markup = read_markup(params)
    if params.integer("message_thread_id") and not chat.get("is_forum"):
        raise bad_request("message thread not found")
    reply_to = _reply_target(room, params, chat)
    body = {"message_id": 0, "from": room.bot, "chat": chat, "date": room.now(), **content}
    if markup.inline:
        body["reply_markup"] = markup.inline
    if params.flag("protect_content"):
        body["has_protected_content"] = True
        room.store.spell(chat["id"], commands_in(str(body.get("text") or body.get("caption") or "")))
    body["message_id"] = room.next_message_id(chat)
    room.fleeting.pop(chat["id"], None)
    prompt = markup.prompt
    if params.flag("disable_notification"):
        prompt = (prompt or {}) | {"silent": True}
    return room.shown(room.store.add_message(body, mine=True, reply_to=reply_to, prompt=prompt))


def _reply_target(room: Room, params: Params, chat: Json) -> int | None:
    reply: Any = params.json("reply_parameters", "can't parse reply parameters JSON object")
    if isinstance(reply, dict):
        wanted, lenient = reply.get("message_id"), bool(reply.get("allow_sending_without_reply"))
    else:
        wanted, lenient = params.integer("reply_to_message_id"), params.flag("allow_sending_without_reply")
    if not wanted:
        return None
    if isinstance(wanted, int) and room.store.message(chat["id"], wanted):
        return wanted
    if lenient:
        return None
    raise bad_request("message to be replied not found")


def _file(room: Room, params: Params, kind: str, bytes_max: int) -> StoredFile:
    upload = params.upload(kind)
    if upload is None:
        if not params.has(kind):
            raise bad_request(f"there is no {kind} in the request")
        if params.text(kind).startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        known = room.store.file(params.text(kind))
        if known is None:
            raise bad_request("wrong remote file identifier specified: Wrong string length")
        return known
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > bytes_max:
        raise ApiError(413, "Request Entity Too Large")
    size = picture_size(upload.content) if kind == "photo" else (0, 0)
    if size is None:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if kind == "photo" and (sum(size) > 10_000 or max(size) > 20 * min(size)):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return room.save_file(upload.content, upload.name, upload.mime, size)


def document(file: StoredFile) -> Json:
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_name": file.name,
        "mime_type": file.mime,
        "file_size": file.size,
    }


def photo(file: StoredFile) -> Json:
    return {
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "width": file.width,
        "height": file.height,
    }


def edit_text(room: Room, params: Params) -> Json:
    message = _editable(room, params)
    if "text" not in message.body:
        raise bad_request("there is no text in the message to edit")
    return _edit(room, message, ("text", "entities"), _text(params), read_markup(params))


def edit_caption(room: Room, params: Params) -> Json:
    message = _editable(room, params)
    if not {"document", "photo"} & message.body.keys():
        raise bad_request("there is no caption in the message to edit")
    return _edit(room, message, ("caption", "caption_entities"), _caption(params), read_markup(params))


def edit_markup(room: Room, params: Params) -> Json:
    return _edit(room, _editable(room, params), (), {}, read_markup(params))


def _editable(room: Room, params: Params) -> Message:
    if params.has("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    if not params.has("message_id"):
        raise bad_request("message identifier is not specified")
    chat = find_chat(room, params)
    message = room.store.message(chat["id"], params.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.mine:
        raise bad_request("message can't be edited")
    return message


def _edit(room: Room, message: Message, fields: tuple[str, ...], content: Json, markup: Markup) -> Json:
    """Replaces `fields` by `content`. A keyboard that the edit does not name again is gone, as in Telegram."""
    kept = {key: value for key, value in message.body.items() if key not in {*fields, "reply_markup"}}
    body = kept | content | ({"reply_markup": markup.inline} if markup.inline else {})
    if _compared(body) == _compared(message.body):
        raise bad_request(SAME)
    body["edit_date"] = room.now()
    room.store.change_message(message, body)
    changed = room.store.message(message.chat_id, message.id)
    assert changed is not None
    return room.shown(changed)


def _compared(body: Json) -> Json:
    lists = {key: given_only(body.get(key, [])) for key in ("entities", "caption_entities")}
    return {key: body.get(key) for key in ("text", "caption", "reply_markup")} | lists


def delete_message(room: Room, params: Params) -> bool:
    chat = find_chat(room, params)
    message = room.store.message(chat["id"], params.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    foreign = not message.mine and chat["type"] != "private"
    admin = room.store.standing(chat["id"], room.identity.bot_id) == "administrator"
    if (foreign and not admin) or room.now() - message.body["date"] > DELETE_AGE_S_MAX:
        raise bad_request("message can't be deleted")
    room.store.change_message(message, {}, deleted=True)
    return True
