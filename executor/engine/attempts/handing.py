"""A goal that is part of another begins with a copy of that one's files, and hands over its own at its end.

At the beginning they lie in its folder where they lay in the other one; that copy is the state before the goal. At the
end, what it made or changed goes into a folder named after the task: nothing that the whole has is replaced by it.
These files are copied by the attempt that takes over the result, so its check sees them, they stand in the history of
the folder under that attempt, and going back to before the task takes them away again.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from executor.domain.outcome import Blocked, NeedsGoal, Result, Waiting
from executor.ports import REPOSITORY, Assignment, Handover, NotGiven

WAIT_S = 60.0
_NAME = re.compile(r"[^\w.-]+")


def folder_of(key: str) -> str:
    """``research`` for the task with that key; a key may hold what no name of a folder should."""
    name = _NAME.sub("-", key).strip("-")
    return f"task-{name.strip('.-')}" if name.startswith(".") or not name or name in _TAKEN else name


_TAKEN = frozenset({"node_modules", "venv", "__pycache__"})  # folders that are never kept


async def given(assignment: Assignment, handover: Handover) -> str | None:
    """What a person should hear of it; before the first attempt of such a goal. Raises NotGiven. On a repository it
    begins with the branch of the other goal instead."""
    goal = assignment.goal
    if not goal.lineage or REPOSITORY in goal.metadata:
        return None
    try:
        came = await handover.give(goal.lineage[-1], goal.number)
    except OSError as error:
        trouble = error.strerror or str(error)
        raise NotGiven(f"The files of goal {goal.lineage[-1]} can't be copied for this one: {trouble}.") from error
    if came is None or not came.left:
        return None
    without = ", ".join(came.left)
    return f"Goal {goal.number} begins with a copy of the files of goal {goal.lineage[-1]}, without {without}."


async def with_files(
    came: NeedsGoal | Blocked | Result, assignment: Assignment, handover: Handover, folder: Callable[[], Path]
) -> NeedsGoal | Blocked | Result | Waiting:
    """`came` as it is when the files are there too. What is in their way may be taken away: then they come by
    themselves, and what was reached so far is not done again."""
    child = assignment.child
    if child is None or not isinstance(came, Result) or not came.success:
        return came
    if repository := child.goal.metadata.get(REPOSITORY):  # its work is on a branch, and a copy of it all is no use
        where = f"Its work is on the branch milepost/goal-{child.goal.number} of {repository}"
        merged = " and merged from there" if assignment.goal.metadata.get(REPOSITORY) == repository else ""
        return replace(came, output=f"{came.output}\n{where}{merged}.")
    name = folder_of(assignment.task.spec.key)
    try:
        handed = await handover.hand_over(child.goal.number, folder(), name)
    except OSError as error:
        trouble = error.strerror or str(error)
        note = f"Goal {child.goal.number} is done, but its files can't be put into {name}/: {trouble}. I try again."
        return Waiting(wait_s=WAIT_S, note=note)
    if not handed.files and not handed.left:
        return came
    count = f"{handed.files} file" if handed.files == 1 else f"{handed.files} files"
    told = [f"Its files are in {name}/ ({count})."]
    told += [f"Left behind: {', '.join(handed.left)}."] if handed.left else []
    return replace(
        came,
        result=f"{came.result}, {count} in {name}/",
        output="\n".join([came.output, *told]),
        metadata={**came.metadata, "file_path": name, "files": handed.files},
    )
