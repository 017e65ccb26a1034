"""What a plan is not sure about is approved before it runs, exactly as shown; and sureness is held to its word."""

from pathlib import Path

import pytest

from executor.domain.goal import GoalState
from executor.domain.lesson import Calibration
from executor.domain.limits import Limits
from executor.domain.outcome import Result
from executor.engine.policy.policy import Policy, Question, reason_to_ask
from executor.engine.replies import Accepted
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction
from tests.world import world


def unsure(confidence: float, autonomy: str = "plan", **more: object) -> Question:
    parameters = {"command": "deploy"} | more
    return Question(
        action="shell", parameters=parameters, risk=frozenset(), autonomy=autonomy, accepted=True, confidence=confidence
    )


WHY = "The plan is only 30 % sure about this task."


@pytest.mark.parametrize(
    ("asked", "policy", "reason"),
    [
        (unsure(1.0), Policy(), None),
        (unsure(0.5), Policy(), None),
        (unsure(0.3), Policy(), WHY),
        (unsure(0.3, "risky"), Policy(), WHY),
        (unsure(0.3, "full"), Policy(), None),
        (unsure(0.0), Policy(confidence_min=0.0), None),
        (unsure(0.3), Policy(confidence_min=0.2), None),
        (unsure(0.3), Policy(unasked=["shell:deploy"]), None),
        (unsure(0.3), Policy(always_ask=["shell"]), "The rules say that this always asks."),
    ],
)
def test_a_task_below_the_set_confidence_is_asked_about(asked: Question, policy: Policy, reason: str | None) -> None:
    assert reason_to_ask(asked, policy) == reason


async def test_nothing_runs_before_the_approval_even_over_a_restart(tmp_path: Path) -> None:
    action = ScriptedAction()
    async with world(tmp_path, action) as w:
        number = await w.start_goal(draft(spec("1", confidence=0.3)))
        await w.settle()
    async with world(tmp_path, action) as w:
        await w.settle()
        assert action.runs == []

        reply = await w.press("approve")
        await w.settle()

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Running 1.1."
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_sureness_is_compared_with_what_came_of_it(tmp_path: Path) -> None:
    def by_name(parameters: object, context: object) -> Result:
        return Result(success=parameters != {"bad": True}, error="exit code 1")

    async with world(tmp_path, ScriptedAction(behaviour=by_name), limits=Limits(attempts_max=1)) as w:
        tasks = [spec(str(n), confidence=0.9, role="builder", parameters={"bad": n == 4}) for n in (1, 2, 3, 4)]
        await w.start_goal(draft(*tasks, spec("5", confidence=0.6), spec("6")))
        await w.settle()
        await w.executor.fail(1, reason="x", caller=ANN, command_id="fail")

        found = await w.executor.calibrations()

        assert [(one.action, one.role, one.count) for one in found] == [("work", "builder", 4), ("work", "", 1)]
        assert found[0] == Calibration(
            action="work", role="builder", count=4, expected=pytest.approx(0.9), succeeded=pytest.approx(0.75)
        )
