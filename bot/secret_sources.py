"""Secrets by reference: ``{ file = "…" }``, ``{ env = "…" }`` or ``{ credential = "…" }`` in the place of a value.

What is named is read once, at the start. A reference that leads nowhere is one line that names the key and what to do,
never a value.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHARACTERS_MAX = 100_000
KINDS = ("file", "env", "credential")


@dataclass(slots=True)
class Resolved:
    """`files` hold values that the configuration names: others must not read them."""

    problems: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def resolve(
    tree: dict[str, Any],
    environ: Mapping[str, str],
    place: Callable[[str], Path],
    where: str,
    is_secret: Callable[[tuple[str, ...]], bool],
) -> Resolved:
    """Put the values in the place of the references, in the tree itself. `place` says which file a path means;
    `is_secret` whether a value belongs at a key; `where` begins each problem."""
    found = Resolved()
    for table, name, key in list(_references(tree, ())):
        if not is_secret(key):
            continue
        [(kind, named)] = table[name].items()
        value = _value(kind, named, environ, place, found)
        if isinstance(value, _Trouble):
            found.problems.append(f"{where}: {'.'.join(key)}: {value.text}.")
        table[name] = "" if isinstance(value, _Trouble) else value
    return found


@dataclass(frozen=True, slots=True)
class _Trouble:
    text: str


def _references(table: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], str, tuple[str, ...]]]:
    for name, value in table.items():
        if not isinstance(value, dict):
            continue
        if len(value) == 1 and next(iter(value)) in KINDS and isinstance(next(iter(value.values())), str):
            yield table, name, (*above, name)
        else:
            yield from _references(value, (*above, name))


def _value(
    kind: str, named: str, environ: Mapping[str, str], place: Callable[[str], Path], found: Resolved
) -> str | _Trouble:
    if kind == "env":
        text = environ.get(named)
        return text if text else _Trouble(f"the variable {named} is {'empty' if text == '' else 'not set'}")
    if kind == "file":
        return _read(place(named), found)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return _Trouble(f"there is no systemd credential {named}, since $CREDENTIALS_DIRECTORY is not set")
    if "/" in named or named in ("", ".", ".."):
        return _Trouble(f"{named!r} is no name of a credential")
    return _read(Path(folder) / named, None)


def _read(path: Path, found: Resolved | None) -> str | _Trouble:
    """Without the line break at its end."""
    try:
        if not path.is_file():
            return _Trouble(f"there is no file {path}" if not path.exists() else f"{path} is no ordinary file")
        with path.open(encoding="utf-8") as file:
            text = file.read(CHARACTERS_MAX + 1)
    except OSError as error:
        return _Trouble(f"the file {path} can't be read: {error.strerror}")
    except UnicodeDecodeError:
        return _Trouble(f"the file {path} is not a text in UTF-8")
    if found is not None:
        found.files.append(path)
    if len(text) > CHARACTERS_MAX:
        return _Trouble(f"the file {path} is longer than {CHARACTERS_MAX:,} characters")
    return text.rstrip("\r\n") or _Trouble(f"the file {path} is empty")
