"""The envelope: what a person accepted together with a plan, and what lies outside of it.

Inside it Milepost may change the plan by itself and reports that; what lies outside waits for a person. Start accepts
the actions in full as the card shows them, safe repairs, a small number of extra tasks, and the goal's budget and
deadline. Grants of another kind belong here as fields of their own, each with its line in `outside`.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from executor.domain.limits import Limits
from executor.domain.plan import Check, CheckKind, Criterion, ExecutionType, Plan, TaskSpec
from executor.domain.reach import NOWHERE, reach_of
from executor.domain.subtasks import SUBTASKS, is_split

HARMLESS = frozenset(
    {"read", "write", "draft", "wait", "notify", "ask", "manual", "install", "shell", "python", SUBTASKS}
)
"""Actions that neither spend nor leave this machine: the rest asks even where no plan has to be accepted."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """`tasks` are the accepted ones by key. `repaired` are keys of tasks as a safe repair leaves or adds them.
    `extra_tasks`: how many Milepost may still add by itself. `timeout_s_max`: how far it may raise a time limit."""

    tasks: Mapping[str, TaskSpec] = field(default_factory=dict)
    criteria: tuple[Criterion, ...] = ()
    repaired: Mapping[str, TaskSpec] = field(default_factory=dict)
    extra_tasks: int = 0
    timeout_s_max: float = 600.0
    budget_usd: Decimal | None = None
    deadline_at: datetime | None = None

    def with_repair(self, specs: Sequence[TaskSpec]) -> "Envelope":
        """The same, and these tasks as a safe repair made them: their actions need no further word."""
        return replace(self, repaired={**self.repaired, **{spec.key: spec for spec in specs}})


def envelope_of(
    plan: Plan,
    limits: Limits,
    *,
    extra_tasks_used: int = 0,
    budget_usd: Decimal | None = None,
    deadline_at: datetime | None = None,
) -> Envelope:
    """What whoever accepts `plan` accepts with it. `extra_tasks_used`: tasks that Milepost has added already."""
    return Envelope(
        tasks={spec.key: spec for spec in plan.tasks},
        criteria=plan.criteria,
        extra_tasks=max(limits.extra_tasks_max - extra_tasks_used, 0),
        timeout_s_max=limits.timeout_s,
        budget_usd=budget_usd,
        deadline_at=deadline_at,
    )


def outside(envelope: Envelope, new: Plan, *, done: Collection[str] = (), now: datetime | None = None) -> list[str]:
    """Why `new` needs a person's word, a sentence each; empty: it lies inside. `done` are the keys of finished tasks,
    which need no more time and may be missing. With `now` the estimates are held against the deadline."""
    reasons = [reason for spec in new.tasks for reason in _of_task(envelope, spec, new)]
    added = [spec for spec in new.tasks if spec.key not in envelope.tasks]
    if len(added) > envelope.extra_tasks:
        reasons.append(f"It adds {_tasks(len(added))}, and I may add {envelope.extra_tasks or 'no'} more by myself")
    wanted = {spec.key for spec in new.tasks}
    reasons += [
        f"It drops “{spec.title}”, which you accepted"
        for key, spec in envelope.tasks.items()
        if key not in wanted and key not in done and not _dispensable(spec)
    ]
    if new.criteria != envelope.criteria:
        reasons.append("It changes what has to be true at the end")
    if now is not None and envelope.deadline_at is not None:
        left = now + timedelta(minutes=minutes_of(new, done))
        if left > envelope.deadline_at:
            reasons.append("By its estimates it ends after the deadline")
    return reasons


def risky(envelope: Envelope, new: Plan) -> list[str]:
    """Why `new` needs a word although no plan has to be accepted: what it adds leaves the machine or lasts."""
    return [
        f"It adds “{spec.title}”, which reaches beyond this machine or can't be undone: {shown(spec)}"
        for spec in new.tasks
        if not same_action(spec, envelope.tasks.get(spec.key)) and is_risky(spec)
    ]


def is_risky(spec: TaskSpec) -> bool:
    if spec.action == "http":
        return str(spec.parameters.get("method", "GET")).upper() not in SAFE_METHODS
    return (
        spec.action not in HARMLESS
        or spec.parameters.get("repeatable") is False
        or reach_of(spec.parameters) != NOWHERE
    )


def _of_task(envelope: Envelope, spec: TaskSpec, new: Plan) -> Iterator[str]:
    accepted = envelope.tasks.get(spec.key)
    repaired = envelope.repaired.get(spec.key)
    if not (same_action(spec, accepted) or same_action(spec, repaired) or _does_no_more(envelope, spec, accepted, new)):
        if accepted is not None and (more := wider_reach(spec, accepted)):
            yield f"“{spec.title}” would get {more}"
        else:
            verb = "adds" if accepted is None else "changes"
            yield f"It {verb} “{spec.title}”: {shown(spec)}"
    limit_s = time_limit_s(spec)
    if limit_s is not None and limit_s > max(envelope.timeout_s_max, _limit(accepted)):
        yield f"It allows “{spec.title}” {limit_s:g} s; I may go up to {envelope.timeout_s_max:g} s by myself"
    if accepted is None:
        yield from _looks_of_new(spec, repaired)
        return
    if _PEOPLE[spec.execution_type] < _PEOPLE[accepted.execution_type] and not is_split(spec):
        verb = "done by a person" if accepted.execution_type is ExecutionType.MANUAL else "shown before it counts"
        yield f"“{spec.title}” would no longer be {verb}"
    if spec.optional and not accepted.optional:
        yield f"“{spec.title}” would no longer have to be done"
    if spec.check != accepted.check:
        yield f"It changes how “{spec.title}” is checked: {shown_check(spec.check)}"
    if (spec.when, spec.only_if) != (accepted.when, accepted.only_if):
        yield f"It changes when “{spec.title}” runs at all"
    there = {task.key for task in new.tasks}
    if early := [key for key in accepted.depends_on if key in there and key not in spec.depends_on]:
        titles = ", ".join(f"“{task.title}”" for task in new.tasks if task.key in early)
        yield f"“{spec.title}” would no longer wait for {titles}"


def _looks_of_new(spec: TaskSpec, repaired: TaskSpec | None) -> Iterator[str]:
    """What a new task looks at is run like its action, and part of what is asked about."""
    before, after = (repaired.when, repaired.check) if repaired is not None else (None, None)
    if spec.check != after and spec.check is not None and spec.check.kind in _RUNS:
        yield f"It checks “{spec.title}” by something new: {shown_check(spec.check)}"
    if spec.when != before and spec.when is not None and spec.when.kind in _RUNS:
        yield f"It looks at something new before “{spec.title}”: {shown_check(spec.when)}"


_RUNS = frozenset({CheckKind.COMMAND, CheckKind.HTTP})
_PEOPLE = {ExecutionType.FULLY_AUTOMATED: 0, ExecutionType.SEMI_AUTOMATED: 1, ExecutionType.MANUAL: 2}
"""How much of it is theirs."""


def _does_no_more(envelope: Envelope, spec: TaskSpec, accepted: TaskSpec | None, new: Plan) -> bool:
    """Its parts run instead of what was accepted; or it is such a part, and runs nothing: a person's, or a text."""
    if accepted is not None:
        return is_split(spec) and any(one.parent == spec.key for one in new.tasks)
    return spec.parent in envelope.tasks and spec.action in _RUNS_NOTHING and "path" not in spec.parameters


