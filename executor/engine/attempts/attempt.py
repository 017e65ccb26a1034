"""Running one attempt: ask first where a person must speak, act, then let the verdict say what came of it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.errors import MilepostError, WrongInput
from executor.domain.model_outage import BRAIN, PROBE_S
from executor.domain.outcome import (
    Blocked,
    Interrupted,
    NeedsAllowance,
    NeedsPerson,
    NotNeeded,
    Outcome,
    Result,
    Stumbled,
    Succeeded,
    Uncertain,
    Waiting,
)
from executor.domain.reach import reach_of
from executor.domain.stop import Stopped
from executor.domain.task import Task, TaskKind
from executor.engine.attempts.gate_attempt import GateLook
from executor.engine.attempts.handing import with_files
from executor.engine.attempts.verdict import Verdict, is_opinion, lookable
from executor.engine.classification import unset_secret
from executor.engine.correction.diagnosing import diagnosed
from executor.engine.flow import asks_person
from executor.engine.planning.subgoals import goal_of_attempt, wanted_draft
from executor.engine.policy.approval import Approval
from executor.engine.tools import Tools
from executor.engine.wording import said
from executor.ports import PASSING, Action, Assignment, BrainFailed, Context, Failure

CRASH_POINTS = ("attempt.before_action", "attempt.after_action", "attempt.after_check")
OVERTIME_S = 30.0  # beyond an action's own limit, for its own way of ending


@dataclass(slots=True)
class Run:
    """One attempt while it runs. `began_effect` becomes True once an effect that must not be repeated may be out.
    `diagnoses`: a failure beyond the rules is shown to the model."""

    assignment: Assignment
    tools: Tools
    started: Callable[[int, float, str], Awaitable[None]]
    texts: list[str]
    began_effect: bool = False
    diagnoses: bool = True
    found: Mapping[str, Any] | Result | Waiting | None = None

    async def outcome(self) -> Outcome:
        """Never raises but for CancelledError; then the caller asks `interrupted()`."""
        try:
            if self.assignment.task.kind is TaskKind.CRITERION:
                return await self._criterion()
            if self.assignment.task.kind is TaskKind.GATE:
                return await self._gate()
            return await self._asks_before() or await self._before() or await self._work()
        except BrainFailed as error:
            return self.without_model(error)
        except Stopped as error:
            return self.interrupted(error.public)
        except MilepostError as error:  # bad parameters, a reference without an output, a path outside
            return self.broken(error.public)

    def without_model(self, error: BrainFailed) -> Outcome:
        """A model could not be asked: nothing was done, and what may pass is waited for, without using up attempts."""
        if self.began_effect:
            return Uncertain(note=error.public)
        if error.kind in (Failure.BUDGET, Failure.CYCLES):
            return NeedsAllowance(kind=error.limit, question=error.public)
        if error.kind in PASSING:
            wait_s = (error.wait_s or PROBE_S) if error.since else max(error.wait_s or 0.0, PROBE_S)
            return Waiting(wait_s=wait_s, note=f"{error.public} I ask again by myself.", gone=BRAIN)
        result = Result(success=False, error=error.public, metadata={"brain": str(error.kind)})
        return Blocked(result=result, type=BlockageType.EXTERNAL, cause=error.public)

    def broken(self, error: str) -> Outcome:
        """What an exception means: it says nothing about an effect that may be out."""
        if self.began_effect or self._task.verify_only:
            return Uncertain(note=error)
        return Stumbled(result=Result(success=False, error=error))

    def interrupted(self, note: str) -> Outcome:
        """What to report when it was cancelled from our side."""
        return Uncertain(note=note) if self.began_effect else Interrupted(note=note)

    @property
    def _task(self) -> Task:
        return self.assignment.task

    def _context(self) -> Context:
        attempt, limits = self.assignment.attempt, self.tools.limits
        return Context(
            task_ref=self._task.ref,
            role=self._task.spec.role,
            attempt=attempt.number,
            goal_title=self.assignment.goal.title,
            folder=partial(self.tools.workspaces.folder, self.assignment.goal.number),
            timeout_s=self._task.spec.timeout_s or limits.timeout_s,
            output_bytes_max=limits.output_bytes_max,
            now=self.tools.clock.now,
            first_started_at=attempt.started_at,
            environment=self.assignment.environment,
            started=self.started,
            tell=self.texts.append,
            answer=self._task.answer,
            outputs=self.assignment.outputs,
            reach=reach_of(self._task.spec.parameters),
        )

    async def _criterion(self) -> Outcome:
        task, answer = self._task, self._task.answer
        if task.taken_over and answer is None:
            return NeedsPerson(
                manual=True, question=task.spec.title, problem=_problem(task), check=said(task.spec.check)
            )
        if is_opinion(task.spec.check) and self.tools.mind is not None and answer is None:
            return await self.verdict.seen(Result(success=True))
        if asks_person(task):
            if answer is None:
                question = task.spec.check.question if task.spec.check else ""
                return NeedsPerson(manual=False, question=question or f"Is this true? {task.spec.title}")
            evidence = f"Confirmed by {answer.by}, {answer.at:%d %b %Y %H:%M} UTC"
            return Succeeded(result=Result(success=True, result=evidence), evidence=evidence)
        return await self.asks_first(None) or await self.verdict.look(Result(success=True))

    async def _gate(self) -> Outcome:
        async def run(command: str) -> Result | Waiting:
            shell = self.tools.actions.get("shell")
            self.tools.crash_points.reached("attempt.before_action")
            result = await self._bounded(shell, shell.check({"command": command}))
            self.tools.crash_points.reached("attempt.after_action")
            return result

        tools, hide = self.tools, self.tools.secrets.hide.everywhere
        return await GateLook(self.assignment, self._context(), tools.project, tools.mender, run, hide).outcome()

    async def _before(self) -> Outcome | None:
        """What can settle an attempt before its action runs."""
        task = self._task
        if task.verify_only and task.spec.check is not None:
            seen = await self.tools.checks.look(task.spec.check, self._context())
            result = seen.result or Result(success=seen.met, result=seen.evidence)
            return Succeeded(result=result, evidence=seen.evidence) if seen.met else Uncertain(note=seen.evidence)
        if task.verify_first and lookable(task.spec.check) is not None:
            outcome = await self.verdict.look(Result(success=True, result="Seen after an interruption"))
            if isinstance(outcome, Succeeded):
                return outcome
        return await self.not_needed()

    async def not_needed(self) -> NotNeeded | None:
        """None: its `when` holds, or it has none."""
        if (when := lookable(self._task.spec.when)) is None:
            return None
        seen = await self.tools.checks.look(when, self._context())
        return None if seen.met else NotNeeded(note=f"Not needed: {seen.evidence}")

    async def _work(self) -> Outcome:
        task = self._task
        action = self.tools.actions.get(task.spec.action)
        parameters = await self._ready()
        if not isinstance(parameters, Mapping):
            return parameters if isinstance(parameters, Waiting) else await self.judge(parameters)
        if (needs := self._needs_person(action.ask(parameters))) is not None:
            return needs
        if task.taken_over and task.answer is not None:
            result: Result | Waiting = Result(success=True, result=f"Done by {task.answer.by}")
        elif (asking := await self.asks_first(parameters)) is not None:
            return asking
        elif (draft := wanted_draft(self.tools.actions, task.spec.action, parameters)) is not None:
            came = goal_of_attempt(self.assignment, draft, self.tools.actions)
            brought = await with_files(came, self.assignment, self.tools.handover, self._context().folder)
            return await self.judge(brought) if isinstance(brought, Result) else brought
        else:
            self.tools.brake.check()  # before anything is begun: afterwards an effect may be out
            self.began_effect = not action.repeatable(parameters)
            self.tools.crash_points.reached("attempt.before_action")
            result = await self._bounded(action, parameters)
            self.tools.crash_points.reached("attempt.after_action")
            result = self._noting_unset(result, parameters)
        if isinstance(result, Waiting):
            return result
        outcome = await self.judge(result)
        if not self.diagnoses:
            return outcome
        return await diagnosed(outcome, self.assignment, self.tools.mind, self.tools.actions, self.tools.secrets)

    async def asks_first(self, parameters: Mapping[str, Any] | None) -> Outcome | None:
        """None: it may run, with all that it looks at."""
        tools = self.tools
        approval = Approval(
            assignment=self.assignment, actions=tools.actions, policy=tools.policy, folder=tools.workspaces.folder
        )
        return await approval.asked(parameters)

    async def _asks_before(self) -> Outcome | None:
        """Before anything is looked at. Where the action can't be made out yet only what is looked at asks."""
        task = self._task
        if task.spec.check is None and task.spec.when is None:
            return None  # the action itself asks in its turn
        try:
            found = None if task.taken_over else await self._ready()
        except WrongInput:
            found = None
        outcome = await self.asks_first(found if isinstance(found, Mapping) else None)
        # What it began is only looked for: nobody must think that it would be done again.
        return await self.asks_first(None) if outcome is not None and task.verify_only else outcome

    async def _ready(self) -> Mapping[str, Any] | Result | Waiting:
        """The action's parameters, with the outputs that they refer to and all that had to be looked up, once: what is
        asked about is what runs. Raises WrongInput."""
        if self.found is None:
            spec, actions = self._task.spec, self.tools.actions
            parameters = actions.get(spec.action).check(spec.parameters)
            parameters = actions.fill(parameters, spec.action, self.assignment.outputs)
            self.found = parameters if self._task.taken_over else await actions.ready(spec.action, parameters)
        return self.found

    def _noting_unset(self, result: Result | Waiting, parameters: Mapping[str, Any]) -> Result | Waiting:
        """A command may have failed for want of a secret without a word about it; and one that went well without it
        may not have done what was meant."""
        command = parameters.get("command")
        if isinstance(result, Waiting) or not isinstance(command, str):
            return result
        if not (unset := unset_secret(command, self.assignment.environment)):
            return result
        if result.success and re.search(rf"\$\{{{unset}:?[-+=]", command):
            return result  # it says itself what then
        if result.success:
            return replace(result, result=f"{result.result}, without a value for {unset}".removeprefix(", "))
        return replace(result, metadata={**result.metadata, "unset": unset})

    async def _bounded(self, action: Action, parameters: Mapping[str, Any]) -> Result | Waiting:
        """Actions keep their own limit; one that does not must not hold its slot and its lease for ever."""
        context = self._context()
        own = parameters.get("timeout_s")
        limit_s = max(context.timeout_s, float(own) if isinstance(own, int | float) else 0.0)
        try:
            async with asyncio.timeout(limit_s + OVERTIME_S):
                return await action.run(parameters, context)
        except TimeoutError:
            error = f"It did not end after {limit_s:g} s and was stopped"
            metadata = {"timed_out": True, "outcome_unknown": self.began_effect}
            return Result(success=False, error=error, metadata=metadata)

    def _needs_person(self, ask: Any) -> NeedsPerson | None:
        task = self._task
        if task.answer is not None or (ask is None and not task.taken_over):
            return None
        problem, check = _problem(task), said(task.spec.check)
        if ask is None:
            action = self.tools.actions.get(task.spec.action)
            what = f"{task.spec.title}\n{action.describe(task.spec.parameters)}"
            return NeedsPerson(manual=True, question=what, problem=problem, check=check)
        return NeedsPerson(manual=ask.manual, question=ask.question, choices=ask.choices, problem=problem, check=check)

    async def judge(self, result: Result) -> Outcome:
        """What a result means for the task, whoever brought it about."""
        return await self.verdict.judge(result)

    @property
    def verdict(self) -> Verdict:
        """As things stand now."""
        return Verdict(self.assignment, self.tools, self._context(), self.texts, self.began_effect)


def _problem(task: Task) -> str:
    """Why a person is asked again: the last answer did not hold."""
    return task.summary if task.attempts > 1 and task.summary.startswith("The check does not hold") else ""
