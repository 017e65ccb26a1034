"""One turn of a task as a request: stable text first, older turns in a line, results as data."""

import json
import re
from typing import Any

import pytest

from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.domain.turn import Act, Call, Finish, Turn, TurnKind
from executor.planner.models.acting import OUTPUT_CHARACTERS, WHOLE_TURNS, conversation, read_act
from executor.ports import Acting
from tests.fakes import START, ScriptedAction, ScriptedActions


def turn(number: int, output: str = "fine", **more: Any) -> Turn:
    return Turn(
        task_ref="1.1",
        goal_number=1,
        number=number,
        attempt=1,
        action="shell",
        parameters={"command": f"step {number}"},
        does=f"runs `step {number}`",
        result=Result(success=True, result="exit code 0", output=output).record(),
        started_at=START,
        **more,
    )


def acting(count: int, **more: Any) -> Acting:
    turns = [turn(number) for number in range(1, count + 1)]
    whole: dict[str, Any] = {
        "facts": {"goal": "Build", "instructions": "Build it"},
        "turns": turns,
        "tools": ("shell", "read"),
        "turn": count + 1,
        "turns_max": 30,
    }
    return Acting(**whole | more)


def texts(given: Acting) -> list[str]:
    return [message.text for message in conversation(given)]


def test_it_begins_and_ends_with_the_user_and_they_take_turns() -> None:
    for count in range(20):
        roles = [message.role for message in conversation(acting(count))]

        assert roles == ["user", *["model", "user"] * ((len(roles) - 1) // 2)]


def test_between_two_steps_each_request_begins_with_the_one_before() -> None:
    kept = 0
    for count in range(1, 25):
        before, after = texts(acting(count - 1))[:-1], texts(acting(count))
        kept += after[: len(before)] == before

    assert kept >= 24 * 3 // 4


def test_the_context_stays_bounded_however_long_it_goes_on() -> None:
    long = [turn(number, "x" * 100_000) for number in range(1, 201)]

    sizes = [sum(map(len, texts(acting(0, turns=long[:count])))) for count in (50, 100, 200)]

    assert max(sizes) < (WHOLE_TURNS + 4) * (OUTPUT_CHARACTERS + 1_000) + 60 * 250


def test_older_turns_are_a_line_each_and_the_newest_are_whole() -> None:
    said = texts(acting(12))

    assert "4. runs `step 4` → exit code 0" in said[0]
    assert all(f"step {number}" not in said[0] for number in range(5, 13))
    assert json.loads(said[-2]) == {"thought": "", "call": {"action": "shell", "parameters": {"command": "step 12"}}}


def test_of_a_long_output_the_head_and_the_end_are_shown() -> None:
    said = texts(acting(0, turns=[turn(1, "begin" + "x" * 50_000 + "the error")]))[-1]

    assert "begin" in said
    assert "the error" in said
    assert "characters left out" in said


def test_what_a_person_said_and_what_came_of_an_end_are_data_as_well() -> None:
    ended = turn(2, kind=TurnKind.FINISH)
    note = turn(3, kind=TurnKind.NOTE)

    last = texts(acting(0, turns=[turn(1), ended, note]))[-1]

    assert re.search(r"<<<RESULT (\w+)\n.*\n\1>>>\n<<<A PERSON SAYS (\w+)\n.*\n\2>>>\nTurn 1 of 30", last, re.DOTALL)


def test_a_warning_stands_at_the_end_alone() -> None:
    plainly, warned = texts(acting(3)), texts(acting(3, warning="You repeat yourself."))

    assert warned[:-1] == plainly[:-1]
    assert warned[-1].endswith("You repeat yourself.\nTurn 4 of 30: send one call or finish.")


KNOWN = ScriptedActions(ScriptedAction("shell"), ScriptedAction("read"), ScriptedAction("http"))


@pytest.mark.parametrize(
    ("raw", "act"),
    [
        (
            {"thought": "Look", "call": {"action": "shell", "parameters": {"command": "ls"}}},
            Call(action="shell", parameters={"command": "ls"}, thought="Look"),
        ),
        (
            {"finish": {"success": True, "summary": "Done", "insights": ["a"]}},
            Finish(success=True, summary="Done", insights=("a",)),
        ),
        ({"call": None, "finish": {"success": False, "summary": "No"}}, Finish(success=False, summary="No")),
    ],
)
def test_a_reply_is_one_call_or_the_end(raw: Any, act: Act) -> None:
    assert read_act(raw, acting(0), KNOWN) == act


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"thought": "Hm"}, "Send either call or finish, and not both."),
        (
            {
                "call": {"action": "shell", "parameters": {}},
                "finish": {"success": True, "summary": ""},
            },
            "Send either call or finish, and not both.",
        ),
        ({"call": {"action": "http", "parameters": {}}}, "call.action is 'http'; this task may use shell, read."),
        ({"call": {"action": "approve", "parameters": {}}}, "call.action is 'approve'; this task may use shell, read."),
    ],
)
def test_any_other_reply_goes_back_with_the_reason(raw: Any, reason: str) -> None:
    with pytest.raises(WrongInput) as caught:
        read_act(raw, acting(0), KNOWN)

    assert caught.value.public == reason
