"""A JSON Schema as people write shapes down: a few words where the schema has many, and every request carries them.

``{"name": str, "rate": 0..1, "tasks": [Task], "check": Check?}``, and below it a line for each shape that is named. A
question mark stands behind what may be left out.
"""

import json
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

_NOISE = frozenset({"title", "description", "discriminator"})
_NAMES = {"string": "str", "integer": "int", "number": "num", "boolean": "bool"}


def outline(schema: Schema) -> str:
    known: Schema = schema.get("$defs", {})
    named = [f"{_short(name)}: {_type(one, known)}" for name, one in known.items() if "enum" not in one]
    return "\n".join([_type(schema, known), *named])


def trimmed(schema: Schema) -> dict[str, Any]:
    """The schema without what only explains it, and without the null that stands for what was left out."""
    return {
        name: {key: trimmed(one) for key, one in value.items()} if name in ("properties", "$defs") else _trimmed(value)
        for name, value in schema.items()
        if name not in _NOISE and not (name == "default" and value is None)
    }


def _trimmed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return trimmed(value)
    return [_trimmed(one) for one in value] if isinstance(value, list) else value


def _type(schema: Schema, known: Schema) -> str:
    if (ref := schema.get("$ref")) is not None:
        name = str(ref).rpartition("/")[2]
        return _type(known[name], known) if "enum" in known[name] else _short(name)
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "|".join(json.dumps(one) for one in schema["enum"])
    if (ways := schema.get("anyOf") or schema.get("oneOf")) is not None:
        return "|".join(_type(way, known) for way in ways if way.get("type") != "null")
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}), known)}]"
    if schema.get("type") == "object":
        return _object(schema, known)
    return _plain(schema)


def _object(schema: Schema, known: Schema) -> str:
    if "properties" not in schema:
        return "{…}"
    needed = schema.get("required", ())
    parts = (
        f'"{name}": {_type(one, known)}{"" if name in needed else "?"}' for name, one in schema["properties"].items()
    )
    return "{" + ", ".join(parts) + "}"


def _plain(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{least}..{most}"
    return _NAMES.get(str(schema.get("type")), "any")


def _short(name: str) -> str:
    return name.removesuffix("Shape")
