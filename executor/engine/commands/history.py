"""What changed in a goal's folder: looking at it, and going back."""

from executor.domain.change import Change, Difference, Undoing
from executor.domain.goal import Goal, GoalState
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, no_goal, read_reply
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import NoHistory

STATE_CHARACTERS_MIN = 7
STATE_CHARACTERS = 10  # of a kept state's name, as people see it


class HistoryCommands(Desk):
    """See the module. A state is named by the beginning of its commit."""

    def has_changes(self, goal_number: int) -> bool:
        """Whether anything is kept that it changed in its folder."""
        return self._tools.history.has_changes(goal_number)

    async def changes(self, goal_number: int) -> list[Change]:
        """Every kept state, oldest first; empty where nothing is kept, for whatever reason."""
        try:
            return await self._tools.history.changes(goal_number)
        except NoHistory:
            return []

    async def difference(
        self, goal_number: int, task_ref: str | None = None, *, whole: bool = False
    ) -> Difference | Refused:
        """Of the whole goal, or of one task. No secret that Milepost knows is in it."""
        try:
            found = await self._tools.history.difference(goal_number, task_ref, whole=whole)
        except NoHistory as error:
            return Refused(code="no_history", sentence=error.public)
        return self._tools.secrets.hide.everywhere(found)

    async def undoing(
        self, goal_number: int, task_ref: str | None = None, *, state: str | None = None
    ) -> Undoing | Refused:
        """What `undo` would do now."""
        refused = await self._why_not(goal_number)
        if refused is not None:
            return refused
        try:
            found = await self._tools.history.undoing(goal_number, task_ref, state=state)
        except NoHistory as error:
            return Refused(code="no_history", sentence=error.public)
        if not found.files:
            return Refused(code="nothing_to_undo", sentence=f"The folder of goal {goal_number} is like that already.")
        return self._tools.secrets.hide.everywhere(found)

    async def undo(
        self,
        goal_number: int,
        task_ref: str | None = None,
        *,
        state: str | None = None,
        seen: str,
        caller: Caller,
        command_id: str,
    ) -> Reply:
        """Go back in the folder. `seen` is the state that whoever asks has been shown; what came after it refuses."""
        if (stored := await self._store.reply(command_id)) is not None:
            return read_reply(stored)
        asked = await self.undoing(goal_number, task_ref, state=state)
        if isinstance(asked, Refused):
            return asked
        try:
            seen_now = len(seen) >= STATE_CHARACTERS_MIN and asked.now.startswith(seen)
            done = seen_now and await self._tools.history.undo(goal_number, asked, command_id)
        except NoHistory as error:
            return Refused(code="not_undone", sentence=error.public)
        if not done:
            return Refused(code="changed", sentence=f"The folder of goal {goal_number} has changed since. Look again.")
        back = asked.now[:STATE_CHARACTERS]

        def note(case: Case) -> Reply:
            case.event("workspace.undone", task_ref, before=asked.now, to=asked.to, files=len(asked.files))
            sentence = f"The folder of goal {goal_number} is {_as_it_was(task_ref, state)}."
            again = f" /undo {goal_number} {back} puts it back."
            return Accepted(sentence=sentence + again, goal_number=goal_number)

        return await self._on_goal(goal_number, note, caller=caller, command_id=command_id)

    async def _why_not(self, goal_number: int) -> Refused | None:
        """While tasks may write into a folder, nobody could say what going back would leave."""
        view = await self._store.view(goal_number)
        if view is None:
            return no_goal(goal_number)
        busy = [ref for ref, _ in self._workers.held() if ref.startswith(f"{goal_number}.")]
        if busy:
            return Refused(code="runs", sentence=f"{', '.join(busy)} is running in that folder. Try again after that.")
        if not _at_rest(view.goal):
            return Refused(
                code="at_work", sentence=f"Goal {goal_number} is being worked on: /pause {goal_number} first."
            )
        return None


def _at_rest(goal: Goal) -> bool:
    return goal.final or goal.state is GoalState.PAUSED or goal.started_at is None


def _as_it_was(task_ref: str | None, state: str | None) -> str:
    if state is not None:
        return f"as it was at {state}"
    return f"as it was before {task_ref}" if task_ref else "as it was before the goal"
