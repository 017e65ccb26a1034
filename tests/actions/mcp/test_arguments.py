"""Arguments against a schema that a stranger wrote."""

from typing import Any

import pytest

from executor.actions.mcp.arguments import fitted, wrong
from executor.actions.named_values import with_secrets

DEEP: dict[str, Any] = {
    "$defs": {f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(60)}
    | {"d60": {"type": "string"}},
    "properties": {"a": {"$ref": "#/$defs/d0"}},
}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"type": 5},
        {"properties": [1]},
        {"required": 7},
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"patternProperties": {"^(a+)+$": {"type": "integer"}}, "additionalProperties": False},
        {"patternProperties": {"^(a+)+$": False}, "unevaluatedProperties": False},
        DEEP,
    ],
)
def test_a_hostile_schema_costs_nothing_and_checks_nothing(schema: dict[str, Any]) -> None:
    assert wrong(schema, {"a": "a" * 60 + "!"}) is None


@pytest.mark.parametrize(
    ("schema", "arguments", "line"),
    [
        ({"properties": {"n": {"enum": ["a", "b"]}}}, {"n": "c"}, 'n is "c"; expected one of ["a", "b"]'),
        ({"properties": {"n": {"type": ["integer", "null"]}}}, {"n": "c"}, 'n is "c"; expected integer or null'),
        ({"properties": {"n": {"maximum": 3}}}, {"n": 4}, "n: 4 is greater than the maximum of 3"),
        (
            {"properties": {"to": {"properties": {}, "required": ["mail"]}}},
            {"to": {}},
            "to.mail is missing",
        ),
    ],
)
def test_what_is_wrong_is_one_line(schema: dict[str, Any], arguments: dict[str, Any], line: str) -> None:
    assert wrong(schema, arguments) == line


def test_a_text_becomes_what_the_tool_wants_where_it_is_one() -> None:
    kinds = {"n": "integer", "f": "number", "b": "boolean", "l": "array", "t": "object", "s": "string", "x": "integer"}
    schema = {"properties": {name: {"type": kind} for name, kind in kinds.items()}}
    given = {"n": "1", "f": "1.5", "b": "true", "l": "[1]", "t": "{}", "s": "1", "x": "true", "unknown": "1"}

    assert fitted(schema, given) == {
        "n": 1,
        "f": 1.5,
        "b": True,
        "l": [1],
        "t": {},
        "s": "1",
        "x": "true",
        "unknown": "1",
    }


def test_only_given_secrets_are_put_in_and_their_values_are_not_read_again() -> None:
    environment = {"KEY": "$KEY_TWO", "KEY_TWO": "2"}

    filled = with_secrets({"a": ["$KEY", "${KEY_TWO}x", "$KEY_THREE", "$$KEY"]}, environment)

    assert filled == {"a": ["$KEY_TWO", "2x", "$KEY_THREE", "$$KEY_TWO"]}
