"""Methods about a chat itself: who is in it, what is pinned, leaving it."""

from __future__ import annotations

from bot.localchat.errors import bad_request
from bot.localchat.params import Params
from bot.localchat.room import Room
from bot.localchat.sending import find_chat
from bot.localchat.shapes import Json


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
