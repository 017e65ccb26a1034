"""The registry knows every action by name, and a broken package does not take the others with it."""

from importlib.metadata import EntryPoint

import pytest

from executor.actions.notify import Notify
from executor.actions.registry import GROUP, Registry, installed_actions
from executor.actions.standard import standard_actions
from executor.domain.errors import WrongInput
from tests.actions.conftest import Scene
from tests.fakes import START


class Greet(Notify):
    name = "greet"  # type: ignore[misc]


def make_greet() -> Greet:
    return Greet()


class Nameless:
    async def run(self) -> None: ...


class Incomplete:
    name = "incomplete"

    async def run(self) -> None: ...


def explode() -> None:
    raise ZeroDivisionError("on purpose")


greet = Greet()
again = Greet()
taken = Notify()


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=f"tests.actions.test_registry:{value}", group=GROUP)


@pytest.mark.parametrize("value", ["Greet", "greet", "make_greet"])
def test_an_installed_action_is_found_as_a_class_an_object_or_a_function(value: str) -> None:
    actions, problems = installed_actions(["shell"], [entry("greet", value)])

    assert ([type(action) for action in actions], problems) == ([Greet], [])


def test_broken_packages_are_told_and_the_others_still_work() -> None:
    found = [
        entry("a", "explode"),
        entry("b", "Nameless"),
        entry("c", "Incomplete"),
        entry("d", "not_there"),
        EntryPoint(name="e", value="no_such_package:x", group=GROUP),
        entry("f", "taken"),
        entry("g", "greet"),
        entry("h", "again"),
    ]

    actions, problems = installed_actions(["notify"], found)

    here = "tests.actions.test_registry"
    missing = f"module '{here}' has no attribute 'not_there'"
    assert [action.name for action in actions] == ["greet"]
    assert problems == [
        f"The action a ({here}:explode) can't be loaded: ZeroDivisionError: on purpose",
        f"The action b ({here}:Nameless) can't be loaded: TypeError: it has no name",
        f"The action c ({here}:Incomplete) can't be loaded: TypeError: it has no method check()",
        f"The action d ({here}:not_there) can't be loaded: AttributeError: {missing}",
        "The action e (no_such_package:x) can't be loaded: ModuleNotFoundError: No module named 'no_such_package'",
        f"The action f ({here}:taken) is left out: the name 'notify' is taken.",
        f"The action h ({here}:again) is left out: the name 'greet' is taken.",
    ]


def test_without_packages_there_is_nothing_to_tell() -> None:
    assert installed_actions([]) == ([], [])


def test_the_standard_actions_are_known_by_name(scene: Scene) -> None:
    assert START.tzinfo is not None
    registry = Registry(standard_actions(scene.launcher, START.tzinfo, http_allow=[]))

    known = [
        "ask",
        "draft",
        "http",
        "install",
        "manual",
        "notify",
        "python",
        "read",
        "shell",
        "wait",
        "workflow",
        "write",
    ]
    assert registry.names() == known
    assert registry.get("shell").name == "shell"


def test_an_unknown_action_is_refused_with_the_known_ones() -> None:
    with pytest.raises(WrongInput) as refusal:
        Registry([Notify(), Greet()]).get("dance")

    assert refusal.value.public == "There is no action 'dance'; known are greet, notify."
