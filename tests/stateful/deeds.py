"""What scripted actions do, by name: every kind of ending that an attempt can have, in any order a test draws.

A task's parameter ``script`` lists how its runs end, one after the other; after the last one it succeeds.
"""

from collections.abc import Callable, Mapping, Set
from typing import Any

from executor.domain.outcome import Result, Waiting
from executor.ports import Ask, Context
from tests.fakes import ManualClock

LONG_S = 90.0  # of a run that takes its time: longer than a lease


def _command(exit_code: int, stderr: str) -> Callable[[], Result]:
    def end() -> Result:
        metadata = {"exit_code": exit_code, "stderr": stderr}
        return Result(success=False, error=f"exit code {exit_code}", metadata=metadata)

    return end


ENDS: Mapping[str, Callable[[], Result | Waiting]] = {
    "succeeds": lambda: Result(success=True, result="exit 0"),
    "long": lambda: Result(success=True, result="exit 0, after a while"),
    "fails": _command(1, "boom"),
    "fails otherwise": _command(2, "bang"),
    "bug": _command(1, "  File 'a.py', line 1\n    x = (\nSyntaxError: '(' was never closed"),
    "no folder": _command(1, "sh: 1: cannot create out/a.txt: Directory nonexistent"),
    "no module": _command(1, "ModuleNotFoundError: No module named 'cowsay'"),
    "no credential": _command(1, "KeyError: 'API_TOKEN'"),
    "no network": _command(6, "curl: (6) Could not resolve host: api.example"),
    "busy": _command(1, "OSError: [Errno 98] Address already in use"),
    "no space": _command(1, "OSError: [Errno 28] No space left on device"),
    "slow down": lambda: Result(
        success=False,
        error="429 Too Many Requests",
        metadata={"status": 429, "url": "http://api.example/a", "method": "GET", "retry_after_s": 40},
    ),
    "down": lambda: Result(
        success=False,
        error="can't connect to api.example: All connection attempts failed",
        metadata={"url": "http://api.example/a", "method": "GET"},
    ),
    "unseen": lambda: Result(success=False, error="The connection was lost", metadata={"outcome_unknown": True}),
    "not yet": lambda: Waiting(wait_s=30, note="Not yet"),
    "breaks": lambda: (_ for _ in ()).throw(RuntimeError("a bug in an action")),  # type: ignore[arg-type, return-value]
}


class Deed:
    """An action that goes through the script of the task it is called for. What it has done survives a restart, as
    the outside does."""

    def __init__(self, name: str, clock: ManualClock, *, repeatable: bool = True, asks: Ask | None = None) -> None:
        self.name = name
        self._clock = clock
        self._repeatable = repeatable
        self._asks = asks
        self._runs: dict[str, int] = {}
        self._asleep: set[str] = set()

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return self.name

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return self._repeatable

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        return self._asks

    @property
    def asleep(self) -> Set[str]:
        """Tasks whose run takes its time just now."""
        return self._asleep

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        run = self._runs.get(context.task_ref, 0)
        self._runs[context.task_ref] = run + 1
        script = parameters.get("script", ())
        name = script[run] if run < len(script) else "succeeds"
        if name == "long":
            self._asleep.add(context.task_ref)
            try:
                await self._clock.sleep(LONG_S)
            finally:
                self._asleep.discard(context.task_ref)
        return ENDS[name]()
