"""The brain without a model: it reads what is written, and never claims to understand more than that."""

from executor.domain.goal import Goal
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, GoalDraft, Plan, TaskSpec
from executor.planner.characters import one_line, shortened

HINT = (
    "To let me work, number the steps and put their commands in backticks: "
    "“1. Pack: `tar czf notes.tgz notes`”, and below it “2. Ask Ann whether she can open it”"
)


class OfflineBrain:
    """Numbered tasks as they are written, else one task per criterion, each for a person."""

    name = "offline"
    immediate = True

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        if draft.tasks:
            return as_written(draft, goal)
        return per_criterion(draft, goal)


def as_written(draft: GoalDraft, goal: Goal) -> Plan:
    """The steps of the text. A criterion keeps its own check; one without is asked of a person at the end."""
    steps = _count(len(draft.tasks), "step")
    waits = [task.depends_on for task in draft.tasks]
    in_a_row = all(found == (before.key,) for before, found in zip(draft.tasks, waits[1:], strict=False))
    order = "one after the other" if in_a_row and not waits[0] else "each as soon as what it waits for is done"
    how = order if len(draft.tasks) > 1 else "as you wrote it"
    asked = sum(criterion.check is None for criterion in draft.criteria)
    asked_line = [f"{_count(asked, 'criterion')} without a check: I ask you at the end"] if asked else []
    return Plan(
        goal_number=goal.number,
        summary=f"{steps}, {how}",
        criteria=draft.criteria,
        tasks=draft.tasks,
        reading=(*draft.reading, f"{steps}, {how}", *asked_line),
    )


def per_criterion(draft: GoalDraft, goal: Goal, *hints: str) -> Plan:
    """The simple decomposition: a task for a person per criterion, in any order, since no order was given. Its end
    proves the criterion, by the criterion's own check where it has one."""
    if not draft.criteria:
        told = "I work without a model, and nothing says how to do this: the whole goal is one task, for you"
        only = _by_hand("1", draft.title, draft.description or draft.title, None)
        return Plan(
            goal_number=goal.number,
            summary="One task, for a person",
            tasks=(only,),
            reading=(*draft.reading, told, *hints, HINT),
        )
    tasks = tuple(_by_hand(str(n), c.text, c.text, c.check) for n, c in enumerate(draft.criteria, start=1))
    pairs = zip(draft.criteria, tasks, strict=True)
    criteria = tuple(Criterion(text=c.text, check=c.check, covered_by=task.key) for c, task in pairs)
    told = (
        "I work without a model. I made one task per criterion; each is yours to do, in any order, because no steps "
        "were given"
    )
    checked = sum(criterion.check is not None for criterion in criteria)
    looked = [f"After Done I run the check of {_count(checked, 'criterion')} myself"] if checked else []
    return Plan(
        goal_number=goal.number,
        summary=f"{_count(len(tasks), 'task')} for a person, one per criterion",
        criteria=criteria,
        tasks=tasks,
        reading=(*draft.reading, told, *looked, *hints, HINT),
    )


def _by_hand(key: str, title: str, instructions: str, check: Check | None) -> TaskSpec:
    held = f"`{check.command}` succeeds" if check and check.kind is CheckKind.COMMAND else ""
    return TaskSpec(
        key=key,
        title=shortened(one_line(title), TITLE_CHARACTERS_MAX),
        action="manual",
        parameters={"instructions": instructions},
        execution_type=ExecutionType.MANUAL,
        expected_outcome=held or title,
        check=check,
    )


def _count(number: int, thing: str) -> str:
    things = {"criterion": "criteria"}.get(thing, f"{thing}s")
    return f"{number} {thing if number == 1 else things}"
