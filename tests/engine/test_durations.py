"""How long a goal still takes: history before estimate before guess, along the longest chain, within the slots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from executor.domain.attempt import Attempt, AttemptState
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.durations import Forecast, Length, forecast, length_of, signature_of
from tests.builders import chain, spec
from tests.fakes import START


def tasks(*specs: object, state: TaskState = TaskState.PENDING) -> list[Task]:
    return [
        Task(ref=f"1.{n}", goal_number=1, position=n, spec=one, state=state, created_at=START)  # type: ignore[arg-type]
        for n, one in enumerate(specs, start=1)
    ]


def foreseen(ahead: list[Task], *attempts: Attempt, slots: int = 4, **taken: list[float]) -> Forecast:
    return forecast(ahead, attempts, taken, now=START, slots=slots)


def test_what_the_same_work_took_before_counts_before_its_estimate() -> None:
    one = spec("1", estimated_minutes=60)

    assert length_of(one, [10, 30, 20, 50, 40]) == Length(30, 40)
    assert length_of(one, [10.0]) == Length(10, 12.5)  # one sample says little about bad days
    assert length_of(one) == Length(3600, 5400)
    assert length_of(spec("1")) == Length(60, 180, known=False)
    assert length_of(spec("1", action="manual")).known is False


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"command": "backup --day 2026-03-02 /srv/17"}, True),
        ({"command": "backup --day 2026-11-30 /srv/4"}, True),
        ({"command": "restore --day 2026-03-02 /srv/17"}, False),
    ],
    ids=["equal", "other numbers", "other words"],
)
def test_the_same_work_is_known_by_its_words_whatever_numbers_stand_in_it(other: dict[str, str], same: bool) -> None:
    one = spec("1", action="shell", parameters={"command": "backup --day 2026-03-02 /srv/17"})
    another = spec("9", "Otherwise called", action="shell", parameters=other)

    assert (signature_of(one) == signature_of(another)) is same


def test_a_chain_takes_the_sum_and_bad_days_do_not_all_come_together() -> None:
    ahead = tasks(*(replace(one, estimated_minutes=10) for one in chain(4)))

    found = foreseen(ahead)

    assert found.likely_s == 4 * 600
    assert found.sure_s == pytest.approx(4 * 600 + 2 * 300)  # the square root of four bad days of five minutes


def test_tasks_side_by_side_take_as_long_as_the_slots_allow() -> None:
    ahead = tasks(*(spec(str(n), estimated_minutes=10) for n in range(1, 13)))

    assert foreseen(ahead, slots=12).likely_s == 600
    assert foreseen(ahead, slots=4).likely_s == 3 * 600


def test_a_person_takes_no_slot() -> None:
    ahead = tasks(*(spec(str(n), action="manual", estimated_minutes=10) for n in range(1, 13)))

    assert foreseen(ahead, slots=1).likely_s == 600


def test_the_longest_chain_decides() -> None:
    short, long = spec("1", estimated_minutes=5), spec("2", estimated_minutes=30)
    ahead = tasks(short, long, spec("3", estimated_minutes=10, depends_on=("1", "2")))

    assert foreseen(ahead).likely_s == 40 * 60


def test_what_is_over_is_over_and_what_runs_has_only_its_rest_left() -> None:
    done, runs = tasks(spec("1", estimated_minutes=60), spec("2", estimated_minutes=10))
    ahead = [replace(done, state=TaskState.COMPLETED), replace(runs, state=TaskState.IN_PROGRESS)]

    def since(minutes: float) -> Attempt:
        return Attempt(
            task_ref="1.2",
            number=1,
            goal_number=1,
            executor_id="me",
            lease_until=START,
            started_at=START - timedelta(minutes=minutes),
        )

    assert foreseen(ahead, since(4)).likely_s == 360
    assert foreseen(ahead, since(40)).likely_s == 60  # late already: a tenth is left at least


def test_what_is_parked_goes_on_meanwhile_and_ends_when_it_is_looked_at_again() -> None:
    [one] = tasks(spec("1", estimated_minutes=10), state=TaskState.QUEUED)
    parked = Attempt(
        task_ref="1.1",
        number=1,
        goal_number=1,
        state=AttemptState.WAITING,
        executor_id="me",
        lease_until=START,
        started_at=START - timedelta(minutes=4),
    )

    assert foreseen([replace(one, due_at=START + timedelta(minutes=1))], parked).likely_s == 360
    assert foreseen([replace(one, due_at=START + timedelta(minutes=20))], parked).likely_s == 1200


def test_nothing_begins_before_it_is_due() -> None:
    [one] = tasks(spec("1", estimated_minutes=10), state=TaskState.RETRYING)

    assert foreseen([replace(one, due_at=START + timedelta(hours=1))]).likely_s == 3600 + 600


def test_guesses_do_not_count_towards_what_it_takes_at_the_very_least() -> None:
    found = foreseen(tasks(spec("1"), spec("2", estimated_minutes=10, depends_on=("1",))))

    assert (found.likely_s, found.least_s) == (660, 600)


def test_an_estimate_without_measure_stays_a_moment_that_can_be_told() -> None:
    found = foreseen(tasks(spec("1", estimated_minutes=1e300), spec("2", estimated_minutes=1e300)))

    assert START + timedelta(seconds=found.sure_s) > START


def test_a_circle_has_an_end_all_the_same() -> None:
    ahead = tasks(spec("1", depends_on=("2",), estimated_minutes=1), spec("2", depends_on=("1",), estimated_minutes=1))

    assert foreseen(ahead).likely_s > 0


def test_criteria_take_a_moment_each() -> None:
    [one] = tasks(spec("c1"))

    assert foreseen([replace(one, kind=TaskKind.CRITERION)]) == Forecast(1.0, 5.0, 0.0)
