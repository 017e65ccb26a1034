"""What the rest needs of a connected server, whatever carries the messages."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One configured server: a `command` to start or a `url` to reach. `trust` are patterns of the tools whose hints
    count. `env` and `headers` hold secrets. `allow` are internal "host:port" pairs that may be reached."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    network: bool = False  # for a server that is started: whether it may use it
    folders: tuple[Path, ...] = ()  # of this machine that it may use, where it is isolated


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a tool answered. `content` are the protocol's blocks as it sent them, `wished` what its server asked of us
    meanwhile and did not get."""

    failed: bool
    content: Sequence[Mapping[str, Any]]
    structured: Any = None
    wished: Sequence[str] = ()


class Session(Protocol):
    """A connected server. Every method raises ServerTrouble, and nothing else but CancelledError."""

    @property
    def last_words(self) -> str:
        """The last line of its complaints; "" where it has none."""
        ...

    async def tools(self) -> Sequence[Mapping[str, Any]]:
        """All definitions as the server sends them now."""
        ...

    async def call(self, tool: str, arguments: Mapping[str, Any], timeout_s: float) -> Answer: ...

    async def ended(self) -> None:
        """Returns when the other side is gone; waits for ever where that can't be seen."""
        ...


class Connect(Protocol):
    """Opens a session. It must be entered and left in one task: the SDK's cancel scopes belong to it."""

    def __call__(self, place: Place) -> AbstractAsyncContextManager[Session]: ...
