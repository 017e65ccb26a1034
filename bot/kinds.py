"""What the values of the configuration may be: the types that the tables are made of.

The description of a field is what a person reads after "expected" when a value is wrong.
"""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, Strict

HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+):(\d{1,5})")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _wanted(holds: bool) -> None:
    """The error line ends in the field's own description, so this needs no text."""
    if not holds:
        raise ValueError


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    _wanted(parts.scheme in ("http", "https") and bool(parts.hostname))
    return value.rstrip("/")


def _web_address_or_empty(value: str) -> str:
    return _web_address(value) if value else value


def _timezone(value: str) -> str:
    _wanted(not value or value in available_timezones())
    return value


def _host_and_port(value: str) -> str:
    found = HOST_AND_PORT.fullmatch(value)
    _wanted(found is not None and 0 < int(found[2]) <= 65535)
    return value


def _time_of_day(value: str) -> str:
    _wanted(not value or TIME_OF_DAY.fullmatch(value) is not None)
    return value


def _database_address(value: SecretStr) -> SecretStr:
    _wanted(re.fullmatch(r"(|(sqlite|postgresql)(\+\w+)?://.+)", value.get_secret_value()) is not None)
    return value


def _absolute(value: Path) -> Path:
    path = value.expanduser()
    _wanted(path.is_absolute())
    return path


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Flag = Annotated[bool, Strict(), Field(description="true or false")]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000_000, description="a whole number, at least 1")]
Seconds = Annotated[
    float, Strict(), Field(gt=0, le=31_536_000, allow_inf_nan=False, description="seconds, above 0 and at most a year")
]
Dollars = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False, description="US dollars, 0 or more")]
Share = Annotated[float, Strict(), Field(ge=0, le=1, description="a number from 0 to 1")]
Port = Annotated[int, Strict(), Field(ge=0, le=65535, description="a port number, 0 to 65535 (0: any free one)")]
Text = Annotated[str, Field(description="a text in quotes")]
Words = Annotated[tuple[str, ...], Field(description='a list of texts, like ["a", "b"]')]
Places = Annotated[
    tuple[Annotated[Path, AfterValidator(_absolute)], ...],
    Field(description='a list of absolute paths, like ["/home/ann/shop"]'),
]
Secret = Annotated[SecretStr, Field(description="a text in quotes")]
Host = Annotated[str, Field(min_length=1, description='a host name or address, like "127.0.0.1"')]
PersonIds = Annotated[
    tuple[Annotated[int, Strict(), Field(gt=0)], ...],
    Field(description="a list of numeric Telegram user ids, like [123456789]; /whoami tells yours"),
]
WebAddress = Annotated[
    str, AfterValidator(_web_address), Field(description="an address that starts with http:// or https://")
]
WebAddressOrEmpty = Annotated[
    str,
    AfterValidator(_web_address_or_empty),
    Field(description='an http:// or https:// address, or ""'),
]
TimeOfDay = Annotated[
    str, AfterValidator(_time_of_day), Field(description='a time of day from "00:00" to "23:59", or ""')
]
Timezone = Annotated[
    str, AfterValidator(_timezone), Field(description='a time zone like "Europe/Berlin", or "" for this machine\'s')
]
Address = Annotated[str, AfterValidator(_host_and_port)]
DatabaseAddress = Annotated[
    SecretStr,
    AfterValidator(_database_address),
    Field(description='"" (SQLite in data_dir) or an address like "postgresql+asyncpg://…"'),
]
Command = Annotated[str | tuple[str, ...], Field(description='a command: "make test", or a list like ["make", "test"]')]


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
