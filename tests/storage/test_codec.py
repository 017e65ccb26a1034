from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from executor.domain.decision import Option
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, GoalDraft, Plan, TaskSpec
from executor.domain.task import Answer
from storage.codec import (
    ANSWER,
    CHECK,
    CRITERION,
    DRAFT,
    OPTION,
    PLAN,
    SPEC,
    Shape,
    Specs,
    dumps,
    loads,
    options_from,
    options_to,
    plain,
)

WORDS = st.text(max_size=8)
NAMES = st.lists(WORDS, max_size=3).map(tuple)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TIMES = st.datetimes(timezones=st.just(UTC))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)
CHECKS = st.builds(
    Check,
    kind=st.sampled_from(CheckKind),
    command=WORDS,
    path=WORDS,
    contains=st.none() | WORDS,
    url=WORDS,
    status=st.integers(0, 999),
    question=WORDS,
)
CRITERIA = st.builds(Criterion, text=WORDS, check=st.none() | CHECKS, covered_by=st.none() | WORDS)
SPECS = st.builds(
    TaskSpec,
    key=WORDS,
    title=WORDS,
    action=WORDS,
    parameters=st.dictionaries(WORDS, JSON, max_size=2),
    depends_on=NAMES,
    only_if=NAMES,
    when=st.none() | CHECKS,
    role=st.none() | WORDS,
    assignee=st.none() | WORDS,
    execution_type=st.sampled_from(ExecutionType),
    confidence=NUMBERS,
    expected_outcome=WORDS,
    check=st.none() | CHECKS,
    critical=st.booleans(),
    optional=st.booleans(),
    weight=NUMBERS,
    needs=NAMES,
    attempts_max=st.none() | st.integers(0, 9),
    timeout_s=st.none() | NUMBERS,
    estimated_minutes=st.none() | NUMBERS,
)
TEXTS = st.dictionaries(WORDS, WORDS, max_size=2)
DRAFTS = st.builds(
    GoalDraft,
    title=WORDS,
    description=WORDS,
    criteria=st.lists(CRITERIA, max_size=2).map(tuple),
    tasks=st.lists(SPECS, max_size=2).map(tuple),
    deadline_at=st.none() | TIMES,
    priority=st.integers(0, 10),
    budget_usd=st.none() | st.decimals(allow_nan=False, allow_infinity=False),
    metadata=TEXTS,
    reading=NAMES,
    workflow=st.none() | WORDS,
    workflow_parameters=TEXTS,
)
PLANS = st.builds(
    Plan,
    goal_number=st.integers(0, 99),
    version=st.integers(0, 99),
    summary=WORDS,
    criteria=st.lists(CRITERIA, max_size=2).map(tuple),
    tasks=st.lists(SPECS, max_size=2).map(tuple),
    made_by=WORDS,
    reading=NAMES,
    reason=WORDS,
    created_at=st.none() | TIMES,
)
OPTIONS = st.builds(Option, WORDS, WORDS, st.booleans(), st.booleans())
ANSWERS = st.builds(Answer, text=WORDS, by=WORDS, at=TIMES)

BY_SHAPE: dict[str, tuple[Shape[Any], st.SearchStrategy[Any]]] = {
    "check": (CHECK, CHECKS),
    "criterion": (CRITERION, CRITERIA),
    "spec": (SPEC, SPECS),
    "draft": (DRAFT, DRAFTS),
    "plan": (PLAN, PLANS),
    "option": (OPTION, OPTIONS),
    "answer": (ANSWER, ANSWERS),
}


@pytest.mark.parametrize("name", BY_SHAPE)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_value_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    shape, values = BY_SHAPE[name]
    value = data.draw(values)

    assert shape.decode(loads(dumps(shape.encode(value)))) == value


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (
            TaskSpec(key="1", title="Pack", action="shell", depends_on=("a",)),
            {
                "key": "1",
                "title": "Pack",
                "action": "shell",
                "depends_on": ["a"],
                "execution_type": "fully_automated",
                "confidence": 1.0,
                "weight": 1.0,
            },
        ),
    ],
)
def test_what_is_empty_is_left_out_and_what_has_a_value_is_written(value: TaskSpec, body: dict[str, object]) -> None:
    assert SPEC.encode(value) == body


@pytest.mark.parametrize("body", [{"key": "1", "title": "", "action": "", "colour": "red"}, {"key": "1", "title": ""}])
def test_a_name_too_many_or_too_few_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="TaskSpec: not as expected: (colour|action)"):
        SPEC.decode(body)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps({"weight": value})


@settings(deadline=None)
@given(st.lists(OPTIONS, max_size=4).map(tuple))
def test_options_keep_their_order(options: tuple[Option, ...]) -> None:
    assert options_from(options_to(options)) == options


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec=None)))
def test_stored_text_is_valid_and_as_long_as_before(text: str) -> None:
    stored = plain(text)

    assert len(stored) == len(text)
    assert "\0" not in stored.encode().decode()


def test_the_same_spec_is_read_once() -> None:
    specs = Specs()
    text = specs.encode(TaskSpec(key="1", title="Pack", action="shell"))

    assert specs.decode(text) is specs.decode(text)


def test_a_spec_that_equals_a_remembered_one_in_all_but_one_field_is_written_anew() -> None:
    specs = Specs()
    known = TaskSpec(key="1", title="Pack", action="shell", parameters={"command": "a"})
    other = TaskSpec(key="1", title="Pack", action="shell", parameters={"command": "b"})

    assert specs.encode(known) != specs.encode(other)
    assert specs.decode(specs.encode(other)) == other


def test_remembering_has_an_end() -> None:
    specs = Specs()
    texts = [specs.encode(TaskSpec(key=str(n), title="", action="")) for n in range(10_000)]

    assert [specs.decode(text).key for text in texts[:3]] == ["0", "1", "2"]
    assert len(specs._by_id) <= 4096


def test_money_and_time_in_a_draft_are_exact() -> None:
    draft = GoalDraft(title="", budget_usd=Decimal("0.10"), deadline_at=datetime(2026, 1, 1, 12, 0, 0, 1, tzinfo=UTC))

    assert DRAFT.encode(draft)["budget_usd"] == "0.10"
    assert DRAFT.decode(DRAFT.encode(draft)) == draft
