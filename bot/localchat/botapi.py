"""The HTTP side of the Bot API: token, parameters, faults, one method, an envelope around its result."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.localchat import methods
from bot.localchat.connections import Connections
from bot.localchat.errors import ApiError
from bot.localchat.faults import Fault, Faults
from bot.localchat.params import Params, read_params
from bot.localchat.polling import get_updates
from bot.localchat.room import Room
from bot.localchat.shapes import Json

log = logging.getLogger(__name__)

REQUESTS_KEPT = 10_000


@dataclass(frozen=True)
class Call:
    """A request as it arrived, for tests: parameters decoded, files by name, `at` in Unix seconds."""

    method: str
    params: Json
    at: float


@dataclass
class BotApi:
    """The routes under /bot<token>/ and /file/bot<token>/."""

    room: Room
    connections: Connections
    faults: Faults = field(default_factory=Faults)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))

    def routes(self) -> list[Route]:
        return [
            Route("/bot{token}/{method}", self.answer, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self.download, methods=["GET"]),
        ]

    async def answer(self, request: Request) -> Response:
        try:
            self._check_token(request)
            params = await read_params(request)
            method = request.path_params["method"]
            self.calls.append(Call(method, params.plain(), self.room.clock()))
            fault = self.faults.take(method, params.integer("chat_id"))
            result = await self._run(request, method, params, fault)
        except ApiError as error:
            return refusal(error)
        except Exception:  # one broken request must not look like a broken network to the bot
            log.exception("A Bot API method failed.")
            return refusal(ApiError(500, "Internal Server Error"))
        return JSONResponse({"ok": True, "result": result})

    async def _run(self, request: Request, method: str, params: Params, fault: Fault | None) -> Any:
        if fault and (error := fault.error()):
            raise error
        if fault and fault.kind == "drop-before":
            await self.connections.hang_up(request.client)
            return None
        if fault and fault.kind == "hang-before":
            await self._pause(fault.seconds)
        if method.lower() == "getupdates":
            result: Any = await get_updates(self.room, params, lambda: not self.connections.is_open(request.client))
        else:
            result = methods.call(self.room, method, params)
        if fault and fault.kind == "drop-after":
            await self.connections.hang_up(request.client)
        if fault and fault.kind == "hang":
            await self._pause(fault.seconds)
        return result

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.room.closing.wait(), seconds)
        except TimeoutError:
            return

    async def download(self, request: Request) -> Response:
        try:
            self._check_token(request)
            file = self.room.store.file_at(request.path_params["path"])
            if file is None:
                raise ApiError(404, "Not Found")
        except ApiError as error:
            return refusal(error)
        return Response(self.room.content(file), media_type="application/octet-stream")

    def _check_token(self, request: Request) -> None:
        given = request.path_params["token"].encode()
        if not hmac.compare_digest(given, self.room.identity.bot_token.encode()):
            raise ApiError(401, "Unauthorized")


def refusal(error: ApiError) -> JSONResponse:
    """The Bot API's error envelope, under the HTTP status of the same number."""
    told: Json = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        told["parameters"] = error.parameters
    return JSONResponse(told, status_code=error.code)
