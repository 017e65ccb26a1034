"""Commands in backticks, inside a line of words.

As in Markdown, a command with a backtick in it stands between double ones: ``echo `date` ``, and one of several lines
between ``` and ```, where a language may stand behind the first.
"""

import re
from dataclasses import dataclass

from executor.domain.errors import WrongInput
from executor.planner.characters import one_line

_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_LANGUAGE = re.compile(r"[A-Za-z0-9+-]*\n")
_LEFT_OVER = " \t\n.,;"
_JOINTS = " \t\n:–—-"


@dataclass(frozen=True, slots=True)
class Read:
    """`words` is the line without its command, or all of it where it has none (`command` None)."""

    words: str
    command: str | None
    lone_backtick: bool = False


def read_code(text: str, where: str) -> Read:
    """The one command of a line. Raises WrongInput, naming `where`, if it can't be told which one is meant.

    Several are only clear where the last one ends the line after a colon. Words around a command in the middle of a
    line keep it, without its backticks: they would make no sense without.
    """
    spans = list(_SPAN.finditer(text))
    if not spans:
        return Read(one_line(text), None, "`" in text)
    last = spans[-1]
    before, after = text[: last.start()], text[last.end() :]
    at_end = not after.strip(_LEFT_OVER)
    if len(spans) > 1 and not (at_end and before.rstrip().endswith(":")):
        raise WrongInput(f"{where} has more than one command in backticks. Join them with && or write one line each.")
    if "`" in _SPAN.sub("", text):
        raise WrongInput(f"{where} has a backtick inside its command. Put double backticks around the command.")
    command = _command(last)
    if not command:
        raise WrongInput(f"{where} has nothing between its backticks. Write the command there, or leave them out.")
    words = before.rstrip(_JOINTS) if at_end else f"{before}{command}{after}"
    return Read(one_line(words.replace("`", "")), command)


def _command(span: re.Match[str]) -> str:
    code = span["code"]
    if len(span["ticks"]) >= 3:
        code = _LANGUAGE.sub("", code, count=1) if _LANGUAGE.match(code) else code
    return code.strip()
