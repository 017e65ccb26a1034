"""Turns in the database: what is begun is stored with its intent, what came of it with its receipt, each in one
transaction with its event and the card.

The functions on a case are pure; `Turns` is how an attempt that is under way reaches them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from executor.domain.attempt import AttemptState
from executor.domain.decision import Decision
from executor.domain.effect import Effect, EffectState
from executor.domain.goal import GOAL_RUNNING
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import NeedsReview, Outcome, Result, Succeeded
from executor.domain.task import Task, TaskKind, TaskState
from executor.domain.turn import AGENT, Turn
from executor.domain.values import replace
from executor.engine.casework.case import Case
from executor.engine.casework.floods import keep_within_limits
from executor.engine.casework.joint import Numbers
from executor.engine.replies import Caller
from executor.engine.secrecy.secrets import Secrets
from executor.ports import Assignment, Clock, Store

OUTPUT_CHARACTERS_MAX = 20_000  # of one turn's output as it is kept: its end, where the errors are
TURN = "turn"
"""In a result's metadata and in a question's facts: the turn that it is about."""
REFUSED_BY = "refused_by"
"""In a result's metadata: who did not let the call run."""


# ------------------------------------------------------------------------------------------------- pure, on a case


def works_in_turns(task: Task) -> bool:
    return task.kind is TaskKind.WORK and task.spec.action == AGENT and not task.taken_over


def begin(case: Case, turn: Turn, *, place: str, effect: str | None) -> bool:
    """Store a new turn before it is carried out, as people are told of it in `place`; `effect` is what it may do
    outside, in words. Whatever a person said or approved before it was for an earlier one. False: the attempt has been
    fenced off or is to end here."""
    if not _goes_on(case, turn):
        return False
    task = case.tasks[turn.task_ref]
    case.set_task(replace(task, approved="", answer=None, summary=f"{place}: {turn.does}"))
    case.add_turn(turn)
    case.event("agent.turn", turn.task_ref, turn=turn.number, kind=str(turn.kind), does=turn.does)
    _intend(case, turn, effect)
    return True


def go_on(case: Case, turn: Turn, *, place: str, effect: str | None) -> bool:
    """A turn that was begun in an earlier attempt is about to be carried out in this one. False: as for `begin`."""
    if not _goes_on(case, turn):
        return False
    task = case.tasks[turn.task_ref]
    case.set_task(replace(task, summary=f"{place}: {turn.does}"))
    _intend(case, turn, effect)
    return True


def end(case: Case, turn: Turn, result: Result, texts: Sequence[str] = ()) -> bool:
    """Store what came of a turn, and the receipt of its effect. False: the attempt has been fenced off."""
    if _running(case, turn) is None:
        return False
    case.end_turn(turn.task_ref, result.record())
    state = EffectState.DONE if result.success else EffectState.FAILED
    case.settle_effect(turn.task_ref, state, result.result or result.error or "")
    for index, text in enumerate(texts, start=1):
        key = f"{turn.task_ref}#{turn.attempt}/turn/{turn.number}/text/{index}"
        case.tell(NoticeKind.TEXT, key, {"text": text, "ref": turn.task_ref})
    return True


def end_with(case: Case, task: Task, outcome: Outcome) -> None:
    """The last turn of an attempt ends with the attempt itself: what it claimed has been looked into."""
    result = getattr(outcome, "result", None)
    if isinstance(result, Result) and works_in_turns(task) and TURN in result.metadata:
        seen = getattr(outcome, "evidence", "") or getattr(outcome, "cause", "")
        success = isinstance(outcome, Succeeded | NeedsReview)
        error = None if success else seen or result.error
        record = replace(result, success=success, result=seen or result.result, output="", error=error).record()
        case.end_turn(task.ref, record)


def refuse(case: Case, decision: Decision, task: Task, caller: Caller) -> str:
    """A person does not let one call run: whoever works is told, and goes on in another way, or ends."""
    said = Result(success=False, error=f"{caller.name} did not let this run", metadata={REFUSED_BY: caller.name})
    _told(case, task, said, EffectState.FAILED)
    return f"{task.ref} goes on without it (turn {decision.facts[TURN]})."


