"""Domain values as JSON text and back: the one place that knows the shape of every JSON column.

Strict in both directions. Writing leaves out what is None or empty, where that is the default; reading refuses a name
that it does not know, so that a row written by a newer Milepost is never half understood.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, Generic, TypeVar

from executor.domain.amendment import Amendment
from executor.domain.decision import Option
from executor.domain.grant import Grant
from executor.domain.lesson import Recipe, Remedy
from executor.domain.outlook import Finding, FindingKind, Outlook, Standing
from executor.domain.plan import Alternative, Check, CheckKind, Criterion, ExecutionType, GoalDraft, Plan, TaskSpec
from executor.domain.task import Answer

T = TypeVar("T")
Json = Any
Way = tuple[Callable[[Any], Json], Callable[[Json], Any]]

_SPECS_MAX = 4096  # tasks remembered; a plan has at most 200

# ASCII only: command output may hold halves of characters that no UTF-8 column takes.
_encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _chunker() -> Callable[[Json, int], Iterable[str]]:
    """The encoder's C part, made once: the encoder makes one anew for each value, which takes longer than the value.
    A Python without it does as the encoder does."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return lambda value, _: (_encoder.encode(value),)
    chunks: Callable[[Json, int], Iterable[str]] = make(
        None, _encoder.default, json.encoder.encode_basestring_ascii, None, ":", ",", False, False, False
    )
    return chunks


_chunks = _chunker()


def dumps(value: Json) -> str:
    """Raises ValueError for NaN and infinities, TypeError for what is no plain JSON value."""
    return "".join(_chunks(value, 0))


def loads(text: str) -> Json:
    return json.loads(text)


def plain(text: str) -> str:
    """`text` as every database can store it: lone surrogates and NUL bytes become question marks."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


class Shape(Generic[T]):
    """How one dataclass stands in JSON: each field under its own name. `ways` are for fields that are no plain JSON."""

    def __init__(self, type_: type[T], **ways: Way) -> None:
        self._type = type_
        self._ways = ways
        self._empty = {field.name: _default(field) for field in fields(type_)}  # type: ignore[arg-type]
        self._needed = frozenset(name for name, default in self._empty.items() if default is MISSING)
        self._parts = attrgetter(*self._empty)  # of a shape with two fields at least: a tuple

    def encode(self, value: T) -> dict[str, Json]:
        body = {}
        for (name, empty), part in zip(self._empty.items(), self._parts(value), strict=True):
            if not empty and part == empty:
                continue
            body[name] = self._ways[name][0](part) if name in self._ways and part is not None else part
        return body

    def decode(self, body: Mapping[str, Json]) -> T:
        """Raises ValueError for a name too many or too few."""
        if strange := body.keys() ^ (body.keys() & self._empty.keys() | self._needed):
            raise ValueError(f"{self._type.__name__}: not as expected: {', '.join(sorted(strange))}")
        ways = self._ways
        return self._type(
            **{name: ways[name][1](part) if name in ways and part is not None else part for name, part in body.items()}
        )


def _default(field: Field[Any]) -> Any:
    """MISSING (which is true) for a field without one."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def _all(shape: Shape[Any]) -> Way:
    return (lambda values: [shape.encode(v) for v in values], lambda bodies: tuple(shape.decode(b) for b in bodies))


def _one(shape: Shape[Any]) -> Way:
    return shape.encode, shape.decode


_LIST: Way = (list, tuple)
_OBJECT: Way = (dict, dict)
_TIME: Way = (datetime.isoformat, datetime.fromisoformat)
_MONEY: Way = (str, Decimal)

CHECK = Shape(Check, kind=(str, CheckKind))
CRITERION = Shape(Criterion, check=_one(CHECK))
SPEC: Shape[TaskSpec] = Shape(
    TaskSpec,
    parameters=_OBJECT,
    depends_on=_LIST,
    only_if=_LIST,
    needs=_LIST,
    when=_one(CHECK),
    check=_one(CHECK),
    execution_type=(str, ExecutionType),
    rework=(lambda specs: [SPEC.encode(s) for s in specs], lambda bodies: tuple(SPEC.decode(body) for body in bodies)),
)


class Specs:
    """Task specs and their JSON, remembered both ways: a spec never changes, is read again with every look at its task,
    and stands in the draft, in the plan and in its task. Holding the spec keeps its id its own, so a match by id is a
    match of the value."""

    def __init__(self) -> None:
        self._by_text: dict[str, TaskSpec] = {}
        self._by_id: dict[int, tuple[TaskSpec, Json, str]] = {}

    def decode(self, text: str) -> TaskSpec:
        spec = self._by_text.get(text)
        if spec is None:
            body = loads(text)
            spec = SPEC.decode(body)
            self._remember(spec, body, text)
        return spec

    def encode(self, spec: TaskSpec) -> str:
        return self._known(spec)[2]

    def body(self, spec: TaskSpec) -> Json:
        """To stand in a larger JSON; not to be changed."""
        return self._known(spec)[1]

    def _known(self, spec: TaskSpec) -> tuple[TaskSpec, Json, str]:
        known = self._by_id.get(id(spec))
        if known is None:
            body = SPEC.encode(spec)
            known = self._remember(spec, body, dumps(body))
        return known

    def _remember(self, spec: TaskSpec, body: Json, text: str) -> tuple[TaskSpec, Json, str]:
        if len(self._by_id) >= _SPECS_MAX:
            self._by_text.clear()
            self._by_id.clear()
        self._by_text.setdefault(text, spec)
        self._by_id[id(spec)] = known = (spec, body, text)
        return known


specs = Specs()
_SPECS: Way = (lambda values: [specs.body(spec) for spec in values], _all(SPEC)[1])

DRAFT = Shape(
    GoalDraft,
    criteria=_all(CRITERION),
    tasks=_SPECS,
    deadline_at=_TIME,
    budget_usd=_MONEY,
    metadata=_OBJECT,
    reading=_LIST,
    workflow_parameters=_OBJECT,
)
ALTERNATIVE = Shape(Alternative, tasks=_SPECS)
PLAN = Shape(
    Plan,
    criteria=_all(CRITERION),
    tasks=_SPECS,
    gates=_SPECS,
    reading=_LIST,
    created_at=_TIME,
    alternatives=_all(ALTERNATIVE),
)
AMENDMENT = Shape(Amendment, tasks=_SPECS, criteria=_all(CRITERION), again=_LIST, because=_LIST)
FINDING = Shape(Finding, kind=(str, FindingKind), refs=_LIST)
GRANT = Shape(Grant, at=_TIME)
OUTLOOK = Shape(
    Outlook,
    findings=_all(FINDING),
    standing=(str, Standing),
    likely_at=_TIME,
    sure_at=_TIME,
    told=_LIST,
    declined=_LIST,
)
OPTION = Shape(Option)
RECIPE = Shape(Recipe, packages=_LIST)
REMEDY = Shape(Remedy, words=_LIST, recipe=_one(RECIPE))
ANSWER = Shape(Answer, at=_TIME)


def options_to(options: Iterable[Option]) -> str:
    return dumps([OPTION.encode(option) for option in options])


def options_from(text: str) -> tuple[Option, ...]:
    return tuple(OPTION.decode(body) for body in loads(text))


def amendment_to(amendment: Amendment | None) -> str | None:
    return None if amendment is None else dumps(AMENDMENT.encode(amendment))


def amendment_from(text: str | None) -> Amendment | None:
    return None if text is None else AMENDMENT.decode(loads(text))
