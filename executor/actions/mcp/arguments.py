"""Whether arguments are what a tool's own JSON schema takes.

The schema is a stranger's: nothing that it refers to is fetched, its regular expressions are not run (one of them can
take for ever), its references are followed a bounded number of times, and one that can't be used checks nothing: the
server itself has the last word.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from executor.actions.references import REFERENCE
from executor.actions.typed import shown

REFERENCES_MAX = 2_000  # followed in one check
MESSAGE_CHARACTERS_MAX = 200
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_NOT_RUN = ("pattern", "patternProperties", "format", "$dynamicRef", "unevaluatedProperties", "unevaluatedItems")


def wrong(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with the arguments, in one line without its full stop; None: nothing that can be seen. What still
    waits for the output of an earlier task fits."""
    try:
        from jsonschema import Draft202012Validator, exceptions, validators  # noqa: PLC0415 - comes with the SDK
        from referencing import Registry  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    known, followed = Draft202012Validator.VALIDATORS, iter(range(REFERENCES_MAX))

    def additional(validator: Any, wanted: Any, instance: Any, here: Any) -> Iterator[Any]:
        if "patternProperties" not in here:  # they would be run
            yield from known["additionalProperties"](validator, wanted, instance, here)

    def reference(validator: Any, wanted: Any, instance: Any, here: Any) -> Iterator[Any]:
        next(followed)
        yield from known["$ref"](validator, wanted, instance, here)

    own = {"additionalProperties": additional, "$ref": reference}
    kind = validators.extend(Draft202012Validator, own | dict.fromkeys(_NOT_RUN))
    try:
        found = [one for one in kind(dict(schema), registry=Registry()).iter_errors(dict(arguments)) if _counts(one)]
    except Exception:  # noqa: BLE001 - a schema may be anything, and the library raises whatever that runs into
        return None
    best = exceptions.best_match(found)
    return None if best is None else _sentence(best, schema)


def _counts(error: Any) -> bool:
    return not (isinstance(error.instance, str) and REFERENCE.search(error.instance))


def _sentence(error: Any, schema: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error.absolute_path) or "arguments"
    match error.validator:
        case "required":
            missing = next((name for name in error.validator_value if name not in error.instance), "")
            return f"{'' if place == 'arguments' else place + '.'}{missing} is missing"
        case "additionalProperties":
            names = error.schema.get("properties", {})
            unknown = next((name for name in error.instance if name not in names), "")
            return f"{unknown} is none of its arguments; known are {', '.join(names) or 'none'}"
        case "type":
            kinds = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
            return f"{place} is {shown(error.instance)}; expected {' or '.join(kinds)}"
        case "enum":
            return f"{place} is {shown(error.instance)}; expected one of {shown(error.validator_value)}"
    return f"{place}: {error.message[:MESSAGE_CHARACTERS_MAX]}"


def fitted(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The output of an earlier task is text; where the tool wants a number, a list or a table, and the text is one, it
    gets that."""
    wanted = schema.get("properties")
    kinds = wanted if isinstance(wanted, Mapping) else {}
    return {name: _as(kinds.get(name), value) for name, value in arguments.items()}


def _as(schema: Any, value: Any) -> Any:
    name = schema.get("type") if isinstance(schema, Mapping) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(value, str):
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return read if isinstance(read, kind) and (kind is bool or not isinstance(read, bool)) else value
