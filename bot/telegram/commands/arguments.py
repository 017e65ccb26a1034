"""Words as arguments: goal numbers, task refs and decision numbers, given or meant."""

import re

from bot.telegram.access import Role, may_act_on
from bot.telegram.desk import Request
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.domain.errors import WrongInput
from executor.domain.goal import Goal
from executor.ports import GoalView

_GOAL = re.compile(r"#?(\d{1,9})")
_TASK = re.compile(r"#?(\d{1,9})((?:\.[cg]?\d{1,6})+)")
NO_GOAL = "There is no goal yet. Send me one as a message, or /help."


def first_word(words: str) -> tuple[str, str]:
    """The first word and the rest, both trimmed."""
    head, *rest = words.split(None, 1) or [""]
    return head, rest[0].strip() if rest else ""


def goal_number(word: str) -> int | None:
    found = _GOAL.fullmatch(word)
    return int(found[1]) if found else None


def task_ref(word: str) -> str | None:
    found = _TASK.fullmatch(word)
    return f"{int(found[1])}{found[2]}" if found else None


async def meant_view(request: Request, word: str, form: str) -> GoalView:
    """The goal of this number; without a number the chat's newest open goal, else its newest."""
    number = goal_number(word) if word else await request.desk.engine.newest(request.chat_id)
    if number is None:
        raise WrongInput(f"Please write it like this: {form}" if word else NO_GOAL)
    view = await request.desk.engine.view(number)
    if view is None:
        raise WrongInput(f"There is no goal {number}. /goals lists them.")
    return view


async def own_view(request: Request, word: str, form: str) -> GoalView:
    """As meant_view, where this person may act on the goal."""
    view = await meant_view(request, word, form)
    check_may_act(request, view.goal)
    return view


def check_may_act(request: Request, goal: Goal) -> None:
    if refusal := may_act_on(request.role, request.caller.person_id, goal):
        raise WrongInput(refusal)


def check_may_order(request: Request, text: str) -> None:
    """Words may come from anybody who may act on the goal; a command to be run (it stands in backticks) only from
    whoever could have accepted it on a plan."""
    if "`" in text and request.role < Role.APPROVER:
        raise WrongInput("Only an approver or an owner may add a command. Without backticks it becomes a task.")


def check_has_task(view: GoalView, ref: str) -> None:
    if ref not in {task.ref for task in view.tasks}:
        raise WrongInput(f"Goal {view.goal.number} has no task {ref}. /status {view.goal.number} shows them.")


async def own_task(request: Request, form: str, kind: DecisionKind | None) -> str:
    """The task of this ref, where this person may act on its goal. Without one: the only task of the meant goal that
    an open decision of this kind is about."""
    word, _ = first_word(request.words)
    ref = task_ref(word)
    if ref is not None:
        view = await own_view(request, ref.split(".")[0], form)
        check_has_task(view, ref)
        return ref
    view = await own_view(request, word, form)
    waiting = [d.task_ref for d in view.decisions if d.kind is kind and d.state is DecisionState.OPEN and d.task_ref]
    if len(waiting) == 1:
        return waiting[0]
    which = f" One of: {', '.join(waiting)}." if waiting else ""
    raise WrongInput(f"Which task? {form}.{which}")


async def named_decision(request: Request, word: str, form: str) -> Decision:
    """The decision of this number. Never a guess: a yes must be to exactly what was meant."""
    if goal_number(word) is None:
        waiting = await request.desk.engine.open_decisions(request.chat_id)
        numbers = ", ".join(str(decision.number) for decision in waiting)
        raise WrongInput(f"Which question? {form}. Open: {numbers}." if waiting else "No question is open here.")
    return await meant_decision(request, word, form)


async def meant_decision(request: Request, word: str, form: str) -> Decision:
    """The decision of this number; without a number the only one that is open in this chat."""
    number = goal_number(word)
    if number is not None:
        decision = await request.desk.decisions.decision(number)
        if decision is None:
            raise WrongInput(f"There is no question {number}.")
        return decision
    waiting = await request.desk.engine.open_decisions(request.chat_id)
    if len(waiting) == 1:
        return waiting[0]
    if not waiting:
        raise WrongInput("No question is open here.")
    numbers = ", ".join(str(decision.number) for decision in waiting)
    raise WrongInput(f"Which question? {form}. Open: {numbers}.")
