"""What an http task may say: a method, an address, headers and a body, each sound before anything is shown or sent."""

import json
import re
from collections import Counter
from typing import Any

import httpx
from pydantic import Field, field_validator, model_validator

from executor.actions.named_values import credentials_in
from executor.actions.references import REFERENCE
from executor.actions.typed import Parameters

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REPEATABLE = frozenset({"GET", "HEAD"})


class HttpParameters(Parameters):
    method: str = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: str | dict[str, Any] | list[Any] | None = None
    expect_status: int | None = Field(default=None, ge=100, le=599)
    given: tuple[str, ...] = Field(default=(), exclude=True)

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        if method.upper() not in METHODS:
            raise ValueError(f"method is {method!r}; expected one of {', '.join(METHODS)}")
        return method.upper()

    @field_validator("url")
    @classmethod
    def _sound(cls, url: str) -> str:
        if named := credentials_in([url]):
            raise ValueError(f"url names ${named[0]}; a secret goes into a header or the body, where no log has it")
        if not REFERENCE.search(url):
            read_url(url)
        return url

    @field_validator("headers")
    @classmethod
    def _one_line(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if any((ord(character) < 32 and character != "\t") or character == "\x7f" for character in name + value):
                raise ValueError(f"headers.{name!r} holds a line break or another control character")
            if not (name.isascii() and value.isascii()):
                raise ValueError(f"headers.{name!r} is not plain ASCII")
            if not _TOKEN.fullmatch(name):
                raise ValueError(f"headers.{name!r} is no name of a header")
            if name.lower() in _OWN_HEADERS:
                raise ValueError(f"headers.{name!r} is set by the connection itself; leave it out")
        if twice := [one for one, times in Counter(name.lower() for name in headers).items() if times > 1]:
            raise ValueError(f"headers.{twice[0]!r} is there more than once")
        return headers

    @field_validator("body")
    @classmethod
    def _sayable(cls, body: str | dict[str, Any] | list[Any] | None) -> str | dict[str, Any] | list[Any] | None:
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ValueError("body holds half a character, which can't be sent") from None
        return body

    @model_validator(mode="after")
    def _bodiless(self) -> "HttpParameters":
        if self.body is not None and self.method in REPEATABLE:
            raise ValueError(f"body goes with POST, PUT, PATCH or DELETE, not with {self.method}")
        return self


def read_url(url: str) -> httpx.URL:
    """Raises ValueError with a sentence."""
    try:
        read = httpx.URL(url)
        host = read.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ValueError(f"url is {url[:200]!r}, which is none: {error}") from None
    if read.scheme not in ("http", "https") or not host:
        raise ValueError(f"url is {url[:200]!r}; expected one that starts with http:// or https:// and names a host")
    if read.port is not None and not 0 < read.port < 65_536:
        raise ValueError(f"url is {url[:200]!r}; there is no port {read.port}")
    return read


_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = frozenset(
    {"content-length", "transfer-encoding", "connection", "keep-alive", "te", "trailer", "upgrade", "expect"}
)
"""They say where a message ends and what becomes of its connection: a wrong one hides a second request in the first."""
