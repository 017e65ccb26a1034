"""What a result means for its task: what its check really sees, what a model makes of that, and what a person says.

The status of a task comes from here, from what an action returned and a check saw, and from nothing else.
"""

from dataclasses import dataclass, replace

from executor.domain.outcome import Blocked, Outcome, Result, Stumbled, Succeeded, Uncertain
from executor.domain.plan import Check, CheckKind
from executor.engine.attempts.judging import doubted, hidden, told_by, was_answered
from executor.engine.blockages.standstill import with_left
from executor.engine.classification import classify
from executor.engine.correction.diagnosing import SHOWN_CHARACTERS
from executor.engine.planning.drafts import shown_first, without_review
from executor.engine.tools import Tools
from executor.ports import About, Assignment, Context

_LOOKABLE = frozenset({CheckKind.COMMAND, CheckKind.FILE, CheckKind.HTTP})


@dataclass(frozen=True, slots=True)
class Verdict:
    """On one attempt. `began_effect`: an effect that must not be repeated may be out. `texts` collects what is told."""

    assignment: Assignment
    tools: Tools
    context: Context
    texts: list[str]
    began_effect: bool

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
        if lookable(self.assignment.task.spec.check) is None and (doubt := doubted(result)) is not None:
            return Stumbled(result=doubt, evidence=f"Exit code 0, but: {doubt.error}")
        return await self.look(result)

    async def look(self, result: Result) -> Outcome:
        """The task's own check decides; without one the action's result does. What a person wants to see first
        counts after that."""
        spec = self.assignment.task.spec
        spec = without_review(spec) if self.began_effect else spec
        return shown_first(spec, await self.seen(result), self.texts.append)

    async def seen(self, result: Result) -> Outcome:
        """What the task's own check says, before a person is shown anything."""
        check = self.assignment.task.spec.check
        if check is not None and is_opinion(check) and self.tools.mind is not None:
            return await self.opinion(check.question, result)
        check = lookable(check)
        if check is None:
            return Succeeded(result=result, evidence=result.result or "Done")
        seen = await self.tools.checks.look(check, self.context)
        self.tools.crash_points.reached("attempt.after_check")
        if seen.met:
            return Succeeded(result=result, evidence=seen.evidence)
        if self.began_effect:  # what was done once is not done again for the sake of its check
            return Uncertain(note=f"It ran, but the check does not hold: {seen.evidence}", result=result, looked=True)
        shown = doubted(result) or hidden(result) or told_by(seen, result)
        shown = await with_left(shown, result, check, self.tools.workspaces, self.assignment.task.goal_number)
        return Stumbled(result=shown, evidence=f"The check does not hold: {seen.evidence}")

    async def opinion(self, question: str, result: Result) -> Outcome:
        """Where no check can decide, a model judges what was really seen, and its judgement is marked as one."""
        assert self.tools.mind is not None
        goal, task = self.assignment.goal, self.assignment.task
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


def is_opinion(check: Check | None) -> bool:
    return check is not None and check.kind is CheckKind.OPINION


def lookable(check: Check | None) -> Check | None:
    """A check that is really looked at; None: there is none, or people or models decide."""
    return check if check is not None and check.kind in _LOOKABLE else None
