"""The registry knows every action by its name."""

import pytest

from executor.actions.notify import Notify
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.errors import WrongInput
from tests.actions.conftest import Scene
from tests.fakes import START


class Greet(Notify):
    name = "greet"  # type: ignore[misc]


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
