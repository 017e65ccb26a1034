"""Gemini through google-genai, pinned to one transport: with aiohttp installed the SDK would pick that, and hide a
retry of up to ten seconds; its own retries do not heed Retry-After. Deadlines are ours, because the SDK's are per
read."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from executor.planner.models.failures import bounded, failed, kind_of_status, retry_after_s
from executor.planner.models.messages import PURPOSE_HEADER, Prompt, Reply
from executor.ports import BrainFailed, Failure

_BLOCKING = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "LANGUAGE", "OTHER"}
)
_VERSIONS = ("v1", "v1beta")  # the SDK's own default, and where aliases like *-latest and newer fields are
_VERSION_WORDS = ("api version", "unknown name", "cannot find field")  # how Google says that a version lacks something


class Gemini:
    """The Gemini Developer API, or any server that speaks it at `base_url` (empty: Google's own)."""

    name = "Gemini"

    def __init__(self, *, api_key: str, base_url: str, timeout_s: float, now: Callable[[], datetime]) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._now = now
        self._version = _VERSIONS[0]
        self._http: Any = None
        self._client: Any = None

    async def ask(self, prompt: Prompt, model: str) -> Reply:
        import httpx2  # noqa: PLC0415 - comes with the SDK
        from google.genai import errors  # noqa: PLC0415 - takes most of a second, and only this brain needs it

        client = self._connect()
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._complete(client, prompt, model, errors.APIError)
        except errors.APIError as error:
            raise self._refused(error, model) from None
        except (TimeoutError, httpx2.TimeoutException):
            raise failed(Failure.TIMEOUT, self.name, model) from None
        except httpx2.TransportError as error:
            raise failed(Failure.NETWORK, self.name, model, detail=str(error)) from None
        except (httpx2.InvalidURL, httpx2.DecodingError, json.JSONDecodeError, ValueError, TypeError) as error:
            raise failed(Failure.MALFORMED, self.name, model, detail=str(error)) from None
        return _read(answer)

    async def _complete(self, client: Any, prompt: Prompt, model: str, refused: type[Exception]) -> Any:
        """What one version of the API does not know is tried once on the other one, which is kept where it helps."""
        try:
            return await _send(client, prompt, model, self._version)
        except refused as error:
            if not _of_version(error):
                raise
            other = next(one for one in _VERSIONS if one != self._version)
            try:
                answer = await _send(client, prompt, model, other)
            except refused as second:
                raise (error if _of_version(second) else second) from None
        self._version = other
        return answer

    def _connect(self) -> Any:
        """One client for all calls: making it takes a tenth of a second."""
        if self._client is None:
            import httpx2  # noqa: PLC0415
            from google import genai  # noqa: PLC0415
            from google.genai import types  # noqa: PLC0415

            self._http = httpx2.AsyncClient(timeout=self._timeout_s, follow_redirects=False)
            options = types.HttpOptions(base_url=self._base_url or None, httpx_async_client=self._http)
            self._client = genai.Client(api_key=self._api_key or "none", vertexai=False, http_options=options)
        return self._client

    def _refused(self, error: Any, model: str) -> BrainFailed:
        details = error.details if isinstance(error.details, Mapping) else {}
        inner = details.get("error", details)
        parts = inner.get("details", []) if isinstance(inner, Mapping) else []
        reasons = {part.get("reason") for part in parts if isinstance(part, Mapping)}
        kind = Failure.AUTH if "API_KEY_INVALID" in reasons else kind_of_status(int(error.code or 500))
        headers = getattr(error.response, "headers", {}) or {}
        wait_s = _retry_info_s(parts)
        if wait_s is None:
            wait_s = retry_after_s(headers, self._now())
        return failed(kind, self.name, model, wait_s=wait_s, detail=str(error.message or ""))

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


async def _send(client: Any, prompt: Prompt, model: str, version: str) -> Any:
    config = _config(prompt, version)
    return await client.aio.models.generate_content(model=model, contents=_contents(prompt), config=config)


def _of_version(error: Any) -> bool:
    said = str(error.message or "").casefold()
    return error.code in (400, 404) and any(words in said for words in _VERSION_WORDS)


def _contents(prompt: Prompt) -> list[dict[str, Any]]:
    return [{"role": message.role, "parts": [{"text": message.text}]} for message in prompt.messages]


def _config(prompt: Prompt, version: str) -> dict[str, Any]:
    shape = (
        {"response_mime_type": "application/json", "response_json_schema": dict(prompt.schema)}
        if prompt.schema is not None
        else {}
    )
    return {
        "system_instruction": prompt.system,
        "max_output_tokens": prompt.tokens_out_max,
        "http_options": {"headers": {PURPOSE_HEADER: str(prompt.purpose)}, "api_version": version},
        **shape,
    }


def _retry_info_s(parts: object) -> float | None:
    """Google's RetryInfo: ``{"@type": "…RetryInfo", "retryDelay": "3.5s"}``."""
    for part in parts if isinstance(parts, list) else []:
        delay = part.get("retryDelay") if isinstance(part, Mapping) else None
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                return bounded(float(delay[:-1]))
            except ValueError:
                return None
    return None


def _name(value: object) -> str:
    return str(getattr(value, "value", value) or "")


def _count(usage: object, name: str) -> int:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else 0


def _read(answer: Any) -> Reply:
    blocked = getattr(answer.prompt_feedback, "block_reason", None)
    candidate = answer.candidates[0] if answer.candidates else None
    finish = _name(candidate.finish_reason) if candidate is not None else ""
    content = candidate.content if candidate is not None else None
    parts = (content.parts if content is not None else None) or []
    text = "".join(part.text for part in parts if part.text and not part.thought)
    usage = answer.usage_metadata
    return Reply(
        text=text,
        failure=_failure(bool(blocked), finish, text),
        detail=_name(blocked) or finish,
        tokens_in=_count(usage, "prompt_token_count"),
        tokens_cached=_count(usage, "cached_content_token_count"),
        tokens_out=_count(usage, "candidates_token_count") + _count(usage, "thoughts_token_count"),
    )


def _failure(blocked: bool, finish: str, text: str) -> Failure | None:
    if blocked or (finish in _BLOCKING and not text):
        return Failure.BLOCKED
    if finish == "MAX_TOKENS":
        return Failure.TRUNCATED
    return None if text else Failure.EMPTY
