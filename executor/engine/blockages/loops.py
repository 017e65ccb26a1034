"""Going in circles: the same again and again, or two things in turn, with nothing gained. It stops, and a person hears
what was seen.

Each task keeps a short trail of its last ends, stored with it, so that a restart forgets nothing. An entry is a letter,
a hash of the parameters and a hash of what was said (`signatures`), and where that is known of what was left behind;
other parameters or other words make another entry, and a person's Retry clears the trail. A plan that goes back to an
earlier version keeps one as well.
"""

from collections.abc import Sequence
from dataclasses import replace

from executor.domain.blockage import BlockageType
from executor.domain.correction import AskPerson
from executor.domain.goal import Goal
from executor.domain.outcome import Result, Stumbled, Waiting
from executor.domain.plan import TaskSpec
from executor.domain.task import Task
from executor.engine.blockages.signatures import HASH_CHARACTERS, parameters_of, plan_signature, signature_of
from executor.engine.blockages.standstill import LEFT
from executor.engine.classification import Verdict, classify

TRAIL_MAX = 8
FAILURES_MAX = 3  # the same error with the same parameters
SUCCESSES_MAX = 3  # it ran well, and what it was for is still not so
POLLS_MAX = 4  # of a wait whose command can't ever succeed
UNCHANGED_MAX = 2  # it ended well, and left every file as the time before
ALTERNATIONS_MAX = 6  # A B A B A B

_LEFT = "/"  # parts what was said from what was left behind
_FAILED, _RAN_WELL, _POLLED = "f", "s", "w"
LOST, LOST_SOON = "i", "d"  # Milepost died while it ran, at any moment or right after its start: see `suspects`
_NEVER_TRUE = frozenset({"missing_command", "syntax", "usage", "bad_script_format"})
"""Causes for which waiting is pointless: the command that is looked at is wrong itself."""


def _noted(task: Task, letter: str, what: str) -> Task:
    entry = f"{letter}.{parameters_of(task.spec)}.{what}"
    return replace(task, trail=(*task.trail, entry)[-TRAIL_MAX:])


def noted(task: Task, result: Result) -> Task:
    """The task with this failed attempt on its trail."""
    left = str(result.metadata.get(LEFT) or "")[:HASH_CHARACTERS]
    what = signature_of(result) + (f"{_LEFT}{left}" if left else "")
    return _noted(task, _RAN_WELL if result.success else _FAILED, what)


def noted_as(task: Task, letter: str) -> Task:
    """The task with an attempt on its trail that says nothing itself."""
    return _noted(task, letter, "")


def circle_of(trail: Sequence[str]) -> str | None:
    """What goes round, as the beginning of a sentence; None: nothing does. Losses of the process say nothing about the
    task's own ends."""
    full = [entry for entry in trail if not entry.startswith((LOST, LOST_SOON))]
    if full and _LEFT in full[-1] and (count := _in_a_row(full)) >= UNCHANGED_MAX:
        return f"It ran {count} times and left everything the same each time"
    ends = [end_of(entry) for entry in full]
    count = _in_a_row(ends)
    letter = ends[-1][0] if ends else ""
    if letter == _FAILED and count >= FAILURES_MAX:
        return f"The same error {count} times in a row"
    if letter == _RAN_WELL and count >= SUCCESSES_MAX:
        return f"It ran {count} times in the same way and got nowhere"
    if letter == _POLLED and count >= POLLS_MAX:
        return f"Looked {count} times, and the command itself is wrong"
    if _alternates(ends[-ALTERNATIONS_MAX:]):
        return f"The same two errors in turn, {ALTERNATIONS_MAX} times"
    return None


def end_of(entry: str) -> str:
    """How it ended, whatever it left behind."""
    return entry.partition(_LEFT)[0]


def ends_in_a_row(trail: Sequence[str]) -> int:
    """How often the last end has come, without another in between."""
    return _in_a_row([end_of(entry) for entry in trail if not entry.startswith((LOST, LOST_SOON))])


def _in_a_row(entries: Sequence[str]) -> int:
    count = 0
    for entry in reversed(entries):
        if entry != entries[-1]:
            break
        count += 1
    return count


def _alternates(entries: Sequence[str]) -> bool:
    return len(entries) == ALTERNATIONS_MAX and len(set(entries[::2])) == len(set(entries[1::2])) == 1


# ----------------------------------------------------------------------------------------------- what stops by it


def stopped(task: Task, outcome: Stumbled, *, repairs: bool) -> AskPerson | None:
    """A person, instead of another try or the next repair (`repairs`); None: go on. Tries of a kind that passes by
    itself (resources, the outside), and those that the plan asked for, are counted by `attempts_max` alone."""
    circle = circle_of(task.trail)
    if circle is None:
        return None
    verdict = classify(outcome.result)
    if not repairs and counted_by_tries(task, verdict):
        return None
    said = outcome.evidence if outcome.result.success and outcome.evidence else verdict.cause
    return AskPerson(type=verdict.type, cause=f"{circle}: {said}", confidence=verdict.confidence)


def counted_by_tries(task: Task, verdict: Verdict) -> bool:
    """It passes by itself, or the plan asked for so many tries."""
    return _passes(verdict) or _asked_for(task)


def _passes(verdict: Verdict) -> bool:
    return verdict.type in (BlockageType.RESOURCE, BlockageType.EXTERNAL) or verdict.wait_s is not None


def _asked_for(task: Task) -> bool:
    return task.spec.attempts_max is not None and task.failures < task.spec.attempts_max


def noted_poll(task: Task, outcome: Waiting) -> Task:
    """The task with this look on its trail, where what it waits for can't become true by waiting."""
    result = outcome.result
    if result is None or classify(result).subclass not in _NEVER_TRUE:
        return task
    return _noted(task, _POLLED, signature_of(result))


def pointless_wait(task: Task, outcome: Waiting) -> AskPerson | None:
    """A person, instead of another look; None: the wait goes on, however long it takes."""
    circle = circle_of(task.trail) if task.trail and task.trail[-1].startswith(_POLLED) else None
    if circle is None or outcome.result is None:
        return None
    verdict = classify(outcome.result)
    return AskPerson(type=verdict.type, cause=f"{circle}: {verdict.cause}", confidence=verdict.confidence)


# --------------------------------------------------------------------------------------------- versions of a plan


def with_version(goal: Goal, old: Sequence[TaskSpec], new: Sequence[TaskSpec]) -> Goal:
    """The goal with its plan's next version on the trail."""
    trail = goal.plan_trail or (plan_signature(old),)
    return replace(goal, plan_trail=(*trail, plan_signature(new))[-TRAIL_MAX:])


def leads_back(goal: Goal, specs: Sequence[TaskSpec]) -> bool:
    """These tasks are what an earlier version wanted, and another came since: what did not work then, would not now."""
    wanted = plan_signature(specs)
    return wanted in goal.plan_trail[:-1] and wanted != goal.plan_trail[-1]
