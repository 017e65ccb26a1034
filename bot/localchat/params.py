"""A method's parameters, whichever way a client sends them: query, form, JSON or multipart with attached files."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.shapes import Json

BODY_BYTES_MAX = 51 * 1024 * 1024
"""A document of 50 MB, which is Telegram's own limit for bots, and the fields around it."""
FIELD_BYTES_MAX = 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime: str
    content: bytes


class Params:
    """Typed access to the fields. Wrong shapes raise ApiError in Telegram's words."""

    def __init__(self, fields: Json, files: dict[str, Upload]) -> None:
        self._fields = {key: value for key, value in fields.items() if value is not None}
        self._files = files

    def has(self, name: str) -> bool:
        return bool(self._fields.get(name, "") != "")

    def text(self, name: str, default: str = "") -> str:
        value = self._fields.get(name, default)
        text = value if isinstance(value, str) else json.dumps(value)
        try:
            text.encode()
        except UnicodeEncodeError:
            raise bad_request("strings must be encoded in UTF-8") from None
        return text

    def integer(self, name: str, default: int = 0) -> int:
        """What is no number counts as not given, as in Telegram's own server."""
        value = self._fields.get(name)
        try:
            return int(value) if value is not None else default
        except (TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in {"true", "1", "yes", "t"}

    def json(self, name: str, complaint: str) -> Any:
        """The decoded value, None when it is missing; `complaint` is the refusal of what is no JSON."""
        value = self._fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise bad_request(complaint) from None

    def items(self, name: str, complaint: str) -> list[Json]:
        """A JSON array of objects, empty when it is missing."""
        value = self.json(name, complaint)
        if value is not None and not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
            raise bad_request(complaint)
        return value or []

    def upload(self, name: str) -> Upload | None:
        """The file under that name, or the one it points to with attach://."""
        value = self._fields.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            return self._files.get(value.removeprefix("attach://"))
        return self._files.get(name)

    def plain(self) -> Json:
        """For the log of requests: JSON decoded, whole numbers as int, files as their names."""
        return {key: _decoded(key, value) for key, value in self._fields.items()} | {
            key: file.name for key, file in self._files.items()
        }


def _decoded(key: str, value: Any) -> Any:
    if not isinstance(value, str) or key in {"text", "caption", "parse_mode", "callback_query_id"}:
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


async def read_params(request: Request) -> Params:
    """Raises ApiError 413 when the body is too large, 400 when it can't be read."""
    fields: Json = dict(request.query_params)
    files: dict[str, Upload] = {}
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        await _read_multipart(request, fields, files)
    elif kind == "application/x-www-form-urlencoded":
        body = await read_body(request, BODY_BYTES_MAX)
        fields |= _urlencoded(body)
    elif kind == "application/json":
        fields |= _object(await read_body(request, BODY_BYTES_MAX))
    return Params(fields, files)


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body; ApiError 413 as soon as it is larger than `bytes_max`, without reading the rest."""
    body = bytearray()
    async for chunk in limited(request, bytes_max):
        body += chunk
    return bytes(body)


async def limited(request: Request, bytes_max: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks, ended by ApiError 413 when they are more than allowed."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise ApiError(413, "Request Entity Too Large")
        yield chunk


def _urlencoded(body: bytes) -> Json:
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _object(body: bytes) -> Json:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise bad_request("can't parse request JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("can't parse request JSON object")
    return value


async def _read_multipart(request: Request, fields: Json, files: dict[str, Upload]) -> None:
    parser = MultiPartParser(
        request.headers, limited(request, BODY_BYTES_MAX), max_fields=200, max_files=20, max_part_size=FIELD_BYTES_MAX
    )
    try:
        form = await parser.parse()
    except (MultiPartException, HTTPException, KeyError):
        raise bad_request("can't parse multipart form data") from None
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            mime = value.content_type or "application/octet-stream"
            files[key] = Upload(value.filename or "file", mime, await value.read())
        else:
            fields[key] = value
    await form.close()
