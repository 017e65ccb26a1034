"""Structured hints in what was said: HTTP statuses, error bodies in JSON, and how long to wait."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from executor.engine.classification.evidence import Evidence, Text
from executor.engine.classification.verdict import data

BODY_CHARACTERS_MAX = 200_000  # a longer answer is no error body
_CODES: dict[str, Any] = data("codes.toml")

_STATUS = re.compile(
    r"(?:HTTP/[\d.]+ |HTTP(?: Error| status| code| response| response code)*[ :=(]+|[Ss]tatus(?:[ _-]?[Cc]ode)?[\"']?"
    r"(?: of| was| is)?\s*[:=(]?\s*|returned error: |ERROR:? |[Ee]rror code: |(?:Client|Server) error '|"
    r"[Rr]esponse (?:code|status)\s*[:=]?\s*|\bgot (?:HTTP )?|errors?\.\w+: |\w+Error: |\[|Unexpected response:? |"
    r"error_code[\"']?: |remote: |HttpError )(?P<a>[45]\d\d)\b(?![.:/]\d|\s*(?:ms|bytes|lines?|files?)\b)"
    r"|\b(?P<b>[45]\d\d):? (?:Client Error|Server Error|Unauthorized|Forbidden|Not Found|Too Many Requests|Bad Gateway|"
    r"Internal Server Error|Service (?:Temporarily )?Unavailable|Gateway Time-?[Oo]ut|Bad Request|Method Not Allowed|"
    r"Not Acceptable|Conflict|Gone|Unprocessable|UNAVAILABLE|INTERNAL|RESOURCE_EXHAUSTED|UNAUTHENTICATED|"
    r"PERMISSION_DENIED|NOT_FOUND|INVALID_ARGUMENT|Payment Required|Payload Too Large|Request Time-?out|"
    r"Request Entity Too Large|Precondition Failed|Proxy Authentication|Locked|Unsupported Media Type|Not Implemented)",
    re.MULTILINE,
)
_DIGITS = re.compile(r"\b[45]\d\d\b")

_WAITS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"retry[-_ ]?after[\"']?\s*[:=]?\s*[\"']?(?P<n>\d+(?:\.\d+)?)(?P<u>ms|s|m|h)?",
        r"retryDelay\\?[\"']?\s*:\s*\\?[\"']?(?P<n>\d+(?:\.\d+)?)(?P<u>s)",
        r"(?:retry|try again|wait|available again|resets?)(?: again)?(?: in| after| for)?:? (?P<n>\d+(?:\.\d+)?) ?"
        r"(?P<u>ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|m|hours?|h)\b",
        r"a wait of (?P<n>\d+)(?P<u>) ?seconds",
    )
)
_UNITS = {"ms": 0.001, "mi": 60.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Hint:
    """`cause` as in causes.toml, empty where only `message` tells. `sure`: it can't be anything but an error body."""

    cause: str
    message: str = ""
    sure: bool = True


def cause_of_status(status: int) -> str:
    known: str | None = _CODES["status"].get(str(status))
    return known or ("remote_5xx" if status >= 500 else "invalid_request")


def status_in(text: Text) -> int | None:
    """The last HTTP status of 400 or above that is called one."""
    if not _DIGITS.search(text.own):
        return None
    hits = list(_STATUS.finditer(text.own))
    return int(hits[-1]["a"] or hits[-1]["b"]) if hits else None


def wait_in(evidence: Evidence) -> float | None:
    """Seconds that the other side asks to wait."""
    if evidence.retry_after_s is not None:
        return evidence.retry_after_s
    for text in evidence.texts:
        for pattern in _WAITS:
            if hit := pattern.search(text.own):
                unit = (hit["u"] or "s").lower()
                factor = _UNITS.get(unit[:2]) or _UNITS.get(unit[:1]) or 1.0
                return float(hit["n"]) * factor
    return None


