"""A scripted model server: one HTTP server on loopback that speaks Gemini's and OpenAI's protocols, and misbehaves on
demand. Each request takes the next turn of the script for its purpose."""

import asyncio
import json
import socket
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One reply. `text` is what the model says; `reply` makes a raw response instead."""

    text: str = ""
    finish: str = "stop"  # "stop", "length", "safety" or "blocked"
    tokens: tuple[int, int, int] = (100, 20, 0)  # in, out, cached
    reply: Callable[[], Response] | None = None
    hang: bool = False


def says(value: object, **more: Any) -> Turn:
    return Turn(text=value if isinstance(value, str) else json.dumps(value), **more)


def refuses(status: int, body: Mapping[str, Any] | str = "", headers: Mapping[str, str] | None = None) -> Turn:
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/plain" if isinstance(body, str) else "application/json"
    return Turn(reply=lambda: Response(text, status_code=status, media_type=kind, headers=dict(headers or {})))


@dataclass(slots=True)
class Asked:
    """One request as it arrived."""

    purpose: str
    model: str
    path: str
    body: Mapping[str, Any]
    key: str

    @property
    def text(self) -> str:
        return json.dumps(self.body, ensure_ascii=False)


@dataclass(slots=True)
class ModelServer:
    """`script` holds the turns by purpose; the last one of a purpose is repeated."""

    url: str = ""
    script: dict[str, list[Turn]] = field(default_factory=lambda: defaultdict(list))
    asked: list[Asked] = field(default_factory=list)
    closing: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # clients, before the server ends
    _open: asyncio.Event = field(default_factory=asyncio.Event)

    def on(self, purpose: str, *turns: Turn) -> None:
        self.script[purpose] = list(turns)

    def purposes(self) -> list[str]:
        return [one.purpose for one in self.asked]

    async def _next(self, request: Request, model: str, body: Mapping[str, Any], key: str) -> Turn:
        purpose = request.headers.get("x-milepost-purpose", "")
        self.asked.append(Asked(purpose, model, request.url.path, body, key))
        turns = self.script[purpose]
        if not turns:
            return refuses(500, f"no turn is scripted for {purpose!r}")
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        if turn.hang:
            await self._open.wait()
        return turn

    def let_go(self) -> None:
        """End every hanging request."""
        self._open.set()

    async def gemini(self, request: Request) -> Response:
        model = request.path_params["model"]
        turn = await self._next(request, model, await request.json(), request.headers.get("x-goog-api-key", ""))
        if turn.reply is not None:
            return turn.reply()
        tokens_in, tokens_out, cached = turn.tokens
        usage = {
            "promptTokenCount": tokens_in,
            "candidatesTokenCount": tokens_out,
            "cachedContentTokenCount": cached,
            "totalTokenCount": tokens_in + tokens_out,
        }
        if turn.finish == "blocked":
            return _json({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage})
        finish = {"stop": "STOP", "length": "MAX_TOKENS", "safety": "SAFETY"}[turn.finish]
        parts = [{"text": turn.text}] if turn.text else []
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": finish, "index": 0}
        return _json({"candidates": [candidate], "usageMetadata": usage})

    async def openai(self, request: Request) -> Response:
        body = await request.json()
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        turn = await self._next(request, body["model"], body, key)
        if turn.reply is not None:
            return turn.reply()
        tokens_in, tokens_out, cached = turn.tokens
        finish = {"stop": "stop", "length": "length", "safety": "content_filter", "blocked": "content_filter"}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": turn.text or None},
            "finish_reason": finish[turn.finish],
        }
        usage = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": cached},
        }
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"]}
        return _json(answer | {"choices": [choice], "usage": usage})


def _json(body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body), media_type="application/json")


async def _unknown(request: Request) -> Response:
    return PlainTextResponse("no such page", status_code=404)


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """Runs in this event loop, on a free port of loopback."""
    server = ModelServer()
    routes = [
        Route("/{version}/models/{model}:generateContent", server.gemini, methods=["POST"]),
        Route("/v1/chat/completions", server.openai, methods=["POST"]),
        Route("/{rest:path}", _unknown),
    ]
    listening = socket.create_server(("127.0.0.1", 0))
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    runner = uvicorn.Server(config)
    runner.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving: asyncio.Task[Any] = asyncio.create_task(runner.serve(sockets=[listening]))
    while not runner.started:
        await asyncio.sleep(0.005)
    try:
        yield server
    finally:
        server.let_go()
        for close in server.closing:
            await close()
        runner.should_exit = True
        await serving
