"""One attempt at a gate: find its command, run it, and read what it says; or ask whoever reviews.

What a gate finds is turned into tasks here, outside of any transaction: whoever does that (a model, one day) may take
its time. The plan is changed when the outcome is taken over (gates.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from executor.domain.blockage import BlockageType
from executor.domain.errors import WrongInput
from executor.domain.gate import Gate, command_in, gate_in
from executor.domain.outcome import GateClosed, NeedsPerson, Outcome, Result, Stumbled, Succeeded, Waiting
from executor.domain.plan import TaskSpec
from executor.domain.tail import last_lines
from executor.engine.attempts.failing import failing_tests, nothing_ran, short_name
from executor.engine.blockages.fixes import find_fix
from executor.engine.classification import classify
from executor.ports import Assignment, Context, GateFailure, Mender, Project

SAID_LINES = 15  # of the end of the output, for whoever mends it: a phone's screen
FILES_SHOWN = 20
SUMMARY_LINES = 5  # of the end of what a gate printed
NAMES_SHOWN = 3
LOOKS_GOOD = "Looks good"
_NOT_FOUND = frozenset({126, 127})
_WHICH = {
    Gate.TESTS: "Which command runs the tests? I see no pytest, npm, make, cargo or go tests in this goal's folder.",
    Gate.SECURITY: "Which command runs the security audit? I see no scanner here that fits (pip-audit, bandit, npm).",
}


@dataclass(frozen=True, slots=True)
class GateLook:
    """`run` runs a command in the goal's folder; `hide` takes secret values out of what it printed, before anybody
    thinks about it."""

    assignment: Assignment
    context: Context
    project: Project
    mender: Mender
    run: Callable[[str], Awaitable[Result | Waiting]]
    hide: Callable[[GateFailure], GateFailure]

    @property
    def _gate(self) -> Gate:
        return gate_in(self.assignment.task.spec)

    async def outcome(self) -> Outcome:
        task = self.assignment.task
        if self._gate is Gate.REVIEW:
            return await self._review()
        command: str | None = command_in(task.spec)
        if not command:
            command = await asyncio.to_thread(self.project.command_for, self._gate, self.context.workspace)
        if task.taken_over and task.answer is None:
            return NeedsPerson(manual=True, question=task.spec.title, problem=task.summary, check=command or "")
        if command:
            return await self._by_command(command)
        if task.taken_over and task.answer is not None:
            said = f"{task.answer.by} says so, {task.answer.at:%d %b %Y %H:%M} UTC"
            return Succeeded(result=Result(success=True, result=said), evidence=said)
        return NeedsPerson(manual=False, question=_WHICH[self._gate])

    async def _by_command(self, command: str) -> Outcome:
        result = await self.run(command)
        if isinstance(result, Waiting):
            return result
        none = self._gate is Gate.TESTS and nothing_ran(result)
        if result.success and not none:
            return Succeeded(result=result, evidence=_evidence(command, result))
        if not none and _could_not_run(command, self.assignment.task.spec, result):
            return Stumbled(result=result)
        return await self._closed(command, result)

    async def _closed(self, command: str, result: Result) -> GateClosed:
        failing = failing_tests(result) if self._gate is Gate.TESTS else ()
        failure = GateFailure(
            goal=self.assignment.goal,
            gate=self._gate,
            command=command,
            failing=failing,
            said=last_lines(result.record(), SAID_LINES),
            round=self.assignment.task.failures + 1,
        )
        tasks = self.assignment.task.spec.rework or tuple(await self.mender.debug(self.hide(failure)))
        return GateClosed(result=result, evidence=_what_failed(self._gate, failing, result), tasks=tasks)

    async def _review(self) -> Outcome:
        task, answer = self.assignment.task, self.assignment.task.answer
        if answer is None:
            files = await asyncio.to_thread(self.project.files, self.context.workspace)
            return NeedsPerson(manual=task.taken_over, question=_to_review(files), problem=task.summary)
        if task.taken_over or answer.text == LOOKS_GOOD:
            evidence = f"Reviewed by {answer.by}, {answer.at:%d %b %Y %H:%M} UTC"
            return Succeeded(result=Result(success=True, result=evidence), evidence=evidence)
        result = Result(success=False, error="changes were asked for", output=answer.text)
        try:
            tasks = tuple(await self.mender.rework(answer.text, self.assignment.goal))
        except WrongInput as error:
            return NeedsPerson(manual=False, question=_to_review([]), problem=error.public)
        return GateClosed(result=result, evidence=f"{answer.by} wants changes", tasks=tasks)


def _could_not_run(command: str, spec: TaskSpec, result: Result) -> bool:
    """It said nothing about the result: it is missing, ran out of something, can't reach what it needs, or a safe
    repair is known. Tests that are named as failing did run, whatever they printed."""
    verdict = classify(result)
    if find_fix(as_command(spec, command), result, verdict) is not None:
        return True
    if failing_tests(result):
        return False
    gone = result.metadata.get("exit_code") in _NOT_FOUND or bool(result.metadata.get("timed_out"))
    return gone or verdict.type is not BlockageType.ERROR


def as_command(spec: TaskSpec, command: str) -> TaskSpec:
    """The gate as the shell task that it runs, for repairs."""
    return replace(spec, action="shell", parameters={"command": command})


def _evidence(command: str, result: Result) -> str:
    """The line that counts something says most: ``12 passed in 0.3s`` rather than ``OK``."""
    lines = [line.strip(" =-") for line in last_lines(result.record(), SUMMARY_LINES).splitlines()]
    said = next((line for line in reversed(lines) if any(map(str.isdigit, line))), lines[-1] if lines else "")
    return f"`{command}` → exit 0{f': {said[:200]}' if said else ''}"


def _what_failed(gate: Gate, failing: tuple[str, ...], result: Result) -> str:
    if gate is Gate.SECURITY:
        return "The security audit found something"
    if not failing:
        return "No test ran" if nothing_ran(result) else "The tests fail"
    names = ", ".join(short_name(name) for name in failing[:NAMES_SHOWN])
    more = f" and {len(failing) - NAMES_SHOWN} more" if len(failing) > NAMES_SHOWN else ""
    return f"{len(failing)} {'test fails' if len(failing) == 1 else 'tests fail'}: {names}{more}"


def _to_review(files: object) -> str:
    lines = list(files) if isinstance(files, list | tuple) else []
    if not lines:
        return "Please review the result. There are no files in its folder."
    more = [f"… and {len(lines) - FILES_SHOWN} more"] if len(lines) > FILES_SHOWN else []
    return "\n".join(["Please review the result. Its files, the newest first:", *lines[:FILES_SHOWN], *more])
