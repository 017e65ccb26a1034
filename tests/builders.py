"""Values with sensible defaults, so that a test names only what it is about."""

from typing import Any

from executor.domain.goal import Goal, GoalState, Origin
from executor.domain.limits import Limits
from executor.domain.plan import Check, CheckKind, Criterion, GoalDraft, Plan, TaskSpec
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.planning.planning import open_goal, propose
from executor.engine.replies import Caller
from tests.fakes import START

ANN = Caller(person_id=1, name="Ann")
CHAT = Origin(chat_id=1, person_id=1, person_name="Ann")


def command(text: str) -> Check:
    return Check(kind=CheckKind.COMMAND, command=text)


def spec(key: str, title: str = "", action: str = "work", **more: Any) -> TaskSpec:
    return TaskSpec(key=key, title=title or f"Step {key}", action=action, **more)


def chain(length: int) -> tuple[TaskSpec, ...]:
    """Steps that each wait for the one before."""
    return tuple(spec(str(n), depends_on=(str(n - 1),) if n > 1 else ()) for n in range(1, length + 1))


def draft(*tasks: TaskSpec, title: str = "Rest", criteria: tuple[Criterion, ...] = (), **more: Any) -> GoalDraft:
    return GoalDraft(title=title, tasks=tasks, criteria=criteria, **more)


def proposal(*tasks: TaskSpec, criteria: tuple[Criterion, ...] = (), limits: Limits | None = None) -> Case:
    """Goal 1 with this plan, waiting for Start."""
    goal_draft = draft(*tasks, criteria=criteria)
    case = open_goal(goal_draft, CHAT, 1, now=START, limits=limits or Limits(), numbers=Numbers(1), by=ANN)
    propose(case, Plan(tasks=tasks, criteria=criteria))
    return case


def goal(number: int = 1, state: GoalState = GoalState.PENDING, **more: Any) -> Goal:
    return Goal(number=number, title=f"Goal {number}", state=state, created_at=START, updated_at=START, **more)
