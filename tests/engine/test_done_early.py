"""Done for a person's task before anybody was asked: it is kept until the task's turn comes."""

from pathlib import Path

import pytest

from executor.domain.goal import GoalState
from executor.domain.plan import Check, CheckKind
from executor.engine.replies import Accepted, Refused, Reply
from executor.ports import Ask
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import World, world

CALL = spec("call", action="manual")
CHECKED = spec("call", action="manual", check=Check(kind=CheckKind.COMMAND, command="called"))


def actions() -> tuple[ScriptedAction, ...]:
    return ScriptedAction(), ScriptedAction(name="manual", asks=Ask(manual=True, question="Call"))


async def done(w: World, ref: str = "1.1", command_id: str = "done") -> Reply:
    return await w.executor.done(ref, caller=ANN, command_id=command_id)


async def test_it_counts_before_the_question_was_asked(tmp_path: Path) -> None:
    async with world(tmp_path, *actions()) as w:
        number = await w.start_goal(draft(CALL))

        reply = await done(w)
        await w.settle()

        assert isinstance(reply, Accepted)
        assert reply.sentence == "1.1 is done."
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await w.executor.open_decisions() == [], "nobody was asked any more"


async def test_what_comes_before_it_is_still_done_first(tmp_path: Path) -> None:
    async with world(tmp_path, *actions()) as w:
        number = await w.start_goal(draft(spec("first"), spec("call", action="manual", depends_on=("first",))))

        reply = await done(w, "1.2")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Noted: 1.2 counts as done when its turn comes."
        assert (await w.states(number))["1.2"] == "pending"
        await w.settle()
        assert (await w.view(number)).goal.state is GoalState.COMPLETED


async def test_a_check_that_does_not_hold_asks_after_all(tmp_path: Path) -> None:
    async with world(tmp_path, *actions(), checks=ScriptedChecks({"called": False})) as w:
        number = await w.start_goal(draft(CHECKED))

        reply = await done(w)
        await w.settle()

        assert isinstance(reply, Accepted)
        assert reply.sentence == "Checking 1.1."
        assert (await w.states(number))["1.1"] == "awaiting_approval"
        [asked] = await w.executor.open_decisions()
        assert asked.task_ref == "1.1"


async def test_said_twice_it_is_said_that_nobody_waits_for_it(tmp_path: Path) -> None:
    async with world(tmp_path, *actions()) as w:
        await w.start_goal(draft(CALL))
        await done(w)

        assert isinstance(await done(w, command_id="again"), Refused)
        assert isinstance(await done(w), Accepted), "the same command gets the same answer"


@pytest.mark.parametrize("started", [True, False])
async def test_what_no_person_does_can_not_be_done_early(tmp_path: Path, started: bool) -> None:
    async with world(tmp_path, *actions()) as w:
        work = spec("work") if started else CALL
        await (w.start_goal if started else w.set_goal)(draft(work))

        reply = await done(w)

        assert isinstance(reply, Refused)
        assert reply.sentence == "1.1 does not wait for somebody's Done. /why says why."
