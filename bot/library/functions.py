"""Running a program's own function, and what its end means: it returned, or it did not."""

import inspect
import json
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executor.domain.errors import WrongInput
from executor.domain.outcome import Result

LINE_CHARACTERS_MAX = 160  # of a returned value in one line; the whole of it is in the attempt's output


@dataclass(frozen=True, slots=True)
class Tried:
    """`value` is what the function returned, `error` what it raised."""

    result: Result
    value: Any = None
    error: Exception | None = None


SAID_DONE = Tried(Result(success=True, result="Python said that it is done", metadata={"execution_time": 0.0}))
"""A task for a person, executed without a function: whoever calls says that it is done."""


def check_function(function: object) -> None:
    """Raises WrongInput for what can't be called here."""
    if not callable(function):
        raise WrongInput(f"A work function is something to call; this is {type(function).__name__}.")
    if inspect.iscoroutinefunction(function):
        name = name_of(function)
        raise WrongInput(f"{name} is an async function; give lambda: asyncio.run({name}()) instead.")


def run(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tried:
    """Call it in this thread. What is no Exception (Ctrl-C, SystemExit) goes up."""
    began = time.monotonic()
    try:
        value = function(*args, **kwargs)
        text = _text(value)
    except Exception as error:  # noqa: BLE001 - somebody else's function: whatever it raises is a failed attempt
        return Tried(_raised(error, time.monotonic() - began), error=error)
    return Tried(_returned(name_of(function), value, text, time.monotonic() - began), value)


def name_of(function: object) -> str:
    return str(getattr(function, "__qualname__", None) or type(function).__name__)


def _returned(name: str, value: Any, text: str, seconds: float) -> Result:
    """A mapping that says ``success: False`` in the shape of an attempt's result says that it failed."""
    metadata = {"execution_time": seconds}
    if isinstance(value, Mapping) and value.get("success") is False:
        error = str(value.get("error") or f"{name} returned success = False")
        return Result(success=False, output=text, error=error, metadata=metadata)
    line = " ".join(text.split())
    if len(line) > LINE_CHARACTERS_MAX:
        line = line[: LINE_CHARACTERS_MAX - 1] + "…"
    return Result(
        success=True, result=f"{name} returned {line}" if line else f"{name} returned", output=text, metadata=metadata
    )


def _raised(error: Exception, seconds: float) -> Result:
    """The traceback begins at the function: our own frame says nothing to anybody."""
    frames = error.__traceback__.tb_next if error.__traceback__ else None
    text = "".join(traceback.format_exception(type(error), error, frames))
    said = " ".join(str(error).split())
    return Result(
        success=False,
        output=text,
        error=f"{type(error).__name__}: {said}" if said else type(error).__name__,
        metadata={"execution_time": seconds},
    )


def _text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False, default=repr)
    except (TypeError, ValueError):  # keys that JSON lacks, or a value that holds itself
        return repr(value)
