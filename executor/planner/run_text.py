"""``/run name key=value …``: a workflow by its name, as a draft like any other.

Values with spaces stand in quotes. A value without a key goes to the next parameter that must be given, so
``/run watch-page https://…`` is enough. The options of a title (deadline, priority, budget, labels) may follow.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from executor.domain.errors import WrongInput
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import GoalDraft
from executor.planner.characters import shortened
from executor.planner.goal_text import checked
from executor.planner.heading import read_heading
from executor.planner.workflow import Workflow, title_for, values_of
from executor.planner.workflows import Library

_COMMAND = re.compile(r"\s*/run(?:@\w+)?(?=\s|$)", re.IGNORECASE)
_WORD = re.compile(
    r"(?:(?P<key>[A-Za-z_]\w*)=)?(?:\"(?P<quoted>[^\"]*)\"|“(?P<curly>[^”]*)”|(?P<bare>[^\s\"“”]+))(?=\s|$)"
)


def read_run(text: str, *, library: Library, now: datetime, timezone: ZoneInfo) -> GoalDraft:
    """Raises WrongInput for an unknown workflow, naming the known ones, and for missing, unknown or wrong values."""
    said = checked(text)
    found = _COMMAND.match(said)
    first, _, rest = (said[found.end() :] if found else said).strip().partition("\n")
    heading = read_heading(first, now, timezone)
    name, _, arguments = heading.title.partition(" ")
    if not name:
        raise WrongInput(f"Name a workflow, such as: {_first_command(library)}. /workflows lists them all.")
    workflow = library.get(name)
    draft = run_draft(workflow, _given(workflow, arguments))
    return replace(
        draft,
        description=rest.strip(),
        deadline_at=heading.deadline_at,
        priority=draft.priority if heading.priority is None else heading.priority,
        budget_usd=heading.budget_usd,
        metadata=heading.metadata,
        reading=(*heading.reading, *draft.reading),
    )


def run_draft(workflow: Workflow, given: Mapping[str, str]) -> GoalDraft:
    """The workflow with these values as a draft. Raises WrongInput for missing, unknown or wrong ones."""
    values = values_of(workflow, given)
    shown = [f"{key}={value}" for key, value in values.items() if value]
    return GoalDraft(
        title=shortened(title_for(workflow, values), TITLE_CHARACTERS_MAX),
        reading=(f"With {', '.join(shown)}",) if shown else (),
        workflow=workflow.name,
        workflow_parameters=values,
    )


def _first_command(library: Library) -> str:
    workflows, _ = library.load()
    return next(iter(workflows.values())).run_command


def _given(workflow: Workflow, arguments: str) -> Mapping[str, str]:
    given: dict[str, str] = {}
    spare: list[str] = []
    rest = arguments.strip()
    while rest:
        found = _WORD.match(rest)
        if found is None:
            raise WrongInput(
                f'I can\'t read “{shortened(rest, 40)}”. Put a value with spaces in quotes: key="a value".'
            )
        value = next(one for one in (found["quoted"], found["curly"], found["bare"]) if one is not None)
        if found["key"] is None:
            spare.append(value)
        elif found["key"] in given:
            raise WrongInput(f"{found['key']} is given twice. Give it once.")
        else:
            given[found["key"]] = value
        rest = rest[found.end() :].lstrip()
    free = [name for name in workflow.needed if name not in given]
    if len(spare) > len(free):
        raise WrongInput(
            f"I don't know what “{shortened(spare[len(free)], 40)}” is for. Write it like: {_usage(workflow)}"
        )
    return given | dict(zip(free, spare, strict=False))


def _usage(workflow: Workflow) -> str:
    optional = [name for name in workflow.names if name not in workflow.needed]
    return workflow.run_command + "".join(f" [{name}=…]" for name in optional)
