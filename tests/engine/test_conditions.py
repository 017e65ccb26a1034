"""Conditions for running unasked, and execution types: what a task is decides who is asked, where the owner says so."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.choices import policy_of
from bot.tables import Settings
from executor.actions.agent import Agent
from executor.domain.decision import DecisionKind
from executor.domain.errors import Unconfigured
from executor.domain.goal import GoalState
from executor.domain.plan import ExecutionType
from executor.domain.risk import Risk
from executor.engine.policy.conditions import Circumstances, Condition
from executor.engine.policy.policy import Policy, Question, reason_to_ask
from executor.engine.replies import Accepted
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction, ScriptedActions
from tests.minds import ScriptedMind, call, done
from tests.world import world

NOT_ACCEPTED = "It is not part of the plan that was accepted."
SEMI, MANUAL = ExecutionType.SEMI_AUTOMATED, ExecutionType.MANUAL


def question(here: Circumstances, command: str = "git pull", **more: Any) -> Question:
    values: dict[str, Any] = {"risk": frozenset({Risk.WRITES}), "autonomy": "plan", "accepted": False} | more
    return Question(action="shell", parameters={"command": command}, circumstances=here, **values)


@pytest.mark.parametrize(
    ("rule", "fits", "fits_not"),
    [
        ({"confidence_min": 0.8}, {"confidence": 0.8}, {"confidence": 0.79}),
        ({"execution_types": ["semi_automated"]}, {"execution_type": SEMI}, {}),
        ({"roles": ["writer"]}, {"role": "writer"}, {"role": "coder"}),
        ({"tags": ["ops"]}, {"tags": {"ops": ""}}, {"tags": {"other": ""}}),
        ({"tags": ["#stage=test", "ops"]}, {"tags": {"stage": "test", "ops": "x"}}, {"tags": {"stage": "test"}}),
        ({"tags": ["stage=test"]}, {"tags": {"stage": "test"}}, {"tags": {"stage": "live"}}),
        ({"priority_min": 8}, {"priority": 8}, {"priority": 7}),
        ({"minutes_max": 5}, {"minutes": 5}, {"minutes": 6}),
        ({"minutes_max": 5}, {"minutes": 0}, {"minutes": None}),
        ({}, {}, None),
    ],
)
def test_all_that_a_rule_says_must_be_true(
    rule: Mapping[str, Any], fits: Mapping[str, Any], fits_not: Mapping[str, Any] | None
) -> None:
    lets = Policy(conditions=[Condition(name="small", actions=["shell:git *"], **rule)], confidence_min=0)
    asks = replace(lets, conditions=[replace(lets.conditions[0], asks=True)], unasked=["shell"])

    assert reason_to_ask(question(Circumstances(**fits)), lets) is None
    assert reason_to_ask(question(Circumstances(**fits)), asks) == "The rule “small” says that this asks."
    if fits_not is not None:
        assert reason_to_ask(question(Circumstances(**fits_not)), lets) == NOT_ACCEPTED
        assert reason_to_ask(question(Circumstances(**fits_not)), asks) is None


def test_a_condition_covers_only_its_actions_and_never_what_always_asks() -> None:
    lets = Policy(conditions=[Condition(name="small", actions=["shell:git *"])])
    here = Circumstances()

    assert reason_to_ask(question(here, "hg pull"), lets) == NOT_ACCEPTED
    assert reason_to_ask(question(here, "git status; id"), lets) == NOT_ACCEPTED
    assert reason_to_ask(question(here, "git push"), replace(lets, always_ask=["shell:git push"])) is not None
    assert reason_to_ask(question(here, "git pull", risk=frozenset({Risk.CHANGED})), lets) is not None


def test_the_configuration_is_held_to_the_actions_that_there_are() -> None:
    settings = Settings.model_validate(
        {"automation": {"small": {"actions": ["shell:x"], "confidence_min": 0.5}}, "rules": {"unasked": ["read"]}}
    )

    assert policy_of(settings, ["shell", "read"]) == Policy(
        ("read",), (), 0.5, [Condition(name="small", actions=("shell:x",), confidence_min=0.5)]
    )
    with pytest.raises(Unconfigured) as refusal:
        policy_of(settings, ["read"])
    assert refusal.value.public == "automation.small.actions names the action 'shell'; known are read."


async def test_a_call_of_an_agents_has_the_circumstances_of_its_task(tmp_path: Path) -> None:
    action = ScriptedAction()
    rule = Condition(name="writers", actions=["work"], roles=["writer"], confidence_min=0.9)
    for role, confidence, ran in (("writer", 0.95, 1), ("writer", 0.8, 1), ("coder", 0.95, 1)):
        agent = spec("1", "Go", "agent", parameters={"instructions": "Go."}, role=role, confidence=confidence)
        mind = ScriptedMind([call("work", risk=["OUTSIDE"]), done()])
        async with world(
            tmp_path / f"{role}{confidence}",
            registry=ScriptedActions(action, Agent(["work"])),
            mind=mind,
            policy=Policy(conditions=[rule]),
        ) as w:
            await w.start_goal(draft(agent))
            await w.settle()

        assert len(action.runs) == ran


# -------------------------------------------------------------------------------------------------- execution types

PAY = spec("1", "Pay", "work", parameters={"risk": ["OUTSIDE"]}, execution_type=SEMI)


@pytest.mark.parametrize("autonomy", ["plan", "risky"])
async def test_what_a_person_wants_to_see_is_approved_before_it_is_out_and_not_reviewed_after(
    tmp_path: Path, autonomy: str
) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy=autonomy) as w:
        number = await (w.start_goal(draft(PAY)) if autonomy == "plan" else w.set_goal(draft(PAY)))
        await w.settle()
        [decision] = await w.executor.open_decisions()
        before = list(action.runs)
        reply = await w.press("approve")
        await w.settle()
        view = await w.view(number)

    assert (decision.kind, before) == (DecisionKind.APPROVAL, [])
    assert decision.facts["why"] == "Its plan says that a person approves it before it happens."
    assert isinstance(reply, Accepted)
    assert (action.runs, view.goal.state) == (["1.1"], GoalState.COMPLETED)


async def test_what_stays_here_is_reviewed_after_it(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action) as w:
        await w.start_goal(draft(replace(PAY, parameters={})))
        await w.settle()
        [decision] = await w.executor.open_decisions()

    assert (action.runs, decision.kind) == (["1.1"], DecisionKind.DRAFT)


@pytest.mark.parametrize("autonomy", ["plan", "full"])
async def test_what_is_a_persons_is_done_by_one_though_an_action_could(tmp_path: Path, autonomy: str) -> None:
    action = ScriptedAction(repeatable=False)
    task = replace(PAY, execution_type=MANUAL)
    async with world(tmp_path, action, autonomy=autonomy) as w:
        number = await (w.start_goal(draft(task)) if autonomy == "plan" else w.set_goal(draft(task)))
        await w.settle()
        [decision] = await w.executor.open_decisions()
        before = list(action.runs)
        await w.executor.done("1.1", caller=ANN, command_id="done")
        await w.settle()
        view = await w.view(number)

    assert (decision.kind, before, action.runs) == (DecisionKind.MANUAL, [], [])
    assert view.goal.state is GoalState.COMPLETED


async def test_a_person_may_hand_it_to_the_action(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(replace(PAY, execution_type=MANUAL, parameters={})))
        await w.settle()
        await w.press("hand-back")
        await w.settle()
        view = await w.view(number)

    assert (action.runs, view.goal.state) == (["1.1"], GoalState.COMPLETED)