_RUNS_NOTHING = frozenset({"manual", "ask", "draft", SUBTASKS})


def same_action(one: TaskSpec, other: TaskSpec | None) -> bool:
    """What would run is the same to the byte; only its time limit may differ."""
    return other is not None and (one.action, _without_limit(one)) == (other.action, _without_limit(other))


def same_run(one: TaskSpec, other: TaskSpec) -> bool:
    """All that would run is the same: the action, the condition before it and the check after it."""
    return same_action(one, other) and (one.when, one.check) == (other.when, other.check)


def wider_reach(spec: TaskSpec, accepted: TaskSpec) -> str:
    """What it may reach beyond what was accepted, where it runs the same; "" where it runs something else."""
    names = ("network", "machine", "writes")
    one, other = ({k: v for k, v in each.parameters.items() if k not in names} for each in (spec, accepted))
    if spec.action != accepted.action or one != other:
        return ""
    new, old = reach_of(spec.parameters), reach_of(accepted.parameters)
    parts = [
        *(["the network, all of it"] if new.network and not old.network else []),
        *(["this machine's files, to read"] if new.machine and not old.machine else []),
        *(f"{folder}, to write to" for folder in new.writes if folder not in old.writes),
    ]
    return " and ".join(parts)


def _without_limit(spec: TaskSpec) -> dict[str, object]:
    return {name: value for name, value in spec.parameters.items() if name != "timeout_s"}


def time_limit_s(spec: TaskSpec) -> float | None:
    """The task's own time limit; None where the configuration's holds."""
    own = spec.parameters.get("timeout_s")
    return float(own) if isinstance(own, int | float) else spec.timeout_s


def _limit(spec: TaskSpec | None) -> float:
    return (time_limit_s(spec) if spec is not None else None) or 0.0


def _dispensable(spec: TaskSpec) -> bool:
    """It may go without a word: optional, or a repair of Milepost's own, which weighs nothing."""
    return not spec.critical and (spec.optional or spec.weight == 0)


def shown(spec: TaskSpec, *, whole: bool = False) -> str:
    """What it runs, on one line, or `whole` as it stands."""
    texts = (spec.parameters.get(name) for name in ("command", "code", "url", "path", "instructions", "question"))
    text = next((one for one in texts if isinstance(one, str)), None)
    if text is None:
        text = " ".join(f"{name}={_value(value)}" for name, value in spec.parameters.items())
    one_line = text if whole else " ".join(text.split())
    clipped = one_line if whole or len(one_line) <= SHOWN_CHARACTERS else one_line[: SHOWN_CHARACTERS - 1] + "…"
    return clipped if spec.action == "shell" else f"{spec.action} {clipped}".rstrip()


def _value(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list | tuple) else str(value)


def shown_check(check: Check | None) -> str:
    if check is None:
        return "not at all"
    return check.command or check.path or check.url or check.question or "a person is asked"


def minutes_of(plan: Plan, done: Collection[str] = ()) -> float:
    """How long the unfinished tasks take by their estimates, along the longest chain; tasks without one count 0."""
    by_key = {spec.key: spec for spec in plan.tasks}
    known: dict[str, float] = dict.fromkeys(done, 0.0)

    def until(key: str, seen: frozenset[str]) -> float:
        if key not in known:
            spec = by_key.get(key)
            if spec is None or key in seen:
                return 0.0
            before = max((until(one, seen | {key}) for one in (*spec.depends_on, *spec.only_if)), default=0.0)
            known[key] = before + (spec.estimated_minutes or 0.0)
        return known[key]

    return max((until(key, frozenset()) for key in by_key), default=0.0)


def _tasks(number: int) -> str:
    return "1 task" if number == 1 else f"{number} tasks"
