"""The official SDK, and the one module that imports it: three quarters of a second that only a place with servers pays.

Sampling, elicitation and roots stay what the SDK makes of them without callbacks: refused. Results are not held against
a tool's output schema: that would let a server's regular expressions run in our process.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.message import SessionMessage
from mcp.types import CallToolResult, Implementation, PaginatedRequestParams, Tool
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, METHOD_NOT_FOUND, REQUEST_TIMEOUT, jsonrpc_message_adapter
from pydantic import ValidationError

from executor.actions.launcher import Launcher
from executor.actions.mcp.child import MESSAGE_BYTES_MAX, Child, end_predecessor, start_child
from executor.actions.mcp.definitions import TOOLS_MAX
from executor.actions.mcp.remote import UNWELCOME, Guarded
from executor.actions.mcp.session import Answer, Connect, Place, Session
from executor.actions.mcp.trouble import Gone, Misbehaves, Refuses, ServerTrouble, TooSlow, said_last, short

ANSWER_S = 120.0  # for everything but calls; the first one may wait until `npx` has loaded its package
PAGES_MAX = 64
NOISE_BYTES_MAX = 4_194_304  # of one life
_WISHES = {
    "sampling/createMessage": "an answer of a model",
    "elicitation/create": "something from a person",
    "roots/list": "the folders of this machine",
}
"""What a server may ask of a client, in words."""
_REFUSALS = frozenset({METHOD_NOT_FOUND, INVALID_PARAMS})
_CLOSED = (anyio.ClosedResourceError, anyio.BrokenResourceError, anyio.EndOfStream)


class SdkSession:
    """The Session port over a client of the SDK."""

    def __init__(
        self, client: Client, ended: Callable[[], Any], last_words: Callable[[], str], wishes: "Wishes"
    ) -> None:
        self._client = client
        self._wishes = wishes
        self._ended = ended
        self._last_words = last_words
        client.session.validate_tool_result = _believed  # type: ignore[method-assign]  # see above

    @property
    def last_words(self) -> str:
        return self._last_words()

    async def tools(self) -> Sequence[Mapping[str, Any]]:
        found: list[Tool] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            try:
                page = await self._client.session.list_tools(params=PaginatedRequestParams(cursor=cursor))
            except Exception as error:  # noqa: BLE001 - the SDK and a foreign server: whatever it is, it is about that one
                raise trouble_of(error, self.last_words) from None
            found += page.tools
            if len(found) > TOOLS_MAX:
                raise Misbehaves(f"it lists {len(found):,} tools or more, and {TOOLS_MAX} are allowed")
            if (cursor := page.next_cursor) is None:
                return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in found]
        raise Misbehaves(f"its list of tools has more than {PAGES_MAX} pages")

    async def call(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> Answer:
        self._wishes.heard.clear()
        try:
            result = await self._client.session.call_tool(tool, dict(arguments), timeout_s, allow_input_required=True)
        except Exception as error:  # noqa: BLE001 - as above
            raise trouble_of(error, self.last_words) from None
        if not isinstance(result, CallToolResult):
            raise Refuses("it wants to ask for something before it goes on, which is not allowed here")
        content = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in result.content]
        return Answer(
            failed=result.is_error,
            content=content,
            structured=result.structured_content,
            wished=tuple(self._wishes.heard),
        )

    async def ended(self) -> None:
        await self._ended()


class Wishes:
    """What a server asked of us meanwhile; the SDK has refused it, and a person should know."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def note(self, message: object) -> None:
        wish = _WISHES.get(str(getattr(message, "method", "")))
        if wish is not None and wish not in self.heard:
            self.heard.append(wish)


async def _believed(name: str, result: CallToolResult) -> None:
    return


