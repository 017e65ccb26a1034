"""Shapes in a few words, beside the schema that says the same."""

import json

import pytest

from executor.planner.models import shapes
from executor.planner.models.outline import outline
from executor.planner.models.shapes import schema_of
from executor.planner.shapes import Shape

REPLIES: list[type[Shape]] = [
    shapes.PlanReply,
    shapes.AdaptReply,
    shapes.ActReply,
    shapes.DiagnoseReply,
    shapes.JudgeReply,
    shapes.ReviewReply,
    shapes.ExtractReply,
    shapes.ProposeReply,
]


def test_a_shape_reads_like_the_protocol() -> None:
    assert outline(schema_of(shapes.JudgeReply)) == '{"deviation": 0..1, "met": bool, "evidence": str}'


def test_a_plan_names_its_tasks_and_their_checks() -> None:
    lines = outline(schema_of(shapes.PlanReply)).splitlines()

    assert '"alternatives": [Alternative], "chosen": str' in lines[0]
    assert 'CommandCheck: {"kind": "command", "command": str}' in lines
    [task] = [line for line in lines if line.startswith("Task: ")]
    assert task.startswith('Task: {"key": str, "title": str, "action": str, "parameters": {…}, ')
    assert '"execution_type": "manual"|"semi_automated"|"fully_automated"?' in task
    assert '"check": CommandCheck|FileCheck|HttpCheck|OpinionCheck|HumanCheck?' in task


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.__name__)
def test_no_field_is_left_out(reply: type[Shape]) -> None:
    schema = reply.model_json_schema()
    objects = [schema, *schema.get("$defs", {}).values()]
    fields = {name for one in objects for name in one.get("properties", {})}

    told, sent = outline(schema_of(reply)), schema_of(reply)

    assert [name for name in fields if f'"{name}"' not in told] == []
    kept = [sent, *sent.get("$defs", {}).values()]
    assert {name for one in kept for name in one.get("properties", {})} == fields


def test_what_only_explains_is_not_sent() -> None:
    text = json.dumps(schema_of(shapes.PlanReply))

    assert '"title": "' not in text
    assert "discriminator" not in text
