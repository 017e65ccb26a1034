"""How a tool server can fail, sorted by what that says about a call."""

from executor.domain.errors import MilepostError
from executor.domain.visible import made_visible

WORDS_MAX = 400  # characters of a server's own in a sentence of ours


class ServerTrouble(MilepostError):
    """A tool server could not be used. `public` goes on after the server's name: ``ended by itself``."""


class Gone(ServerTrouble):
    """The server is not there: it can't be started or reached, or it ended. What was asked of it may have been done."""


def short(words: str) -> str:
    """A server's own words in one line of bounded length, in which nothing is invisible."""
    line = made_visible(" ".join(words[: 2 * WORDS_MAX].split()))
    return line if len(line) <= WORDS_MAX else f"{line[:WORDS_MAX]}…"


def said_last(words: str) -> str:
    """How a server ended, with the last line that it printed."""
    return f"ended by itself: {short(words)}" if words else "ended by itself"


class Misbehaves(ServerTrouble):
    """It answered with something that is not the protocol, or beyond all measure."""


class TooSlow(ServerTrouble):
    """It gave no answer in time."""


class Changed(ServerTrouble):
    """The tool is not what was approved; it was not called."""


class Refuses(ServerTrouble):
    """It answered that it does not do this: an unknown tool or method, arguments that it does not take. Nothing was
    done."""
