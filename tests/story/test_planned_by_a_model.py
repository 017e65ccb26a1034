"""Goals that a model plans: the real SDKs against a scripted server, real commands, a real database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.real import RandomIds
from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.planner.goal_text import read_goal
from executor.planner.models.build import ModelChoice, model_brain, model_talk
from executor.planner.offline import OfflineBrain
from executor.planner.workflows import Library
from executor.ports import Brain, BrainFailed, Call, Failure, Purpose, Receipt
from storage.purse import Caps
from storage.store import Database
from tests.fakes import START, CrashAt, Crashed, ManualClock
from tests.modelserver import ModelServer, refuses, says
from tests.story.test_self_healing import patiently
from tests.world import World, world

LAUNCHER = PlainLauncher()
REGISTRY = Registry(standard_actions(LAUNCHER, START.tzinfo, ()))
CAPS = Caps(goal_usd=Decimal(1), day_usd=Decimal(5), cycles_max=50)


@pytest.fixture(params=["gemini", "openai"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def brain_of(kind: str, server: ModelServer, clock: ManualClock, caps: Caps = CAPS) -> Callable[[Database], Brain]:
    base_url = f"{server.url}/v1" if kind == "openai" else server.url
    choice = ModelChoice(
        provider=kind, model="m-1", api_key="key-1", base_url=base_url, timeout_s=20, price_in=1.0, price_out=10.0
    )

    def build(database: Database) -> Brain:
        talk = model_talk(choice, purse=database.purse(caps), clock=clock, ids=RandomIds())
        server.closing.append(talk.provider.close)
        return model_brain(talk, OfflineBrain(Library()), REGISTRY, tasks_max=200)

    return build


def task(key: str, action: str, parameters: dict[str, Any], *after: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "title": f"Step {key}", "action": action, "parameters": parameters, "depends_on": after} | more


CALCULATOR = "def add(a, b):\n    return a + b\n"
TEST = "from calculator import add\nassert add(2, 3) == 5\nprint('all good')\n"
RUN = "python3 test_calculator.py"
PLAN = {
    "summary": "A small module and a test that proves it",
    "criteria": [
        {"text": "The calculator adds", "check": {"kind": "command", "command": "python3 test_calculator.py"}}
    ],
    "alternatives": [
        {
            "name": "module and test",
            "rationale": "Proves itself",
            "probability": 0.95,
            "estimated_minutes": 2,
            "estimated_usd": 0.01,
            "tasks": [
                task("write", "write", {"path": "calculator.py", "content": CALCULATOR}),
                task("test", "write", {"path": "test_calculator.py", "content": TEST}),
                task("run", "shell", {"command": "python3 test_calculator.py"}, "write", "test"),
            ],
        },
        {
            "name": "one script",
            "rationale": "Shorter, but nothing proves it",
            "probability": 0.7,
            "estimated_minutes": 1,
            "estimated_usd": 0.01,
            "tasks": [task("write", "write", {"path": "calculator.py", "content": CALCULATOR})],
        },
    ],
    "chosen": "module and test",
}


async def told(w: World, text: str) -> int:
    """The goal, once the model has planned it."""
    number = await w.set_goal(read_goal(text, now=w.clock.now(), timezone=START.tzinfo), text)
    for _ in range(3000):
        await w.executor.tick()
        await w.idle()
        if (await w.view(number)).goal.state not in (GoalState.PENDING, GoalState.PLANNING):
            break
    return number


async def test_a_calculator_from_one_sentence_to_its_receipt(kind: str, server: ModelServer, tmp_path: Path) -> None:
    clock = ManualClock()
    server.on("plan", says("Sure, here is a plan."), says(PLAN, tokens=(1000, 500, 0)))
    looks = Looks(LAUNCHER, Http())
    async with world(tmp_path, registry=REGISTRY, checks=looks, clock=clock, brain=brain_of(kind, server, clock)) as w:
        number = await told(w, "/goal Create a Python calculator script")
        proposed = await w.view(number)
        await w.press("start")
        view = await patiently(w, number)
        spent = await w.executor.spending(number)

    assert proposed.goal.state is GoalState.AWAITING_START
    assert proposed.plan is not None
    assert [(one.name, len(one.tasks)) for one in proposed.plan.alternatives] == [
        ("module and test", 0),
        ("one script", 1),
    ]
    assert (view.goal.state, {t.ref: str(t.state) for t in view.tasks}) == (
        GoalState.COMPLETED,
        {f"{number}.{n}": "completed" for n in ("1", "2", "3", "c1")},
    )
    assert server.purposes() == ["plan", "plan"]
    assert [(one.purpose, one.calls, one.cost) for one in spent] == [("plan", 2, Decimal("0.0063"))]


async def test_a_plan_that_cant_be_carried_out_goes_back_with_every_reason(
    kind: str, server: ModelServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    broken = {
        **PLAN,
        "alternatives": [
            {"name": "a", "tasks": [task("x", "teleport", {}), task("y", "shell", {"cmd": "true"}, "z")]},
        ],
        "chosen": "a",
    }
    server.on("plan", says(broken), says(PLAN))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock)) as w:
        number = await told(w, "/goal Create a Python calculator script")
        view = await w.view(number)

    assert view.goal.state is GoalState.AWAITING_START
    reasons = server.asked[1].text
    assert all(word in reasons for word in ("no action 'teleport'", "cmd is not a parameter", "depends on z"))


async def test_a_persons_criteria_stay_and_written_steps_need_no_model(
    kind: str, server: ModelServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    server.on("plan", says(PLAN))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock)) as w:
        planned = await told(w, "/goal Make a calculator\n- It subtracts: `python3 minus.py`")
        written = await told(w, "/goal Say hello\n1. Hello: `echo hello`")
        criteria = [(await w.view(n)).plan.criteria for n in (planned, written)]  # type: ignore[union-attr]

    assert [[c.text for c in those] for those in criteria] == [["It subtracts", "The calculator adds"], []]
    assert server.purposes() == ["plan"]


async def test_what_a_crashed_call_could_have_cost_keeps_counting(tmp_path: Path) -> None:
    clock = ManualClock()

    def call(number: int) -> Call:
        return Call(
            id=str(number),
            goal_number=None,
            task_ref=None,
            purpose=Purpose.PLAN,
            provider="gemini",
            model="m",
            worst=Decimal("0.4"),
            at=clock.now(),
        )

    caps = Caps(goal_usd=Decimal(1), day_usd=Decimal(1), cycles_max=50)
    database = await Database.open(tmp_path, clock)
    await database.purse(caps).reserve(call(1))
    await database.purse(caps).reserve(call(2))
    await database.purse(caps).settle("2", Receipt(cost=Decimal("0.1")))
    await database.purse(caps).settle("2", Receipt(cost=Decimal("0.0")))
    await database.purse(caps).reserve(call(3))
    await database.close()

    again = await Database.open(tmp_path, clock)
    with pytest.raises(BrainFailed) as caught:
        await again.purse(caps).reserve(call(4))
    clock.advance(timedelta(days=1).total_seconds())
    await again.purse(caps).reserve(call(5))
    await again.close()

    assert caught.value.kind is Failure.BUDGET
    assert "$0.90" in caught.value.public


async def plan_with(w: World, text: str) -> int:
    number = await w.set_goal(read_goal(text, now=w.clock.now(), timezone=START.tzinfo), text)
    await turns(w)
    return number


async def turns(w: World) -> None:
    for _ in range(60):
        await w.executor.tick()
        await w.idle()


async def test_a_goal_waits_out_an_outage_and_tells_of_it_once(kind: str, server: ModelServer, tmp_path: Path) -> None:
    clock = ManualClock()
    server.on("plan", refuses(503, "busy"), refuses(503, "busy"), says(PLAN))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock)) as w:
        number = await plan_with(w, "/goal Make a calculator")
        asked_at_once = len(server.asked)
        why = await w.executor.why(number)
        clock.advance(31)
        await turns(w)
        clock.advance(61)
        await turns(w)
        view = await w.view(number)
        told = [str(n.facts["text"]) for n in await w.notices() if n.kind is NoticeKind.TEXT]

    assert (asked_at_once, len(server.asked), view.goal.state) == (1, 3, GoalState.AWAITING_START)
    assert len(told) == 1
    assert why is not None
    assert why.goal.sentence.endswith("has trouble of its own")
    assert why.goal.sentence.startswith("has no plan yet for")
    assert why.next == "it is tried again in 30 s"
    assert told[0].endswith("trouble of its own. Goal 1 waits, and is planned as soon as that is over.")


async def test_a_wrong_key_is_asked_about_and_tried_again_at_a_press(
    kind: str, server: ModelServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    server.on("plan", refuses(401, "no"), says(PLAN))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock)) as w:
        number = await plan_with(w, "/goal Make a calculator")
        clock.advance(3600)
        await turns(w)
        asked = len(server.asked)
        await w.press("retry")
        await turns(w)
        view = await w.view(number)

    assert (asked, len(server.asked), view.goal.state) == (1, 2, GoalState.AWAITING_START)


async def test_a_plan_beyond_the_budget_asks_and_nothing_is_sent(
    kind: str, server: ModelServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    caps = replace(CAPS, goal_usd=Decimal("0.01"))
    server.on("plan", says(PLAN))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock, caps)) as w:
        number = await plan_with(w, "/goal Make a calculator")
        sent = len(server.asked)
        await w.press("+1")
        await turns(w)
        view = await w.view(number)

    assert (sent, len(server.asked), view.goal.state) == (0, 1, GoalState.AWAITING_START)


async def test_stop_before_the_plan_ends_the_goal(kind: str, server: ModelServer, tmp_path: Path) -> None:
    clock = ManualClock()
    caps = replace(CAPS, cycles_max=1)
    server.on("plan", says("nonsense"))
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain_of(kind, server, clock, caps)) as w:
        number = await plan_with(w, "/goal Make a calculator")
        [decision] = await w.executor.open_decisions()
        await w.press("stop")
        view = await w.view(number)

    assert (decision.kind, [option.label for option in decision.options]) == (DecisionKind.CYCLES, ["+50", "Stop"])
    assert (view.goal.state, len(server.asked)) == (GoalState.CANCELLED, 1)


async def test_a_plan_that_was_paid_for_before_a_crash_is_not_paid_for_again(
    kind: str, server: ModelServer, tmp_path: Path
) -> None:
    clock = ManualClock()
    server.on("plan", says(PLAN))
    brain, points = brain_of(kind, server, clock), CrashAt("storage.purse.settle.after_commit")
    with pytest.raises(Crashed):
        async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain, crash_points=points) as w:
            await told(w, "/goal Make a calculator")
    async with world(tmp_path, registry=REGISTRY, clock=clock, brain=brain) as w:
        await turns(w)
        view, spent = await w.view(1), await w.executor.spending(1)

    assert (len(server.asked), view.goal.state) == (1, GoalState.AWAITING_START)
    assert [(one.purpose, one.calls) for one in spent] == [("plan", 1)]