def trouble_of(error: BaseException, last_words: str = "") -> ServerTrouble:
    """What an error of the SDK says about the server."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    match error:
        case ServerTrouble():
            return error
        case MCPError(code=code) if code == CONNECTION_CLOSED:
            return Gone(said_last(last_words))
        case MCPError(code=code) if code == REQUEST_TIMEOUT:
            return TooSlow("gave no answer in time")
        case MCPError(code=code) if code == UNWELCOME:
            return Refuses(short(error.message))
        case MCPError(code=code) if code in _REFUSALS:
            return Refuses(f"refuses: {short(error.message)}")
        case MCPError():
            return Misbehaves(f"answered with an error: {short(error.message)}")
        case ValidationError() | RuntimeError():
            return Misbehaves("answered with something that is not the protocol")
        case httpx2.HTTPError() | OSError():
            return Gone(f"can't be reached: {short(str(error)) or type(error).__name__}")
    return Gone(f"is gone: {type(error).__name__}: {short(str(error))}")


def connector(launcher: Launcher, folder: Path) -> Connect:
    """Servers as children started by `launcher`, each in a folder of its own below `folder`; or over HTTP."""

    clean: set[str] = set()

    @asynccontextmanager
    async def connect(place: Place) -> AsyncIterator[Session]:
        if not place.url and place.name not in clean:
            clean.add(place.name)
            await end_predecessor(place, folder / place.name)
        async with _over_http(place) if place.url else _as_child(place, launcher, folder / place.name) as session:
            yield session

    return connect


@asynccontextmanager
async def _as_child(place: Place, launcher: Launcher, folder: Path) -> AsyncIterator[Session]:
    child = await start_child(place, folder, launcher)
    try:
        wishes = Wishes()
        streams = _streams(child, wishes)
        async with Client(streams, cache=None, client_info=_us(), read_timeout_seconds=ANSWER_S) as client:
            yield SdkSession(client, child.gone.wait, lambda: child.last_words, wishes)
    except Exception as error:  # noqa: BLE001 - the SDK raises groups of anything when a transport breaks
        raise trouble_of(error, child.last_words) from None
    finally:
        child.kill()


@asynccontextmanager
async def _streams(child: Child, wishes: Wishes) -> AsyncIterator[tuple[Any, Any]]:
    """The SDK's transport over a child of ours: it must be started, marked and ended as all our children are."""
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write, out_of = anyio.create_memory_object_stream[SessionMessage](0)

    async def hear() -> None:
        noise = 0
        async with into:
            try:
                async for line in child.lines():
                    if (message := _read(line)) is None:
                        noise += len(line)
                        if noise > NOISE_BYTES_MAX:
                            raise Misbehaves("it pours out text that is not the protocol")
                        continue
                    wishes.note(message.message)
                    await into.send(message)
            except Misbehaves as trouble:
                child.trouble = trouble.public
            except _CLOSED:
                return

    async def say() -> None:
        async with out_of:
            with suppress(*_CLOSED, ConnectionError):
                async for message in out_of:
                    await child.send(message.message.model_dump_json(by_alias=True, exclude_unset=True).encode())

    async with anyio.create_task_group() as group:
        group.start_soon(hear)
        group.start_soon(say)
        try:
            yield read, write
        finally:
            with anyio.CancelScope(shield=True):
                await child.end()
            group.cancel_scope.cancel()
            for stream in (into, read, write, out_of):
                stream.close()


@asynccontextmanager
async def _overheard(streams: Any, wishes: Wishes) -> AsyncIterator[tuple[Any, Any]]:
    """The streams of another transport, with what the server asks noted on its way."""
    into, read = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    async with streams as (theirs, write), anyio.create_task_group() as group:

        async def pass_on() -> None:
            async with into:
                with suppress(*_CLOSED):
                    async for message in theirs:
                        if isinstance(message, SessionMessage):
                            wishes.note(message.message)
                        await into.send(message)

        group.start_soon(pass_on)
        try:
            yield read, write
        finally:
            group.cancel_scope.cancel()
            into.close()
            read.close()


def _read(line: bytes) -> SessionMessage | None:
    """None: noise on its standard output, which is none of ours."""
    try:
        return SessionMessage(jsonrpc_message_adapter.validate_json(line, by_name=False))
    except ValueError:
        return None


@asynccontextmanager
async def _over_http(place: Place) -> AsyncIterator[Session]:
    """Only the configured address is spoken to: a redirect elsewhere is not followed, no proxy of the environment is
    used, and the headers go nowhere else."""
    timeout = httpx2.Timeout(ANSWER_S, read=None)  # each call has a limit of its own
    try:
        async with httpx2.AsyncClient(
            headers=dict(place.headers), timeout=timeout, trust_env=False, transport=Guarded(place)
        ) as http:
            wishes = Wishes()
            streams = _overheard(
                streamable_http_client(place.url, http_client=http, max_sse_event_size=MESSAGE_BYTES_MAX), wishes
            )
            async with Client(streams, cache=None, client_info=_us(), read_timeout_seconds=ANSWER_S) as client:
                yield SdkSession(client, asyncio.Event().wait, lambda: "", wishes)
    except Exception as error:  # noqa: BLE001 - as above
        raise trouble_of(error) from None


def _us() -> Implementation:
    return Implementation(name="milepost", version=version("milepost"))
