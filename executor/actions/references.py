"""``${key.output}`` in parameters: replaced as text, or, in a command, by an expansion that brings it as data.

How a command is kept safe: the output's text never enters the command's text. Each reference becomes the expansion of
a shell variable, quoted to fit the place where it stands (``"${V}"`` bare, ``${V}`` inside double quotes, ``'"${V}"'``
inside single ones), and what a shell expands it does not parse again. A misread place can therefore cost a literal
``${V}`` or a split word, never a command. Where a shell *would* evaluate what it expands (arithmetic, ``eval``, the
program of ``bash -c``), only a whole number is let through; see shell_text.

Small outputs come as environment variables, which also reach inner shells; large ones, which no environment takes, as
files that the command reads into a variable first.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from executor.actions.shell_text import Place, Spot, spots
from executor.domain.errors import WrongInput

REFERENCE = re.compile(r"\$\{([^\s${}]+)\.output\}")
VARIABLE = "MILEPOST_OUTPUT_"

_WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NO_NAME = re.compile(r"[^A-Za-z0-9]")


def keys_used(value: object) -> list[str]:
    """The keys in every text inside `value`, each once, in the order of their first use."""
    if not value:
        return []
    if isinstance(value, str):
        return list(dict.fromkeys(REFERENCE.findall(value)))
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence):
        return list(dict.fromkeys(key for one in value for key in keys_used(one)))
    return []


def clean(output: str) -> str:
    """An output as it is handed on: no newline at the end, no NUL, and nothing that UTF-8 can't say."""
    return output.rstrip("\n").replace("\x00", "�").encode("utf-8", errors="replace").decode("utf-8")


def fill_text(value: Any, outputs: Mapping[str, str]) -> Any:
    """`value` with every reference to a known key replaced, in all texts inside it."""
    if isinstance(value, str):
        return REFERENCE.sub(lambda found: outputs.get(found[1], found[0]), value)
    if isinstance(value, Mapping):
        return {key: fill_text(one, outputs) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [fill_text(one, outputs) for one in value]
    return value


def variables(keys: Sequence[str]) -> dict[str, str]:
    """The name of each key's variable. Two keys that would share one get a number."""
    names: dict[str, str] = {}
    for key in keys:
        plain = name = VARIABLE + _NO_NAME.sub("_", key)
        number = 2
        while name in names.values():
            name = f"{plain}__{number}"
            number += 1
        names[key] = name
    return names


def rewrite(command: str, outputs: Mapping[str, str]) -> str:
    """The command with each reference to a known key as an expansion of its variable. Raises WrongInput where the
    text would be evaluated and is no whole number."""
    names = variables(list(outputs))
    pieces, end = [], 0
    for spot in spots(command, REFERENCE):
        if spot.key in outputs:
            pieces += [command[end : spot.start], _expansion(spot, names[spot.key], outputs[spot.key])]
            end = spot.end
    return "".join([*pieces, command[end:]])


def _expansion(spot: Spot, name: str, output: str) -> str:
    match spot.place:
        case Place.WORD:
            return f'"${{{name}}}"'
        case Place.DOUBLE:
            return f"${{{name}}}"
        case Place.SINGLE:
            return f"'\"${{{name}}}\"'"
        case Place.ANSI:
            return f"'\"${{{name}}}\"$'"
        case Place.COMMENT:
            return f"({name})"
        case Place.EVALUATED:
            if _WHOLE_NUMBER.fullmatch(output):
                return output
            raise WrongInput(
                f"${{{spot.key}.output}} stands {spot.where}, where its text would run as a program; there it may only "
                "be a whole number. Pass it as an argument or on standard input instead."
            )
