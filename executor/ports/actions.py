"""What tasks can do, how it is looked at, and where it happens."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check
from executor.domain.reach import NOWHERE, Reach
from executor.domain.risk import Risk
from executor.domain.task import Answer
from executor.domain.values import quick


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an action gets beside its parameters. `started` must be awaited with (pid, start time, command) before a
    child process does anything that can be seen; it raises if the attempt has lost its lease. `tell` puts a text in
    the goal's chat when the attempt is committed. `first_started_at` is when a waiting attempt first began. `folder` is
    asked for the workspace, see Workspaces; many actions need none, and theirs is never made. `outputs` are those of
    earlier tasks that the attempt may see, by key. `reach` is the task's, for its checks."""

    task_ref: str
    attempt: int
    goal_title: str
    folder: Callable[[], Path]
    timeout_s: float
    output_bytes_max: int
    now: Callable[[], datetime]
    first_started_at: datetime
    environment: Mapping[str, str]
    started: Callable[[int, float, str], Awaitable[None]]
    tell: Callable[[str], None]
    answer: Answer | None = None
    role: str | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    reach: Reach = NOWHERE

    @property
    def workspace(self) -> Path:
        """The goal's folder: it exists now, whatever happened to it meanwhile."""
        return self.folder()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A person must speak before the action can run. `manual`: they do it and press Done; else they answer."""

    manual: bool
    question: str
    choices: tuple[str, ...] = ()


class Action(Protocol):
    """One kind of work. Stateless: everything that lasts is in the workspace or in the result."""

    @property
    def name(self) -> str: ...

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with defaults filled in. Raises WrongInput naming the wrong one. No I/O."""
        ...

    def describe(self, parameters: Mapping[str, Any]) -> str:
        """What will really happen, for the plan's card: the whole command, the URL, the path."""
        ...

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        """False: an outside effect that must never be repeated without a word (contract section 5)."""
        ...

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        """Not None: it runs only after a person has spoken."""
        ...

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        """Do it. Failure is a Result with success False, not an exception; CancelledError ends every child first."""
        ...


class Actions(Protocol):
    """The registry."""

    def get(self, name: str) -> Action:
        """Raises WrongInput naming the known ones."""
        ...

    def names(self) -> list[str]: ...

    def fill(self, parameters: Mapping[str, Any], action: str, outputs: Mapping[str, str]) -> Mapping[str, Any]:
        """Replace ``${key.output}`` by outputs; in shell and python it arrives as data, never as program text."""
        ...

    def risk(self, name: str, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        """What running it may do, from facts alone."""
        ...

    def look(self, command: str, reach: Reach) -> Mapping[str, Any]:
        """What looking by this command comes to, as parameters of the shell action, with all that it may reach: what
        its task does (`reach`), and what its own words say."""
        ...

    def fingerprint(self, name: str, parameters: Mapping[str, Any], workspace: Path) -> str:
        """A digest of exactly what would run, the named files of the workspace included. Reads files: call it in a
        thread."""
        ...

    async def ready(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Result | Waiting:
        """The parameters as they will really run, with what had to be looked up for that, such as what a tool is now:
        it is they that are approved. A Result or Waiting: it can't run now. Nothing is done."""
        ...

    def line(self, name: str) -> str:
        """How the action is told to a model, where it says so itself; else ""."""
        ...

    async def offers(self) -> Mapping[str, Any]:
        """What there is to be used beyond names: tools of servers, by action. Strangers' texts."""
        ...

    def keys_used(self, parameters: Mapping[str, Any]) -> list[str]:
        """The keys whose outputs the parameters refer to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a check saw. `evidence` is one line: command and exit code, file and size, HTTP status."""

    met: bool
    evidence: str
    result: Result | None = None


class Checks(Protocol):
    """Finds out whether a check holds, by looking. Opinion and human checks are not for it."""

    async def look(self, check: Check, context: Context) -> Seen: ...


class Workspaces(Protocol):
    """One folder per goal, made on first use, mode 0700."""

    def folder(self, goal_number: int) -> Path: ...

    def inventory(self, goal_number: int) -> str:
        """A digest of all that lies in it, equal only where nothing has changed; "" where there is too much to look
        through. Reads files: call it in a thread."""
        ...
