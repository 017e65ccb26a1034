"""Running one attempt: ask first where a person must speak, act, then look whether it is true.

The status of a task comes from here, from what an action returned and a check saw, and from nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.errors import MilepostError, WrongInput
from executor.domain.gate import Gates
from executor.domain.limits import Limits
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
from executor.domain.plan import Check, CheckKind
from executor.domain.reach import reach_of
from executor.domain.stop import Stopped
from executor.domain.task import Task, TaskKind
from executor.domain.turn import AGENT
from executor.engine.approval import Approval
from executor.engine.classification import classify, unset_secret
from executor.engine.diagnosing import SHOWN_CHARACTERS, diagnosed
from executor.engine.drafts import shown_first
from executor.engine.flow import asks_person
from executor.engine.gate_attempt import GateLook
from executor.engine.handing import with_files
from executor.engine.judging import doubted, hidden, told_by, was_answered
from executor.engine.policy import Policy
from executor.engine.secrets import Secrets
from executor.engine.standstill import with_left
from executor.engine.subgoals import goal_of_attempt, wanted_draft
from executor.engine.turns import Turns
from executor.engine.wording import said
from executor.ports import (
    PASSING,
    About,
    Action,
    Actions,
    Assignment,
    Blind,
    BrainFailed,
    Brake,
    Checks,
    Clock,
    Context,
    CrashPoints,
    Failure,
    Forgetful,
    Handover,
    History,
    Mender,
    Mind,
    NoBrake,
    NoHandover,
    NoQuota,
    Project,
    Quota,
    Watches,
    Workspaces,
)
from executor.ports.survey import NoSurvey, Surveyor

CRASH_POINTS = ("attempt.before_action", "attempt.after_action", "attempt.after_check")

_LOOKABLE = frozenset({CheckKind.COMMAND, CheckKind.FILE, CheckKind.HTTP})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What attempts work with."""

    actions: Actions
    checks: Checks
    workspaces: Workspaces
    clock: Clock
    limits: Limits
    crash_points: CrashPoints
    project: Project
    mender: Mender
    secrets: Secrets = field(default_factory=Secrets)
    policy: Policy = field(default_factory=Policy)
    mind: Mind | None = None  # None: there is no model, and people judge
    watches: Watches = Blind()
    surveyor: Surveyor = NoSurvey()
    gates: Gates = Gates()
    brake: Brake = NoBrake()
    history: History = Forgetful()
    quota: Quota = NoQuota()
    handover: Handover = NoHandover()
    turns: Turns | None = None  # None: nothing is worked on in turns here


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
            return await self._seen(Result(success=True))
        if asks_person(task):
            if answer is None:
                question = task.spec.check.question if task.spec.check else ""
                return NeedsPerson(manual=False, question=question or f"Is this true? {task.spec.title}")
            evidence = f"Confirmed by {answer.by}, {answer.at:%d %b %Y %H:%M} UTC"
            return Succeeded(result=Result(success=True, result=evidence), evidence=evidence)
        return await self.asks_first(None) or await self._look(Result(success=True))

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
        if task.verify_first and _lookable(task.spec.check) is not None:
            outcome = await self._look(Result(success=True, result="Seen after an interruption"))
            if isinstance(outcome, Succeeded):
                return outcome
        return await self.not_needed()

    async def not_needed(self) -> NotNeeded | None:
        """None: its `when` holds, or it has none."""
        if (when := _lookable(self._task.spec.when)) is None:
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
        return await self.asks_first(found if isinstance(found, Mapping) else None)

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
        """A command that failed may have failed for want of a secret, without a word about it."""
        command = parameters.get("command")
        if isinstance(result, Waiting) or result.success or not isinstance(command, str):
            return result
        unset = unset_secret(command, self.assignment.environment)
        return replace(result, metadata={**result.metadata, "unset": unset}) if unset else result

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
        if result.metadata.get("outcome_unknown"):
            return Uncertain(note=result.error or "The connection was lost", result=result)
        if not result.success and self.began_effect and was_answered(result):
            verdict = classify(result)
            return Blocked(result=result, type=verdict.type, cause=f"{verdict.cause}; it is not repeated by itself")
        if not result.success:
            wait_s = result.metadata.get("retry_after_s")
            return Stumbled(result=result, wait_s=float(wait_s) if isinstance(wait_s, int | float) else None)
        if _lookable(self._task.spec.check) is None and (doubt := doubted(result)) is not None:
            return Stumbled(result=doubt, evidence=f"Exit code 0, but: {doubt.error}")
        return await self._look(result)

    async def _look(self, result: Result) -> Outcome:
        """The task's own check decides; without one the action's result does. What a person wants to see first
        counts after that."""
        return shown_first(self._task.spec, await self._seen(result), self.texts.append)

    async def _seen(self, result: Result) -> Outcome:
        check = self._task.spec.check
        if check is not None and is_opinion(check) and self.tools.mind is not None:
            return await self.opinion(check.question, result)
        check = _lookable(check)
        if check is None:
            return Succeeded(result=result, evidence=result.result or "Done")
        seen = await self.tools.checks.look(check, self._context())
        self.tools.crash_points.reached("attempt.after_check")
        if seen.met:
            return Succeeded(result=result, evidence=seen.evidence)
        if self.began_effect:  # what was done once is not done again for the sake of its check
            return Uncertain(note=f"It ran, but the check does not hold: {seen.evidence}", result=result, looked=True)
        shown = doubted(result) or hidden(result) or told_by(seen, result)
        shown = await with_left(shown, result, check, self.tools.workspaces, self._task.goal_number)
        return Stumbled(result=shown, evidence=f"The check does not hold: {seen.evidence}")

    async def opinion(self, question: str, result: Result) -> Outcome:
        """Where no check can decide, a model judges what was really seen, and its judgement is marked as one."""
        assert self.tools.mind is not None
        goal, task = self.assignment.goal, self._task
        shown = self.tools.secrets.hidden_result(result)
        facts = {
            "goal": goal.title,
            "task": task.spec.title,
            "expected": task.spec.expected_outcome,
            "result": shown.result,
            "output": shown.output[-SHOWN_CHARACTERS:],
            "earlier_outputs": {key: text[-SHOWN_CHARACTERS:] for key, text in self.assignment.outputs.items()},
        }
        about = About(goal_number=goal.number, task_ref=task.ref, role=task.spec.role)
        opinion = await self.tools.mind.judge(question, facts, about)
        evidence = f"Opinion of {opinion.by}: {opinion.evidence}"
        if opinion.met:
            return Succeeded(result=result, evidence=evidence)
        return Stumbled(result=replace(result, success=False, error=evidence), evidence=evidence)


OVERTIME_S = 30.0  # beyond an action's own limit, for its own way of ending
BY_MODEL = frozenset({"draft", AGENT})
"""Actions in which a model works; it sees the outputs of the tasks that this one depends on."""


def is_opinion(check: Check | None) -> bool:
    return check is not None and check.kind is CheckKind.OPINION


def _lookable(check: Check | None) -> Check | None:
    return check if check is not None and check.kind in _LOOKABLE else None


def _problem(task: Task) -> str:
    """Why a person is asked again: the last answer did not hold."""
    return task.summary if task.attempts > 1 and task.summary.startswith("The check does not hold") else ""
