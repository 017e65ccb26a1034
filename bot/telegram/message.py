"""A message as it will stand in the chat: pure values, and the one place that makes a long one fit."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from bot.telegram.html import CAPTION_UNITS_MAX, TEXT_UNITS_MAX, bold, clip, escape, plain, units

SUMMARY_LINES = 10
SUMMARY_LINE_CHARACTERS = 80
ROW_CHARACTERS = 24  # what fits side by side on a phone of 360 px


@dataclass(frozen=True, slots=True)
class Button:
    """`data` is at most 64 bytes. `style`: None, "primary", "success" or "danger"."""

    label: str
    data: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`html` is what the chat shows, `buttons` its rows. `force_reply`: the placeholder of the answer it waits for.

    `protect`: neither this message nor what is said to it is for keeping (the Bot API's protect_content).

    `document` comes before the text, or carries the text as its caption. `beside` are documents that come before a
    message that is edited, each once.
    """

    html: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    document: Document | None = None
    force_reply: str | None = None
    protect: bool = False
    beside: tuple[Document, ...] = ()

    @property
    def content_hash(self) -> str:
        """Equal hashes: the chat would show the same."""
        shown = {name: value for name, value in asdict(self).items() if name != "beside" or value}
        source = json.dumps(shown, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @property
    def fits(self) -> bool:
        return units(plain(self.html)) <= TEXT_UNITS_MAX

    @property
    def fits_caption(self) -> bool:
        return units(plain(self.html)) <= CAPTION_UNITS_MAX


def rows_of(buttons: list[Button]) -> tuple[tuple[Button, ...], ...]:
    """Buttons in rows, as many side by side as a phone can show, the rows of even length; their order is kept."""
    for per_row in (3, 2):
        rows = -(-len(buttons) // per_row)
        even = -(-len(buttons) // rows) if rows else 1
        laid = [tuple(buttons[at : at + even]) for at in range(0, len(buttons), even)]
        if all(sum(len(button.label) + 3 for button in row) - 3 <= ROW_CHARACTERS for row in laid):
            return tuple(laid)
    return tuple((button,) for button in buttons)


def fit(message: Message, name: str, *, last_line: str = "") -> Message:
    """The message itself if it fits; else its first ten lines, with the whole of it as the document `name`.

    Nothing is ever cut without a word: the summary says where the rest is. `last_line` (plain) stays at its end.
    """
    if message.fits:
        return message
    whole = plain(message.html)
    lines = [line for line in whole.splitlines() if line.strip()][:SUMMARY_LINES]
    summary = [bold(clip(lines[0], SUMMARY_LINE_CHARACTERS * 2))]
    summary += [escape(clip(line, SUMMARY_LINE_CHARACTERS)) for line in lines[1:]]
    summary += ["", f"📄 All of it: {escape(name)}", *([escape(last_line)] if last_line else [])]
    if message.document is not None:
        whole = f"{whole}\n\n---\n\n{message.document.text}"
    return replace(message, html="\n".join(summary), document=Document(name, whole + "\n"))
