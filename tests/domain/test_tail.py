"""What commands print, for people."""

import pytest

from bot.telegram.printed import last_lines
from executor.domain.tail import readable


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]52;c;Zm9v\x1b\\text", "text"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x9b31mred", "31mred"),
        ("a\x07b\x00c\x7f", "abc"),
        ("\x1b", ""),
        ("one\r\n\ttwo\n", "one\n\ttwo\n"),
    ],
)
def test_a_terminal_has_nothing_to_obey(printed: str, seen: str) -> None:
    assert readable(printed) == seen


def test_a_chat_shows_no_colours() -> None:
    printed = {"output": "\x1b[32mPASS\x1b[0m one\n", "metadata": {"stderr": "\x1b[31mno\x1b[0m"}}

    assert last_lines(printed, 5) == "PASS one\nno"
