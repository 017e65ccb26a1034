"""The token benchmark counts by one rule, and its loop really does the work."""

from pathlib import Path

import pytest

from benchmarks.tokens.goals import GOALS, Goal
from benchmarks.tokens.measure import LOOPS, run
from benchmarks.tokens.wire import tokens_in


@pytest.mark.parametrize(
    ("said", "count"),
    [("", 0), ("plan it", 2), ("a longer word", 4), ("1234", 2), ('{"a": [1, "b"]}', 13), ({"role": ["user", 7]}, 3)],
)
def test_a_token_is_a_short_run_of_letters_or_digits_or_one_sign(said: object, count: int) -> None:
    assert tokens_in(said) == count


@pytest.mark.slow
async def test_a_goal_costs_milepost_one_request_and_the_plain_loop_one_a_step(tmp_path: Path) -> None:
    goal: Goal = GOALS[3]
    plain = [loop for loop in LOOPS if not loop.packages]

    section = await run(tmp_path, [goal], plain)

    ours, loop, *_ = [line.value.partition(",")[0] for line in section.lines]
    assert (ours, loop) == ("1 call", "6 calls")
