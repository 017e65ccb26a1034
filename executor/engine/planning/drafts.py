"""A text that a model wrote, on its way to a person: shown, and where the plan says so waiting for their word."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from executor.domain.decision import OPTIONS, SEND, Decision, DecisionKind, Option
from executor.domain.mail import SEND_DRAFT, SendTool, read_mail
from executor.domain.outcome import NeedsReview, Outcome, Succeeded
from executor.domain.plan import ExecutionType, TaskSpec
from executor.domain.task import Task
from executor.domain.visible import made_visible
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


_REACH = {"network": True, "machine": True}
"""The owner's own command goes out, and has its settings on this machine."""


def options_of(case: Case, text: str) -> tuple[Option, ...]:
    """Send only where the text says to whom, and there is something that sends all of it."""
    options = OPTIONS[DecisionKind.DRAFT]
    return (*options, SEND) if case.limits.send and read_mail(text) and not _why_not(case, text) else options


def sending_facts(case: Case, task: Task, text: str, options: tuple[Option, ...]) -> Mapping[str, object]:
    """What Send will run, to be shown beside its button, or why that button is missing."""
    if SEND in options:
        return {"sends": _shown(case, task, text)}
    return {"not_sent": why} if (why := _why_not(case, text)) else {}


def _why_not(case: Case, text: str) -> str | None:
    letter = read_mail(text)
    return case.limits.send.why_not(letter) if letter and isinstance(case.limits.send, SendTool) else None


def _shown(case: Case, task: Task, text: str) -> str:
    sends, letter = case.limits.send, read_mail(text)
    if not isinstance(sends, SendTool) or letter is None:
        return made_visible(f"(all of the text above) | {sends}")
    known = {letter.body: "the text above, after its first lines", letter.text: "all of the text above"}
    given = {
        name: f"({known[value]})" if isinstance(value, str) and value and value in known else value
        for name, value in sends.filled(letter).items()
    }
    lines = [
        f"{name} = {one if isinstance(one, str) else json.dumps(one, ensure_ascii=False)}"
        for name, one in given.items()
    ]
    return made_visible("\n".join([f"{sends.server}: {sends.tool}", *lines]))


def sending(draft: TaskSpec, sends: str | SendTool) -> TaskSpec:
    """The very text that was shown, as it is stored, whatever happens to its file; never twice without a word."""
    text = f"${{{draft.key}.output}}"
    by_command = {"command": f'printf "%s\\n" "{text}" | {sends}', "repeatable": False, **_REACH}
    return TaskSpec(
        key=f"send-{draft.key}"[:64],
        title=f"Send it: {draft.title}"[:200],
        action=SEND_DRAFT if isinstance(sends, SendTool) else "shell",
        parameters={"text": text} if isinstance(sends, SendTool) else by_command,
        depends_on=(draft.key,),
        parent=draft.parent,
    )


def send(case: Case, decision: Decision, task: Task, caller: Caller) -> str:
    """As a task of its own, with its attempt, its effect and its line in the log."""
    spec = sending(task.spec, case.limits.send)
    adapt(case, [*current_plan(case).tasks, spec], reason=f"{caller.name} wants {task.ref} sent")
    sent = case.by_key(spec.key)
    return f"{task.ref} is done, and {sent.ref if sent else 'it'} sends it."
