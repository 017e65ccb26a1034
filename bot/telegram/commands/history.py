"""/diff and /undo."""

import re
from dataclasses import dataclass

from bot.telegram.commands.arguments import check_has_task, goal_number, meant_view, own_view, task_ref
from bot.telegram.desk import Request, Said
from bot.telegram.differences import difference_message, undoing_message, undone_message
from executor.domain.errors import WrongInput
from executor.engine.replies import Refused
from executor.ports import GoalView

DIFF = "/diff 12 or /diff 12.3"
UNDO = "/undo 12 or /undo 12.3"
_STATE = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Target:
    """What to go back to: before a goal, before a task, or to a kept state of it."""

    goal: str
    ref: str | None = None
    state: str | None = None

    @property
    def word(self) -> str:
        return f"{self.goal}@{self.state}" if self.state else self.ref or self.goal


def read_target(word: str) -> Target | None:
    """``12``, ``12.3`` or ``12@1a2b3c4``; None for anything else."""
    goal, at, state = word.partition("@")
    ref = task_ref(goal)
    if at:
        return Target(goal, state=state) if goal_number(goal) is not None and _STATE.fullmatch(state) else None
    if ref is not None:
        return Target(ref.split(".")[0], ref=ref)
    return Target(goal.lstrip("#")) if goal_number(goal) is not None else None


async def diff(request: Request) -> Said:
    """What changed in the folder of a goal, or while one task ran."""
    words = request.words.split()
    if len(words) > 1:
        raise WrongInput(f"Please write it like this: {DIFF}")
    word = words[0] if words else ""
    ref = task_ref(word)
    view = await meant_view(request, ref.split(".")[0] if ref else word, DIFF)
    if ref is not None:
        check_has_task(view, ref)
    found = await request.desk.engine.difference(view.goal.number, ref)
    if isinstance(found, Refused):
        raise WrongInput(found.sentence)
    return Said(message=difference_message(view.goal, found, ref))


async def undo(request: Request) -> Said:
    """``/undo 12`` shows what would be undone; ``/undo 12 yes 1a2b3c4`` does it, if nothing has changed since."""
    words = request.words.split()
    seen = words.pop() if len(words) > 1 and words[-2].lower() == "yes" and _STATE.fullmatch(words[-1]) else ""
    words = words[:-1] if seen else words
    if len(words) == 2 and goal_number(words[0]) is not None:
        words = [f"{words[0].lstrip('#')}@{words[1]}"]
    if not words:
        words = [str((await meant_view(request, "", UNDO)).goal.number)]
    target = read_target(words[0]) if len(words) == 1 else None
    if target is None:
        raise WrongInput(f"Please write it like this: {UNDO}")
    return await (undone(request, target, seen) if seen else undoing(request, target))


async def undoing(request: Request, target: Target) -> Said:
    """What it would do, with the button that does it."""
    view = await _own(request, target)
    found = await request.desk.engine.undoing(view.goal.number, target.ref, state=target.state)
    if isinstance(found, Refused):
        raise WrongInput(found.sentence)
    return Said(message=undoing_message(view.goal, found, target.word))


async def undone(request: Request, target: Target, seen: str) -> Said:
    """Do it."""
    view = await _own(request, target)
    reply = await request.desk.engine.undo(
        view.goal.number,
        target.ref,
        state=target.state,
        seen=seen,
        caller=request.caller,
        command_id=request.command_id,
    )
    if isinstance(reply, Refused):
        raise WrongInput(reply.sentence)
    return Said(message=undone_message(reply.sentence, view.goal.number, seen))


async def _own(request: Request, target: Target) -> GoalView:
    view = await own_view(request, target.goal, UNDO)
    if target.ref is not None:
        check_has_task(view, target.ref)
    return view
