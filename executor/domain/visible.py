"""Text as a person must see it before they approve it: nothing in it is invisible or passes for something else."""

import unicodedata

_PLAIN = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def made_visible(text: str) -> str:
    """Invisible characters, direction marks and odd spaces as ``⟨U+200B⟩``; letters of another script inside a Latin
    word as ``⟨а U+0430⟩``, because they pass for Latin ones."""
    words: list[str] = []
    word = ""
    for character in text:
        if character.isalpha() or unicodedata.category(character)[0] == "M":
            word += character
            continue
        words += [_unmixed(word), _shown(character)]
        word = ""
    return "".join([*words, _unmixed(word)])


def unhidden(text: str) -> str:
    """`text` with characters that nobody sees (tags, zero-width ones, direction marks) as ``⟨U+E0041⟩``; joiners inside
    emoji and scripts stay."""
    if text.isascii():
        return text
    return "".join(_shown(c) if unicodedata.category(c) == "Cf" and c not in _JOINERS else c for c in text)


_JOINERS = frozenset("\u200c\u200d\u00ad")


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
