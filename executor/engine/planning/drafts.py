"""A text that a model wrote, on its way to a person: shown, and where the plan says so waiting for their word."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from executor.domain.decision import OPTIONS, SEND, Decision, DecisionKind, Option
from executor.domain.outcome import NeedsReview, Outcome, Succeeded
from executor.domain.plan import ExecutionType, TaskSpec
from executor.domain.task import Task
from executor.engine.casework.case import Case
from executor.engine.planning.adaptation import adapt, current_plan
from executor.engine.replies import Caller

PREVIEW_CHARACTERS = 1_500  # of a draft in its message; the whole is in its file


def shown_first(spec: TaskSpec, outcome: Outcome, tell: Callable[[str], None]) -> Outcome:
    """What a person wants to see before it counts waits for them; a draft that need not is shown all the same."""
    if not isinstance(outcome, Succeeded):
        return outcome
    preview = outcome.result.output[:PREVIEW_CHARACTERS]
    if spec.execution_type is ExecutionType.SEMI_AUTOMATED:
        return NeedsReview(result=outcome.result, evidence=outcome.evidence, preview=preview)
    by_person = "by_person" in outcome.result.metadata  # who wrote it knows it
    if spec.action == "draft" and preview.strip() and not by_person:
        more = "…" if len(outcome.result.output) > PREVIEW_CHARACTERS else ""
        tell(f"✍️ {spec.title}\n\n{preview}{more}\n\nThe whole text: {outcome.result.metadata.get('file_path')}")
    return outcome


def without_review(spec: TaskSpec) -> TaskSpec:
    """Of an effect that is out: it was approved before, and nothing is left to look through."""
    return replace(spec, execution_type=ExecutionType.FULLY_AUTOMATED)


_LETTER = re.compile(r"\A\s*(?:(?:Subject|From|Cc|Date|Reply-To):[^\n]*\n)*To:[^\S\n]*\S+@\S+", re.IGNORECASE)


_REACH = {"network": True, "machine": True}
"""The owner's own command goes out, and has its settings on this machine."""


def options_of(case: Case, preview: str) -> tuple[Option, ...]:
    """Send only where the text says to whom, and there is something that sends."""
    options = OPTIONS[DecisionKind.DRAFT]
    return (*options, SEND) if case.limits.send and _LETTER.match(preview) else options


def sending_facts(case: Case, task: Task, options: tuple[Option, ...]) -> Mapping[str, object]:
    """What Send will run, to be shown beside its button."""
    return {"sends": sending(task.spec, case.limits.send).parameters["command"]} if SEND in options else {}


def sending(draft: TaskSpec, command: str) -> TaskSpec:
    """The very text that was shown, as it is stored, whatever happens to its file; never twice without a word."""
    return TaskSpec(
        key=f"send-{draft.key}"[:64],
        title=f"Send it: {draft.title}"[:200],
        action="shell",
        parameters={"command": f'printf "%s\\n" "${{{draft.key}.output}}" | {command}', "repeatable": False, **_REACH},
        depends_on=(draft.key,),
        parent=draft.parent,
    )


def send(case: Case, decision: Decision, task: Task, caller: Caller) -> str:
    """As a task of its own, with its attempt, its effect and its line in the log."""
    spec = sending(task.spec, case.limits.send)
    adapt(case, [*current_plan(case).tasks, spec], reason=f"{caller.name} wants {task.ref} sent")
    sent = case.by_key(spec.key)
    return f"{task.ref} is done, and {sent.ref if sent else 'it'} sends it."
