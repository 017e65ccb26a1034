"""Why a goal and its tasks are where they are, from their states alone; pure functions, with an answer for every one.

`explain` gives the whole answer as values, with its lines for people; `stands_still` is for the look-out.
"""

from executor.engine.why.explaining import Why, explain
from executor.engine.why.of_goal import known_of, stands_still
from executor.engine.why.of_task import reason_of
from executor.engine.why.values import HOLDS_NOTHING_UP, Around, Code, Hold, Known, Reason

__all__ = [
    "HOLDS_NOTHING_UP",
    "Around",
    "Code",
    "Hold",
    "Known",
    "Reason",
    "Why",
    "explain",
    "known_of",
    "reason_of",
    "stands_still",
]
