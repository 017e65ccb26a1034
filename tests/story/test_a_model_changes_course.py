"""What no rule, no repair and no other way helps: the model proposes another plan, and a person decides."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from executor.domain.decision import DecisionKind
from executor.domain.goal import GoalState
from executor.domain.plan import GoalDraft, TaskSpec
from tests.modelserver import ModelServer, model_server, refuses, says
from tests.story.test_a_models_part import answer, house
from tests.story.test_self_healing import patiently, shell
from tests.world import World

GIVES_UP = says({"blockage_type": "error", "cause": "it is odd", "confidence": 0.4, "fix": {"kind": "give_up"}})
TASKS = (shell("1", "echo ready > state"), shell("2", "echo odd >&2; exit 3", "1"))


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        running.on("diagnose", GIVES_UP)
        yield running


def as_json(spec: TaskSpec, **changed: Any) -> dict[str, Any]:
    told = {"key": spec.key, "title": spec.title, "action": spec.action, "parameters": dict(spec.parameters)}
    return told | {"depends_on": list(spec.depends_on)} | changed


def another(*tasks: dict[str, Any]) -> dict[str, Any]:
    way = {"name": "plainly", "tasks": list(tasks)}
    return {
        "reason": "The command always fails; print the state instead.",
        "plan": {"alternatives": [way], "chosen": "plainly"},
    }


BETTER = another(as_json(TASKS[0]), as_json(TASKS[1], parameters={"command": "cat state"}))


async def until_rethought(w: World, server: ModelServer, number: int = 1) -> None:
    await patiently(w, number)
    for _ in range(100):
        await w.idle()
        await w.executor.tick()


async def test_the_models_plan_is_proposed_and_accepted(server: ModelServer, tmp_path: Path) -> None:
    server.on("adapt", says(BETTER))
    async with house(tmp_path, server) as w:
        await w.start_goal(GoalDraft(title="Show the state", tasks=TASKS))
        await until_rethought(w, server)
        asked = [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.ADAPTATION]
        await answer(w, "accept")
        view = await patiently(w, 1)

    assert [one.question for one in asked] == [
        "Plan v1 → v2: +0 −0 ~1, The command always fails; print the state instead (proposed by m-1)"
    ]
    assert (view.goal.state, [task.attempts for task in view.tasks]) == (GoalState.COMPLETED, [1, 2])
    assert server.purposes().count("adapt") == 1
    shown = next(one.text for one in server.asked if one.purpose == "adapt")
    assert all(words in shown for words in ("Show the state", "odd", "completed", "echo ready"))


async def test_a_plan_that_cant_be_carried_out_goes_back_and_is_then_left(server: ModelServer, tmp_path: Path) -> None:
    server.on("adapt", says(another(as_json(TASKS[1], action="teleport"))))
    async with house(tmp_path, server) as w:
        await w.start_goal(GoalDraft(title="Show the state", tasks=TASKS))
        await until_rethought(w, server)
        await answer(w, "retry")
        await until_rethought(w, server)
        view, kinds = await w.view(1), [one.kind for one in await w.executor.open_decisions()]

    assert (view.goal.state, view.goal.plan_version, kinds) == (GoalState.BLOCKED, 1, [DecisionKind.BLOCKAGE])
    assert server.purposes().count("adapt") == 3
    assert "no action 'teleport'" in next(one.text for one in reversed(server.asked) if one.purpose == "adapt")


async def test_after_a_restart_it_is_asked_where_it_could_not_be_asked_before(
    server: ModelServer, tmp_path: Path
) -> None:
    server.on("adapt", refuses(503, "busy"), says(BETTER))
    async with house(tmp_path, server) as w:
        await w.start_goal(GoalDraft(title="Show the state", tasks=TASKS))
        await until_rethought(w, server)
        before = [one.kind for one in await w.executor.open_decisions()]
    async with house(tmp_path, server) as w:
        await until_rethought(w, server)
        after = [one.kind for one in await w.executor.open_decisions()]
    async with house(tmp_path, server) as w:
        await until_rethought(w, server)

    assert (before, after) == ([DecisionKind.BLOCKAGE], [DecisionKind.ADAPTATION])
    assert server.purposes().count("adapt") == 2
