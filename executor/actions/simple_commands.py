"""The simple commands of a shell text, for whoever asks what it needs. What can't be told for certain is left out."""

import re
from dataclasses import dataclass, field

from executor.actions.shell_text import Reader, Unclosed

_NOTHING = re.compile(r"(?!)")


@dataclass(slots=True)
class ShellText:
    """`commands` hold the words of each, raw, in order; what stands in a test, before ``||`` or in a ``case`` is
    no part of them. `functions` are defined in the text itself."""

    commands: list[list[str]] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)


class _Collector(Reader):
    def __init__(self, text: str) -> None:
        super().__init__(text, _NOTHING)
        self.found = ShellText()
        self._in_case = False
        self._ends: set[str] = set()  # of heredocs: they stand where commands do

    def _redirection(self) -> None:
        super()._redirection()
        self._ends |= {heredoc.delimiter for heredoc in self._heredocs}

    def _end_command(self) -> None:
        words = [word for word in self._simple.words if word]
        if words:
            self._take(words)
        super()._end_command()

    def _take(self, words: list[str]) -> None:
        if words[0] == "case":
            self._in_case = True  # its patterns look like commands
        if words[0] == "function" and len(words) > 1:
            self.found.functions.add(words[1])
        elif self._looking_at("(") and len(words) == 1:
            self.found.functions.add(words[0])
        elif words[0] not in self._ends and not (self._evaluated or self._in_case or self._looking_at(("||", ")"))):
            self.found.commands.append(words)
        if words[0] == "esac":
            self._in_case = False


def read_commands(text: str) -> ShellText:
    """Nothing of a text that can't be read to its end."""
    collector = _Collector(text)
    try:
        collector.code(None)
    except (Unclosed, RecursionError):
        return ShellText()
    return collector.found
