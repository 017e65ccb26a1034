"""Views and decisions for rendering, named by what they show."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.telegram.scene import Scene
from executor.domain.attempt import Attempt
from executor.domain.decision import OPTIONS, Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.notice import Notice, NoticeKind
from executor.domain.plan import Criterion, Plan, TaskSpec
from executor.domain.task import Task, TaskKind, TaskState
from executor.ports import GoalView
from tests.builders import CHAT, command, goal, spec
from tests.fakes import START


def scene(now: datetime = START) -> Scene:
    return Scene(now=now, timezone=UTC, describe=lambda one: str(one.parameters.get("command", one.title)))


def shell(key: str, title: str, text: str, **more: Any) -> TaskSpec:
    return spec(key, title, "shell", parameters={"command": text}, **more)


BACKUP = Plan(
    goal_number=12,
    criteria=(Criterion(text="The archive exists", check=command("test -s notes.tgz")), Criterion(text="Ann agrees")),
    tasks=(
        shell("1", "Make the folder", "mkdir -p backup"),
        shell("2", "Pack", "tar czf notes.tgz -C notes .", depends_on=("1",)),
        spec("3", "Ask Ann whether she can open it", "manual", depends_on=("2",)),
    ),
    reading=("By 18:00 today, Monday 2 March.",),
)


def task(number: int, one: TaskSpec, state: TaskState = TaskState.PENDING, **more: Any) -> Task:
    return Task(ref=f"12.{number}", goal_number=12, position=number, spec=one, state=state, created_at=START, **more)


def view(state: GoalState, *tasks: Task, plan: Plan = BACKUP, title: str = "Back up my notes", **more: Any) -> GoalView:
    decisions = more.pop("decisions", ())
    attempts: tuple[Attempt, ...] = more.pop("attempts", ())
    one = replace(goal(12, state, **more), title=title, origin=CHAT)
    return GoalView(
        goal=one, plan=plan, tasks=tasks, decisions=decisions, blockages=(), milestones=(), attempts=attempts
    )


def criterion(number: int, text: str, state: TaskState) -> Task:
    return replace(task(number, spec(f"c{number}", text), state), ref=f"12.c{number}", kind=TaskKind.CRITERION)


def attempt(ref: str, number: int = 1, **more: Any) -> Attempt:
    return Attempt(
        task_ref=ref,
        number=number,
        goal_number=12,
        executor_id="me",
        lease_until=START + timedelta(seconds=60),
        started_at=START,
        **more,
    )


def decision(kind: DecisionKind, number: int = 17, **more: Any) -> Decision:
    options = more.pop("options", OPTIONS.get(kind, ()))
    return Decision(
        number=number,
        goal_number=12,
        task_ref=more.pop("task_ref", "12.2"),
        kind=kind,
        options=options,
        opened_at=START,
        **more,
    )


def notice(key: str, kind: NoticeKind = NoticeKind.TEXT, **more: Any) -> Notice:
    at = more.pop("created_at", START)
    facts = more.pop("facts", {"text": key})
    return Notice(key=key, kind=kind, chat_id=more.pop("chat_id", 1), facts=facts, due_at=START, created_at=at, **more)
