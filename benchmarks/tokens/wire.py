"""What goes over the wire, counted: a scripted server that speaks OpenAI's protocol and adds up what it hears and says.

One rule counts for everybody: a token is a run of up to five letters, of up to three digits, or one other character
that is no space. All texts of a request count, names of fields and schemas included; of a reply, its message. (The
tokenizers of real models differ from it, and from each other, by some tenths, for all sides alike.)
"""

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from benchmarks.tokens.script import Message
from tests.modelserver import ModelServer, Turn, model_server

_TOKEN = re.compile(r"[^\W\d_]{1,5}|\d{1,3}|[^\s\w]|_")
PURPOSES = ("", "plan")  # loops name none


def tokens_in(value: Any) -> int:
    return sum(len(_TOKEN.findall(text)) for text in _texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
    elif value is not None:
        yield str(value)


@dataclass(slots=True)
class Wire:
    server: ModelServer
    said: list[Message] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.server.url}/v1"

    @property
    def calls(self) -> int:
        return len(self.server.asked)

    @property
    def tokens(self) -> tuple[int, int]:
        """Of all requests, and of all replies."""
        return sum(tokens_in(one.body) for one in self.server.asked), sum(map(tokens_in, self.said))

    def put_on(self, messages: Sequence[Message]) -> None:
        """The replies to come, whatever is asked; the last one again and again."""
        turns = [Turn(reply=self._saying(message)) for message in messages]
        for purpose in PURPOSES:
            self.server.on(purpose, *turns)

    def _saying(self, message: Message) -> Any:
        def reply() -> Response:
            self.said.append(message)
            if self.server.asked[-1].body.get("stream"):
                return Response(_streamed(message), media_type="text/event-stream")
            return Response(json.dumps(_answer(message)), media_type="application/json")

        return reply


def _answer(message: Message) -> dict[str, Any]:
    finish = "tool_calls" if "tool_calls" in message else "stop"
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }


def _streamed(message: Message) -> str:
    """The same in two pieces."""
    calls = [{"index": number, **call} for number, call in enumerate(message.get("tool_calls", ()))]
    delta = {**message, "tool_calls": calls} if calls else message
    whole = _answer(message)
    [choice] = whole.pop("choices")
    about = whole | {"object": "chat.completion.chunk"}
    pieces = [(delta, None), ({}, choice["finish_reason"])]
    chunks = [about | {"choices": [{"index": 0, "delta": one, "finish_reason": end}]} for one, end in pieces]
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    async with model_server() as server:
        yield Wire(server)
