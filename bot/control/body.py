"""A goal as JSON: the body of ``POST /v1/goals/create`` (contract section 6), as far as this version goes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from executor.domain.errors import WrongInput
from executor.domain.limits import TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX
from executor.domain.plan import Criterion, GoalDraft, TaskSpec


@dataclass(frozen=True, slots=True)
class Readers:
    """The planner's own readers, so that a goal means the same whichever way it came. All raise WrongInput."""

    goal: Callable[[str], GoalDraft]  # the text of contract section 4
    task: Callable[[object], tuple[TaskSpec, list[str]]]  # the shapes of section 5, and notes on what was dropped
    criterion: Callable[[object], tuple[Criterion, list[str]]]
    clean: Callable[[str], str]  # a person's text without characters that nobody sees


_Read = TypeVar("_Read")
LATER = ("autonomy", "use_reasoning", "chat")
HEADING = "Goal"  # stands for the title where only its lines are read
YEARS = 1970, 2999


class _Constraints(BaseModel):
    """`max_time` in words, like "24 hours"."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_time: str | None = None
    must_pass_tests: bool | None = None
    require_security_audit: bool | None = None


def _in_reach(moment: datetime) -> datetime:
    """Raises ValueError for the first and the last years that there are: in another time zone they would be beyond."""
    if not YEARS[0] <= moment.year <= YEARS[1]:
        raise ValueError("out of reach")
    return moment


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    description: str = Field(
        min_length=1, max_length=TEXT_CHARACTERS_MAX, description=f"a text of 1 to {TEXT_CHARACTERS_MAX} characters"
    )
    title: str | None = Field(
        default=None,
        min_length=1,
        max_length=TITLE_CHARACTERS_MAX,
        description=f"a text of 1 to {TITLE_CHARACTERS_MAX} characters",
    )
    criteria: list[str | dict[str, Any]] = Field(default=[], description="a list of texts or of {text, check}")
    requirements: list[str] = Field(default=[], description="a list of texts")
    tasks: list[str | dict[str, Any]] = Field(default=[], description="a list of texts, or of tasks as objects")
    priority: int = Field(default=5, ge=1, le=10, description="a whole number from 1 to 10")
    metadata: dict[str, str] = Field(default={}, description="an object of texts")
    deadline: Annotated[datetime, AfterValidator(_in_reach)] | None = Field(
        default=None, description='a time like "2030-01-31T18:00:00+01:00"'
    )
    budget_usd: Decimal | None = Field(default=None, ge=0, description="US dollars, 0 or more")
    constraints: _Constraints = Field(
        default=_Constraints(),
        description='an object of max_time ("24 hours"), must_pass_tests, require_security_audit',
    )


class GoalBodies:
    """`zone` is for a deadline without one."""

    def __init__(self, readers: Readers, zone: tzinfo) -> None:
        self._readers = readers
        self._zone = zone

    def draft(self, given: object) -> GoalDraft:
        """Raises WrongInput with one line for each wrong field."""
        body = _checked(_cleaned(given, self._readers.clean))
        criteria, criteria_notes = _objects(body.criteria, self._readers.criterion)
        tasks, task_notes = _objects(body.tasks, self._readers.task)
        written = self._written(body)
        if tasks and written.tasks:
            raise WrongInput("tasks: either all texts or all objects.")
        title = body.title or _first_line(body.description)
        return GoalDraft(
            title=title,
            description="" if body.description == title else body.description,
            criteria=(*criteria, *written.criteria),
            tasks=tasks or written.tasks,
            deadline_at=self._deadline(body),
            priority=body.priority,
            budget_usd=body.budget_usd,
            metadata=body.metadata | _demands(body.constraints),
            reading=(*written.reading, *criteria_notes, *task_notes),
        )

    def _deadline(self, body: "_Body") -> datetime | None:
        """The earlier one where a deadline and a longest time are given."""
        times = [_aware(body.deadline, self._zone)]
        if (longest := body.constraints.max_time) is not None:
            found = self._readers.goal(f"{HEADING} by in {_one_line(longest)}").deadline_at
            if found is None:
                raise WrongInput('constraints: max_time is a time like "24 hours", "90 min" or "3 days".')
            times.append(found)
        return min((time for time in times if time is not None), default=None)

    def _written(self, body: "_Body") -> GoalDraft:
        """The criteria and tasks that are texts, read as the lines of a goal's text are."""
        criteria = [item for item in (*body.criteria, *body.requirements) if isinstance(item, str)]
        steps = [item for item in body.tasks if isinstance(item, str)]
        lines = [f"- {_one_line(text)}" for text in criteria]
        lines += [f"{number}. {_one_line(text)}" for number, text in enumerate(steps, start=1)]
        return self._readers.goal("\n".join([HEADING, *lines])) if lines else GoalDraft(title=HEADING)


def _objects(
    items: list[str | dict[str, Any]], read: Callable[[object], tuple[_Read, list[str]]]
) -> tuple[tuple[_Read, ...], list[str]]:
    done = [read(item) for item in items if not isinstance(item, str)]
    return tuple(value for value, _ in done), [note for _, notes in done for note in notes]


def _demands(constraints: _Constraints) -> dict[str, str]:
    """As a goal's metadata has them (contract section 4)."""
    said = constraints.model_dump(include={"must_pass_tests", "require_security_audit"}, exclude_none=True)
    return {name: str(value).lower() for name, value in said.items()}


def _cleaned(given: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(given, str):
        return clean(given).strip()
    if isinstance(given, list):
        return [_cleaned(item, clean) for item in given]
    if isinstance(given, dict):
        return {key: _cleaned(value, clean) for key, value in given.items()}
    return given


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first_line(description: str) -> str:
    line = description.split("\n", 1)[0].strip()
    return line if len(line) <= TITLE_CHARACTERS_MAX else line[: TITLE_CHARACTERS_MAX - 1] + "…"


def _aware(moment: datetime | None, zone: tzinfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment and moment.tzinfo is None else moment


def _checked(given: object) -> _Body:
    if isinstance(given, dict) and (later := [key for key in LATER if given.get(key) is not None]):
        raise WrongInput(f"{', '.join(later)}: not available in this version; leave it out.")
    try:
        return _Body.model_validate(given)
    except ValidationError as error:
        lines = dict.fromkeys(_line(fault["loc"], fault["type"]) for fault in error.errors())
        raise WrongInput("\n".join(lines)) from None


def _line(loc: tuple[int | str, ...], kind: str) -> str:
    if not loc:
        return "A goal in JSON is an object with at least a description."
    name = str(loc[0])
    if kind == "extra_forbidden" and len(loc) == 1:
        return f"{name}: no such field; known are {', '.join(_Body.model_fields)}."
    missing = " is missing" if kind == "missing" else ""
    return f"{name}{missing}: expected {_Body.model_fields[name].description}."
