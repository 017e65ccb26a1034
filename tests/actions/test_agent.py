"""What an agent task may ask for, and what its card says."""

import pytest

from executor.actions.agent import Agent
from executor.domain.errors import WrongInput

AGENT = Agent(["read", "shell", "write", "goal", "workflow", "subtasks"])


def test_its_card_says_which_tools_it_may_use_and_how_long() -> None:
    named = AGENT.describe({"instructions": "Fix the test.", "tools": ["read", "write"], "turns_max": 5})
    open_ = AGENT.describe({"instructions": "Fix the test."})

    assert named == "an agent works in up to 5 turns with read, write: Fix the test."
    assert open_ == "an agent works in up to 30 turns with read, shell, write: Fix the test."


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "agent: instructions is missing."),
        ({"instructions": "x", "tools": ["fly"]}, "agent: tools names fly; it may use read, shell, write."),
        ({"instructions": "x", "tools": ["agent"]}, "agent: tools names agent; it may use read, shell, write."),
        ({"instructions": "x", "tools": ["goal", "read"]}, "agent: tools names goal; it may use read, shell, write."),
        (
            {"instructions": "x", "turns": 3},
            "agent: turns is not a parameter; known are instructions, tools, turns_max.",
        ),
    ],
)
def test_what_it_can_not_do_is_refused_before_anybody_sees_the_plan(parameters: dict[str, object], said: str) -> None:
    with pytest.raises(WrongInput) as caught:
        AGENT.check(parameters)

    assert caught.value.public == said


@pytest.mark.parametrize("turns_max", [0, 201, "many"])
def test_a_number_of_turns_is_sensible(turns_max: object) -> None:
    with pytest.raises(WrongInput, match="turns_max"):
        AGENT.check({"instructions": "x", "turns_max": turns_max})
