"""Parameters of a workflow in its texts, so that no value is ever read as program text.

- In titles, addresses, paths, contents and other plain texts, ``{name}`` becomes the value.
- In shell commands (``command`` of an action or a check) the value arrives as a shell variable, set in a first line
  that quotes it: write ``"$name"``, as in any script. ``{name}`` is also understood: outside quotes it becomes
  ``"$name"``, inside double quotes ``${name}``. Inside single quotes it stays as it is: there stands another program
  (``awk '{print}'``), which takes values as arguments or from the environment.
- In ``code`` (the python action) it arrives as a Python variable, a str.
- ``{name*60}`` alone in a text becomes a whole number; ``{round}`` and ``{before}`` are numbers (workflow.py).

Only the parameters of the workflow are replaced, in one pass, so braces in JSON, awk or a value stay what they are.
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any

from executor.domain.errors import WrongInput

ROUND_NAMES = ("round", "before")
_PRODUCT = re.compile(r"\{(?P<name>\w+)\*(?P<times>[0-9]{1,6})\}")
_QUOTED_OR_PLACEHOLDER = re.compile(r"\\.|'|\"|(?<!\$)\{(?P<name>\w+)\}", re.DOTALL)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """`value`, a text or any nesting of lists and tables, with its placeholders replaced."""
    if isinstance(value, str):
        return _plain(value, values)
    if isinstance(value, Mapping):
        return {name: _named(name, one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    return value


def _named(name: str, value: Any, values: Mapping[str, str]) -> Any:
    if name == "command" and isinstance(value, str):
        return command(value, values)
    if name == "code" and isinstance(value, str):
        return code(value, values)
    return filled(value, values)


def _plain(text: str, values: Mapping[str, str]) -> str | int:
    if (found := _PRODUCT.fullmatch(text)) and found["name"] in values:
        return _number(found["name"], values) * int(found["times"])
    return replaced(text, values)


def replaced(text: str, values: Mapping[str, str]) -> str:
    """`text` with each ``{name}`` of `values` replaced; not after a ``$``, where it is the shell's."""
    if not values:
        return text
    names = "|".join(map(re.escape, values))
    return re.sub(rf"(?<!\$)\{{({names})\}}", lambda found: values[found[1]], text)


def _number(name: str, values: Mapping[str, str]) -> int:
    try:
        return int(values[name])
    except ValueError:
        raise WrongInput(f"{name} must be a whole number, not “{values[name]}”.") from None


def command(text: str, values: Mapping[str, str]) -> str:
    """A shell command that gets the values it uses as variables, set and quoted in a line of their own."""
    text = replaced(text, {name: value for name, value in values.items() if name in ROUND_NAMES})
    given = {name: value for name, value in values.items() if name not in ROUND_NAMES}
    text = _as_variables(text, given)
    used = [name for name in given if re.search(rf"\$(?:{name}\b|\{{[#!]?{name}\b)", text)]
    settings = " ".join(f"{name}={shlex.quote(given[name])}" for name in used)
    return f"{settings}\n{text}" if settings else text


def _as_variables(text: str, values: Mapping[str, str]) -> str:
    """Where the guess about quotes is wrong (a here-document, an apostrophe in a comment), the author's command breaks;
    the value is still never program text."""
    pieces: list[str] = []
    quote, at = "", 0
    for found in _QUOTED_OR_PLACEHOLDER.finditer(text):
        name = found["name"]
        if name is None:
            quote = _next_quote(quote, found[0])
        elif name in values and quote != "'":
            pieces += [text[at : found.start()], f"${{{name}}}" if quote else f'"${name}"']
            at = found.end()
    return "".join([*pieces, text[at:]])


def _next_quote(quote: str, seen: str) -> str:
    if len(seen) > 1:  # a backslash and what it protects, which in single quotes it does not
        return "" if quote == "'" == seen[1] else quote
    if not quote:
        return seen
    return "" if quote == seen else quote


def code(text: str, values: Mapping[str, str]) -> str:
    """Python code that gets the values it uses as variables."""
    text = replaced(text, {name: value for name, value in values.items() if name in ROUND_NAMES})
    used = [name for name in values if name not in ROUND_NAMES and re.search(rf"\b{name}\b", text)]
    return "".join(f"{name} = {values[name]!r}\n" for name in used) + text
