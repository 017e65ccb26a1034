"""Going in circles stops, is told with its evidence, and is remembered over restarts."""

from dataclasses import replace
from pathlib import Path

import pytest

from executor.domain.blockage import BlockageType
from executor.domain.limits import Limits
from executor.domain.outcome import Interrupted, Result, Stumbled, Waiting
from executor.domain.plan import TaskSpec
from executor.engine.blockages.fix import Fix
from executor.engine.blockages.loops import circle_of
from executor.engine.correction.repairing import Repair, repair
from executor.engine.flow import advance
from executor.engine.planning.adaptation import adapt, current_plan
from tests.builders import ANN, chain, command, draft, proposal, spec
from tests.engine.conftest import Walk, failed
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import world

A, B, C = "f.1.a", "f.1.b", "f.2.a"


@pytest.mark.parametrize(
    ("trail", "said"),
    [
        ((), None),
        ((A, A), None),
        ((A, A, A), "The same error 3 times in a row"),
        ((B, A, A, A, A), "The same error 4 times in a row"),
        ((A, A, B), None),
        ((A, A, C), None),
        ((A, "i.1.", A, "i.1.", A), "The same error 3 times in a row"),
        (("s.1.a",) * 2, None),
        (("s.1.a",) * 3, "It ran 3 times in the same way and got nowhere"),
        (("w.1.a",) * 4, "Looked 4 times, and the command itself is wrong"),
        (("f.1.a/1", "f.1.a/1"), "It ran 2 times and left everything the same each time"),
        (("f.1.a/1", "f.1.a/2"), None),
        (("f.1.a/1", "f.1.a/2", "f.1.a/3"), "The same error 3 times in a row"),
        (("f.1.a/1", "f.1.b/1"), None),
        (("f.1.a/1", A), None),
        ((A, B, A, B, A), None),
        ((A, B, A, B, A, B), "The same two errors in turn, 6 times"),
        ((A, C, A, C, A, C), "The same two errors in turn, 6 times"),
        ((A, B, C, A, B, C), None),
    ],
)
def test_a_circle_is_the_same_again_or_two_things_in_turn(trail: tuple[str, ...], said: str | None) -> None:
    assert circle_of(trail) == said


def started(*tasks: TaskSpec, limits: Limits | None = None) -> Walk:
    walk = Walk(proposal(*tasks, limits=limits))
    walk.press("start")
    return walk


def blockage(walk: Walk, ref: str = "1.1") -> tuple[BlockageType, str]:
    found = walk.case.blockages[ref]
    return found.type, found.cause


BROKEN = failed(stderr="boom")


def test_an_error_that_an_adaptation_did_not_change_is_not_tried_three_times_again() -> None:
    walk = started(spec("1"))
    for _ in range(3):
        walk.finish("1.1", BROKEN)
    walk.case.by = None
    adapt(walk.case, current_plan(walk.case).tasks, reason="Begin afresh", again={"1"})
    advance(walk.case)

    walk.finish("1.1", BROKEN)

    assert walk.states() == {"1.1": "blocked"}
    assert blockage(walk) == (BlockageType.ERROR, "The same error 4 times in a row: exit code 1")


def test_an_adaptation_that_a_person_asked_for_begins_anew() -> None:
    walk = started(spec("1"))
    for _ in range(3):
        walk.finish("1.1", BROKEN)
    walk.case.by = ANN
    adapt(walk.case, current_plan(walk.case).tasks, reason="It is mended now", again={"1"})
    advance(walk.case)

    walk.finish("1.1", BROKEN)

    assert walk.states() == {"1.1": "retrying"}


def test_a_person_who_retries_gets_all_tries_again() -> None:
    walk = started(spec("1"))
    for _ in range(3):
        walk.finish("1.1", BROKEN)
    walk.press("retry")

    walk.finish("1.1", BROKEN)

    assert walk.states() == {"1.1": "retrying"}


def test_more_tries_in_the_configuration_do_not_repeat_what_can_not_help() -> None:
    walk = started(spec("1"), limits=Limits(attempts_max=10))
    for _ in range(3):
        walk.finish("1.1", BROKEN)

    assert blockage(walk)[1] == "The same error 3 times in a row: exit code 1"


def test_tries_that_the_plan_asks_for_and_what_passes_by_itself_are_counted_by_tries_alone() -> None:
    walk = started(spec("1", attempts_max=5), spec("2"), limits=Limits(attempts_max=5))
    busy = failed(stderr="curl: (28) Connection timed out after 10 ms")
    for _ in range(4):
        walk.finish("1.1", BROKEN)
        walk.finish("1.2", busy)

    assert walk.states() == {"1.1": "retrying", "1.2": "retrying"}