def body_hint(text: str) -> Hint | None:
    """What an error body in JSON says; None: the text holds none."""
    for document in _documents(text):
        if isinstance(document, dict) and (hint := _read(document)) is not None:
            return hint
    return None


def _documents(text: str) -> Iterator[Any]:
    """The whole text, else its last lines that look like JSON; headers before a body are passed over."""
    text = text.strip()
    if len(text) > BODY_CHARACTERS_MAX:
        return
    candidates = [text, *(line.strip() for line in text.splitlines()[:-6:-1])]
    if (start := text.find("\n{")) >= 0:
        candidates.append(text[start:])
    for candidate in candidates:
        if candidate.strip().startswith("{"):
            try:
                yield json.loads(candidate)
            except (ValueError, RecursionError):  # no JSON, or nested beyond reason
                continue


def _read(body: dict[str, Any]) -> Hint | None:
    error = body.get("error")
    if body.get("isError") is True:  # an MCP result
        return Hint("", _text(body.get("content")))
    result = body.get("result")
    if isinstance(result, dict) and result.get("isError") is True:
        return Hint("", _text(result.get("content")))
    if "jsonrpc" in body and isinstance(error, dict):
        return Hint(_CODES["jsonrpc"].get(str(error.get("code")), "invalid_request"), _text(error))
    if isinstance(error, dict) and error:
        return Hint(_cause(error) or _cause(body), _text(error))
    if isinstance(error, str) and error and _status(body) is not None:
        return Hint(_cause(body), _text(body))
    if body.get("ok") is False or body.get("success") is False:
        return Hint(_cause(body), _text(body))
    if body.get("kind") == "Status" and body.get("status") == "Failure":
        return Hint(_cause(body), _text(body))
    return _weak(body)


def _weak(body: dict[str, Any]) -> Hint | None:
    """Shapes that a document without any fault may have as well."""
    if isinstance(body.get("error"), str) and body["error"]:
        return Hint(_cause(body), _text(body), sure=False)
    if isinstance(body.get("errors"), list) and body["errors"] and not body.get("data"):
        return Hint(_cause(body), _text(body["errors"]), sure=False)
    if body.get("status") in ("error", "fail", "failed", "failure"):
        return Hint(_cause(body), _text(body), sure=False)
    if _status(body) is not None and {"message", "title", "detail", "msg"} & set(body):
        return Hint(_cause(body), _text(body), sure=False)
    said = body.get("message") or body.get("detail") or body.get("Message")
    if isinstance(said, str) and len(body) <= 3:
        if (status := phrase_status(said)) is not None:
            return Hint(cause_of_status(status), said, sure=False)
        if "documentation_url" in body:
            return Hint("", said, sure=False)
    return None


def phrase_status(words: str) -> int | None:
    """The status that an answer of a few words stands for."""
    known: int | None = _CODES["phrases"].get(words.strip().rstrip(".").lower())
    return known


def _status(body: dict[str, Any]) -> int | None:
    for name in ("code", "status", "status_code", "statusCode", "error_code", "errorCode", "http_status"):
        value = body.get(name)
        number = int(value) if isinstance(value, str) and value.isdecimal() and len(value) == 3 else value
        if isinstance(number, int) and not isinstance(number, bool) and 400 <= number <= 599:
            return number
    return None


def _cause(body: dict[str, Any]) -> str:
    """By what the body's fields say, words before numbers: a quota that is used up comes as 429 too."""
    words = [body.get(name) for name in ("code", "type", "error", "reason", "status")]
    for word in words:
        if isinstance(word, str) and (known := _CODES["words"].get(word.lower().replace(" ", "_"))):
            return str(known)
    status = _status(body)
    return cause_of_status(status) if status is not None else ""


def _text(value: Any) -> str:
    """All strings in it, a line each."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(filter(None, (_text(one) for one in value.values())))
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(one) for one in value)))
    return ""
