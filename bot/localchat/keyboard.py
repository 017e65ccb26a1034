"""Reply markup: what a bot may hang under a message, and Telegram's refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.params import Params
from bot.localchat.shapes import Json

DATA_BYTES_MAX = 64
BUTTONS_MAX = 100
COPY_UNITS_MAX = 256
STYLES = {"primary", "success", "danger"}
KEPT = ("text", "url", "callback_data", "copy_text", "style", "icon_custom_emoji_id", "disabled", "switch_inline_query")
UNREADABLE = "can't parse reply keyboard markup JSON object"


@dataclass(frozen=True)
class Markup:
    """`inline` travels with the message; `prompt` (force reply, reply keyboard) is only shown to people."""

    inline: Json | None = None
    prompt: Json | None = None


def read_markup(params: Params) -> Markup:
    value = params.json("reply_markup", UNREADABLE)
    if value is None:
        return Markup()
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in value:
        rows = _rows(value["inline_keyboard"])
        return Markup(inline={"inline_keyboard": rows} if rows else None)
    if value.get("force_reply"):
        placeholder = value.get("input_field_placeholder")
        if placeholder is not None and not (isinstance(placeholder, str) and 1 <= len(placeholder) <= 64):
            raise bad_request("REPLY_MARKUP_INVALID")
        return Markup(prompt=value)
    if "keyboard" in value or value.get("remove_keyboard"):
        return Markup(prompt=value)
    return Markup()


def _rows(value: Any) -> list[list[Json]]:
    if not isinstance(value, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    if not all(isinstance(row, list) for row in value):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    rows = [[_button(button) for button in row] for row in value if row]
    if sum(len(row) for row in rows) > BUTTONS_MAX:
        raise bad_request("reply markup is too long")
    return rows


def _button(button: Any) -> Json:
    if not isinstance(button, dict):
        raise _unreadable("expected an Object")
    if "text" not in button:
        raise _unreadable('Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise _unreadable('Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if button.get("style") is not None and button["style"] not in STYLES:
        raise bad_request("invalid button style specified")
    kept = {key: button[key] for key in KEPT if button.get(key) is not None}
    if (refusal := _wrong_action(kept)) is not None:
        raise refusal
    return kept


def _wrong_action(button: Json) -> ApiError | None:
    """A button does one thing; the refusal when that thing is missing or not as it should be."""
    if (pressed := button.get("callback_data")) is not None:
        right = isinstance(pressed, str) and 1 <= len(pressed.encode()) <= DATA_BYTES_MAX
        return None if right else bad_request("BUTTON_DATA_INVALID")
    if (url := button.get("url")) is not None:
        right = str(url).startswith(("http://", "https://", "tg://"))
        return (
            None if right else bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
        )
    if (copied := button.get("copy_text")) is not None:
        text = copied.get("text", "") if isinstance(copied, dict) else ""
        return None if 1 <= len(text) <= COPY_UNITS_MAX else bad_request("BUTTON_COPY_TEXT_INVALID")
    return None if button.get("disabled") else _unreadable("Text buttons are unallowed in the inline keyboard")


def _unreadable(reason: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {reason}")


def buttons(markup: Json | None) -> list[Json]:
    """All buttons of an inline keyboard, row by row."""
    return [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
