"""What helped against a failure is remembered, found again by signature or likeness, and judged with every use."""

import re
from collections.abc import Sequence
from dataclasses import replace

from executor.domain.lesson import Lesson, LessonUse, Recipe, Remedy
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.task import Task
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.signatures import last_words, normalised, signature_of
from executor.engine.casework.case import Case
from executor.engine.classification import Verdict, classify

WORDS_MAX = 40
LIKENESS_MIN = 0.5  # share of words in common, of all words of both
HINTS_MAX = 3
_WORD = re.compile(r"[A-Za-z][\w.-]{2,}")


def identity_of(spec: TaskSpec, result: Result, verdict: Verdict) -> Remedy:
    """The failure, with nothing done about it yet."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(normalised(last_words(result))))
    return Remedy(
        signature=f"{spec.action}.{signature_of(result)}",
        cause=verdict.subclass,
        subject=verdict.subject,
        action=spec.action,
        words=tuple(words)[:WORDS_MAX],
    )


# ---------------------------------------------------------------------------------------------------------- finding


def matching(lessons: Sequence[Lesson], failure: Remedy) -> list[Lesson]:
    """Those about this failure: the very same first, then similar ones, the most successful of each first."""
    found = [lesson for lesson in lessons if _same(lesson.remedy, failure) or _similar(lesson.remedy, failure)]
    return sorted(found, key=lambda one: (not _same(one.remedy, failure), one.failures - one.successes, one.number))


def _same(one: Remedy, other: Remedy) -> bool:
    return one.signature == other.signature


def _similar(one: Remedy, other: Remedy) -> bool:
    if (one.cause, one.subject, one.action) != (other.cause, other.subject, other.action):
        return False
    mine, theirs = set(one.words), set(other.words)
    return bool(mine and theirs) and len(mine & theirs) / len(mine | theirs) >= LIKENESS_MIN


def worth_trying(lessons: Sequence[Lesson], spec: TaskSpec, result: Result, verdict: Verdict) -> list[Lesson]:
    """What is tried before the usual repair, best first."""
    if not lessons:
        return []
    return [one for one in matching(lessons, identity_of(spec, result, verdict)) if one.tried_first]


def hints(lessons: Sequence[Lesson], failure: Remedy | None) -> tuple[str, ...]:
    """What helped before and was not tried by itself, a line each, for the person who is asked now."""
    if failure is None:
        return ()
    told = [one for one in matching(lessons, failure) if one.successes > one.failures and not one.tried_first]
    return tuple(f"Earlier, this helped: {one.remedy.text} ({one.score})" for one in told[:HINTS_MAX])


# ---------------------------------------------------------------------------------------------------------- judging


def try_fix(case: Case, ref: str, failure: Remedy, fix: Fix) -> None:
    """A repair was put into the plan: it is under trial until the task ends again. What a model thought of has no
    recipe: it is told later, and never done by itself where a person's word would have been needed."""
    before = fix.before
    remedy = replace(failure, recipe=fix.recipe, text=fix.plain, before=before.key if before is not None else "")
    case.set_task(replace(case.tasks[ref], remedy=remedy))
    if fix.lesson is not None:
        case.event("lesson.used", ref, lesson=fix.lesson, fix=fix.plain)


def asked_about(case: Case, ref: str, failure: Remedy) -> None:
    """A person is asked now: what they do about this failure may help."""
    case.set_task(replace(case.tasks[ref], remedy=failure))


def person_tries(task: Task, how: str) -> Task:
    """A person did something about the failure that the task is blocked by. `how` names no value."""
    if task.remedy is None:
        return task
    return replace(task, remedy=replace(task.remedy, recipe=Recipe(), person=how, text=how, before=""))


def succeeded(case: Case, task: Task) -> None:
    """The task is done: what was tried last helped."""
    if task.remedy is not None:
        _judge(case, task, task.remedy, helped=True)


def failed_again(case: Case, task: Task, result: Result) -> Task:
    """Another failure after a remedy: the same trouble again means that it did not help, another one that it did."""
    if (tried := task.remedy) is None:
        return task
    now = identity_of(task.spec, result, classify(result))
    same_trouble = _same(tried, now) or (tried.cause, tried.subject) == (now.cause, now.subject)
    return _judge(case, task, tried, helped=not same_trouble)


def got_stuck(case: Case, task: Task) -> None:
    """A task that was put ahead as a repair came to nothing itself."""
    for other in list(case.tasks.values()):
        if other.remedy is not None and other.remedy.before == task.spec.key and not other.final:
            _judge(case, other, other.remedy, helped=False)


def _judge(case: Case, task: Task, tried: Remedy, *, helped: bool) -> Task:
    if tried.text:
        case.learn(LessonUse(remedy=tried, helped=helped, goal_number=task.goal_number, task_ref=task.ref, at=case.now))
    task = replace(case.tasks[task.ref], remedy=None)
    case.set_task(task)
    return task
