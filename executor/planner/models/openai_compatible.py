"""Any server that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, clouds. Through the openai SDK, the extra
``openai``; without its hidden retries, and with deadlines of our own."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from executor.domain.errors import Unconfigured
from executor.planner.models.failures import failed, kind_of_status, retry_after_s
from executor.planner.models.messages import PURPOSE_HEADER, Prompt, Reply
from executor.ports import BrainFailed, Failure

OWN_HOST = "api.openai.com"
_CODES = {
    "insufficient_quota": Failure.AUTH,  # a 429 that no waiting mends
    "model_not_found": Failure.MODEL_NOT_FOUND,
    "invalid_api_key": Failure.AUTH,
    "content_filter": Failure.BLOCKED,
    "content_policy_violation": Failure.BLOCKED,
}
_LIMITS = ("max_completion_tokens", "max_tokens")  # today's name, and the one that other servers know
_SHAPES = ("json_schema", "json_object", "none")  # enforced by the server, hinted at, or only asked for in words


class OpenAICompatible:
    """`base_url` empty: OpenAI's own. What a server does not accept (the name of the token limit, an enforced schema)
    is noticed by its complaint, left out, and remembered."""

    name = "The model server"

    def __init__(self, *, api_key: str, base_url: str, timeout_s: float, now: Callable[[], datetime]) -> None:
        try:
            import openai  # noqa: PLC0415 - takes half a second, and only this brain needs it
        except ImportError:
            raise Unconfigured(
                'The brain "openai" needs its library: pip install "milepost[openai]", or choose another provider.'
            ) from None
        self._sdk = openai
        self._client = openai.AsyncOpenAI(
            api_key=api_key or "none", base_url=base_url or None, max_retries=0, timeout=timeout_s
        )
        self._timeout_s = timeout_s
        self._now = now
        self._limit = 0 if not base_url or OWN_HOST in base_url else 1
        self._shape = 0

    async def ask(self, prompt: Prompt, model: str) -> Reply:
        sdk = self._sdk
        try:
            async with asyncio.timeout(self._timeout_s):
                return self._read(await self._complete(prompt, model), model)
        except sdk.APIStatusError as error:
            raise self._refused(error, model) from None
        except (TimeoutError, sdk.APITimeoutError):
            raise failed(Failure.TIMEOUT, self.name, model) from None
        except sdk.APIConnectionError as error:
            raise failed(Failure.NETWORK, self.name, model, detail=str(error.__cause__ or error)) from None
        except (sdk.OpenAIError, json.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
            raise failed(Failure.MALFORMED, self.name, model, detail=str(error)) from None

    async def _complete(self, prompt: Prompt, model: str) -> Any:
        for _ in range(len(_SHAPES) + len(_LIMITS)):
            try:
                return await self._client.chat.completions.create(**self._request(prompt, model))
            except self._sdk.BadRequestError as error:
                if not self._learn(str(error.message), prompt):
                    raise
        raise failed(Failure.BAD_REQUEST, self.name, model)

    def _request(self, prompt: Prompt, model: str) -> dict[str, Any]:
        roles = {"user": "user", "model": "assistant"}
        messages = [{"role": roles[message.role], "content": message.text} for message in prompt.messages]
        request: dict[str, Any] = {
            "model": model,
            "messages": [{"role": "system", "content": prompt.system}, *messages],
            _LIMITS[self._limit]: prompt.tokens_out_max,
            "extra_headers": {PURPOSE_HEADER: str(prompt.purpose)},
        }
        shape = _SHAPES[self._shape]
        if prompt.schema is not None and shape == "json_schema":
            wanted = {"name": str(prompt.purpose), "schema": dict(prompt.schema)}
            request["response_format"] = {"type": "json_schema", "json_schema": wanted}
        elif prompt.schema is not None and shape == "json_object":
            request["response_format"] = {"type": "json_object"}
        return request

    def _learn(self, complaint: str, prompt: Prompt) -> bool:
        """Whether the complaint was about something that can be said in another way."""
        said = complaint.lower()
        if "max_tokens" in said or "max_completion_tokens" in said:
            other = 1 - self._limit
            moved, self._limit = _LIMITS[self._limit] in said, other
            return moved
        if prompt.schema is not None and ("response_format" in said or "json_schema" in said):
            self._shape += 1
            return self._shape < len(_SHAPES)
        return False

    def _refused(self, error: Any, model: str) -> BrainFailed:
        body = error.body if isinstance(error.body, Mapping) else {}
        inner = body.get("error", body)
        code = inner.get("code") if isinstance(inner, Mapping) else None
        kind = _CODES.get(str(code)) or kind_of_status(error.status_code)
        wait_s = retry_after_s(error.response.headers, self._now())
        return failed(kind, self.name, model, wait_s=wait_s, detail=str(error.message))

    def _read(self, answer: Any, model: str) -> Reply:
        choices = getattr(answer, "choices", None)
        if not isinstance(choices, list):
            raise failed(Failure.MALFORMED, self.name, model, detail=str(answer)[:200])
        choice = choices[0] if choices else None
        message = getattr(choice, "message", None)
        text, refusal = getattr(message, "content", None) or "", getattr(message, "refusal", None) or ""
        finish = str(getattr(choice, "finish_reason", "") or "")
        usage = getattr(answer, "usage", None)
        return Reply(
            text=text,
            failure=_failure(finish, text, refusal),
            detail=refusal or finish,
            tokens_in=_count(usage, "prompt_tokens"),
            tokens_cached=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
            tokens_out=_count(usage, "completion_tokens"),
        )

    async def close(self) -> None:
        await self._client.close()


def _count(usage: object, name: str) -> int:
    value = getattr(usage, name, None)
    return value if isinstance(value, int) else 0


def _failure(finish: str, text: str, refusal: str) -> Failure | None:
    if refusal or (finish == "content_filter" and not text):
        return Failure.BLOCKED
    if finish == "length":
        return Failure.TRUNCATED
    return None if text else Failure.EMPTY
