"""A task that a model works on in turns, as people see it: on the card, in the log, in the shell."""

from typing import Any

from bot.control.documents import log_document
from bot.shell import render
from bot.telegram.cards import live_card
from bot.telegram.commands.records import log_message
from bot.telegram.html import plain
from executor.domain.attempt import AttemptState
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.task import TaskState
from executor.domain.turn import Turn, TurnKind
from tests.builders import spec
from tests.fakes import START
from tests.telegram.values import attempt, scene, task, view

BUILD = spec("1", "Build it", "agent", parameters={"instructions": "Build it."})


def turn(number: int, does: str, result: Result | None, **more: Any) -> Turn:
    record = None if result is None else result.record()
    return Turn(
        task_ref="12.1",
        goal_number=12,
        number=number,
        attempt=1,
        does=does,
        result=record,
        started_at=START,
        thought="Let me see",
        **more,
    )


TURNS = (
    turn(1, "writes app.py (80 bytes)", Result(success=True, result="app.py, 80 bytes")),
    turn(2, "runs `pytest -q`", Result(success=False, error="exit code 1\nE  boom")),
    turn(3, "Ann said something", Result(success=True), kind=TurnKind.NOTE, parameters={"by": "Ann", "text": "Hurry"}),
    turn(4, "runs `pytest -q`", None),
)


def test_the_card_says_which_turn_it_is_and_what_it_does() -> None:
    works = task(1, BUILD, TaskState.IN_PROGRESS, summary="Turn 7 of 30: runs `pytest -q`")

    card = plain(live_card(view(GoalState.IN_PROGRESS, works, attempts=(attempt("12.1"),)), scene()))

    assert "▶️ 12.1 Build it · turn 7 of 30: runs `pytest -q`" in card


def test_the_log_has_a_line_for_each_turn_and_says_what_went_wrong() -> None:
    goal = view(GoalState.IN_PROGRESS).goal
    running = attempt("12.1", state=AttemptState.RUNNING, command="pytest -q")

    text = plain(log_message(goal, [running], scene(), TURNS).html)

    assert text.splitlines()[3:] == [
        "✅ 1. writes app.py (80 bytes)",
        "❌ 2. runs pytest -q → exit code 1 E boom",
        "💬 3. Ann said something → Hurry",
        "▶️ 4. runs pytest -q",
    ]


def test_the_shells_log_has_them_too() -> None:
    running = attempt("12.1", state=AttemptState.RUNNING, command="pytest -q")

    document = log_document(12, [running], [], TURNS)

    lines = render.log(document).splitlines()
    assert [line for line in lines if "turn" in line] == [
        "  ✓ turn 1: writes app.py (80 bytes)",
        "  ✗ turn 2: runs `pytest -q`: exit code 1 E boom",
        "  ✓ turn 3: Ann said something",
        "  ▶ turn 4: runs `pytest -q`",
    ]
    assert [one["success"] for one in document["turns"]] == [True, False, True, None]
