"""One server's life: started when it is first needed, started again after a pause when it dies, closed when idle.

One task enters and leaves the session, because the SDK's cancel scopes belong to the task that opened them: when an
HTTP server dies, that task is cancelled, and would take a durable worker's attempt with it. Questions are therefore
asked from tasks of their own, and raced against the end of the life that they were asked in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from executor.actions.mcp.session import Answer, Connect, Place, Session
from executor.actions.mcp.trouble import Gone, Misbehaves, ServerTrouble, said_last
from executor.ports import Brake, Clock

T = TypeVar("T")

Start = Callable[[Coroutine[Any, Any, Any], str], "asyncio.Task[Any]"]
"""The nursery's: background work by its name."""

START_S = 120.0  # for a server to start and to greet; `npx` may have to load it first
IDLE_S = 300.0  # without a call, after which it is closed
PAUSE_FIRST_S = 1.0  # after its first death; doubles
PAUSE_MAX_S = 300.0
STOP_LOOK_S = 0.5
STEADY_S = 60.0  # a life of this length ends a series of deaths


class Resting(ServerTrouble):
    """It has died, and is started again after a pause: nothing was asked of it."""

    def __init__(self, wait_s: float, why: str) -> None:
        self.wait_s = wait_s
        super().__init__(f"{why}; it is started again in {wait_s:.0f} s")


@dataclass(slots=True)
class _Life:
    """From one start to the end that follows. `ready` has the session or the trouble, `over` why it ended."""

    ready: "asyncio.Future[Session]"
    over: "asyncio.Future[ServerTrouble]"
    leave: asyncio.Event = field(default_factory=asyncio.Event)
    began_at: float = 0.0
    used_at: float = 0.0
    busy: int = 0
    died: bool = False  # somebody who asked saw that it is of no use any more


class Actor:
    """`clock` measures pauses and idleness; `start` begins background work; a STOP in `brake` ends the server."""

    def __init__(self, place: Place, connect: Connect, start: Start, clock: Clock, brake: Brake) -> None:
        self._brake = brake
        self.place = place
        self._connect = connect
        self._start = start
        self._clock = clock
        self._life: _Life | None = None
        self.starts = 0  # how often it was started
        self._deaths = 0
        self._not_before = 0.0
        self._why = ""

    @property
    def running(self) -> bool:
        return self._life is not None

    async def tools(self) -> Sequence[Mapping[str, Any]]:
        """Its definitions as they are now. Raises ServerTrouble."""
        return await self._ask(lambda session: session.tools())

    async def call(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> Answer:
        """Raises ServerTrouble. Gone and TooSlow say nothing about whether it was done."""
        return await self._ask(lambda session: session.call(tool, arguments, timeout_s))

    async def close(self) -> None:
        """End it, if it runs; the next question starts it again."""
        if (life := self._life) is not None:
            life.leave.set()
            await asyncio.wait([life.over])

    # ------------------------------------------------------------------------------------------------------ asking it

    async def _ask(self, question: Callable[[Session], Awaitable[T]]) -> T:
        life = await self._current()
        life.busy += 1
        try:
            first: list[asyncio.Future[Any]] = [life.ready, life.over]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if not life.ready.done():
                raise life.over.result()
            return await self._raced(life, question(life.ready.result()))
        except (Gone, Misbehaves):
            life.died = True  # whatever it is by now, it is not used again
            life.leave.set()
            await asyncio.wait([life.over])
            raise
        finally:
            life.busy -= 1
            life.used_at = self._clock.monotonic()

    async def _raced(self, life: _Life, asked: Awaitable[T]) -> T:
        job = self._start(_settled(asked), f"mcp {self.place.name}")
        try:
            await asyncio.wait([job, life.over], return_when=asyncio.FIRST_COMPLETED)
            if not job.done():  # it goes first where both are true: an answer that came counts
                raise life.over.result()
        finally:
            job.cancel()
        answer: T | ServerTrouble = job.result()
        if isinstance(answer, ServerTrouble):
            raise answer
        return answer

    # -------------------------------------------------------------------------------------------------------- its life

    async def _current(self) -> _Life:
        """The life that goes on, or a new one. Raises Resting."""
        while self._life is not None and self._life.leave.is_set():
            await asyncio.wait([self._life.over])  # its end would take a successor's children with it
        if self._life is None:
            now = self._clock.monotonic()
            if (wait_s := self._not_before - now) > 0:
                raise Resting(wait_s, self._why)
            loop = asyncio.get_running_loop()
            self.starts += 1
            self._life = _Life(ready=loop.create_future(), over=loop.create_future(), began_at=now, used_at=now)
            self._start(self._live(self._life), f"mcp server {self.place.name}")
        return self._life

    async def _live(self, life: _Life) -> None:
        """Never raises but for CancelledError; what ended it is in `over`."""
        end: ServerTrouble = Gone("was closed")
        died = True
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(START_S):
                    session = await stack.enter_async_context(self._connect(self.place))
                life.ready.set_result(session)
                died = await self._until_left(life, session)
                end = Gone(said_last(session.last_words)) if died else end
        except TimeoutError:
            end = Gone(f"did not start within {START_S:g} s")
        except ServerTrouble as trouble:
            end = trouble
        finally:
            self._ended(life, end, died)

    def _ended(self, life: _Life, end: ServerTrouble, died: bool) -> None:
        now = self._clock.monotonic()
        if self._life is life:
            self._life = None
        if died:
            steady = life.ready.done() and now - life.began_at >= STEADY_S
            self._deaths = 1 if steady else self._deaths + 1
            self._not_before = now + min(PAUSE_FIRST_S * 2 ** (self._deaths - 1), PAUSE_MAX_S)
            self._why = end.public
        life.over.set_result(end)

    async def _until_left(self, life: _Life, session: Session) -> bool:
        """True: the server went by itself. False: nobody needs it any more."""
        waits = [
            self._start(work, f"mcp server {self.place.name}")
            for work in (life.leave.wait(), session.ended(), self._idle(life), self._stopped())
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return life.died or waits[1].done()
        finally:
            for wait in waits:
                wait.cancel()

    async def _stopped(self) -> None:
        """A STOP ends the server, whatever it is doing."""
        while self._brake.held() is None:
            await self._clock.sleep(STOP_LOOK_S)

    async def _idle(self, life: _Life) -> None:
        while life.busy or self._clock.monotonic() - life.used_at < IDLE_S:
            await self._clock.sleep(IDLE_S)


async def _settled(asked: Awaitable[T]) -> "T | ServerTrouble":
    """Trouble as a value: a task that ends with it would count as a failure of ours."""
    try:
        return await asked
    except ServerTrouble as trouble:
        return trouble
