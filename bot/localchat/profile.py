"""Methods about the bot itself: its commands per scope, its name and its two descriptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.localchat.errors import bad_request
from bot.localchat.params import Params
from bot.localchat.room import Room
from bot.localchat.shapes import Json
from bot.localchat.tags import units

COMMANDS_MAX = 100

Method = Callable[[Room, Params], Any]


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
