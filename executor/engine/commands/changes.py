"""Commands that change what a goal asks for while it is under way: its deadline, its priority, its criteria."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from executor.domain.amendment import Amendment
from executor.domain.decision import Decision
from executor.domain.envelope import minutes_of
from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.plan import Check, CheckKind, Criterion, TaskSpec
from executor.domain.task import Task
from executor.engine.casework.case import Case
from executor.engine.commands.desk import Desk, impossible
from executor.engine.deadlines import iso, move_deadline
from executor.engine.flow import advance
from executor.engine.planning.adaptation import current_plan
from executor.engine.planning.steering import apply, propose_change, steer
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.spans import span

_CHANGEABLE = GOAL_RUNNING | {GoalState.PAUSED}


class ChangeCommands(Desk):
    """See the module."""

    async def set_deadline(
        self, goal_number: int, deadline_at: datetime | None, *, told: str = "", caller: Caller, command_id: str
    ) -> Reply:
        """None: there is none any more. `told` is the moment as the person reads it."""

        def act(case: Case) -> Reply:
            if case.goal.final:
                return impossible(case, "moved")
            move_deadline(case, deadline_at)
            version = case.goal.plan_version
            advance(case)
            steer(case)
            due = f"is due {told or iso(deadline_at)}" if deadline_at else "has no deadline any more"
            changed = case.goal.plan_version != version
            return Accepted(
                sentence=f"Goal {goal_number} {due}.{'' if changed else _outlook(case)}", goal_number=goal_number
            )

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def set_priority(self, goal_number: int, priority: int, *, caller: Caller, command_id: str) -> Reply:
        """1..10, 10 first."""
        if not 1 <= priority <= 10:
            return Refused(code="wrong_input", sentence=f"A priority is p1 (lowest) to p10 (highest), not {priority}.")

        def act(case: Case) -> Reply:
            if case.goal.final:
                return impossible(case, "moved")
            before = case.goal.priority
            case.set_goal(replace(case.goal, priority=priority))
            case.event("goal.priority", None, before=before, after=priority)
            return Accepted(sentence=f"Goal {goal_number} has priority {priority} of 10.", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)

    async def edit_criterion(
        self, goal_number: int, place: int, criterion: Criterion, *, trusted: bool, caller: Caller, command_id: str
    ) -> Reply:
        """Criterion `place` (from 1) reads so from now on; one more than there are adds one. It is looked at anew, also
        where it was found wanting. Not `trusted`: somebody who may accept plans has to agree first."""

        def act(case: Case) -> Reply:
            if (refused := _not_editable(case, place)) is not None:
                return refused
            amendment = _edited(case, place, criterion, f"{caller.name} changed what has to be true")
            if not trusted:
                because = f"{caller.name} may not change by themselves what is checked"
                decision = propose_change(case, replace(amendment, because=(because,)))
                return Accepted(sentence=_waits(decision), goal_number=goal_number, decision_number=decision.number)
            change = apply(case, amendment)
            advance(case)
            return Accepted(sentence=f"{change.line}. {_checked_by(criterion)}", goal_number=goal_number)

        return await self._on_goal(goal_number, act, caller=caller, command_id=command_id)


def _outlook(case: Case) -> str:
    """Whether the plan fits, where its estimates say anything; without them nothing is claimed."""
    if case.goal.plan_version == 0 or case.goal.deadline_at is None:
        return ""
    done = [task.spec.key for task in case.work if task.final]
    minutes = minutes_of(current_plan(case), done)
    if not minutes:
        return f" Plan v{case.goal.plan_version} stays: nothing in it depends on that."
    late = case.now + timedelta(minutes=minutes) - case.goal.deadline_at
    if late <= timedelta():
        return " By its estimates the plan fits."
    return f" By its estimates the plan ends {span(late.total_seconds())} later; /skip leaves a task out."


def _not_editable(case: Case, place: int) -> Refused | None:
    goal, known = case.goal, case.criteria
    if goal.state not in _CHANGEABLE:
        hint = " Press Edit on its card." if goal.state is GoalState.AWAITING_START else ""
        state = goal.state.replace("_", " ")
        return Refused(code="not_running", sentence=f"Goal {goal.number} is {state}.{hint}")
    if not 1 <= place <= len(known) + 1:
        last = f"c1 to c{len(known)}" if known else "no criterion"
        sentence = f"Goal {goal.number} has {last}; c{len(known) + 1} adds one."
        return Refused(code="no_such_criterion", sentence=sentence)
    if place <= len(known) and known[place - 1].final:
        sentence = f"c{place} is {known[place - 1].state} already; /adapt {goal.number} c{len(known) + 1} adds another."
        return Refused(code="already_checked", sentence=sentence)
    return None


def _edited(case: Case, place: int, criterion: Criterion, reason: str) -> Amendment:
    plan = current_plan(case)
    criteria, tasks = list(plan.criteria), plan.tasks
    if place > len(criteria):
        return Amendment(tasks=tasks, criteria=(*criteria, criterion), reason=reason)
    old = criteria[place - 1]
    proof = case.by_key(old.covered_by) if old.covered_by else None
    if proof is not None and _says_the_same(proof, old):
        criterion = replace(criterion, covered_by=old.covered_by)
        tasks = _with(tasks, _by_hand(proof.spec, criterion))
    criteria[place - 1] = criterion
    return Amendment(tasks=tasks, criteria=tuple(criteria), reason=reason)


def _says_the_same(proof: Task, criterion: Criterion) -> bool:
    """The task was made of the criterion, word for word, and is not over: it goes along with it."""
    return not proof.final and proof.spec.action == "manual" and proof.spec.title == criterion.text


def _by_hand(spec: TaskSpec, criterion: Criterion) -> TaskSpec:
    parameters = {**spec.parameters, "instructions": criterion.text}
    command = criterion.check.command if criterion.check else ""
    outcome = f"`{command}` succeeds" if command else criterion.text
    return replace(spec, title=criterion.text, parameters=parameters, check=criterion.check, expected_outcome=outcome)


def _with(tasks: Sequence[TaskSpec], changed: TaskSpec) -> tuple[TaskSpec, ...]:
    return tuple(changed if spec.key == changed.key else spec for spec in tasks)


def _checked_by(criterion: Criterion) -> str:
    check: Check | None = criterion.check
    if check is not None and check.kind is CheckKind.COMMAND:
        return f"Checked at the end by `{check.command}`."
    return "A person is asked at the end."


def _waits(decision: Decision) -> str:
    return f"Question {decision.number} asks somebody who may accept it; until then the plan stays."