def about_effect(case: Case, task: Task, caller: Caller, *, happened: bool) -> str:
    """A person says what came of a call whose end nobody saw; it is never made again by itself."""
    words = "it happened" if happened else "it did not happen"
    evidence = f"{caller.name} says that {words}"
    result = Result(success=happened, result=evidence, error=None if happened else evidence)
    _told(case, task, result, EffectState.HAPPENED if happened else EffectState.DID_NOT_HAPPEN)
    return f"Thank you, noted; {task.ref} goes on with that."


def _told(case: Case, task: Task, result: Result, state: EffectState) -> None:
    case.end_turn(task.ref, result.record())
    case.settle_effect(task.ref, state, result.error or result.result)
    case.move_task(task.ref, TaskState.QUEUED, summary=result.error or result.result)


def _running(case: Case, turn: Turn) -> Task | None:
    """The task, while the attempt that has the turn in hand is its running one."""
    attempt = case.attempts.get(turn.task_ref)
    if attempt is None or attempt.state is not AttemptState.RUNNING or attempt.number != turn.attempt:
        return None
    return case.tasks[turn.task_ref]


def _goes_on(case: Case, turn: Turn) -> bool:
    """Nobody has paused, cancelled or taken away what the attempt works on."""
    task = _running(case, turn)
    return task is not None and task.state is TaskState.IN_PROGRESS and case.goal.state in GOAL_RUNNING


def _intend(case: Case, turn: Turn, effect: str | None) -> None:
    """Once for an attempt: one that waited for an approval goes on with what it intended."""
    name = f"{turn.task_ref}#{turn.attempt}/{turn.number}"
    known = case.effects.get(turn.task_ref)
    if effect is None or (known is not None and known.id == name):
        return
    case.intend(
        Effect(
            id=name,
            goal_number=turn.goal_number,
            task_ref=turn.task_ref,
            attempt=turn.attempt,
            what=effect,
            intended_at=case.now,
        )
    )


# ------------------------------------------------------------------------------------------------- as transactions


@dataclass(frozen=True, slots=True)
class Turns:
    """No secret gets beyond it."""

    store: Store
    clock: Clock
    limits: Limits
    secrets: Secrets

    async def of(self, assignment: Assignment) -> list[Turn]:
        """All turns of a task, oldest first."""
        return await self.store.turns(assignment.goal.number, assignment.task.ref)

    async def begin(self, turn: Turn, *, place: str, effect: str | None) -> bool:
        hidden = self.secrets.hide.everywhere(turn)
        what = None if effect is None else self.secrets.hide(effect)
        return await self._change(turn, lambda case: begin(case, hidden, place=place, effect=what))

    async def go_on(self, turn: Turn, *, place: str, effect: str | None) -> bool:
        what = None if effect is None else self.secrets.hide(effect)
        return await self._change(turn, lambda case: go_on(case, turn, place=place, effect=what))

    async def end(self, turn: Turn, result: Result, texts: Sequence[str]) -> Turn | None:
        """The turn as it is kept; None: the attempt has been fenced off, or is to end here."""
        kept = shortened(self.secrets.hidden_result(result))
        told = self.secrets.hide.everywhere(list(texts))
        ends_here = True

        def act(case: Case) -> bool:
            nonlocal ends_here
            ends_here = not _goes_on(case, turn)
            return end(case, turn, kept, told)

        await self._change(turn, act)
        if ends_here:
            return None
        return replace(turn, result=kept.record(), finished_at=self.clock.now())

    async def _change(self, turn: Turn, act: Callable[[Case], bool]) -> bool:
        async with self.store.transaction("turn") as transaction:
            [rows] = await transaction.cases([turn.goal_number])
            numbers = Numbers(await transaction.next_decision_number())
            case = Case(rows, self.clock.now(), self.limits, numbers)
            if not act(case):
                return False
            await keep_within_limits(transaction, case)
            await transaction.save(case.changes())
        return True


def shortened(result: Result) -> Result:
    """Both ends count most of what was read, and the end of what was printed."""
    metadata = {name: value for name, value in result.metadata.items() if name != "tail"}
    if len(stderr := str(metadata.get("stderr") or "")) > OUTPUT_CHARACTERS_MAX:
        metadata["stderr"] = stderr[-OUTPUT_CHARACTERS_MAX:]
    output = result.output
    if len(output) > OUTPUT_CHARACTERS_MAX:
        half, left_out = OUTPUT_CHARACTERS_MAX // 2, len(output) - OUTPUT_CHARACTERS_MAX
        output = f"{output[:half]}\n… {left_out:,} characters left out …\n{output[-half:]}"
    return replace(result, output=output, metadata=metadata)
