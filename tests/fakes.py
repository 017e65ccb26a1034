"""What is faked in tests: time, names, the brain's model, and what an action does. Never the store."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from executor.actions.inventory import inventory
from executor.domain.errors import WrongInput
from executor.domain.notice import Notice
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check
from executor.domain.reach import Reach
from executor.domain.risk import Risk
from executor.ports import Action, Ask, Context, Delivered, Delivery, Seen

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


class ManualClock:
    """Time that moves only when a test says so; sleepers wake when it passes them."""

    def __init__(self, now: datetime = START) -> None:
        self._start = now
        self._passed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._passed + seconds, future))
        await future

    def advance(self, seconds: float) -> None:
        self._passed += seconds
        for due, future in self._sleepers:
            if due <= self._passed and not future.done():
                future.set_result(None)
        self._sleepers = [(due, future) for due, future in self._sleepers if not future.done()]


class Crashed(BaseException):
    """The program stopped at a crash point. Not an Exception, so that nothing but the test catches it."""


class CrashAt:
    """Stops the program at the `nth` passing of the point `name`, and lists every point that was passed.

    A dead program does nothing: after the crash every further point crashes as well, so that whatever else was under
    way commits and sends nothing more. `on_crash` is called once."""

    def __init__(self, name: str | None = None, nth: int = 1) -> None:
        self._name = name
        self._left = nth
        self.passed: list[str] = []
        self.crashed = False
        self.on_crash: Callable[[], None] = lambda: None

    def reached(self, name: str) -> None:
        if self.crashed:
            raise Crashed(name)
        self.passed.append(name)
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                self.crash()
                raise Crashed(name)

    def crash(self) -> None:
        """Die here and now, wherever the program is."""
        if not self.crashed:
            self.crashed = True
            self.on_crash()


class CountingIds:
    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"{self._count:032x}"


Behaviour = Callable[[Mapping[str, Any], Context], "Result | Waiting"]


class ScriptedAction:
    """An action that does what the test's function says, counts its runs, and can be an outside effect."""

    def __init__(
        self,
        name: str = "work",
        behaviour: Behaviour = lambda parameters, context: Result(success=True, result="Done"),
        *,
        repeatable: bool = True,
        asks: Ask | None = None,
    ) -> None:
        self.name = name
        self._behaviour = behaviour
        self._repeatable = repeatable
        self._asks = asks
        self.runs: list[str] = []

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return parameters

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return f"{self.name} {dict(parameters)}"

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return self._repeatable

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        return self._asks

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        self.runs.append(context.task_ref)
        await asyncio.sleep(0)
        return self._behaviour(parameters, context)


class ScriptedActions:
    """A registry of scripted actions."""

    def __init__(self, *actions: Action) -> None:
        self._actions = {action.name: action for action in actions}

    def get(self, name: str) -> Action:
        if name not in self._actions:
            raise WrongInput(f"There is no action {name}.")
        return self._actions[name]

    def names(self) -> list[str]:
        return sorted(self._actions)

    def fill(self, parameters: Mapping[str, Any], action: str, outputs: Mapping[str, str]) -> Mapping[str, Any]:
        return parameters

    def look(self, command: str, reach: Reach) -> Mapping[str, Any]:
        return {"command": command}

    def risk(self, name: str, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        """What the parameter ``risk`` names."""
        return frozenset(Risk[one] for one in parameters.get("risk", ()))

    def fingerprint(self, name: str, parameters: Mapping[str, Any], workspace: Path) -> str:
        return f"{name} {sorted(parameters.items())}"

    async def ready(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Result | Waiting:
        return parameters

    def line(self, name: str) -> str:
        return ""

    async def offers(self) -> Mapping[str, Any]:
        return {}

    def keys_used(self, parameters: Mapping[str, Any]) -> list[str]:
        return []


class ScriptedChecks:
    """Checks whose answers the test sets by command; what is not named holds."""

    def __init__(self, answers: Mapping[str, bool] | None = None) -> None:
        self.answers = dict(answers or {})
        self.looked: list[str] = []

    async def look(self, check: Check, context: Context) -> Seen:
        self.looked.append(check.command)
        met = self.answers.get(check.command, True)
        return Seen(met=met, evidence=f"`{check.command}` → exit {0 if met else 1}")


class Folders:
    def __init__(self, root: Path) -> None:
        self._root = root

    def folder(self, goal_number: int) -> Path:
        folder = self._root / str(goal_number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def inventory(self, goal_number: int) -> str:
        return inventory(self.folder(goal_number))


class RecordingSender:
    """A chat that takes everything and keeps it."""

    can_probe = False

    def __init__(self) -> None:
        self.delivered: list[Notice] = []
        self._message_id = 100

    async def deliver(self, notice: Notice, *, repeated: bool = False) -> Delivery:
        self.delivered.append(notice)
        self._message_id += 1
        return Delivered(message_id=notice.message_id or self._message_id, content_hash=str(self._message_id))

    async def probe(self, notice: Notice, candidates: Sequence[int]) -> int | None:
        return None
