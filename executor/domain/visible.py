"""Text as a person must see it before they approve it: nothing in it is invisible or passes for something else."""

import re
import unicodedata

_PLAIN = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def made_visible(text: str) -> str:
    """Invisible characters, direction marks and odd spaces as ``⟨U+200B⟩``; letters of another script inside a Latin
    word as ``⟨а U+0430⟩``, because they pass for Latin ones."""
    words: list[str] = []
    word = ""
    for character in _without_blanks(text):
        if character.isalpha() or unicodedata.category(character)[0] == "M":
            word += character
            continue
        words += [_unmixed(word), _shown(character)]
        word = ""
    return "".join([*words, _unmixed(word)])


def unhidden(text: str) -> str:
    """`text` with characters that nobody sees (tags, zero-width ones, direction marks, selectors and fillers) as
    ``⟨U+E0041⟩``; a joiner or a selector inside emoji and scripts stays, several in a row are a message."""
    if text.isascii():
        return text
    shown = "".join(_shown(c) if unicodedata.category(c) == "Cf" and c not in _JOINERS else c for c in text)
    return _JOINED.sub(_told, _without_blanks(shown))


_JOINERS = frozenset("\u200c\u200d\u00ad")
_JOINED = re.compile("[\u200c\u200d\u00ad]{2,}")
_BLANKS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U000e0100-\U000e01ef]|(?<![^\\x00-\\x7f])[\ufe00-\ufe0f](?!\u20e3)"
    "|[\ufe00-\ufe0f]{2,}"
)
"""Letters and marks that are drawn as nothing. A selector belongs behind the one character whose look it chooses."""


def _without_blanks(text: str) -> str:
    return text if text.isascii() else _BLANKS.sub(_told, text)


def _told(found: re.Match[str]) -> str:
    return "".join(f"⟨U+{ord(character):04X}⟩" for character in found[0])


def _shown(character: str) -> str:
    if character in _PLAIN:
        return character
    category = unicodedata.category(character)
    if category in _HIDDEN or (category == "Zs" and character != " "):
        return f"⟨U+{ord(character):04X}⟩"
    return character


def _unmixed(word: str) -> str:
    if word.isascii() or not any(character.isascii() for character in word):
        return word
    return "".join(c if c.isascii() or _latin(c) else f"⟨{c} U+{ord(c):04X}⟩" for c in word)


def _latin(character: str) -> bool:
    name = unicodedata.name(character, "")
    return name.startswith(("LATIN SMALL LETTER", "LATIN CAPITAL LETTER", "COMBINING"))
