"""A reply to a draft: words about what should be different, or the draft itself as it should be."""

from difflib import SequenceMatcher

EDITED_FROM = 0.5
"""From this share of common words on, a reply is the text itself: who asks for a change does not say it all again."""
WORDS_MIN = 4  # of a reply that can be a text
SHOWN_CHARACTERS = 1_500  # of a draft, as its message shows it


def edited(draft: str, reply: str) -> str | None:
    """The draft as a person wrote it anew; None: the reply says what should be different. What the message did not
    show of a long draft stays."""
    shown, rest = draft[:SHOWN_CHARACTERS], draft[SHOWN_CHARACTERS:]
    before, after = shown.split(), reply.split()
    if len(after) < WORDS_MIN:
        return None
    if SequenceMatcher(None, before, after, autojunk=False).ratio() < EDITED_FROM:
        return None
    return reply.strip() + ("\n" if draft.endswith("\n") and not rest else "") + rest
