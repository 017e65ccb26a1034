"""Commands about whole goals: taking one, changing it before it starts, pausing, resuming and ending it."""

from dataclasses import replace
from functools import partial

from executor.domain.errors import WrongInput
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState, Origin
from executor.domain.plan import MODEL, GoalDraft, Plan
from executor.domain.task import TaskState
from executor.engine.asking.rethinking import ask_for_more, question_of, stuck, take_up, trouble_of
from executor.engine.asking.unplanned import plan_later
from executor.engine.blockages.blocking import ask_again
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.commands.desk import Desk, impossible
from executor.engine.commands.strategies import begin_single
from executor.engine.flow import advance, announce, end
from executor.engine.planning.planning import open_goal, propose, redraft, refuse_plan
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import PASSING, BrainFailed, Rethought, Transaction


class GoalCommands(Desk):
    """See the module."""

    async def set_goal(self, draft: GoalDraft, *, origin: Origin, caller: Caller, command_id: str) -> Reply:
        """Take a goal. A brain that answers at once plans it in the same transaction; else the tick does, soon."""

        async def create(transaction: Transaction) -> tuple[Case | None, Reply]:
            if (short := self._tools.quota.short()) is not None:
                return None, Refused(code="no_room", sentence=f"{short}. Send this goal again then.")
            self._tools.history.check(draft.metadata)
            number = await transaction.next_goal_number()
            numbers = Numbers(await transaction.next_decision_number())
            now, limits = self._tools.clock.now(), self._tools.limits
            case = open_goal(draft, origin, number, now=now, limits=limits, numbers=numbers, by=caller)
            if self._brain.immediate:
                plan = await self._brain.plan(draft, case.goal)
                propose(case, plan, autonomy=self._autonomy, gates=self._tools.gates)
            return case, Accepted(sentence=f"Goal {number}: {draft.title}", goal_number=number)

        return await self._in_transaction(command_id, create)

    async def replace_draft(self, goal_number: int, draft: GoalDraft, *, caller: Caller, command_id: str) -> Reply:
        """Replace the text of a goal that has not started: a new proposal takes the place of the old one."""
        goal = Goal(number=goal_number, title=draft.title, created_at=self._now(), updated_at=self._now())
        try:
            self._tools.history.check(draft.metadata)
            plan = await self._brain.plan(draft, goal) if self._brain.immediate else None
        except WrongInput as error:
            return Refused(code="wrong_input", sentence=error.public)

        def edit(case: Case) -> Reply:
            if case.goal.state not in (GoalState.PENDING, GoalState.PLANNING, GoalState.AWAITING_START):
                return Refused(
                    code="already_started",
                    sentence=f"Goal {goal_number} is {case.goal.state}; its text can't be changed any more.",
                )
            redraft(case, draft)
            if plan is not None:
                propose(case, plan, autonomy=self._autonomy, gates=self._tools.gates)
            return Accepted(sentence=f"Goal {goal_number} now reads: {draft.title}", goal_number=goal_number)

        return await self._on_goal(goal_number, edit, caller=caller, command_id=command_id)

    async def plan_goal(self, goal: Goal, draft: GoalDraft) -> None:
        """Plan one goal with a brain that takes its time; the proposal counts unless the goal moved on meanwhile."""
        try:
            plan: Plan | str | BrainFailed = await self._brain.plan(draft, goal)
        except WrongInput as error:
            plan = error.public
        except BrainFailed as error:
            plan = error
        await self._keep_plan(goal, plan, draft=draft)

    async def planning_failed(self, goal: Goal, failed: BrainFailed) -> None:
        """No plan came of it, for a reason that no brain names: the goal waits, unless it moved on meanwhile."""
        await self._keep_plan(goal, failed)

    async def _keep_plan(self, goal: Goal, plan: Plan | str | BrainFailed, *, draft: GoalDraft | None = None) -> None:
        def store(case: Case) -> Reply:
            waits = case.goal.state in (GoalState.PENDING, GoalState.PLANNING) and case.goal.revision == goal.revision
            if not waits:
                return Refused(code="moved_on", sentence="The goal has moved on.")
            if isinstance(plan, BrainFailed):
                plan_later(case, plan)
            elif isinstance(plan, str):
                refuse_plan(case, plan)
            elif draft is not None and draft.single:
                begin_single(case, plan)
            elif case.goal.parent_task is not None:  # the gates of this place hold the whole goal back, not its parts
                seen = draft is not None and draft.accepted
                made = plan if seen else replace(plan, made_by=f"{MODEL}or output of {case.goal.parent_task}")
                propose(case, made, autonomy=self._autonomy, at_once=seen)
            else:
                propose(case, plan, autonomy=self._autonomy, gates=self._tools.gates)
            return Accepted(sentence="Planned.", goal_number=goal.number)

        await self._on_goal(goal.number, store, caller=None, command_id=f"plan/{goal.number}/{goal.revision}")

    async def rethink(self, goal_number: int) -> None:
        """Ask the model for another plan where nothing else helps, once for the same trouble."""
        mind = self._tools.mind
        if mind is None:
            return
        async with self._store.transaction("plan") as transaction:
            case = await self._case(transaction, goal_number, None)
            if case is None or not stuck(case):
                return
            trouble = trouble_of(case)
            if await transaction.reply_to(trouble) is not None:
                return
            question = question_of(case)
        try:
            found: Rethought | str = await mind.adapt(question, self._tools.actions)
        except BrainFailed as error:
            if (failed := error).limit:
                asked = f"{trouble}/{failed.limit}/{case.goal.revision}"
                act = partial(ask_for_more, trouble=trouble, failed=failed)
                await self._on_goal(goal_number, act, caller=None, command_id=asked)
            if failed.limit or failed.kind in PASSING:  # the look-out asks again, and so do a failure and a restart
                return
            found = error.public
        await self._on_goal(goal_number, lambda case: take_up(case, trouble, found), caller=None, command_id=trouble)

    async def pause(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        """Take nothing new. What runs now finishes."""

        def act(case: Case) -> Reply:
            if case.goal.state not in GOAL_RUNNING:
                return impossible(case, "paused")
            running = sum(task.state is TaskState.IN_PROGRESS for task in case.tasks.values())
            case.move_goal(GoalState.PAUSED, reason=f"Paused by {caller.name}")
            rest = f" {running} running task(s) finish first." if running else ""
            return Accepted(sentence=f"Goal {goal_number} is paused.{rest}", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def resume(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        def act(case: Case) -> Reply:
            if case.goal.state is not GoalState.PAUSED:
                return impossible(case, "resumed")
            case.move_goal(GoalState.IN_PROGRESS)
            ask_again(case)
            advance(case)
            return Accepted(sentence=f"Goal {goal_number} goes on.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def cancel(self, goal_number: int, *, caller: Caller, command_id: str) -> Reply:
        def act(case: Case) -> Reply:
            if case.goal.final:
                return impossible(case, "cancelled")
            end(case, GoalState.CANCELLED, reason=f"Cancelled by {caller.name}.")
            return Accepted(sentence=f"Goal {goal_number} is cancelled.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def fail(self, goal_number: int, *, reason: str, caller: Caller, command_id: str) -> Reply:
        """The manual failure flag of document 001."""

        def act(case: Case) -> Reply:
            if case.goal.final:
                return impossible(case, "failed")
            why = reason.strip() or "no reason given"
            end(case, GoalState.FAILED, reason=f"Declared failed by {caller.name}: {why}")
            return Accepted(sentence=f"Goal {goal_number} counts as failed.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def note(self, goal_number: int, *, text: str, caller: Caller, command_id: str) -> Reply:
        """Keep a remark in the goal's log and history."""

        def act(case: Case) -> Reply:
            if not text.strip():
                return Refused(code="empty", sentence=f"Say what to note: /note {goal_number} Ann is on holiday.")
            case.event("goal.note", None, text=text)
            case.note_progress(text)
            return Accepted(sentence=f"Noted in goal {goal_number}.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def report_milestone(self, goal_number: int, percentage: int, *, caller: Caller, command_id: str) -> Reply:
        """Announce a milestone that was reached but only recorded, because the progress jumped over it. One that was
        announced is not announced again."""
        view = await self._store.view(goal_number)
        found = [milestone for milestone in (view.milestones if view else ()) if milestone.percentage == percentage]

        def act(case: Case) -> Reply:
            if not found:
                return Refused(code="no_such_milestone", sentence=f"Goal {goal_number} has no milestone {percentage}.")
            milestone = found[0]
            if milestone.achieved_at is None:
                return Refused(code="not_reached", sentence=f"{milestone.title} ({percentage} %) is still ahead.")
            if milestone.announced:
                return Refused(code="already_announced", sentence=f"{milestone.title} was announced already.")
            case.reach(replace(milestone, announced=True), event="milestone.reported")
            announce(case, percentage)
            return Accepted(sentence=f"{milestone.title} is announced.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)
