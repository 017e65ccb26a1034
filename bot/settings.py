"""The configuration: found, read, overridden by the environment and by credentials, and checked (contract section 2).

What is wrong is told in one line each: where it stands, the key, the value (never a secret's) and what was expected.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import SecretStr, ValidationError

from bot.kinds import Table
from bot.secret_sources import resolve
from bot.tables import Settings
from executor.domain.errors import Unconfigured

__all__ = ["Settings", "load", "unavailable"]

PREFIX = "MILEPOST_"
NOT_KEYS = ("MILEPOST_CONFIG", "MILEPOST_CRASH_AT")
VALUE_CHARACTERS_MAX = 60  # of a wrong value in its error line
LOOKS_SECRET = re.compile(r"(?i)token|secret|passw|key|credential|url")

Key = tuple[str, ...]
Tree = dict[str, Any]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings from `path` or wherever contract section 2 finds them. Raises Unconfigured, one line per fault."""
    source = _find(path, environ)
    tree = _tree(source, environ)
    origins: dict[Key, str] = {}
    problems = [fault for given in _given(environ) if (fault := _put(tree, given, origins))]
    referred = resolve(tree, environ, _beside(source, environ), source.name if source else "configuration", _is_secret)
    problems += referred.problems
    tree["data_dir"] = _data_dir(tree.get("data_dir", ""), environ)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        faults = dict.fromkeys(_lines(error, tree, origins, source))
        raise Unconfigured("\n".join([*problems, *faults])) from None
    if problems:
        raise Unconfigured("\n".join(problems))
    settings._source, settings._secret_files = source, tuple(referred.files)
    return settings


def _tree(source: Path | None, environ: Mapping[str, str]) -> Tree:
    tree = _read(source) if source else {}
    if source and isinstance(folder := tree.get("data_dir"), str) and folder:
        tree["data_dir"] = str(source.parent / _from_home(folder, environ))  # the same folder from wherever it is run
    return tree


