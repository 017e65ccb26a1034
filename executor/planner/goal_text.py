"""A goal as people write it in a chat: contract section 4, read into a draft.

::

    /goal Back up my notes by 18:00 p8 $0.50
    - The archive exists: `test -s notes.tgz`
    - Ann has confirmed
    1. Make the folder: `mkdir -p backup`
    2. Pack: `tar czf notes.tgz -C notes .` after 1
    3. Ask Ann whether she can open it after 2

The first line is the title with its options (heading.py), bullets are success criteria, numbered lines are tasks
(steps.py), and every other line is kept as the description. Nothing else is guessed.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from executor.domain.errors import WrongInput
from executor.domain.limits import CRITERIA_MAX, TASKS_MAX, TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX
from executor.domain.plan import Check, CheckKind, Criterion, GoalDraft
from executor.planner.characters import cleaned, one_line, visible
from executor.planner.code import read_code
from executor.planner.heading import Heading, read_heading
from executor.planner.lines import split
from executor.planner.references import keys_used
from executor.planner.steps import read_steps

_COMMAND = re.compile(r"\s*/goal(?:@\w+)?(?=\s|$)", re.IGNORECASE)
PRIORITY = 5
_EXAMPLE = "/goal Back up my notes by 18:00"


def read_goal(text: str, *, now: datetime, timezone: ZoneInfo, tasks_max: int = TASKS_MAX) -> GoalDraft:
    """What the text says, and in `reading` what was understood of it and what was not.

    `now` is aware UTC, `timezone` the chat's. Raises WrongInput, with one line that says what to do, for everything
    that can't be meant as it stands.
    """
    lines = split(without_command(checked(text)))
    heading = read_heading(lines.first, now, timezone)
    check_title(heading, lines.first)
    reading: list[str] = []
    criteria = _criteria([text for text in lines.bullets if visible(text)], reading)
    steps = read_steps(lines.steps, tasks_max)
    return GoalDraft(
        title=heading.title,
        description="\n".join(lines.other),
        criteria=criteria,
        tasks=steps.tasks,
        deadline_at=heading.deadline_at,
        priority=PRIORITY if heading.priority is None else heading.priority,
        budget_usd=heading.budget_usd,
        metadata=heading.metadata,
        reading=(*heading.reading, *reading, *steps.reading, *_described(lines.other)),
    )


def checked(text: str) -> str:
    """The text without characters that nobody sees. Raises WrongInput if it is too long."""
    if len(text) > TEXT_CHARACTERS_MAX:
        raise WrongInput(
            f"A goal may have {TEXT_CHARACTERS_MAX:,} characters at most; this one has {len(text):,}. "
            "Shorten it, or put the details in a file and name it."
        )
    return cleaned(text)


def without_command(text: str) -> str:
    found = _COMMAND.match(text)
    return text[found.end() :] if found else text


def check_title(heading: Heading, first: str) -> None:
    if not visible(heading.title):
        said = "" if not visible(first) else f" before “{one_line(first)[:40]}”"
        raise WrongInput(f"Write what you want to reach{said} on the first line, such as: {_EXAMPLE}")
    if len(heading.title) > TITLE_CHARACTERS_MAX:
        raise WrongInput(
            f"The title may have {TITLE_CHARACTERS_MAX} characters at most; this one has {len(heading.title)}. "
            "Keep the first line short and put the rest below it."
        )


def _criteria(bullets: list[str], reading: list[str]) -> tuple[Criterion, ...]:
    if len(bullets) > CRITERIA_MAX:
        raise WrongInput(
            f"A goal may have {CRITERIA_MAX} success criteria at most; this one has {len(bullets)}. Join some of them."
        )
    return tuple(_criterion(text, index, reading) for index, text in enumerate(bullets, start=1))


def _criterion(text: str, index: int, reading: list[str]) -> Criterion:
    where = f"Criterion {index}"
    read = read_code(text, where)
    if read.lone_backtick:
        reading.append(f"{where} has a single backtick, so I see no check in it; a person is asked")
    if read.command is None:
        return Criterion(text=read.words)
    if keys_used(read.command):
        raise WrongInput(f"{where} uses the output of a step; that works in steps only. Let a step write it to a file.")
    check = Check(kind=CheckKind.COMMAND, command=read.command)
    return Criterion(text=read.words or one_line(read.command), check=check)


def _described(other: list[str]) -> list[str]:
    count = sum(1 for line in other if line.strip())
    if not count:
        return []
    lines = "1 more line is" if count == 1 else f"{count} more lines are"
    return [f"{lines} kept as the description; steps begin with a number, criteria with a dash"]
