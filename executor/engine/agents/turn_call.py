"""A call of an agent as an attempt of its own: with its own risk, environment and acceptance."""

from collections.abc import Mapping
from dataclasses import replace as changed

from executor.domain.plan import TaskSpec
from executor.domain.risk import covered_by_agent
from executor.domain.turn import Turn
from executor.domain.values import replace
from executor.engine.attempts.attempt import Run


def as_attempt(whole: Run, turn: Turn, *, own: bool) -> Run:
    """The call as a task of its own would be run. `own`: what a person answered or approved was about this turn."""
    assignment = whole.assignment
    spec = TaskSpec(
        key=assignment.task.spec.key,
        title=assignment.task.spec.title,
        action=turn.action,
        parameters=turn.parameters,
        timeout_s=assignment.task.spec.timeout_s,
    )
    task = replace(
        assignment.task,
        spec=spec,
        verify_first=False,
        answer=assignment.task.answer if own else None,
        approved=assignment.task.approved if own else "",
    )
    risk = whole.tools.actions.risk(turn.action, turn.parameters)
    inner = changed(
        assignment,
        task=task,
        attempt=replace(assignment.attempt, started_at=turn.started_at),
        environment=_environment(whole, spec),
        accepted=assignment.accepted and covered_by_agent(risk),
        within=assignment.task.spec,
        tainted=assignment.tainted or turn.number > 1 or bool(assignment.outputs),
    )
    return Run(inner, whole.tools, whole.started, [], diagnoses=False)


def _environment(whole: Run, spec: TaskSpec) -> Mapping[str, str]:
    """What was given for this goal; of the configured secrets only those that the accepted task names itself."""
    secrets, number = whole.tools.secrets, whole.assignment.goal.number
    kept_back = set(secrets.uses(spec)) - set(secrets.uses(whole.assignment.task.spec))
    return {name: value for name, value in secrets.environment(number, spec).items() if name not in kept_back}
