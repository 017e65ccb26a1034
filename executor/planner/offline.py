"""The brain without a model: it reads what is written, and never claims to understand more than that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from executor.domain.goal import Goal
from executor.domain.limits import TITLE_CHARACTERS_MAX
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, GoalDraft, Plan, TaskSpec
from executor.planner.characters import one_line, shortened
from executor.planner.matching import Match, matches
from executor.planner.nesting import unfolded
from executor.planner.workflow import Workflow, plan_for, values_of
from executor.planner.workflows import Library

FORM = (
    "To let me work, number the steps and put commands in backticks: “1. Pack: `tar czf notes.tgz notes`”, "
    "then “2. Ask Ann whether she can open it”"
)
ALONE = "I work without a model"
_KNOWN_MAX = 8


class OfflineBrain:
    """Numbered steps as they are written; else the workflow that was named, or whose phrase stands in the title; else
    one task per criterion, each for a person."""

    name = "offline"
    immediate = True

    def __init__(self, library: Library, equip: Callable[[TaskSpec], TaskSpec] | None = None) -> None:
        """`equip` gives a task what its commands need of this machine, as their words have it."""
        self._library = library
        self._equip = equip

    async def plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        return self.unfolded(self._plan(draft, goal))

    def unfolded(self, plan: Plan) -> Plan:
        """With the tasks of every workflow that it runs, each with what it needs. Raises WrongInput."""
        plan = unfolded(plan, self._library)
        return plan if self._equip is None else replace(plan, tasks=tuple(map(self._equip, plan.tasks)))

    def known(self) -> list[dict[str, object]]:
        """The workflows that a plan may run, for a model."""
        workflows, _ = self._library.load()
        return [
            {
                "name": one.name,
                "title": one.title,
                "parameters": {p.name: p.description or p.default or "" for p in one.parameters},
            }
            for one in workflows.values()
        ]

    def _plan(self, draft: GoalDraft, goal: Goal) -> Plan:
        if draft.workflow is not None:
            workflow = self._library.get(draft.workflow)
            return by_workflow(workflow, draft.workflow_parameters, draft, goal, "As you asked")
        if draft.tasks:
            return as_written(draft, goal)
        workflows, _ = self._library.load()
        fitting = matches(draft.title, draft.metadata, workflows.values())
        if fitting and not fitting[0].missing:
            best = fitting[0]
            return by_workflow(best.workflow, best.values, draft, goal, f"The title says “{best.words}”")
        return per_criterion(draft, goal, _nearly(fitting) or _known(list(workflows)))


def by_workflow(workflow: Workflow, given: Mapping[str, str], draft: GoalDraft, goal: Goal, why: str) -> Plan:
    """The workflow's plan. What the goal itself demands comes first, and is checked beside the workflow's own."""
    values = values_of(workflow, given)
    plan, _ = plan_for(workflow, values, goal.number)
    shown = [f"{name}={value}" for name, value in values.items() if value]
    using = f" with {', '.join(shown)}" if shown and not draft.workflow else ""
    told = f"{why}: this is the workflow {workflow.name}{using}. {ALONE}, so I do what it says and no more"
    return replace(plan, criteria=(*draft.criteria, *plan.criteria), reading=(*draft.reading, told))


def as_written(draft: GoalDraft, goal: Goal) -> Plan:
    """The steps of the text. A criterion keeps its own check; one without is asked of a person at the end."""
    steps = _count(len(draft.tasks), "step")
    told = f"{steps}, {_order(draft.tasks)}"
    asked = sum(criterion.check is None for criterion in draft.criteria)
    return Plan(
        goal_number=goal.number,
        summary=told,
        criteria=draft.criteria,
        tasks=draft.tasks,
        reading=(
            *draft.reading,
            told,
            *([f"{_count(asked, 'criterion')} without a check: I ask you at the end"] if asked else []),
        ),
    )


def _order(tasks: Sequence[TaskSpec]) -> str:
    if len(tasks) == 1:
        return "as you wrote it"
    if not any(task.depends_on for task in tasks):
        return "all at once"
    in_a_row = all(task.depends_on == (before.key,) for before, task in zip(tasks, tasks[1:], strict=False))
    return "one after the other" if in_a_row else "each as soon as the steps that it waits for are done"


def per_criterion(draft: GoalDraft, goal: Goal, *hints: str) -> Plan:
    """The simple decomposition: a task for a person per criterion, in any order, since no order was given. Its end
    proves the criterion, by the criterion's own check where it has one."""
    if not draft.criteria:
        return _one_task(draft, goal, *hints)
    tasks = tuple(_by_hand(str(n), c.text, c.text, c.check) for n, c in enumerate(draft.criteria, start=1))
    pairs = zip(draft.criteria, tasks, strict=True)
    made = "one task, for the criterion" if len(tasks) == 1 else "one task per criterion"
    theirs = "it is yours to do" if len(tasks) == 1 else "each is yours to do, in any order"
    told = f"{ALONE}. I made {made}; {theirs}, because no command was given"
    checked = sum(criterion.check is not None for criterion in draft.criteria)
    return Plan(
        goal_number=goal.number,
        summary=f"{_count(len(tasks), 'task')} for a person, one per criterion",
        criteria=tuple(Criterion(text=c.text, check=c.check, covered_by=task.key) for c, task in pairs),
        tasks=tasks,
        reading=(
            *draft.reading,
            told,
            *([f"After Done I run the check of {_count(checked, 'criterion')} myself"] if checked else []),
            *hints,
            FORM,
        ),
    )


def _one_task(draft: GoalDraft, goal: Goal, *hints: str) -> Plan:
    instructions = f"{draft.title}\n{draft.description}".strip()
    return Plan(
        goal_number=goal.number,
        summary="One task, for a person",
        tasks=(_by_hand("1", draft.title, instructions, None),),
        reading=(
            *draft.reading,
            f"{ALONE}, and nothing here says how this is done: the whole goal is one task, and yours to do",
            *hints,
            FORM,
        ),
    )


def _by_hand(key: str, title: str, instructions: str, check: Check | None) -> TaskSpec:
    command = check.command if check is not None and check.kind is CheckKind.COMMAND else ""
    return TaskSpec(
        key=key,
        title=shortened(one_line(title), TITLE_CHARACTERS_MAX),
        action="manual",
        parameters={"instructions": instructions},
        execution_type=ExecutionType.MANUAL,
        expected_outcome=f"`{command}` succeeds" if command else title,
        check=check,
    )


def _nearly(fitting: Sequence[Match]) -> str:
    """What would make the best workflow fit; empty: none comes near."""
    if not fitting:
        return ""
    best = fitting[0]
    labels = " ".join(f"#{name}=…" for name in best.missing)
    return (
        f"The workflow {best.workflow.name} fits “{best.phrase}”, but needs {' and '.join(best.missing)}: "
        f"put {labels} behind the title, or send {best.workflow.run_command}"
    )


def _known(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_KNOWN_MAX]) + (" …" if len(names) > _KNOWN_MAX else "")
    return f"Workflows that I know: {shown} (/workflows)"


def _count(number: int, thing: str) -> str:
    things = {"criterion": "criteria"}.get(thing, f"{thing}s")
    return f"{number} {thing if number == 1 else things}"