def data_folder(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The data folder alone, whatever else is wrong with the configuration. Raises Unconfigured where the file that
    would name it can't be read."""
    given = environ.get("MILEPOST_DATA_DIR") or _tree(_find(path, environ), environ).get("data_dir", "")
    folder = _data_dir(given, environ)
    if not isinstance(folder, str | Path):
        raise Unconfigured("data_dir: expected a folder's path in quotes")
    return Path(folder)


def unavailable(settings: Settings) -> list[str]:
    """What is a valid value but not part of this version yet, one line each; `up` refuses to run while there is any."""
    chosen = {
        'telegram.mode = "webhook"': (settings.telegram.mode == "webhook", 'use "polling"'),
        'workers.engine = "distributed"': (settings.workers.engine != "local", 'use "local"'),
        "storage.url": (bool(settings.storage.url.get_secret_value()), 'leave it "" for SQLite in data_dir'),
    }
    return [f"{key} is not available in this version: {remedy}." for key, (used, remedy) in chosen.items() if used]


# ------------------------------------------------------------------------------------------------------- finding it


def _find(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = path or (Path(environ["MILEPOST_CONFIG"]) if environ.get("MILEPOST_CONFIG") else None)
    if named:
        return named.absolute()
    usual = (Path("config.toml"), _home(environ) / ".config" / "milepost" / "config.toml")
    return next((place.absolute() for place in usual if place.is_file()), None)


def _read(source: Path) -> Tree:
    try:
        return tomllib.loads(source.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        what = str(error)
        line = f", line {found[1]}" if (found := re.search(r"\(at line (\d+)", what)) else ", at its end"
        raise Unconfigured(f"{source}{line}: {what.partition(' (at ')[0]}.") from None
    except UnicodeDecodeError:
        raise Unconfigured(f"{source} is not a text in UTF-8; save it as such.") from None
    except OSError as error:
        raise Unconfigured(f"The configuration {source} can't be read: {error.strerror}.") from None


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _from_home(path: str, environ: Mapping[str, str]) -> Path:
    return _home(environ) / path[2:] if path.startswith("~/") else Path(path)


def _beside(source: Path | None, environ: Mapping[str, str]) -> Callable[[str], Path]:
    """A path in the file counts from where the file is."""
    folder = source.parent if source else Path.cwd()
    return lambda path: folder / _from_home(path, environ)


def _is_secret(key: Key) -> bool:
    known, kind, _ = _known_part(key)
    return known == key and kind is SecretStr


def _data_dir(given: Any, environ: Mapping[str, str]) -> Any:
    if not isinstance(given, str):
        return given
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]  # systemd joins several by colons
    return str(_from_home(given or state or "~/.local/share/milepost", environ).absolute())


# ------------------------------------------------------------------------------- the environment and the credentials


@dataclass(frozen=True, slots=True)
class Given:
    """One value from outside the file; `where` is what its error line starts with."""

    parts: tuple[str, ...]
    text: str
    where: str


def _given(environ: Mapping[str, str]) -> Iterator[Given]:
    """Credentials first, so that the environment wins."""
    if folder := environ.get("CREDENTIALS_DIRECTORY"):
        for file in sorted(Path(folder).glob("*.*")):
            parts = tuple(file.name.split("."))
            if parts[0] in Settings.model_fields:
                yield Given(parts, _credential(file), f"credential {file.name}")
    known = [*NOT_KEYS, "MILEPOST_DATA_DIR", *(PREFIX + "__".join(key).upper() for key in known_keys())]
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_KEYS:
            continue
        if "__" in name or name == "MILEPOST_DATA_DIR":
            yield Given(tuple(name.removeprefix(PREFIX).split("__")), environ[name], name)
        elif close := get_close_matches(name, known, n=1, cutoff=0.9):  # a single underscore, most of the time
            raise Unconfigured(f"{name}: no such key; did you mean {close[0]}?")


def _credential(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Unconfigured(f"The credential {file} can't be read: {error}.") from None


def _put(tree: Tree, given: Given, origins: dict[Key, str]) -> str | None:
    """Write the value into the tree; the error line where there is no such key."""
    key: list[str] = []
    kind: Any = Settings
    branch: Any = tree
    for index, part in enumerate(given.parts):
        name, kind = _step(kind, part, branch if isinstance(branch, dict) else {})
        if kind is None:
            return f"{given.where}: no such key{_nearest_variable(given)}"
        key.append(name)
        if index < len(given.parts) - 1 and isinstance(branch, dict):
            branch = branch.setdefault(name, {})
    if _is_table(kind):
        return f"{given.where}: {'.'.join(key)} is a table; name one of its keys."
    if isinstance(branch, dict):  # else the file has a plain value where a table belongs: validation says so
        branch[key[-1]] = _from_text(kind, given.text)
        origins[tuple(key)] = given.where
    return None


def _step(kind: Any, part: str, branch: Tree) -> tuple[str, Any]:
    """One level down: the key as it is written in the file, and its type; None where there is none."""
    if _is_table(kind):
        field = kind.model_fields.get(part.lower())
        return part.lower(), field.annotation if field else None
    if get_origin(kind) is dict:
        inner = get_args(kind)[1]
        named = next((name for name in branch if _plain(name) == _plain(part)), None)
        return named or (part.lower() if _is_table(inner) else part), inner
    return part, None


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Table)


def _from_text(kind: Any, text: str) -> Any:
    """The text as the type wants it; as it is where it does not fit, so that validation names it."""
    origin, options = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _from_text(options[0], text)
    if text[:1] in "[{" and (origin in (tuple, dict) or any(get_origin(option) is tuple for option in options)):
        try:
            return json.loads(text)
        except ValueError:
            return text
    if origin is tuple:
        return [_from_text(options[0], part.strip()) for part in text.split(",") if part.strip()]
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False}.get(
            text.strip().lower(), False if text.strip().lower() == "off" else text
        )
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text


def _nearest_variable(given: Given) -> str:
    wanted = "__".join(given.parts).upper()
    if close := get_close_matches(wanted, ["__".join(key).upper() for key in known_keys()], n=1, cutoff=0.75):
        name = close[0] if given.where.startswith(PREFIX) else close[0].lower().replace("__", ".")
        return f"; did you mean {PREFIX if given.where.startswith(PREFIX) else ''}{name}?"
    return "; config.example.toml lists them all."


def known_keys() -> Iterator[Key]:
    """Every key that needs no name of one's own: ("data_dir",), ("telegram", "token"), …"""
    for name, field in Settings.model_fields.items():
        if isinstance(table := field.annotation, type) and issubclass(table, Table):
            yield from ((name, key) for key in table.model_fields)
        elif get_origin(field.annotation) is not dict:
            yield (name,)


# ------------------------------------------------------------------------------------------------------- error lines


def _lines(error: ValidationError, tree: Tree, origins: Mapping[Key, str], source: Path | None) -> Iterator[str]:
    for fault in error.errors():
        key, kind, expected = _known_part(fault["loc"])
        where = origins.get(key, source.name if source else "configuration")
        value = _at(tree, key)
        if fault["type"] == "extra_forbidden":
            value = "" if not isinstance(value, str | int | float) else _shown(key, kind, value)
            yield f"{where}: {'.'.join(key)}{value}: no such key{_nearest(key)}"
        elif fault["type"] == "missing":
            yield f"{where}: {'.'.join(key)} is missing: expected {expected}."
        elif _is_table(kind) or get_origin(kind) is dict and fault["type"] != "string_type":
            wanted = str(fault["ctx"]["error"]) if fault["type"] == "value_error" else "a table"
            yield f"{where}: [{'.'.join(key)}]: expected {wanted}."
        else:
            index = fault["loc"][len(key)] if len(fault["loc"]) > len(key) else None
            if isinstance(index, int) and isinstance(value, list):
                value = value[index]
            yield f"{where}: {'.'.join(key)}{_shown(key, kind, value)}: expected {expected}."


def _known_part(loc: tuple[int | str, ...]) -> tuple[Key, Any, str]:
    """The part of a pydantic location that is a key of ours, the type there, and what it takes."""
    key: list[str] = []
    kind: Any = Settings
    expected = "a table"
    for part in map(str, loc):
        if _is_table(kind):
            field = kind.model_fields.get(part)
            kind, expected = (field.annotation, field.description or expected) if field else (None, expected)
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            break
        key.append(part)
    return tuple(key), kind, expected


def _at(tree: Any, key: Key) -> Any:
    for part in key:
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _shown(key: Key, kind: Any, value: Any) -> str:
    """`` = value``, cut to one short line; nothing of it where it is or may be a secret."""
    secret = kind is SecretStr or get_origin(kind) is dict or (kind is None and _may_be_secret(key))
    if secret:
        return " = (hidden)"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return " = " + (text if len(text) <= VALUE_CHARACTERS_MAX else text[:VALUE_CHARACTERS_MAX] + "…")


def _may_be_secret(key: Key) -> bool:
    table = Settings.model_fields.get(key[0])
    kind = table.annotation if table else None
    beside = kind.model_fields.values() if isinstance(kind, type) and issubclass(kind, Table) else ()
    return bool(LOOKS_SECRET.search(key[-1])) or any(field.annotation is SecretStr for field in beside)


def _nearest(key: Key) -> str:
    kind: Any = _known_part(key[:-1])[1] if len(key) > 1 else Settings
    here = list(kind.model_fields) if _is_table(kind) else []
    if close := get_close_matches(key[-1], here, n=1):
        return f"; did you mean {'.'.join([*key[:-1], close[0]])}?"
    if homes := [known[0] for known in known_keys() if known[-1] == key[-1] and len(known) > 1]:
        return f"; it belongs in [{homes[0]}]."
    return f"; known there: {', '.join(here)}."
