"""A failure that no rule can mend is shown to the model, if there is one."""

from collections.abc import Mapping
from dataclasses import replace

from executor.domain.outcome import Outcome, Stumbled
from executor.engine.correction.repairing import beyond_rules
from executor.engine.secrecy.secrets import Secrets
from executor.ports import About, Actions, Assignment, BrainFailed, Mind

SHOWN_CHARACTERS = 4_000  # of one output, as a model is shown it
EARLIER_CHARACTERS = 1_000  # of that of an earlier task


async def diagnosed(
    outcome: Outcome, assignment: Assignment, mind: Mind | None, actions: Actions, secrets: Secrets
) -> Outcome:
    """The outcome with what the model thinks of it. That it can't be asked changes nothing: the rules then decide
    alone."""
    task = assignment.task
    if mind is None or not isinstance(outcome, Stumbled) or task.taken_over or not beyond_rules(task, outcome):
        return outcome
    shown = secrets.hidden(outcome)  # a model sees what the log shows, and no value
    assert isinstance(shown, Stumbled)
    about = About(goal_number=assignment.goal.number, task_ref=task.ref, role=task.spec.role)
    try:
        found = await mind.diagnose(task.spec, _facts(shown, assignment), about, actions)
    except BrainFailed:
        return outcome
    return replace(outcome, diagnosis=found)


def _facts(shown: Stumbled, assignment: Assignment) -> Mapping[str, object]:
    result = shown.result
    return {
        "goal": assignment.goal.title,
        "result": result.result,
        "error": result.error,
        "check": shown.evidence,
        "exit_code": result.metadata.get("exit_code"),
        "stderr": str(result.metadata.get("stderr") or "")[-SHOWN_CHARACTERS:],
        "output": result.output[-SHOWN_CHARACTERS:],
        "failures_before": assignment.task.failures,
        "earlier_outputs": {key: text[-EARLIER_CHARACTERS:] for key, text in assignment.outputs.items()},
    }
