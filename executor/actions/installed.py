"""Actions that installed packages bring, found by their entry points."""

import re
import threading
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from executor.actions.foreign import Foreign, one_line
from executor.ports import Action

GROUP = "milepost.actions"
LOAD_S = 20.0  # for one package; importing one that does more than define things may take as long as it likes
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_METHODS = ("check", "describe", "repeatable", "ask", "run")


def installed_actions(
    taken: Iterable[str], found: Iterable[EntryPoint] | None = None, *, load_s: float = LOAD_S
) -> tuple[list[Action], list[str]]:
    """The actions, and a sentence about each that can't be used. `taken` are the names that are already in use; an
    entry point names an action, a class of one without arguments, or a function that makes one."""
    names, actions, problems = set(taken), list[Action](), list[str]()
    for entry in sorted(entry_points(group=GROUP) if found is None else found, key=lambda one: one.name):
        loaded = _loaded(entry, load_s)
        if isinstance(loaded, str):
            problems.append(f"The action {entry.name} ({entry.value}) {loaded}")
        elif loaded.name in names:
            problems.append(f"The action {entry.name} ({entry.value}) is left out: the name {loaded.name!r} is taken.")
        else:
            names.add(loaded.name)
            actions.append(Foreign(loaded))
    return actions, problems


def _loaded(entry: EntryPoint, load_s: float) -> Action | str:
    """The action, or what is wrong. In a thread of its own: what never ends holds up no start."""
    said: list[Action | str] = []

    def load() -> None:
        try:
            said.append(_action(entry.load()))
        except BaseException as error:  # noqa: BLE001 - foreign code at import, SystemExit too: the others still load
            said.append(f"can't be loaded: {type(error).__name__}: {one_line(error)}")

    thread = threading.Thread(target=load, name=f"loading {entry.name}", daemon=True)
    thread.start()
    thread.join(load_s)
    return said[0] if said else f"can't be loaded: it was not ready after {load_s:g} s."


def _action(loaded: Any) -> Action:
    action = loaded() if callable(loaded) and not hasattr(loaded, "run") or isinstance(loaded, type) else loaded
    if not isinstance(getattr(action, "name", None), str):
        raise TypeError("it has no name")
    if not _NAME.fullmatch(action.name):
        raise ValueError(f"its name is {action.name[:60]!r}; expected at most 40 letters, digits, - and _")
    for method in _METHODS:
        if not callable(getattr(action, method, None)):
            raise TypeError(f"it has no method {method}()")
    made: Action = action
    return made
