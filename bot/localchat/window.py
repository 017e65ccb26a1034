"""The page's side: one person looks at one chat through it.

The page is told changes, not events: every row that changed since the number it knows, in its present state. So a page
that was away for a second or for a week catches up the same way, also after a restart of the server, and sees nothing
twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.localchat.errors import ApiError
from bot.localchat.params import Params, read_body, read_params
from bot.localchat.people import People
from bot.localchat.profile import commands_shown
from bot.localchat.room import Room
from bot.localchat.rows import Message
from bot.localchat.shapes import Json

PAGE = Path(__file__).parent / "page"
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
ASSETS = {path.name: path for path in PAGE.iterdir() if path.suffix[1:] in KINDS}
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
HISTORY_MAX = 100
BEAT_S = 5
COOKIE_S = 365 * 24 * 3600
FORM_BYTES_MAX = 64 * 1024
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
Handler = Callable[[Request], Awaitable[Response]]


class Window:
    """The routes of the page. Everything except its locked door asks for the cookie."""

    def __init__(self, room: Room, people: People) -> None:
        self._room = room
        self._people = people
        self._chat = room.identity.operator_id
        secret = room.identity.page_token.encode()
        # The cookie is not the token itself, and its name is this install's own: cookies know no ports.
        self._session = hmac.new(secret, b"session", hashlib.sha256).hexdigest()
        self._cookie = "localchat_" + hashlib.sha256(secret).hexdigest()[:8]

    def routes(self) -> list[Route]:
        return [
            Route("/", self.index, methods=["GET"]),
            Route("/page/{name}.{kind}", self.asset, methods=["GET"]),
            Route("/page/state", self._locked(self.state), methods=["GET"]),
            Route("/page/messages", self._locked(self.messages), methods=["GET"]),
            Route("/page/events", self._locked(self.events), methods=["GET"]),
            Route("/page/files/{file_id}", self._locked(self.file), methods=["GET"]),
            Route("/page/say", self._locked(self.say), methods=["POST"]),
            Route("/page/edit", self._locked(self.edit), methods=["POST"]),
            Route("/page/press", self._locked(self.press), methods=["POST"]),
            Route("/page/upload", self._locked(self.upload), methods=["POST"]),
        ]

    # The door.

    def _may_enter(self, request: Request) -> bool:
        return hmac.compare_digest(request.cookies.get(self._cookie, "").encode(), self._session.encode())

    def _locked(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            if not self._may_enter(request):
                return _problem(HTTPStatus.UNAUTHORIZED, "Open the address that milepost up has printed.")
            try:
                response = await handler(request)
            except ApiError as error:
                return _problem(error.code, error.description)
            except ValueError as error:
                return _problem(HTTPStatus.BAD_REQUEST, str(error))
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded

    async def index(self, request: Request) -> Response:
        """The page; with the token the cookie first; without either a page that says where the door is."""
        token = request.query_params.get("token")
        if token is not None and hmac.compare_digest(token.encode(), self._room.identity.page_token.encode()):
            # Not a redirect: after a link from another site the browser would not show a Strict cookie there.
            response = _html("welcome.html")
            response.set_cookie(self._cookie, self._session, max_age=COOKIE_S, httponly=True, samesite="strict")
            return response
        if self._may_enter(request):
            return _html("index.html")
        return _html("locked.html", HTTPStatus.UNAUTHORIZED)

    async def asset(self, request: Request) -> Response:
        name = f"{request.path_params['name']}.{request.path_params['kind']}"
        if name not in ASSETS:
            return _problem(HTTPStatus.NOT_FOUND, "There is no such page.")
        headers = HEADERS | {"Cache-Control": "no-cache"}
        return Response(ASSETS[name].read_bytes(), media_type=KINDS[request.path_params["kind"]], headers=headers)

    # Looking.

    async def state(self, request: Request) -> Response:
        return JSONResponse(self._state())

    def _state(self) -> Json:
        until, action = self._room.fleeting.get(self._chat, (0.0, ""))
        left = until - self._room.clock()
        pins = self._room.store.pinned(self._chat)
        return {
            "bot": self._room.bot,
            "me": self._room.store.user(self._chat),
            "online": self._room.online(),
            "commands": commands_shown(self._room),
            "description": self._room.store.fact("description", ""),
            "action": action if left > 0 else "",
            "action_s": max(round(left, 1), 0),
            "pinned": pins[-1] if pins else None,
        }

    async def messages(self, request: Request) -> Response:
        """A page of history: `limit` messages before the id `before`, and the number to listen from."""
        before = _whole(request.query_params.get("before"))
        limit = min(_whole(request.query_params.get("limit")) or 50, HISTORY_MAX)
        seq = int(self._room.store.fact("seq", 0))
        found = self._room.store.history(self._chat, before, limit + 1)
        more = len(found) > limit
        shown = [self._shown(message) for message in found[-limit:]]
        return JSONResponse({"messages": shown, "more": more, "seq": seq})

    def _shown(self, message: Message) -> Json:
        told = self._room.shown(message) | {"message_id": message.id, "mine": message.mine, "seq": message.seq}
        if message.deleted:
            return {"message_id": message.id, "deleted": True, "seq": message.seq}
        return told | {"fetched": message.fetched, "once": message.once, "prompt": message.prompt}

    async def events(self, request: Request) -> Response:
        after = _whole(request.headers.get("last-event-id") or request.query_params.get("after"))
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(after), media_type="text/event-stream", headers=headers)

    async def _stream(self, after: int) -> AsyncIterator[str]:
        room = self._room
        told: Json = {}
        yield "retry: 1000\n\n"
        while not room.closing.is_set():
            bell = room.changed.listen()
            state = self._state()
            action_s = state.pop("action_s")
            if state != told:
                told = state
                yield _event("state", state | {"action_s": action_s})
            for seq, lines in self._changes(after):
                after = seq
                yield "".join(lines)
            try:
                await asyncio.wait_for(bell.wait(), BEAT_S)
            except TimeoutError:
                yield ": still here\n\n"

    def _changes(self, after: int) -> list[tuple[int, list[str]]]:
        """What changed, grouped by number; only the last line of a group carries it, so that no half group counts."""
        rows = [
            (message.seq, "message", self._shown(message)) for message in self._room.store.changes(self._chat, after)
        ]
        rows += [
            (
                press.seq,
                "answer",
                {"id": press.id, "message_id": press.message_id, "data": press.data} | (press.answer or {}),
            )
            for press in self._room.store.answers(self._chat, after)
        ]
        rows.sort(key=lambda row: row[0])
        grouped = []
        for seq, group in groupby(rows, key=lambda row: row[0]):
            lines = [_event(kind, body) for _, kind, body in group]
            lines[-1] = f"id: {seq}\n{lines[-1]}"
            grouped.append((seq, lines))
        return grouped

    async def file(self, request: Request) -> Response:
        file = self._room.store.file(request.path_params["file_id"])
        if file is None:
            return _problem(HTTPStatus.NOT_FOUND, "This file is gone.")
        shown = file.mime if file.width == 0 else f"image/{Path(file.path).suffix[1:].replace('jpg', 'jpeg') or 'png'}"
        inline = "inline" in request.query_params and shown in PICTURES
        place = "inline" if inline else "attachment"
        headers = {"Content-Disposition": f"{place}; filename*=UTF-8''{quote(file.name)}"}
        kind = shown if inline else "application/octet-stream"
        return Response(self._room.content(file), media_type=kind, headers=headers)

    # Acting.

    async def say(self, request: Request) -> Response:
        form = await _form(request)
        reply_to = form.integer("reply_to") or None
        update = self._people.say(form.text("text"), reply_to=reply_to, once=form.text("once") or None)
        return JSONResponse({"message_id": update["message"]["message_id"]})

    async def edit(self, request: Request) -> Response:
        form = await _form(request)
        update = self._people.edit(form.integer("message_id"), form.text("text"))
        return JSONResponse({"message_id": update["edited_message"]["message_id"]})

    async def press(self, request: Request) -> Response:
        form = await _form(request)
        update = self._people.press(form.integer("message_id"), form.text("data"))
        return JSONResponse({"id": update["callback_query"]["id"]})

    async def upload(self, request: Request) -> Response:
        form = await read_params(request)
        upload = form.upload("file")
        if upload is None:
            raise ValueError("There is no file in the request.")
        update = self._people.upload(
            upload.content,
            upload.name,
            upload.mime,
            caption=form.text("caption"),
            reply_to=form.integer("reply_to") or None,
            once=form.text("once") or None,
        )
        return JSONResponse({"message_id": update["message"]["message_id"]})


async def _form(request: Request) -> Params:
    """A small JSON object. Only that content type: a foreign page can't send it without asking first."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise ApiError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "JSON expected.")
    body = await read_body(request, FORM_BYTES_MAX)
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError(HTTPStatus.BAD_REQUEST, "A JSON object expected.")
    return Params(value, {})


def _event(kind: str, body: Json) -> str:
    return f"event: {kind}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n"


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _html(name: str, status: int = HTTPStatus.OK) -> HTMLResponse:
    return HTMLResponse((PAGE / name).read_text(encoding="utf-8"), status_code=status, headers=HEADERS)


def _problem(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status_code=status, headers=HEADERS)
