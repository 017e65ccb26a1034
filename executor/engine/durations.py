"""How long tasks take: from what the same work took before, else from the plan's estimate, else from a guess.

The end of a goal is that of its longest chain, with as many tasks at once as there are slots. Means and variances add
up along a chain, so that the 80th percentile of twenty tasks is not the sum of twenty bad days (the PERT formula).
"""

import hashlib
import heapq
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.plan import TaskSpec
from executor.domain.task import Task, TaskKind, TaskState

SAMPLES_MAX = 20
"""So many of the newest attempts of the same work are looked at."""
_FEW = 5  # fewer samples than this say little about bad days
_Z80 = 0.8416  # of the normal distribution
_LATE_SHARE = 0.1  # what is left at least of a task that has taken longer than it should
_ESTIMATE_SPREAD = 1.5  # the 80th percentile of a task whose estimate is its median
_GUESS_S = (60.0, 180.0)
_GUESS_PERSON_S = (300.0, 1_800.0)
_CHECK_S = (1.0, 5.0)
_PERSON = frozenset({"manual", "ask"})
_S_MAX = 10 * 366 * 86_400.0  # whatever an estimate says: a moment further away is no date any more
_VARIES = re.compile(r"\d+")
_encoder = json.JSONEncoder(sort_keys=True, default=str)


@dataclass(frozen=True, slots=True)
class Length:
    """Seconds: the median and the 80th percentile. `known`: not guessed."""

    p50: float
    p80: float
    known: bool = True

    @property
    def variance(self) -> float:
        return max((self.p80 - self.p50) / _Z80, 0.0) ** 2


@dataclass(frozen=True, slots=True)
class Forecast:
    """Seconds from now until the goal is ready: in one case out of two, in four out of five, and at the very least,
    with everything that is only guessed taken for nothing."""

    likely_s: float
    sure_s: float
    least_s: float


def signature_of(spec: TaskSpec) -> str:
    """The same for the same work: its action and parameters, whatever numbers stand in them. 16 hexadecimal digits."""
    text = _encoder.encode([spec.action, dict(spec.parameters)])
    return hashlib.sha256(_VARIES.sub("0", text).encode("utf-8", "replace")).hexdigest()[:16]


def length_of(spec: TaskSpec, taken_s: Sequence[float] = ()) -> Length:
    """`taken_s`: what earlier attempts at the same work took, in any order."""
    if taken_s:
        ordered = sorted(taken_s)
        p50 = ordered[(len(ordered) - 1) // 2]
        p80 = ordered[math.ceil(0.8 * len(ordered)) - 1]
        return Length(p50, max(p80, 1.25 * p50 if len(ordered) < _FEW else p80))
    if spec.estimated_minutes is not None:
        estimate_s = min(max(spec.estimated_minutes, 0.0) * 60, _S_MAX)
        return Length(estimate_s, estimate_s * _ESTIMATE_SPREAD)
    return Length(*(_GUESS_PERSON_S if spec.action in _PERSON else _GUESS_S), known=False)


@dataclass(frozen=True, slots=True)
class _Moment:
    """When something ends, from now: its mean and its variance, in seconds."""

    mean: float = 0.0
    variance: float = 0.0

    def after(self, length: Length) -> "_Moment":
        return _Moment(self.mean + length.p50, self.variance + length.variance)

    @property
    def sure(self) -> float:
        return self.mean + _Z80 * math.sqrt(self.variance)


def forecast(
    tasks: Collection[Task],
    attempts: Collection[Attempt],
    taken_s: Mapping[str, Sequence[float]],
    *,
    now: datetime,
    slots: int,
) -> Forecast:
    """`taken_s` by signature; `attempts` are the open ones."""
    begun = {a.task_ref: a for a in attempts if a.state in (AttemptState.RUNNING, AttemptState.WAITING)}
    lengths = {
        task.ref: _left(length_of(task.spec, taken_s.get(signature_of(task.spec), ())), begun.get(task.ref), now)
        for task in tasks
        if task.kind is TaskKind.WORK and not task.final
    }
    ends = _ends(tasks, lengths, begun, now, slots)
    sure_only = {ref: length if length.known else Length(0.0, 0.0) for ref, length in lengths.items()}
    least = _ends(tasks, sure_only, begun, now, slots)
    checks = sum(1 for task in tasks if task.kind is TaskKind.CRITERION and not task.final)
    return Forecast(
        likely_s=min(max((end.mean for end in ends), default=0.0) + checks * _CHECK_S[0], _S_MAX),
        sure_s=min(max((end.sure for end in ends), default=0.0) + checks * _CHECK_S[1], _S_MAX),
        least_s=min(max((end.mean for end in least), default=0.0), _S_MAX),
    )


def _left(length: Length, begun: Attempt | None, now: datetime) -> Length:
    """Of a task that has begun, what is left of it."""
    if begun is None:
        return length
    passed = (now - begun.started_at).total_seconds()
    p50 = max(length.p50 - passed, length.p50 * _LATE_SHARE)
    return Length(p50, max(length.p80 - passed, length.p80 * _LATE_SHARE, p50), length.known)


def _ends(
    tasks: Collection[Task], lengths: Mapping[str, Length], begun: Mapping[str, Attempt], now: datetime, slots: int
) -> list[_Moment]:
    """When each open task ends. A task for a person takes no slot, nor does one that is parked: it goes on meanwhile,
    and does not end before it is looked at again."""
    ended: dict[str, _Moment] = {}
    free = [(0.0, 0.0)] * max(slots, 1)
    for task in _in_turn([task for task in tasks if task.ref in lengths]):
        needed = [ended[key] for key in {*task.spec.depends_on, *task.spec.only_if} if key in ended]
        length, due = lengths[task.ref], _not_before(task, now)
        if task.ref in begun and begun[task.ref].state is AttemptState.WAITING:
            ended[task.spec.key] = max(_Moment().after(length), due, key=lambda moment: moment.mean)
            continue
        begins = max([due, *needed], key=lambda moment: moment.sure)
        if task.spec.action in _PERSON:
            ended[task.spec.key] = begins.after(length)
            continue
        slot = _Moment(*heapq.heappop(free))
        end = max(begins, slot, key=lambda moment: moment.mean).after(length)
        heapq.heappush(free, (end.mean, end.variance))
        ended[task.spec.key] = end
    return list(ended.values())


def _not_before(task: Task, now: datetime) -> _Moment:
    return _Moment(max((task.due_at - now).total_seconds(), 0.0)) if task.due_at is not None else _Moment()


def _in_turn(tasks: Sequence[Task]) -> list[Task]:
    """What runs first, then what others wait for, then by place. A circle is left in its place."""
    keys = {task.spec.key for task in tasks}
    waiting = sorted(tasks, key=lambda task: (task.state is not TaskState.IN_PROGRESS, task.position))
    ordered: list[Task] = []
    placed: set[str] = set()
    while waiting:
        ready = [task for task in waiting if not ({*task.spec.depends_on, *task.spec.only_if} & keys) - placed]
        batch = ready or waiting
        ordered += batch
        placed |= {task.spec.key for task in batch}
        taken = {task.ref for task in batch}
        waiting = [task for task in waiting if task.ref not in taken]
    return ordered
