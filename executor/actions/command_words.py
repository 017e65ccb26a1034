"""The words of the commands in a shell text, read generously: for asking what a text may need, not for running it."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

_CONTROL = frozenset("();|&\n")
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)|`([^`]*)`", re.DOTALL)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_KEYWORDS = frozenset(
    {"!", "{", "}", "if", "then", "elif", "else", "fi", "while", "until", "do", "done", "time", "exec"}
)
_WRAPPERS = frozenset(
    {"builtin", "command", "doas", "env", "ionice", "nice", "nohup", "setsid", "stdbuf", "sudo", "timeout", "xargs"}
)
_SHELLS = frozenset({"ash", "bash", "dash", "ksh", "sh", "zsh"})
_WRAPPER_VALUE = re.compile(r"[\d.]+[smhd]?")
DEPTH_MAX = 4


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """`name` without its folder; `operands` are the words behind it, options included, unquoted; `into` and `out_of`
    are the files that it is redirected to and from."""

    name: str
    operands: tuple[str, ...]
    into: tuple[str, ...] = ()
    out_of: tuple[str, ...] = ()

    @property
    def plain(self) -> list[str]:
        """The operands that are no options."""
        return [word for word in self.operands if not word.startswith("-")]


@dataclass(slots=True)
class _Open:
    words: list[str] = field(default_factory=list)
    into: list[str] = field(default_factory=list)
    out_of: list[str] = field(default_factory=list)


def simple_commands(text: str, depth: int = 0) -> Iterator[SimpleCommand]:
    """In the order of the text, with those in substitutions and in what is given to a shell. Nothing of a text whose
    quotes are not closed."""
    if depth > DEPTH_MAX:
        return
    try:
        tokens = _tokens(text)
    except ValueError:
        return
    for words in _split(tokens):
        command = _command(words)
        if command is not None:
            yield command
            if command.name in _SHELLS and "-c" in (short := [_short(word) for word in command.operands]):
                yield from simple_commands("".join(command.operands[short.index("-c") + 1 :][:1]), depth + 1)
    for found in _SUBSTITUTION.finditer(text):
        yield from simple_commands(found[1] or found[2] or "", depth + 1)


def _short(word: str) -> str:
    """``-lc`` is ``-c`` as well."""
    return "-c" if re.fullmatch(r"-[a-z]*c", word) else word


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return list(lexer)


def _split(tokens: list[str]) -> Iterator[_Open]:
    now, target = _Open(), None
    for token in tokens:
        if token and set(token) <= set("<>&") and set(token) & set("<>"):
            target = now.into if ">" in token else now.out_of
            if now.words and now.words[-1].isdigit():
                now.words.pop()
            if token.endswith("<<") or "<<" in token:
                target = []
        elif token and set(token) <= _CONTROL | set("<>"):
            yield now
            now, target = _Open(), None
        elif target is not None:
            target.append(token)
            target = None
        else:
            now.words.append(token)
    yield now


def _command(found: _Open) -> SimpleCommand | None:
    words = list(found.words)
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.match(words[0])):
        del words[0]
    while words and PurePath(words[0]).name in _WRAPPERS:
        del words[0]
        while words and (words[0].startswith("-") or _ASSIGNMENT.match(words[0]) or _WRAPPER_VALUE.fullmatch(words[0])):
            del words[0]
    into, out_of = tuple(found.into), tuple(found.out_of)
    if not words:
        return SimpleCommand("", (), into, out_of) if into or out_of else None
    return SimpleCommand(PurePath(words[0]).name, tuple(words[1:]), into, out_of)
