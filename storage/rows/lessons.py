"""Lessons as rows."""

from executor.domain.lesson import Lesson, LessonUse
from storage.codec import REMEDY, dumps, loads, plain
from storage.rows.kinds import Record, Values


def lesson_values(use: LessonUse) -> Values:
    """As the first use of its lesson; a known lesson takes over the counts."""
    return {
        "key": use.remedy.key,
        "goal_number": use.goal_number,
        "task_ref": use.task_ref,
        "signature": use.remedy.signature,
        "remedy": dumps(REMEDY.encode(use.remedy)),
        "text": plain(use.remedy.text),
        "successes": int(use.helped),
        "failures": int(not use.helped),
        "learned_at": use.at,
        "used_at": use.at,
        "revoked_at": None,
        "revoked_by": None,
    }


def lesson_from(row: Record) -> Lesson:
    return Lesson(
        number=row.number,
        remedy=REMEDY.decode(loads(row.remedy)),
        goal_number=row.goal_number,
        task_ref=row.task_ref,
        successes=row.successes,
        failures=row.failures,
        learned_at=row.learned_at,
        used_at=row.used_at,
    )
