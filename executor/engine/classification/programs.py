"""Which programs a command line runs: enough of the shell's grammar to tell whose exit code it is."""

import re
from functools import lru_cache

_NESTED = re.compile(
    r"""(?:^|[\s/])(?:ba|da|z|k)?sh\s+(?:-\w+\s+)*-\w*c\s+(?:"(?P<d>(?:[^"\\]|\\.)*)"|'(?P<s>[^']*)')""", re.S
)
_QUOTED = re.compile(r"""'[^']*'|"(?:[^"\\]|\\.)*\"""", re.S)
_PIECES = re.compile(r"\|\|?|&&|(?<![<>&])&(?![>&])|;|\n|\$\(|[()`{}]")
_SKIPPED = re.compile(
    r"(?:\w+=\S*|!|if|then|do|else|elif|while|until|time|exec|command|nohup|env|sudo|doas|stdbuf|setsid)\s+"
)
_WRAPPED = re.compile(
    r"(?:timeout|nice|xargs|flock|unshare|bwrap|npx|uvx|uv\s+run|poetry\s+run|pipenv\s+run)\b"
    r"(?:\s+-\S+(?:[= ]\d+\w?)?)*\s+(?:[\d.]+[smhd]?\s+)?"
)
_MODULE = re.compile(r"python[\d.]*\s+(?:-\w\s+)*-m\s*(\S+)")
_NAME = re.compile(r"[\w.+\[-]+$")


@lru_cache(maxsize=256)
def programs(command: str) -> tuple[str, ...]:
    """Names without their folders, in the order of the text; a wrapper stands before what it wraps."""
    found: list[str] = []
    for nested in _NESTED.finditer(command):
        found += programs(nested["d"] or nested["s"] or "")
    for piece in _PIECES.split(_QUOTED.sub("''", command)):
        found += _of(piece.strip())
    return tuple(found)


def outline(command: str) -> str:
    """The command without what stands in quotes, but with the programs that are given to a shell there."""
    nested = [match["d"] or match["s"] or "" for match in _NESTED.finditer(command)]
    return "\n".join(nested) if nested else _QUOTED.sub("''", command)


def last_program(command: str) -> str:
    """The last of the outermost line, or of the text that a shell was given; empty where there is none."""
    nested = [match["d"] or match["s"] or "" for match in _NESTED.finditer(command)]
    found = programs(nested[-1] if nested else command)
    return found[-1] if found else ""


def _of(piece: str) -> list[str]:
    while skipped := _SKIPPED.match(piece):
        piece = piece[skipped.end() :]
    names = []
    if wrapped := _WRAPPED.match(piece):
        names = [wrapped[0].split()[0]]
        inner = _of(piece[wrapped.end() :].strip())
        return names + inner
    word = piece.split(maxsplit=1)[0].rsplit("/", 1)[-1].strip("'\"") if piece else ""
    if _NAME.match(word):
        names.append(word)
    if module := _MODULE.search(piece):
        names.append(module[1].split(".")[0])
    return names
