"""Whom a program tells: an object that sends messages, or a function."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from executor.domain.errors import WrongInput


class Notifier(Protocol):
    """What a program gives. `priority` is "info" or "critical"."""

    def send_message(self, text: str, priority: str = "info") -> object: ...


@dataclass(frozen=True, slots=True)
class FunctionNotifier:
    """A bare function as a notifier; one without a `priority` gets the text alone."""

    function: Callable[..., object]
    takes_priority: bool

    def send_message(self, text: str, priority: str = "info") -> object:
        return self.function(text, priority=priority) if self.takes_priority else self.function(text)


def notifier_of(given: object) -> Notifier | None:
    """Raises WrongInput for what can be neither asked nor called."""
    if given is None or callable(getattr(given, "send_message", None)):
        return cast("Notifier | None", given)
    if not callable(given):
        raise WrongInput("A notifier has a method send_message(text, priority), or is a function of a text.")
    return FunctionNotifier(given, _takes_priority(given))


def _takes_priority(function: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # some of the interpreter's own functions do not say
        return False
    return any(one.name == "priority" or one.kind is one.VAR_KEYWORD for one in parameters)
