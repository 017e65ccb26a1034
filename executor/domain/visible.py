"""Text as a person must see it before they approve it: nothing in it is invisible or passes for something else."""

import re
import unicodedata

_PLAIN = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def made_visible(text: str) -> str:
    """Invisible characters, direction marks and odd spaces as ``⟨U+200B⟩``; what passes for a letter or a sign of ASCII
    as ``⟨а U+0430⟩``, inside a Latin word and as a word of its own; and how long a gap is that would push the rest
    off the screen. Safe to call again."""
    if not text.isascii():
        parts = _TOLD.split(text)
        foreign = [bool(place % 2) for place in range(len(parts))]
        text = "".join(part if told else _unpassing(part) for part, told in zip(parts, foreign, strict=True))
    return _GAP.sub(_length, "".join(_shown(character) for character in text))


def _unpassing(text: str) -> str:
    """Without what passes for ASCII."""
    text = _SIGNS.sub(_named, _without_blanks(text))
    speaks = any(_is_real(word) for word in _WORD.findall(text))  # then short words of that language are nothing else
    text = (_WIDE_WITHIN if speaks else _WIDE).sub(_named, text)
    return "".join(_chunk(chunk, alone=not speaks or any(map(_plainly, chunk))) for chunk in _CHUNKS.split(text))


def _chunk(text: str, *, alone: bool) -> str:
    return _WORD.sub(lambda word: _unmixed(word[0], alone=alone), text)


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


_TOLD = re.compile(r"(⟨(?:\S )?U\+[0-9A-F]{4,6}⟩)")
"""What was made visible before."""
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f])+")
_CHUNKS = re.compile(r"(\s+)")
_ALIKE = frozenset("асеорхуіјѕһԁԛԝѵӏьАВЕКМНОРСТХУІЈЅԌԚԜοναρυικτχγωϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧօոսհցզԁᎪᏴᏟᎠᎬᎻᎫᏦᏞᎷΝᏢᏒᏚᎢᏙᎳᏃɡɑɩᴠᴡᴢᴏᴄᴋѕ")
"""Letters that look like a Latin one on a phone: Cyrillic, Greek, Armenian, Cherokee, and those of phonetics."""
_SIGNS = re.compile(
    "[\u037e\u0589\u05c3\u2010\u2011\u2024\u2027\u2044\u2212\u2215\u2216\u2223\u2236\u223c\u2571\u29f5\u29f8\u29f9\ua789\u01c0"
    "\ufe52\ufe55\ufe63\ufe68\ufe6b\U0001d400-\U0001d7ff\u212a\u2160-\u217f]"
)
"""Dots, slashes, colons, dashes and letters that are drawn like those of ASCII."""
_WIDE = re.compile(r"[\u3002\uff61\uff01-\uff5e]+")
_WIDE_WITHIN = re.compile(r"(?<=[\x21-\x7e])[\u3002\uff61\uff01-\uff5e]+|[\u3002\uff61\uff01-\uff5e]+(?=[\x21-\x7e])")
"""The same as they stand in Chinese and Japanese texts: meant as such there, but not beside ASCII."""
_GAP = re.compile(r"[ \t]{40,}|(?:\n[ \t]*){6,}(?=\n)")


def _length(found: re.Match[str]) -> str:
    lines = found[0].count("\n")
    return f"\n⟨{lines} empty lines⟩" if lines else f" ⟨{len(found[0])} spaces⟩ "


def _named(found: re.Match[str]) -> str:
    return "".join(f"⟨{character} U+{ord(character):04X}⟩" for character in found[0])


def _is_real(word: str) -> bool:
    """No word that is made to be taken for a Latin one."""
    return not any(map(_plainly, word)) and not set(word) <= _ALIKE and not _WIDE.fullmatch(word)


def _plainly(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _unmixed(word: str, *, alone: bool) -> str:
    """`alone`: a word that is nothing but look-alikes is meant to be taken for a Latin one."""
    if word.isascii():
        return word
    if not any(character.isascii() for character in word):
        return "".join(f"⟨{c} U+{ord(c):04X}⟩" for c in word) if alone and set(word) <= _ALIKE else word
    return "".join(c if c.isascii() or _belongs(c) else f"⟨{c} U+{ord(c):04X}⟩" for c in word)


def _belongs(character: str) -> bool:
    """Into a Latin word."""
    if character in _ALIKE or character.isnumeric():
        return character not in _ALIKE
    name = unicodedata.name(character, "")
    return name.startswith(("LATIN SMALL LETTER", "LATIN CAPITAL LETTER", "COMBINING"))
