"""What people do: write, press, edit, send files, meet in groups. The page and the tests come through here."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from bot.localchat.entities import CAPTION_UNITS_MAX, TEXT_UNITS_MAX, read_typed, settle
from bot.localchat.pictures import picture_size
from bot.localchat.places import member
from bot.localchat.room import Room
from bot.localchat.rows import Message, Press
from bot.localchat.sending import document, photo
from bot.localchat.shapes import Json
from bot.localchat.tags import units
from bot.localchat.whispers import HIDDEN, hidden, is_meant, is_value


class People:
    """Every method returns the Bot API's Update as the bot gets it; without `update_id` when the bot may not see it.

    `user` and `chat` are ids; without them it is the page's person in the private chat with the bot. ValueError when a
    person could not do that: an empty text, a message that is not there or not their own, an unknown user or chat.
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    def say(
        self,
        text: str,
        *,
        user: int | None = None,
        chat: int | None = None,
        reply_to: int | None = None,
        markdown: bool = True,
        once: str | None = None,
    ) -> Json:
        """Writes a message of at most 4096 units.

        `markdown`: `code` and **bold** become entities and lose their marks, as in Telegram's apps.
        `once` is a key of the sender's choice: a second call with it changes nothing and returns the first message.
        """
        quiet = self._is_whisper(text, user, chat, reply_to)  # a secret keeps its asterisks
        plain, entities = read_typed(text) if markdown and not quiet else settle(text, [])
        if not plain or units(plain) > TEXT_UNITS_MAX:
            raise ValueError(f"A message has 1 to {TEXT_UNITS_MAX} characters.")
        content: Json = {"text": plain} | ({"entities": entities} if entities else {})
        return self._write(content, user, chat, reply_to, once)

    def upload(
        self,
        content: bytes,
        name: str,
        mime: str = "application/octet-stream",
        *,
        caption: str = "",
        user: int | None = None,
        chat: int | None = None,
        reply_to: int | None = None,
        once: str | None = None,
        as_photo: bool = False,
    ) -> Json:
        """Sends a file, as a document unless `as_photo` is set and it is a picture."""
        if not content:
            raise ValueError("An empty file can't be sent.")
        plain, entities = read_typed(caption)
        if units(plain) > CAPTION_UNITS_MAX:
            raise ValueError(f"A caption has at most {CAPTION_UNITS_MAX} characters.")
        if once and (known := self._room.store.message_once(once)):
            return {"message": self._room.shown(known)}
        size = picture_size(content) if as_photo else None
        with self._room.change():
            file = self._room.save_file(content, name, mime, size or (0, 0))
            body: Json = {"photo": [photo(file)]} if size else {"document": document(file)}
            if plain:
                body |= {"caption": plain} | ({"caption_entities": entities} if entities else {})
            return self._write(body, user, chat, reply_to, once)

    def _write(self, content: Json, user: int | None, chat: int | None, reply_to: int | None, once: str | None) -> Json:
        room = self._room
        if once and (known := room.store.message_once(once)):
            return {"message": room.shown(known)}
        sender, place = self._who(user, chat)
        if reply_to is not None and room.store.message(place["id"], reply_to) is None:
            raise ValueError("The message to reply to is gone.")
        quiet = self._is_whisper(content.get("text") or content.get("caption") or "", user, chat, reply_to)
        with room.change():
            number = room.next_message_id(place)
            kept = hidden(content) if quiet else content
            body = {"message_id": number, "from": sender, "chat": place, "date": room.now(), **kept}
            message = room.store.add_message(body, mine=False, reply_to=reply_to, once=once)
            return self._whisper(self._tell("message", message), content) if quiet else self._tell("message", message)

    def _is_whisper(self, text: str, user: int | None, chat: int | None, reply_to: int | None) -> bool:
        """Whether this answers a protected message, or is a secret all by itself."""
        if is_value(text):
            return True
        _, place = self._who(user, chat)
        asked = None if reply_to is None else self._room.store.message(place["id"], reply_to)
        if asked is not None and asked.body.get("has_protected_content"):
            return True
        return text.startswith("/") and is_meant(text, self._room.store.spelt(place["id"]))

    def _whisper(self, update: Json, content: Json) -> Json:
        """Kept in memory for the bot; the update as it gets it."""
        if "update_id" not in update:
            return update
        self._room.whispers[update["update_id"]] = content
        return next(iter(one for one in self._room.updates(update["update_id"], 1)), update)

    def edit(self, message_id: int, text: str, *, user: int | None = None, chat: int | None = None) -> Json:
        """Changes the text, or a file's caption, of an own message."""
        room = self._room
        sender, place = self._who(user, chat)
        message = room.store.message(place["id"], message_id)
        if message is None or message.mine or message.body["from"]["id"] != sender["id"]:
            raise ValueError("Only an own message can be edited.")
        field, marks = ("text", "entities") if "text" in message.body else ("caption", "caption_entities")
        quiet = message.body.get(field) == HIDDEN or self._is_whisper(text, user, chat, message.reply_to)
        plain, entities = settle(text, []) if quiet else read_typed(text)
        if not plain or units(plain) > TEXT_UNITS_MAX:
            raise ValueError(f"A message has 1 to {TEXT_UNITS_MAX} characters.")
        body = {key: value for key, value in message.body.items() if key not in {field, marks}}
        content: Json = {field: plain} | ({marks: entities} if entities else {})
        body |= (hidden(content) if quiet else content) | {"edit_date": room.now()}
        with room.change():
            room.store.change_message(message, body)
            changed = room.store.message(place["id"], message_id)
            assert changed is not None
            update = self._tell("edited_message", changed)
            return self._whisper(update, content) if quiet else update

    def press(self, message_id: int, data: str, *, user: int | None = None, chat: int | None = None) -> Json:
        """Presses an inline button. As with real clients nothing checks that the keyboard still has it."""
        room = self._room
        sender, place = self._who(user, chat)
        message = room.store.message(place["id"], message_id)
        if message is None:
            raise ValueError("The message of this button is gone.")
        with room.change():
            number = str(secrets.randbits(62) | 1 << 62)
            room.store.add_press(
                Press(number, place["id"], message_id, sender["id"], data, room.clock(), seq=0, answer=None)
            )
            query = {"id": number, "from": sender, "message": room.shown(message)}
            instance = str(place["id"] * 31 + room.identity.bot_id)
            return room.queue("callback_query", query | {"chat_instance": instance, "data": data})

    def _tell(self, kind: str, message: Message) -> Json:
        """Queues the update if the bot may see the message, and notes that it waits to be fetched."""
        shown = self._room.shown(message)
        if not self._seen_by_bot(shown):
            return {kind: shown}
        update = self._room.queue(kind, shown)
        if "update_id" in update:
            self._room.store.waits_for(message, update["update_id"])
        return update

    def _seen_by_bot(self, message: Json) -> bool:
        """Telegram's privacy mode: in a group a bot hears commands, mentions of its name and replies to it."""
        place = message["chat"]
        if place["type"] == "private":
            return True
        status = self._room.store.standing(place["id"], self._room.identity.bot_id)
        if status in {"administrator", "left", "kicked", None}:
            return status == "administrator"
        name = f"@{self._room.bot['username']}".lower()
        text = str(message.get("text") or message.get("caption") or "")
        if name in text.lower():
            return True
        commands = [entity for entity in message.get("entities", []) if entity["type"] == "bot_command"]
        utf16 = text.encode("utf-16-le")
        for entity in commands:
            raw = utf16[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])]
            if "@" not in raw.decode("utf-16-le"):
                return True
        original = message.get("reply_to_message", {})
        return bool(original.get("from", {}).get("id") == self._room.identity.bot_id)

    def _who(self, user: int | None, chat: int | None) -> tuple[Json, Json]:
        operator = self._room.identity.operator_id
        sender = self._room.store.user(operator if user is None else user)
        if sender is None:
            raise ValueError(f"There is no user {user}.")
        place = self._room.store.chat(sender["id"] if chat is None else chat)
        if place is None:
            raise ValueError(f"There is no chat {chat}.")
        return sender, place

    # Meeting people.

    def add_user(
        self, first_name: str, *, id: int | None = None, username: str | None = None, last_name: str | None = None
    ) -> Json:
        """One more person with a private chat; returns the User."""
        number = id or 1_000_000_000 + secrets.randbelow(900_000_000)
        names = {"first_name": first_name, "last_name": last_name, "username": username}
        given = {key: value for key, value in names.items() if value is not None}
        user = {"id": number, "is_bot": False, **given, "language_code": "en"}
        with self._room.change():
            self._room.store.save_user(user)
            self._room.store.save_chat({"id": number, "type": "private", **given})
        return user

    def add_group(
        self,
        title: str,
        *,
        users: Iterable[int] = (),
        kind: str = "supergroup",
        id: int | None = None,
        bot_status: str = "member",
        by: int | None = None,
        is_forum: bool = False,
    ) -> Json:
        """A group of the page's person, the bot and `users`; returns the Chat. `kind`: group or supergroup.

        The bot gets its my_chat_member update. As administrator it hears every message, as member only what is for it.
        """
        number = id or -(1_000_000_000_000 * (kind == "supergroup") + 1_000_000_000 + secrets.randbelow(900_000_000))
        chat: Json = {"id": number, "type": kind, "title": title} | ({"is_forum": True} if is_forum else {})
        operator = self._room.identity.operator_id
        with self._room.change():
            self._room.store.save_chat(chat)
            self._room.store.join(number, operator, "creator")
            for user in users:
                self._room.store.join(number, user, "member")
            self.set_standing(number, self._room.identity.bot_id, bot_status, by=by)
        return chat

    def set_standing(self, chat: int, user: int, status: str, *, by: int | None = None) -> None:
        """Makes somebody member, administrator, left or kicked; the bot hears of it when it is about itself."""
        room = self._room
        before = room.store.standing(chat, user) or "left"
        with room.change():
            room.store.join(chat, user, status)
            if user == room.identity.bot_id:
                self._my_chat_member(chat, before, status, by or room.identity.operator_id)

    def _my_chat_member(self, chat: int, before: str, status: str, by: int) -> None:
        from_user, place = self._who(by, chat)
        told = {"chat": place, "from": from_user, "date": self._room.now()}
        old, new = (member(self._room.bot, each) for each in (before, status))
        self._room.queue("my_chat_member", told | {"old_chat_member": old, "new_chat_member": new})

    def migrate(self, chat: int) -> Json:
        """Turns a group into a supergroup: the bot is told, and the old id answers with the new one from now on."""
        room = self._room
        sender, old = self._who(None, chat)
        with room.change():
            new = self.add_group(old["title"], users=[user for user, _ in room.store.members(chat)])
            body = {"message_id": room.next_message_id(old), "from": sender, "chat": old, "date": room.now()}
            message = room.store.add_message(body | {"migrate_to_chat_id": new["id"]}, mine=False)
            room.queue("message", message.body)
            room.store.remember(f"migrated {chat}", new["id"])
        return new
