"""A goal against its deadline, over a real database: foreseen, told on the card, and asked about once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result, Waiting
from executor.domain.outlook import Standing
from executor.domain.plan import GoalDraft
from executor.engine.replies import Accepted, Refused
from executor.ports import Context
from tests.builders import ANN, draft, spec
from tests.fakes import START, ManualClock, ScriptedAction
from tests.world import World, world


def goal(*minutes: float, due: float, **optional: float) -> GoalDraft:
    """A chain of steps of so many minutes each, due in so many minutes; optional steps after them."""
    steps = [
        spec(str(n), estimated_minutes=one, depends_on=(str(n - 1),) if n > 1 else ())
        for n, one in enumerate(minutes, start=1)
    ]
    last = str(len(steps))
    steps += [spec(key, estimated_minutes=one, optional=True, depends_on=(last,)) for key, one in optional.items()]
    return draft(*steps, deadline_at=START + timedelta(minutes=due))


@asynccontextmanager
async def slow_world(folder: Path) -> AsyncIterator[World]:
    """Every step takes as many minutes as its plan says: it parks until its time has come."""
    clock = ManualClock()
    lasts: dict[str, float] = {}

    def work(parameters: object, context: Context) -> Result | Waiting:
        left_s = lasts.get(context.task_ref, 0.0) - (context.now() - context.first_started_at).total_seconds()
        return Waiting(wait_s=min(left_s, 60.0)) if left_s > 0 else Result(success=True)

    async with world(folder, ScriptedAction(behaviour=work), clock=clock) as w:
        w.lasts = lasts  # type: ignore[attr-defined]
        yield w


async def asked(w: World) -> Decision | None:
    found = [d for d in await w.executor.open_decisions() if d.kind is DecisionKind.DEADLINE]
    assert len(found) <= 1
    return found[0] if found else None


async def standing(w: World, number: int) -> Standing | None:
    outlook = (await w.view(number)).goal.outlook
    return outlook.standing if outlook else None


async def pass_time(w: World, minutes: float) -> None:
    for _ in range(int(minutes)):
        w.clock.advance(60)
        await w.settle()


@pytest.mark.parametrize(
    ("minutes", "due", "expected"),
    [
        ((10, 10), 60, Standing.ON_TRACK),
        ((10, 10), 22, Standing.AT_RISK),
        ((10, 10), 15, Standing.WILL_MISS),
    ],
    ids=["on track", "at risk", "will miss"],
)
async def test_a_plan_shows_before_its_start_how_it_stands(
    tmp_path: Path, minutes: tuple[float, ...], due: float, expected: Standing
) -> None:
    async with slow_world(tmp_path) as w:
        number = await w.set_goal(goal(*minutes, due=due))
        await w.settle()

        assert await standing(w, number) is expected
        assert await asked(w) is None  # Start itself is the question


async def test_a_goal_without_a_deadline_and_a_goal_on_track_are_quiet(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        free = await w.start_goal(draft(spec("1", estimated_minutes=600)))
        await w.settle()
        easy = await w.set_goal(goal(10, due=600), command_id="easy")
        await w.executor.start(easy, caller=ANN, command_id="go")
        await w.settle()

        assert (await w.view(free)).goal.outlook is None
        assert [n.key for n in await w.notices() if n.kind is NoticeKind.DECISION] == []
        assert (await w.view(easy)).goal.state is GoalState.COMPLETED


async def test_what_will_be_late_is_asked_about_once(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        number = await w.start_goal(goal(40, 10, due=30))
        await w.settle()

        question = await asked(w)

        assert question is not None
        assert [option.label for option in question.options] == ["Extend", "Stop"]
        assert question.question == "Rest will miss its deadline"
        assert question.facts["open"] == ["1.1 Step 1", "1.2 Step 2"]
        await pass_time(w, 12)
        assert (await asked(w)) == question
        assert (await w.view(number)).goal.state is GoalState.IN_PROGRESS


async def test_a_press_on_extend_moves_the_deadline_to_the_suggested_time(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        number = await w.start_goal(goal(40, due=30))
        await w.settle()
        question = await asked(w)
        assert question is not None
        suggested = datetime.fromisoformat(str(question.facts["suggested_at"]))

        reply = await w.press("extend")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Goal 1 is now due 10:15."
        assert (await w.view(number)).goal.deadline_at == suggested == START + timedelta(minutes=75)
        await pass_time(w, 45)
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        events = [event for event in await w.executor.events(number) if event.name == "goal.deadline"]
        assert [event.result["by"] for event in events] == ["Ann"]


async def test_extend_takes_a_time_of_ones_own_and_refuses_what_is_none_or_over(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        number = await w.start_goal(goal(40, due=30))
        await w.settle()
        question = await asked(w)
        assert question is not None

        async def say(words: str, option: str | None = None) -> Any:
            return await w.executor.answer(
                question.number, option=option, text=words, caller=ANN, command_id=f"{option} {words}"
            )

        nonsense, over = await say("never"), await say("2026-03-02T08:00:00+00:00", "extend")
        taken = await say("extend until 2026-03-02T12:30:00+00:00")

        assert isinstance(nonsense, Refused)
        assert nonsense.sentence == "“never” is no time. Try 21:00, tomorrow 09:00 or in 2h."
        assert isinstance(over, Refused)
        assert over.code == "in_the_past"
        assert isinstance(taken, Accepted)
        assert (await w.view(number)).goal.deadline_at == START + timedelta(hours=3, minutes=30)
        assert await asked(w) is None


async def test_optional_work_can_be_dropped_and_is_not_asked_about_again(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts |= {"1.1": 20 * 60, "1.2": 30 * 60}  # type: ignore[attr-defined]
        number = await w.start_goal(goal(20, due=40, extra=30))
        await w.settle()
        question = await asked(w)
        assert question is not None
        assert [option.label for option in question.options] == ["Extend", "Drop optional", "Stop"]
        assert question.facts["optional"] == ["1.2 Step extra"]

        reply = await w.press("drop-optional")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Dropped 1.2."
        await pass_time(w, 2)
        assert (await standing(w, number), await asked(w)) == (Standing.ON_TRACK, None)
        await pass_time(w, 20)
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_stop_ends_the_goal_as_failed_with_its_record(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        number = await w.start_goal(goal(40, due=30))
        await w.settle()

        await w.press("stop")

        ended = (await w.view(number)).goal
        assert (ended.state, ended.reason) == (
            GoalState.FAILED,
            "Stopped by Ann: it would have missed its deadline.",
        )
        assert any(notice.kind is NoticeKind.END for notice in await w.notices())


async def test_a_deadline_that_passes_never_ends_a_goal_and_is_asked_about(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        number = await w.start_goal(draft(spec("1"), deadline_at=START + timedelta(minutes=10)))  # nothing is known
        await w.settle()
        assert (await standing(w, number), await asked(w)) == (Standing.ON_TRACK, None)

        await pass_time(w, 16)

        question = await asked(w)
        assert question is not None
        assert question.question == "Rest has missed its deadline"
        assert (await w.view(number)).goal.state is GoalState.IN_PROGRESS
        await pass_time(w, 30)
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await asked(w) is None


async def test_a_forecast_that_gets_better_takes_its_question_back(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 60  # type: ignore[attr-defined]
        number = await w.start_goal(goal(40, 5, due=30))  # and then it takes a minute only
        w.lasts["1.2"] = 10 * 60  # type: ignore[attr-defined]
        await w.settle()
        assert await asked(w) is not None

        await pass_time(w, 2)

        assert (await asked(w), await standing(w, number)) == (None, Standing.ON_TRACK)


async def test_what_the_same_work_took_before_is_what_is_foreseen(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        await w.start_goal(draft(spec("1")))
        await pass_time(w, 45)

        late = await w.set_goal(
            draft(spec("1", estimated_minutes=1), deadline_at=w.clock.now() + timedelta(minutes=20)), command_id="late"
        )
        await w.settle()

        outlook = (await w.view(late)).goal.outlook
        assert outlook is not None
        assert outlook.standing is Standing.WILL_MISS
        assert outlook.likely_at == w.clock.now() + timedelta(minutes=40)


async def test_nothing_is_asked_twice_over_a_restart(tmp_path: Path) -> None:
    async with slow_world(tmp_path) as w:
        w.lasts["1.1"] = 40 * 60  # type: ignore[attr-defined]
        await w.start_goal(goal(40, due=30, extra=1))
        await w.settle()
        await w.press("drop-optional")
        await w.settle()

    async with world(tmp_path, clock=w.clock) as again:
        again.clock.advance(1)
        await again.executor._lookout.look()

        assert await asked(again) is None
