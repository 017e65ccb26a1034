"""What is sent to a model and what comes back, whatever the provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from executor.ports import Failure, Purpose

PURPOSE_HEADER = "x-milepost-purpose"


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["user", "model"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """`system` is the same for every request of one purpose, so that providers can keep it; what changes comes in
    `messages`, oldest first. `schema` None: plain text is wanted."""

    purpose: Purpose
    system: str
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None
    tokens_out_max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`tokens_in` includes `tokens_cached`; `tokens_out` includes those of thinking. `failure`: an answer came, and was
    paid for, but holds nothing usable."""

    text: str = ""
    failure: Failure | None = None
    detail: str = ""  # the provider's own words about the failure
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0


class Provider(Protocol):
    """One connection to one model."""

    name: str

    async def ask(self, prompt: Prompt, model: str) -> Reply:
        """One request, never repeated by itself; BrainFailed with its kind where no answer came."""
        ...

    async def close(self) -> None: ...
