"""The shell's commands against a running Milepost: real processes, the real socket, a scripted engine."""

import asyncio
import getpass
import json
import os
import sys
from pathlib import Path

import pytest

from executor.domain.decision import Decision, DecisionKind, DecisionState, Option
from executor.domain.goal import GoalState, Origin
from executor.domain.task import TaskState
from executor.engine.replies import Caller
from tests.cli.conftest import AT, CHAT, Milepost, ScriptedEngine, environment

ME = getpass.getuser()


async def test_a_goal_from_standard_input_is_submitted_and_shows_its_decision(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    ended = await milepost("goal", "-", input="Back up my notes\n1. Pack\n")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "Goal 1: Back up my notes: awaiting start, 0 %",
        "Decision 41: start",
        "  milepost decide 41 start",
        "  milepost decide 41 edit",
        "  milepost decide 41 cancel",
    ]
    assert running.commands == [("set_goal", "Back up my notes", Caller(person_id=0, name=ME, via="shell"))]
    assert running.origins == [Origin(chat_id=CHAT, person_name=ME, via="shell")]


async def test_json_is_the_document_alone(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await milepost("goal", "-", "--json", input="Say hello")

    assert (ended.code, ended.err) == (0, "")
    document = json.loads(ended.out)
    assert [decision.pop("options") for decision in document["decisions"]] == [["start", "edit", "cancel"]]
    assert document == {
        "goal_id": "1",
        "description": "Say hello",
        "status": "awaiting_start",
        "reason": "",
        "priority": 5,
        "progress": 0,
        "waits_for_person": True,
        "message": "Goal 1: Say hello",
        "decisions": [
            {
                "decision": 41,
                "revision": 1,
                "goal_id": "1",
                "subtask_id": None,
                "kind": "start",
                "question": "",
                "free_text": False,
                "opened_at": AT.isoformat(),
            }
        ],
    }


async def test_a_wrong_goal_is_one_line_and_exit_code_2(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await milepost("goal", "-", input="  \n")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == "milepost: A goal needs a first line that says what you want.\n"
    assert running.commands == []


async def test_goals_are_listed_newest_first(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1, "Pack", GoalState.COMPLETED)
    running.add(2, "Send a very long letter " + "x" * 60)

    ended = await milepost("goals")
    only_open = await milepost("goals", "--open", "--json")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        f"2  in progress  0 %  Send a very long letter {'x' * 35}…",
        "1  completed    0 %  Pack",
    ]
    assert [goal["goal_id"] for goal in json.loads(only_open.out)["goals"]] == ["2"]


async def test_no_goals_is_an_invitation(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await milepost("goals")

    assert ended.out == 'No goals. Try: echo "Say hello" | milepost goal -\n'


async def test_show_tells_tasks_with_their_last_attempt_and_what_is_open(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    running.add(1)
    running.work(1, TaskState.COMPLETED, TaskState.BLOCKED)
    running.tried("1.1", output="\n".join(f"line {number}" for number in range(1, 21)), exit_code=0)
    running.ask(Decision(number=9, goal_number=1, task_ref="1.2", kind=DecisionKind.BLOCKAGE, opened_at=AT))

    ended = await milepost("show", "1")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "Goal 1: Pack: in progress, 0 %",
        "Priority 5",
        "  ✓ 1.1 Step 1 (completed)",
        "      1.1, attempt 1: succeeded, exit code 0",
        "      $ make all",
        *(f"      line {number}" for number in range(11, 21)),
        "  ! 1.2 Step 2 (blocked)",
        "      will run: shell",
        "Decision 9: blockage",
        *(f"  milepost decide 9 {option}" for option in ("retry", "skip", "take-over", "pause")),
    ]


async def test_why_gives_the_reasons(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1, state=GoalState.AWAITING_START)

    assert (await milepost("why", "#1")).out.splitlines() == [
        "Goal 1 waits for Start: question 41, since 03:04.",
        "Next: nothing by itself: your answer to question 41.",
        "1 worker, 0 of 1 slots busy; last tick 0 s ago.",
        "Budget: $0.00 of $1.00 used.",
    ]


async def test_why_gives_codes_to_programs(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1)
    running.work(1, TaskState.BLOCKED, TaskState.PENDING)
    running.ask(Decision(number=9, goal_number=1, task_ref="1.1", kind=DecisionKind.BLOCKAGE, opened_at=AT))

    whole = json.loads((await milepost("why", "1", "--json")).out)
    one = json.loads((await milepost("why", "1.2", "--json")).out)

    assert (whole["code"], [(reason["code"], reason["decision"]) for reason in whole["reasons"]]) == (
        "waits_for_person",
        [("waits_for_person", 9), ("stuck", None)],
    )
    assert [reason["subtask_id"] for reason in one["reasons"]] == ["1.2"]
    assert (whole["workers"], whole["budget"]) == (
        {"count": 1, "slots": 1, "busy": []},
        {"limit_usd": 1.0, "used_usd": 0.0},
    )


async def test_why_of_a_task_that_is_not_there_names_the_way_to_find_one(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    running.add(1)

    ended = await milepost("why", "1.7")

    assert (ended.code, ended.err) == (1, "milepost: There is no task 1.7. milepost show 1 lists them.\n")


async def test_log_of_one_task_gives_its_command_exit_code_and_output(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    running.add(1)
    running.tried("1.1", output="fine", exit_code=0)
    running.tried("1.2", output="packing", stderr="no such file", exit_code=2)

    whole = await milepost("log", "1", "--json")
    one = await milepost("log", "1.2")

    assert [attempt["subtask_id"] for attempt in json.loads(whole.out)["attempts"]] == ["1.1", "1.2"]
    assert [attempt["stderr"] for attempt in json.loads(whole.out)["attempts"]] == ["", "no such file"]
    assert [event["event"] for event in json.loads(whole.out)["events"]] == ["goal.created"]
    assert one.out.splitlines() == [
        "Goal 1",
        "",
        "1.2, attempt 1: failed, exit code 2",
        "$ make all",
        "packing",
        "no such file",
    ]


@pytest.mark.parametrize("command", ["show", "why", "log"])
async def test_a_goal_that_is_not_there_is_one_line_and_exit_code_1(
    milepost: Milepost, running: ScriptedEngine, command: str
) -> None:
    ended = await milepost(command, "99")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "milepost: There is no goal 99. milepost goals lists them.\n"


# -------------------------------------------------------------------------------------------------------- decisions


async def test_a_decision_takes_the_option_in_words_or_by_number(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1, state=GoalState.AWAITING_START)

    ended = await milepost("decide", "41", "start")
    await milepost("decide", "#41", "1")

    assert (ended.code, ended.out, ended.err) == (0, "Decided: start.\n", "")
    assert running.commands == [("answer", 41, "start", None), ("answer", 41, "1", None)]


async def test_an_edit_of_a_proposal_replaces_its_text(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1, state=GoalState.AWAITING_START)

    asked = await milepost("decide", "41", "edit")
    ended = await milepost("decide", "41", "edit", "Something", "else")

    assert (asked.code, asked.err) == (1, 'milepost: This needs a text: milepost decide 41 edit "…"\n')
    assert (ended.code, ended.out) == (0, "Goal 1 has a new text.\n")
    assert running.commands == [("replace_draft", 1, "Something else")]


async def test_an_answer_in_ones_own_words_needs_no_quotes(milepost: Milepost, running: ScriptedEngine) -> None:
    running.add(1)
    question = Decision(
        number=9,
        goal_number=1,
        task_ref="1.1",
        kind=DecisionKind.QUESTION,
        options=(Option("red", "Red"),),
        free_text=True,
        opened_at=AT,
    )
    running.ask(question)

    await milepost("decide", "9", "red")
    await milepost("decide", "9", "light", "blue")

    assert running.commands == [("answer", 9, "red", None), ("answer", 9, "light blue", None)]


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("5", "milepost: There is no decision 5. milepost goals lists the goals."),
        ("9", "milepost: Question 9 was already decided by Ann."),
    ],
)
async def test_a_refused_decision_says_why(milepost: Milepost, running: ScriptedEngine, number: str, line: str) -> None:
    running.add(1)
    running.ask(
        Decision(
            number=9,
            goal_number=1,
            task_ref=None,
            kind=DecisionKind.MANUAL,
            state=DecisionState.ANSWERED,
            opened_at=AT,
        )
    )

    ended = await milepost("decide", number, "done")

    assert (ended.code, ended.out, ended.err) == (1, "", line + "\n")


# ---------------------------------------------------------------------------------------------------------- waiting


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (GoalState.COMPLETED, 0),
        (GoalState.FAILED, 3),
        (GoalState.CANCELLED, 3),
        (GoalState.PAUSED, 4),
        (GoalState.BLOCKED, 4),
        (GoalState.AWAITING_START, 4),
    ],
)
async def test_waiting_ends_with_the_goal_or_with_a_person(
    milepost: Milepost, running: ScriptedEngine, state: GoalState, code: int
) -> None:
    running.planned = GoalState.IN_PROGRESS
    waiting = asyncio.ensure_future(milepost("goal", "-", "--wait", "--json", input="Pack"))
    async with asyncio.timeout(60):
        while not running.views:
            await asyncio.sleep(0.01)
    running.move(1, state, "because")
    ended = await waiting

    assert ended.code == code
    assert json.loads(ended.out)["status"] == state.value
    assert ended.err.splitlines()[-1] == f"Goal 1: Pack: {state.value.replace('_', ' ')} (because), 0 %"