def test_another_error_each_time_is_no_circle() -> None:
    walk = started(spec("1"), limits=Limits(attempts_max=10))
    for line in range(6):
        walk.finish("1.1", failed(stderr=f"line {line}: boom"))

    assert walk.states() == {"1.1": "retrying"}


def test_a_success_whose_check_never_holds_stops_after_three() -> None:
    walk = started(spec("1", check=command("test -s a")), limits=Limits(attempts_max=10))
    for _ in range(3):
        walk.finish("1.1", Stumbled(result=Result(success=True, output="ok"), evidence="The check does not hold: a"))

    assert blockage(walk)[1] == "It ran 3 times in the same way and got nowhere: The check does not hold: a"


def test_the_same_repair_again_and_again_ends_with_a_person() -> None:
    serve = spec("1", action="shell", parameters={"command": "python3 -m http.server 8000"})
    walk = started(serve)
    for port in (8000, 8001, 8002):
        walk.finish("1.1", failed(stderr=f"OSError: [Errno 98] Address already in use: port {port}"))

    assert walk.states() == {"1.1": "blocked"}
    assert blockage(walk)[1].startswith("The same error 3 times in a row: A port is taken")
    assert walk.case.goal.plan_version == 3


def test_a_repair_that_leads_back_to_a_plan_that_failed_is_not_made() -> None:
    first, second = ({"command": f"serve --port {port}"} for port in (8001, 8000))
    walk = started(spec("1", action="shell", parameters=first))
    task = walk.case.tasks["1.1"]
    walk.claim("1.1")
    repair(walk.case, walk.case.tasks["1.1"], Repair(Fix(what="Port 8000", spec=replace(task.spec, parameters=second))))
    advance(walk.case)

    walk.finish("1.1", failed(stderr="OSError: [Errno 98] Address already in use: port 8000"))

    assert walk.states() == {"1.1": "blocked"}
    assert blockage(walk)[1] == ("A port is taken: 8000; the repair would lead back to a plan that failed before")


def poll(stderr: str) -> Waiting:
    result = Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": stderr})
    return Waiting(wait_s=10, note="`look`: exit code 1", result=result)


def test_a_wait_may_look_as_often_as_it_takes() -> None:
    walk = started(spec("1"))
    for _ in range(50):
        walk.finish("1.1", poll("cat: done.txt: No such file or directory"))

    assert walk.states() == {"1.1": "queued"}
    assert walk.case.tasks["1.1"].trail == ()


def test_a_wait_for_a_command_that_does_not_exist_asks_after_four_looks() -> None:
    walk = started(spec("1"))
    for _ in range(4):
        walk.finish("1.1", poll("bash: line 1: crul: command not found"))

    assert walk.states() == {"1.1": "blocked"}
    assert blockage(walk) == (
        BlockageType.DEPENDENCY,
        "Looked 4 times, and the command itself is wrong: A command is missing: crul",
    )


def test_a_task_that_milepost_never_survives_is_not_tried_for_ever() -> None:
    walk = started(spec("1"))
    for _ in range(7):
        walk.finish("1.1", Interrupted(note="Milepost was stopped while it ran", lost=True))
    assert walk.states() == {"1.1": "queued"}

    walk.finish("1.1", Interrupted(note="Milepost was stopped while it ran", lost=True))

    assert walk.states() == {"1.1": "blocked"}
    assert blockage(walk)[1].startswith("Milepost ended 8 times in a row while it ran")


async def test_the_trail_survives_a_restart(tmp_path: Path) -> None:
    def fails(parameters: object, context: object) -> Result:
        return Result(success=False, error="exit code 1", metadata={"exit_code": 1, "stderr": "boom"})

    limits = Limits(attempts_max=10)
    action = ScriptedAction(behaviour=fails)
    async with world(tmp_path, action, limits=limits) as w:
        number = await w.start_goal(draft(*chain(1)))
        await w.settle()
        clock = w.clock
    for _ in range(4):
        clock.advance(3_600)
        async with world(tmp_path, action, limits=limits, clock=clock) as w:
            await w.settle()
            view = await w.view(number)

    assert len(action.runs) == 3
    assert view.blockages[0].cause.startswith("The same error 3 times in a row")


async def test_a_done_that_does_not_hold_is_asked_again_as_often_as_somebody_presses(tmp_path: Path) -> None:
    checks = ScriptedChecks({"test -e a": False})
    async with world(tmp_path, checks=checks) as w:
        number = await w.start_goal(draft(spec("1", check=command("test -e a"))))
        await w.executor.take_over("1.1", caller=ANN, command_id="mine")
        for press in range(6):
            await w.settle()
            await w.press("done", f"done/{press}")
        await w.settle()

        assert await w.states(number) == {"1.1": "awaiting_approval"}
