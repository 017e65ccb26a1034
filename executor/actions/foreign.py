"""Actions of installed packages: code that nobody here has written, at arm's length.

It runs in a thread and an event loop of its own, so that one that never gives way holds up its own task and nothing
else; what it raises or returns by mistake becomes one clear line. It is no border against malice: whoever installs a
package lets it do what Milepost may do.
"""

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import Any, TypeVar

from executor.domain.errors import MilepostError, WrongInput
from executor.domain.outcome import Result, Waiting
from executor.domain.risk import Risk
from executor.domain.values import replace
from executor.ports import Action, Ask, Context

STUCK_MAX = 3  # calls of one action that never came back: from then on it is not called any more
GRACE_S = 2.0  # for a call that is called off
LINE_CHARACTERS_MAX = 200
_T = TypeVar("_T")
_UNKNOWN = frozenset({Risk.OUTSIDE})
"""The risk of what does not say its own, or not in a way that can be understood."""


class Foreign:
    """The Action port around an object of somebody else's. What it gets wrong costs its own task an attempt."""

    def __init__(self, inner: Action) -> None:
        self.name = inner.name
        self._inner = inner
        self._left: set[_Aside] = set()

    @property
    def line(self) -> str:
        try:
            return one_line(getattr(self._inner, "line", ""))
        except Exception:  # noqa: BLE001 - foreign code: a planner that is told nothing about it is no harm
            return ""

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        found = self._said("check", lambda: self._inner.check(parameters))
        if not isinstance(found, Mapping):
            raise WrongInput(f"The action {self.name} is broken: check() returned {_kind(found)}, not its parameters.")
        return found

    def describe(self, parameters: Mapping[str, Any]) -> str:
        """All of the parameters, where it does not say what it would do."""
        try:
            found = self._inner.describe(parameters)
        except Exception:  # noqa: BLE001 - foreign code: the card is shown all the same
            found = ""
        if isinstance(found, str) and found.strip():
            return found
        return f"{self.name} {json.dumps(dict(parameters), ensure_ascii=False, default=str)}"

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        try:
            return self._inner.repeatable(parameters) is True
        except Exception:  # noqa: BLE001 - foreign code: what does not say that it may be repeated may not
            return False

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        found = self._said("ask", lambda: self._inner.ask(parameters))
        if found is not None and not isinstance(found, Ask):
            raise WrongInput(f"The action {self.name} is broken: ask() returned {_kind(found)}.")
        return found

    def risk(self, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        try:
            return frozenset(Risk(one) for one in getattr(self._inner, "risk")(parameters))  # noqa: B009
        except Exception:  # noqa: BLE001 - foreign code: see _UNKNOWN
            return _UNKNOWN

    async def ready(self, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Result | Waiting:
        look = getattr(self._inner, "ready", None)
        if look is None:
            return parameters
        try:
            found = await self._aside(lambda: look(parameters))
        except MilepostError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code
            return self._failed(f"{type(error).__name__}: {one_line(error)}")
        return found if isinstance(found, Mapping | Waiting) else self._read(found, None)

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        if len(self._left) >= STUCK_MAX:
            return self._failed(f"{len(self._left)} calls of it never came back. Mend it, and start Milepost again")
        loop = asyncio.get_running_loop()

        async def started(pid: int, pid_started: float, command: str) -> None:
            told = asyncio.run_coroutine_threadsafe(_call(context.started(pid, pid_started, command)), loop)
            await asyncio.wrap_future(told)

        theirs = replace(context, started=started)
        try:
            found = await self._aside(lambda: self._inner.run(parameters, theirs))
        except MilepostError:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code: whatever it raises says nothing about its effect
            said = self._failed(f"{type(error).__name__}: {one_line(error)}")
            return said if self.repeatable(parameters) else replace(said, metadata={"outcome_unknown": True})
        return self._read(found, context)

    async def _aside(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """What it comes to. Called off, it is given a moment; then its thread is left behind and counted."""
        work = _Aside(call)
        try:
            return await asyncio.wrap_future(work.start())
        except asyncio.CancelledError:
            if not await asyncio.to_thread(work.call_off, GRACE_S):
                self._left.add(work)
                work.done.add_done_callback(lambda _: self._left.discard(work))
            raise

    def _said(self, method: str, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except MilepostError:
            raise
        except ValueError as error:  # how Python says that a value is wrong
            raise WrongInput(f"{self.name}: {one_line(error).rstrip('.')}.") from None
        except Exception as error:  # noqa: BLE001 - foreign code
            what = f"{method}() raised {type(error).__name__}: {one_line(error)}"
            raise WrongInput(f"The action {self.name} is broken: {what.rstrip('. :')}.") from None

    def _read(self, found: Any, context: Context | None) -> Result | Waiting:
        """What it returned as a Result that can be stored; a mapping in the shape of the contract counts as one."""
        if isinstance(found, Waiting):
            return found
        if isinstance(found, Mapping) and isinstance(found.get("success"), bool):
            known = ("success", "result", "output", "error", "metadata")
            found = Result(**{name: found[name] for name in known if found.get(name) is not None})
        if not isinstance(found, Result):
            return self._failed(f"it returned {_kind(found)}; expected a Result")
        most = context.output_bytes_max if context is not None else LINE_CHARACTERS_MAX
        metadata = found.metadata if isinstance(found.metadata, Mapping) else {}
        return Result(
            success=found.success is True,
            result=one_line(found.result),
            output=str(found.output)[:most],
            error=None if found.error is None else one_line(found.error),
            metadata=json.loads(json.dumps(dict(metadata), default=str, skipkeys=True)),
        )

    def _failed(self, why: str) -> Result:
        error = f"The action {self.name} is broken: {why}"
        return Result(success=False, result=error, error=error)


class _Aside:
    """One call in a thread of its own. The thread is a daemon: it never keeps Milepost from ending."""

    def __init__(self, call: Callable[[], Awaitable[Any]]) -> None:
        self._call = call
        self._off = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self.done: Future[Any] = Future()

    def start(self) -> "Future[Any]":
        """For whoever waits; giving up that one does not end the call."""
        outer: Future[Any] = Future()
        self.done.add_done_callback(lambda done: _hand_on(done, outer))
        threading.Thread(target=self._run, name="foreign action", daemon=True).start()
        return outer

    def call_off(self, grace_s: float) -> bool:
        """Whether it is over, after waiting for that so long."""
        self._off = True
        with suppress(RuntimeError):  # its loop has just ended
            if self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)
        return not wait([self.done], timeout=grace_s).not_done

    def _run(self) -> None:
        try:
            value = asyncio.run(self._work(os.getpid()))
        except Exception as error:  # noqa: BLE001 - foreign code: handed on to whoever waits
            self.done.set_exception(error)
        except BaseException as error:  # noqa: BLE001 - SystemExit and its like end this call and nothing else
            self.done.set_exception(RuntimeError(f"{type(error).__name__} {error}".strip()))
        else:
            self.done.set_result(value)

    async def _work(self, process: int) -> Any:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self._off:
            raise asyncio.CancelledError
        try:
            found = self._call()
            return await found if isinstance(found, Awaitable) else found
        finally:
            if os.getpid() != process:  # it has forked, and this is the copy: there is only one Milepost
                os._exit(0)


def _hand_on(done: "Future[Any]", outer: "Future[Any]") -> None:
    if not outer.set_running_or_notify_cancel():
        return
    if (error := done.exception()) is not None:
        outer.set_exception(error)
    else:
        outer.set_result(done.result())


async def _call(work: Awaitable[None]) -> None:
    await work


def one_line(said: object) -> str:
    text = " ".join(str(said).split())
    return text if len(text) <= LINE_CHARACTERS_MAX else f"{text[: LINE_CHARACTERS_MAX - 1]}…"


def _kind(found: object) -> str:
    return "nothing" if found is None else type(found).__name__
