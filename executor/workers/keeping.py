"""An attempt between the two looks at its folder: what was before it, and what it changed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from executor.domain.attempt import Attempt
from executor.domain.blockage import BlockageType
from executor.domain.change import Branch
from executor.domain.errors import MilepostError
from executor.domain.outcome import Blocked, NeedsPerson, Outcome, Succeeded
from executor.domain.task import TaskKind
from executor.engine.attempts.attempt import Run
from executor.engine.attempts.handing import given
from executor.engine.planning.subgoals import ACTION as GOAL
from executor.ports import REPOSITORY, Assignment, Workspaces

BY_PEOPLE = frozenset({"manual", "ask", "notify", "wait"})
"""Actions that do nothing in a folder themselves: on a repository they get no worktree of their own."""
FILES_SHOWN = 10


def marker(attempt: Attempt) -> str:
    """``12.3#1``"""
    return f"{attempt.task_ref}#{attempt.number}"


@dataclass(frozen=True, slots=True)
class OwnFolder:
    """The Workspaces port for one attempt on a branch."""

    place: Path

    def folder(self, goal_number: int) -> Path:
        return self.place

    def inventory(self, goal_number: int) -> str:
        """A whole repository is too much to look through."""
        return ""


async def begin(run: Run) -> None:
    """Raises MilepostError where the goal's repository can't be used, or what it works with can't be had."""
    assignment = run.assignment
    if (note := await given(assignment, run.tools.handover)) is not None:
        run.texts.append(note)
    place = await run.tools.history.begin(assignment.goal.number, marker(assignment.attempt), branch_of(assignment))
    if place is not None:
        run.tools = replace(run.tools, workspaces=OwnFolder(place))


async def keep(run: Run, outcome: Outcome) -> Outcome:
    """What it changed is kept, before anything else that waits for it begins; a conflict is a blockage."""
    assignment = run.assignment
    branch, succeeded = branch_of(assignment), isinstance(outcome, Succeeded)
    conflicts: tuple[str, ...] = ()
    with suppress(asyncio.CancelledError):  # the report is owed all the same
        try:
            conflicts = await run.tools.history.end(
                assignment.goal.number, marker(assignment.attempt), branch, succeeded=succeeded
            )
        except MilepostError as error:
            return run.broken(error.public) if succeeded else outcome
    if isinstance(outcome, NeedsPerson) and branch is not None and branch.by_hand:
        return replace(outcome, question=f"{outcome.question}\n{_where(run.tools.workspaces, conflicts)}")
    if not conflicts or not isinstance(outcome, Succeeded):
        return outcome
    shown = _some(conflicts)
    cause = (
        f"What it changed conflicts with what was merged meanwhile, in {shown}. Retry does it again on top; "
        "Take over lets you settle it by hand"
    )
    result = replace(outcome.result, success=False, error=cause)
    return Blocked(result=result, type=BlockageType.ERROR, cause=cause, evidence=outcome.evidence)


def _where(workspaces: Workspaces, conflicts: Sequence[str]) -> str:
    """What a person needs to know who does it by hand."""
    place = f"Its folder: {workspaces.place}." if isinstance(workspaces, OwnFolder) else ""
    marks = f" Both sides are in {_some(conflicts)}, between conflict marks (<<<<<<<)." if conflicts else ""
    return f"{place}{marks} What is in it after Done is merged."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - FILES_SHOWN} more" if len(names) > FILES_SHOWN else ""
    return ", ".join(names[:FILES_SHOWN]) + more


def branch_of(assignment: Assignment) -> Branch | None:
    """None: the goal is on no repository."""
    task, repository = assignment.task, assignment.goal.metadata.get(REPOSITORY)
    if not repository:
        return None
    works = task.kind is TaskKind.WORK and task.spec.action not in BY_PEOPLE
    works = works and (task.spec.action != GOAL or assignment.child is not None and assignment.child.goal.final)
    child = assignment.child
    return Branch(
        repository=repository,
        task_ref=task.ref if works else "",
        title=task.spec.title,
        by_hand=works and task.taken_over,
        part=child.goal.number if child is not None and REPOSITORY in child.goal.metadata else 0,
        whole=next(iter(assignment.goal.lineage[-1:]), 0),
    )
