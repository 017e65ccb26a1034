"""Services that are gone: tasks wait without wasting attempts, a person hears of it once, and it goes on by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from executor.domain.circuit import CircuitState
from executor.domain.goal import GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.ports import Context
from tests.builders import ANN, draft, spec
from tests.fakes import ManualClock, ScriptedAction
from tests.world import World, world

URL = "http://api.example:8080/rates"
KEY = "http://api.example:8080"
REFUSED = "can't connect to api.example: All connection attempts failed"


@dataclass
class Service:
    """The other side, as the http action and the look see it."""

    up: bool = False
    status: int | None = None
    headers: dict[str, float] = field(default_factory=dict)
    sees: bool = True  # whether it can be looked at without a task
    looks: int = 0

    def answer(self, parameters: Mapping[str, Any], context: Context) -> Result:
        known = {"url": parameters["url"], "method": "GET"}
        if self.up:
            return Result(success=True, result="200 OK", metadata=known | {"status": 200})
        if self.status is not None:
            return Result(
                success=False, error=str(self.status), metadata=known | {"status": self.status} | self.headers
            )
        return Result(success=False, error=REFUSED, metadata=known)

    async def look(self, probe: str) -> bool | None:
        self.looks += 1
        return self.up if self.sees else None

    @property
    def action(self) -> ScriptedAction:
        return ScriptedAction("http", self.answer)


def fetch(key: str = "1", url: str = URL, **more: Any) -> TaskSpec:
    return spec(key, f"Fetch {key}", action="http", parameters={"url": url}, **more)


async def passes(w: World, seconds: int) -> None:
    for _ in range(seconds):
        w.clock.advance(1)
        await w.settle()


async def outages_told(w: World) -> list[Mapping[str, object]]:
    return [notice.facts for notice in await w.notices() if notice.kind is NoticeKind.FAILURE]


async def attempts(w: World, number: int = 1) -> int:
    return len(await w.executor.attempts(number))


async def test_a_service_that_comes_back_costs_no_press_and_no_attempt(tmp_path: Path) -> None:
    service = Service()
    async with world(tmp_path, service.action, watches=service) as w:
        number = await w.start_goal(draft(fetch()))
        await w.settle()
        await passes(w, 300)
        waiting = await w.view(number)
        tried = await attempts(w)

        service.up = True
        await passes(w, 301)

        view = await w.view(number)
        assert (waiting.tasks[0].state, waiting.tasks[0].failures, tried) == ("retrying", 0, 4)
        assert (view.goal.state, await attempts(w), w.failures) == (GoalState.COMPLETED, 5, [])
        assert len(await outages_told(w)) == 1
        assert await w.executor.open_decisions() == []


async def test_ten_tasks_do_not_all_hammer_a_dead_host(tmp_path: Path) -> None:
    service = Service()
    async with world(tmp_path, service.action, watches=service, limits=Limits(concurrency=2)) as w:
        numbers = [await w.set_goal(draft(fetch()), f"set/{n}") for n in range(10)]
        for number in numbers:
            await w.executor.start(number, caller=ANN, command_id=f"start/{number}")
        await w.settle()
        await passes(w, 60)

        tried = sum([await attempts(w, number) for number in numbers])

        assert tried < 10
        assert [circuit.state for circuit in await w.database.circuits()] == [CircuitState.OPEN]
        assert {(await w.view(number)).tasks[0].waits_on for number in numbers} == {KEY}
        assert len(await outages_told(w)) == 1

        service.up = True
        await passes(w, 130)
        assert {(await w.view(number)).goal.state for number in numbers} == {GoalState.COMPLETED}


async def test_a_pause_that_the_other_side_asked_for_is_kept_to(tmp_path: Path) -> None:
    service = Service(status=429, headers={"retry_after_s": 120.0}, sees=False)
    async with world(tmp_path, service.action, watches=service) as w:
        await w.start_goal(draft(fetch("1"), fetch("2", depends_on=("1",)), fetch("3")))
        await w.settle()
        before = await attempts(w)
        await passes(w, 118)

        assert (before, await attempts(w)) == (2, 2)
        service.up = True
        await passes(w, 3)
        assert (await w.view(1)).goal.state is GoalState.COMPLETED


async def test_where_nothing_can_be_looked_at_one_task_tries_for_all(tmp_path: Path) -> None:
    service = Service(sees=False)
    async with world(tmp_path, service.action, watches=service) as w:
        await w.start_goal(draft(fetch("1"), fetch("2"), fetch("3"), fetch("4")))
        await w.settle()
        opened = await attempts(w)
        await passes(w, 12)

        assert (opened, await attempts(w)) == (4, 5)
        service.up = True
        await passes(w, 40)
        assert ((await w.view(1)).goal.state, await attempts(w)) == (GoalState.COMPLETED, 9)


async def test_after_half_an_hour_a_person_is_asked_and_it_still_goes_on_by_itself(tmp_path: Path) -> None:
    service = Service()
    async with world(tmp_path, service.action, watches=service, limits=Limits(outage_ask_s=600)) as w:
        await w.start_goal(draft(fetch("1"), fetch("2")))
        await w.settle()
        await passes(w, 1000)
        asked = await w.executor.open_decisions()
        blocked = await w.view(1)

        service.up = True
        await passes(w, 301)

        [decision] = asked
        assert decision.facts["cause"].startswith("api.example:8080 does not work")  # type: ignore[attr-defined]
        assert sorted(task.state for task in blocked.tasks) == ["blocked", "retrying"]
        assert (await w.view(1)).goal.state is GoalState.COMPLETED
        closed = await w.executor.decision(decision.number)
        assert closed is not None
        assert (closed.state, closed.note) == ("withdrawn", "It is back")


async def test_a_retry_by_a_person_tries_at_once_and_waits_again(tmp_path: Path) -> None:
    service = Service()
    async with world(tmp_path, service.action, watches=service) as w:
        await w.start_goal(draft(fetch()))
        await w.settle()
        await passes(w, 30)
        before = await attempts(w)

        await w.executor.retry("1.1", caller=ANN, command_id="again")
        await w.settle()

        view = await w.view(1)
        assert (await attempts(w), view.tasks[0].waits_on) == (before + 1, KEY)


async def test_a_restart_knows_what_is_gone_and_when_to_look(tmp_path: Path) -> None:
    service, clock = Service(), ManualClock()
    async with world(tmp_path, service.action, watches=service, clock=clock) as w:
        await w.start_goal(draft(fetch()))
        await w.settle()
        await passes(w, 30)
        before, tried = await w.database.circuits(), await attempts(w)

    service.up = True
    async with world(tmp_path, service.action, watches=service, clock=clock, executor_id="second") as w:
        assert await w.database.circuits() == before
        await w.settle()
        assert await attempts(w) == tried
        await passes(w, 60)

        assert (await w.view(1)).goal.state is GoalState.COMPLETED


async def test_what_fails_for_another_reason_says_nothing_about_the_service(tmp_path: Path) -> None:
    service = Service(status=404)
    async with world(tmp_path, service.action, watches=service) as w:
        await w.start_goal(draft(fetch()))
        await w.settle()

        assert (await w.view(1)).goal.state is GoalState.BLOCKED
        assert await w.database.circuits() == []


async def test_why_says_what_is_gone_and_when_the_next_look_is(tmp_path: Path) -> None:
    service = Service()
    async with world(tmp_path, service.action, watches=service) as w:
        await w.start_goal(draft(fetch()))
        await w.settle()
        await passes(w, 40)

        why = await w.executor.why(1)

        assert why is not None
        assert "1.1 Fetch 1: api.example:8080 does not work, for " in "\n".join(why.lines)
        assert "looks again in" in "\n".join(why.lines)
