from functools import reduce

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, TaskSpec
from executor.planner.shapes import read_check, read_criterion, read_task

LEAST = {"key": "a", "title": "Go", "action": "shell", "parameters": {"command": "ls"}}


def test_key_title_action_and_parameters_are_enough_for_a_task() -> None:
    assert read_task(LEAST) == (TaskSpec(key="a", title="Go", action="shell", parameters={"command": "ls"}), [])


def test_null_means_the_default() -> None:
    optional = ("depends_on", "when", "role", "execution_type", "confidence", "check", "weight", "needs", "timeout_s")

    assert read_task(LEAST | dict.fromkeys(optional)) == read_task(LEAST)


def test_a_whole_task_becomes_a_domain_value() -> None:
    task, notes = read_task(
        {
            "key": 1,
            "title": " Two\nwords\x00 ",
            "action": "http",
            "parameters": {"method": "GET", "url": "u"},
            "depends_on": ["x", "y", "x"],
            "when": {"kind": "file", "path": "p", "contains": "c"},
            "role": "writer",
            "assignee": "ann",
            "execution_type": "semi_automated",
            "confidence": 0.5,
            "expected_outcome": "It is there",
            "check": {"kind": "http", "url": "u", "status": 204},
            "critical": True,
            "optional": True,
            "weight": 2,
            "needs": ["printer"],
            "attempts_max": 2,
            "timeout_s": 5,
            "estimated_minutes": 3,
        }
    )

    assert notes == []
    assert task == TaskSpec(
        key="1",
        title="Two words",
        action="http",
        parameters={"method": "GET", "url": "u"},
        depends_on=("x", "y"),
        when=Check(kind=CheckKind.FILE, path="p", contains="c"),
        role="writer",
        assignee="ann",
        execution_type=ExecutionType.SEMI_AUTOMATED,
        confidence=0.5,
        expected_outcome="It is there",
        check=Check(kind=CheckKind.HTTP, url="u", status=204),
        critical=True,
        optional=True,
        weight=2.0,
        needs=("printer",),
        attempts_max=2,
        timeout_s=5.0,
        estimated_minutes=3.0,
    )


@pytest.mark.parametrize("action", ["manual", "ask"])
def test_what_a_person_does_is_manual_unless_it_says_otherwise(action: str) -> None:
    task, _ = read_task(LEAST | {"action": action})

    assert task.execution_type is ExecutionType.MANUAL


def test_unknown_fields_are_dropped_and_noted_wherever_they_stand() -> None:
    task, notes = read_task(LEAST | {"mood": "good", "check": {"kind": "command", "command": "ls", "why": "so"}})

    assert task.check == Check(kind=CheckKind.COMMAND, command="ls")
    assert notes == ["mood is no known field and was dropped", "check.why is no known field and was dropped"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"key": "a b"}, "key: String should match pattern"),
        ({"title": " \n "}, "title: String should have at least 1 character"),
        ({"title": "a" * 257}, "title: String should have at most 256 characters"),
        ({"parameters": "ls"}, "parameters: Input should be a valid dictionary"),
        ({"confidence": 2}, "confidence: Input should be less than or equal to 1"),
        ({"confidence": float("nan")}, "confidence: Input should be a finite number"),
        ({"check": {"kind": "magic"}}, "check: Input tag 'magic'"),
        ({"check": {"kind": "file"}}, "check.file.path: Field required"),
        ({"attempts_max": 0, "weight": -1}, "weight: Input should be greater than or equal to 0; attempts_max: "),
    ],
)
def test_a_wrong_field_is_named_in_one_line(change: dict[str, object], line: str) -> None:
    with pytest.raises(WrongInput) as refused:
        read_task(LEAST | change)

    assert refused.value.public.startswith(line)
    assert "\n" not in refused.value.public


@pytest.mark.parametrize("raw", [None, [], "task", 3])
def test_what_is_no_table_is_no_task(raw: object) -> None:
    with pytest.raises(WrongInput, match="value: Input should be a valid dictionary"):
        read_task(raw)


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        ({"kind": "command", "command": "ls"}, Check(kind=CheckKind.COMMAND, command="ls")),
        ({"kind": "file", "path": "x", "contains": None}, Check(kind=CheckKind.FILE, path="x")),
        ({"kind": "http", "url": "u", "status": "200"}, Check(kind=CheckKind.HTTP, url="u", status=200)),
        ({"kind": "opinion", "question": "Good?"}, Check(kind=CheckKind.OPINION, question="Good?")),
        ({"kind": "human", "question": "Good?"}, Check(kind=CheckKind.HUMAN, question="Good?")),
    ],
)
def test_every_kind_of_check_is_read(raw: dict[str, object], check: Check) -> None:
    assert read_check(raw) == (check, [])


def test_a_criterion_has_a_check_or_none() -> None:
    assert read_criterion({"text": "Good", "check": {"kind": "command", "command": "ls"}, "x": 1}) == (
        Criterion(text="Good", check=Check(kind=CheckKind.COMMAND, command="ls")),
        ["x is no known field and was dropped"],
    )


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (reduce(lambda inner, _: [inner], range(40), "x"), "parameters: nested more than 32 levels deep"),
        ({"a": [float("nan")]}, "parameters: nan is no number"),
        (float("-inf"), "parameters: -inf is no number"),
    ],
    ids=["deep", "nan", "infinite"],
)
def test_parameters_that_can_not_be_kept_are_refused(value: object, line: str) -> None:
    with pytest.raises(WrongInput) as refused:
        read_task({"key": "a", "title": "A", "action": "mcp", "parameters": {"arguments": value}})

    assert refused.value.public == line
