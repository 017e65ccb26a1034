"""config.example.toml and the settings say the same, both ways."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from bot.settings import known_keys
from bot.tables import Settings, Table

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text(encoding="utf-8")
NAMED_TABLES = ("actions", "automation", "mcp", "roles", "services")


def plain(value: Any) -> Any:
    """A setting as TOML writes it."""
    if isinstance(value, Table):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return list(value) if isinstance(value, tuple) else value


def test_the_example_holds_every_key_with_its_real_default_and_no_other() -> None:
    defaults = {name: plain(getattr(Settings(), name)) for name in Settings.model_fields if name not in NAMED_TABLES}

    assert tomllib.loads(EXAMPLE) == defaults | {"data_dir": ""}


def test_the_tables_with_a_name_of_ones_own_are_documented_key_by_key() -> None:
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", EXAMPLE.partition("# Tables with a name of your own")[2], flags=re.M)
    documented = tomllib.loads(re.sub(r"^ .*$", "", uncommented, flags=re.M))

    assert {table: set(next(iter(named.values()))) for table, named in documented.items()} == {
        table: set(get_args(Settings.model_fields[table].annotation)[1].model_fields) for table in NAMED_TABLES
    }


def test_every_key_of_the_example_has_its_comment() -> None:
    keys = [line for line in EXAMPLE.splitlines() if re.match(r"\w+ = ", line)]

    assert len(keys) == len(list(known_keys()))
    assert [line for line in keys if "#" not in line] == []
