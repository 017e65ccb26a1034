"""A task that a model works on in turns: it calls one action, sees the real result, and goes on until it says that it
is done, or a limit ends it.

Each call is an attempt of its own in everything that matters: the same risk, rules, grants and approvals, the same
handling of effects outside. Each turn is stored before it is carried out and after, so whatever ends in between (a
restart, a question, an outage) goes on at that turn. That the model says it is done is a claim; the task's check
decides, or a model's opinion of the real results, or a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.errors import MilepostError
from executor.domain.outcome import (
    Blocked,
    GateClosed,
    Interrupted,
    NeedsAllowance,
    NeedsApproval,
    NeedsGoal,
    NeedsPerson,
    NeedsReview,
    NotNeeded,
    Outcome,
    Result,
    Stumbled,
    Succeeded,
    Uncertain,
    Waiting,
)
from executor.domain.plan import CheckKind, ExecutionType, TaskSpec
from executor.domain.stop import Stopped
from executor.domain.turn import Turn, TurnKind, calls
from executor.domain.values import replace
from executor.engine.agents.turn_call import as_attempt
from executor.engine.agents.turn_choice import Choice, place
from executor.engine.agents.turn_words import evidence_of, output_of
from executor.engine.attempts.attempt import Run
from executor.engine.classification import classify
from executor.engine.halting import after_a_stop
from executor.engine.planning.drafts import shown_first
from executor.engine.turns import TURN, Turns
from executor.ports import Assignment, BrainFailed, Mind

NO_MODEL = "An agent needs a model: set [brain] provider, or take the task over."
TAKEN_AWAY = "It was paused or taken away between two turns"


@dataclass(slots=True)
class InTurns:
    """One attempt at such a task. Offers workers what Run does; `call` is what is being carried out."""

    whole: Run
    call: Run | None = None

    @property
    def texts(self) -> list[str]:
        return self.whole.texts

    async def outcome(self) -> Outcome:
        """Never raises but for CancelledError; then the caller asks `interrupted()`."""
        tools = self.whole.tools
        if tools.mind is None or tools.turns is None:
            result = Result(success=False, error=NO_MODEL)
            return Blocked(result=result, type=BlockageType.EXTERNAL, cause=NO_MODEL)
        try:
            action = tools.actions.get(self._spec.action)
            return await self._work(tools.mind, tools.turns, action.check(self._spec.parameters))
        except BrainFailed as error:
            return self.whole.without_model(error)
        except Stopped as error:
            return self.interrupted(error.public)
        except MilepostError as error:
            return self.broken(error.public)

    def interrupted(self, note: str) -> Outcome:
        return (self.call or self.whole).interrupted(note)

    def broken(self, error: str) -> Outcome:
        return (self.call or self.whole).broken(error)

    @property
    def _assignment(self) -> Assignment:
        return self.whole.assignment

    @property
    def _choice(self) -> Choice:
        return Choice(self._assignment, self.whole.tools)

    @property
    def _spec(self) -> TaskSpec:
        return self.whole.assignment.task.spec

    async def _work(self, mind: Mind, log: Turns, parameters: Mapping[str, Any]) -> Outcome:
        turns = await log.of(self._assignment)
        if not turns and (first := await self._before(parameters)) is not None:
            return first
        going_on = bool(turns) and turns[-1].open
        if not going_on and self._assignment.task.answer is not None:
            turns.append(self._choice.note(turns))
            if not await log.begin(turns[-1], place=place(turns, parameters), effect=None):
                return Interrupted(note=TAKEN_AWAY)
        while True:
            if going_on:
                turn = replace(turns.pop(), attempt=self._assignment.attempt.number)
                begun = await log.go_on(turn, place=place(turns, parameters), effect=self._effect(turn))
            else:
                turn = await self._choice.next(mind, turns, parameters)
                begun = await log.begin(turn, place=place(turns, parameters), effect=self._effect(turn))
            if not begun:
                return Interrupted(note=TAKEN_AWAY)
            if turn.kind is TurnKind.FINISH:
                return _about(await self._finished(turn, turns), turn, turns)
            result = await self._carried_out(turn, own=going_on)
            if not isinstance(result, Result):
                return result
            if (ended := await log.end(turn, result, self.call.texts if self.call else ())) is None:
                return Interrupted(note=TAKEN_AWAY)
            self.call, going_on = None, False
            turns.append(ended)

    async def _before(self, parameters: Mapping[str, Any]) -> Outcome | None:
        """What can settle the task before its first turn."""
        begins = self._asking(changed(self._spec, check=None))  # the check asks before it is looked at
        return await begins.asks_first(parameters) or await self.whole.not_needed()

    def _asking(self, spec: TaskSpec) -> Run:
        assignment = changed(self._assignment, task=replace(self._assignment.task, spec=spec))
        return Run(assignment, self.whole.tools, self.whole.started, [])

    # ------------------------------------------------------------------------------------------- carrying it out

    def _effect(self, turn: Turn) -> str | None:
        """What a call does outside that must not be repeated, in words; None: nothing."""
        if turn.kind is not TurnKind.CALL:
            return None
        action = self.whole.tools.actions.get(turn.action)
        return None if action.repeatable(turn.parameters) else action.describe(turn.parameters)

    async def _carried_out(self, turn: Turn, *, own: bool) -> Result | Outcome:
        """The result of a call; an outcome where the task has to wait for something. `own`: what a person answered or
        approved was about this very turn."""
        self.call = as_attempt(self.whole, turn, own=own)
        outcome = after_a_stop(self.call, await self.call.outcome(), self.whole.tools.brake.held())
        match outcome:
            case Succeeded() | Stumbled():
                return outcome.result
            case Blocked():
                return changed(outcome.result, success=False, error=outcome.result.error or outcome.cause)
            case NeedsApproval():
                why = f"An agent chose this by itself (turn {turn.number}). {outcome.why}"
                return changed(outcome, why=why, turn=turn.number)
            case Waiting() | NeedsPerson() | NeedsAllowance() | Uncertain() | Interrupted():
                return outcome
            case NeedsReview() | NotNeeded() | GateClosed() | NeedsGoal():
                raise AssertionError(f"a single call does not end in {type(outcome).__name__}")

    # -------------------------------------------------------------------------------------------------- the end

    async def _finished(self, turn: Turn, turns: Sequence[Turn]) -> Outcome:
        """What the model says about the end is looked into; its own word counts only where it says that it failed."""
        said, summary = turn.parameters, str(turn.parameters["summary"])
        result = Result(
            success=bool(said["success"]),
            result=summary.partition("\n")[0],
            output=output_of(said),
            error=None if said["success"] else summary,
            metadata={"insights": list(said["insights"]), "turns": len(calls(turns))},
        )
        if not result.success:
            return Blocked(result=result, type=classify(result).type, cause=summary)
        check = self._spec.check
        if check is not None and check.kind is CheckKind.HUMAN:
            return self._shown(Succeeded(result=result, evidence="An agent says that it is done"), always=True)
        if check is None or check.kind is CheckKind.OPINION:
            question = check.question if check else self._spec.expected_outcome or f"Is this done: {self._spec.title}?"
            outcome = await self.whole.verdict.opinion(question, replace(result, output=evidence_of(turns)))
            if isinstance(outcome, Succeeded):
                outcome = changed(outcome, result=result)
        else:
            looks = self._asking(changed(self._spec, when=None, confidence=1.0))
            if (asking := await looks.asks_first(None)) is not None:
                return changed(asking, turn=turn.number) if isinstance(asking, NeedsApproval) else asking
            return await self.whole.judge(result)
        return self._shown(outcome)

    def _shown(self, outcome: Outcome, *, always: bool = False) -> Outcome:
        """What a person wants to see before it counts waits for them."""
        spec = changed(self._spec, execution_type=ExecutionType.SEMI_AUTOMATED) if always else self._spec
        return shown_first(spec, outcome, self.texts.append)


def _about(outcome: Outcome, turn: Turn, turns: Sequence[Turn]) -> Outcome:
    """Whatever a check said about it, the result is still that of this turn."""
    match outcome:
        case Succeeded() | Stumbled() | Blocked() | NeedsReview():
            known = {TURN: turn.number, "turns": len(calls(turns)), "insights": list(turn.parameters["insights"])}
            result = replace(outcome.result, metadata={**outcome.result.metadata, **known})
            return changed(outcome, result=result)
        case _:
            return outcome