async def test_a_goal_whose_only_open_work_is_a_persons_is_not_waited_for(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    running.add(1)
    running.work(1, TaskState.AWAITING_APPROVAL, TaskState.PENDING)
    running.ask(Decision(number=9, goal_number=1, task_ref="1.1", kind=DecisionKind.MANUAL, opened_at=AT))
    alone = json.loads((await milepost("show", "1", "--json")).out)["waits_for_person"]
    running.work(1, TaskState.AWAITING_APPROVAL, TaskState.IN_PROGRESS)
    beside_other_work = json.loads((await milepost("show", "1", "--json")).out)["waits_for_person"]

    assert (alone, beside_other_work) == (True, False)


# ------------------------------------------------------------------------------------------------------------ a body


async def test_a_goal_as_json_becomes_a_draft(milepost: Milepost, running: ScriptedEngine) -> None:
    body = {
        "description": "Back up\nall of it\0",
        "criteria": ["The archive\nexists"],
        "requirements": ["Ann agrees"],
        "tasks": ["Pack", "Send"],
        "priority": 8,
        "metadata": {"room": "attic"},
        "deadline": "2030-01-31T18:00:00",
        "budget_usd": 0.5,
    }

    ended = await milepost("goal", "-", input=json.dumps(body))

    assert (ended.code, ended.err) == (0, "")
    [draft] = running.drafts
    assert (draft.title, draft.description) == ("Back up", "Back up\nall of it")
    assert [criterion.text for criterion in draft.criteria] == ["The archive exists", "Ann agrees"]
    assert [task.title for task in draft.tasks] == ["Pack", "Send"]
    assert (draft.priority, dict(draft.metadata), str(draft.budget_usd)) == (8, {"room": "attic"}, "0.5")
    assert draft.deadline_at is not None
    assert draft.deadline_at.isoformat() == "2030-01-31T18:00:00+01:00"


async def test_constraints_become_what_the_goal_demands(milepost: Milepost, running: ScriptedEngine) -> None:
    constraints = {"must_pass_tests": True, "require_security_audit": False}

    ended = await milepost("goal", "-", input=json.dumps({"description": "Build it", "constraints": constraints}))

    assert (ended.code, ended.err) == (0, "")
    [draft] = running.drafts
    assert dict(draft.metadata) == {"must_pass_tests": "true", "require_security_audit": "false"}


async def test_tasks_and_criteria_as_objects_are_read_by_the_planner(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    body = {
        "title": "Back up",
        "description": "all of it",
        "criteria": [{"text": "It exists", "colour": 1}, "Ann agrees"],
        "tasks": [{"key": "pack", "title": "Pack", "action": "shell"}],
    }

    await milepost("goal", "-", input=json.dumps(body))

    [draft] = running.drafts
    assert [criterion.text for criterion in draft.criteria] == ["It exists", "Ann agrees"]
    assert [(task.key, task.action) for task in draft.tasks] == [("pack", "shell")]
    assert draft.reading == ("dropped: colour",)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ({}, ["description is missing: expected a text of 1 to 8000 characters."]),
        ({"description": ""}, ["description: expected a text of 1 to 8000 characters."]),
        (
            {"description": "x", "priority": 11, "titel": "y"},
            [
                "priority: expected a whole number from 1 to 10.",
                "titel: no such field; known are description, title, criteria, requirements, tasks, priority, "
                "metadata, deadline, budget_usd, constraints.",
            ],
        ),
        (
            {"description": "x", "constraints": {"max_time": 5, "must_pass": True}},
            ['constraints: expected an object of max_time ("24 hours"), must_pass_tests, require_security_audit.'],
        ),
        (
            {"description": "x", "constraints": {"max_time": "a while"}},
            ['constraints: max_time is a time like "24 hours", "90 min" or "3 days".'],
        ),
        (
            {"description": "x", "autonomy": "full"},
            ["autonomy: not available in this version; leave it out."],
        ),
        ({"description": "x", "tasks": ["a", {"key": "b", "title": "B", "action": "shell"}]},
         ["tasks: either all texts or all objects."]),
        ({"description": "x", "deadline": "soon"}, ['deadline: expected a time like "2030-01-31T18:00:00+01:00".']),
    ],
)  # fmt: skip
async def test_a_wrong_body_is_a_line_per_field(
    milepost: Milepost, running: ScriptedEngine, body: dict[str, object], lines: list[str]
) -> None:
    ended = await milepost("goal", "-", input=json.dumps(body))

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [f"milepost: {line}" for line in lines]


# ---------------------------------------------------------------------------------------------------------- the house


async def test_migrate_tells_the_schema(milepost: Milepost, running: ScriptedEngine) -> None:
    ended = await milepost("migrate")

    assert (ended.code, ended.out, ended.err) == (0, "The database is up to date (schema 0001).\n", "")
    assert json.loads((await milepost("migrate", "--json")).out) == {"schema": "0001"}


async def test_a_bug_behind_a_command_is_one_line_and_the_next_command_works(
    milepost: Milepost, running: ScriptedEngine
) -> None:
    running.add(1, state=GoalState.AWAITING_START)

    ended = await milepost("decide", "41", "explode")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "milepost: Something went wrong inside Milepost; its log says more.\n"
    assert (await milepost("goals")).code == 0


async def test_a_reader_that_has_enough_is_no_error(running: ScriptedEngine, folder: Path, tmp_path: Path) -> None:
    running.add(1)
    read, write = os.pipe()
    os.close(read)

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "goals",
        stdout=write, stderr=asyncio.subprocess.PIPE, env=environment(folder, tmp_path),
    )  # fmt: skip
    os.close(write)
    _, err = await process.communicate()

    assert (process.returncode, err) == (1, b"")
