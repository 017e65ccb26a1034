"""What has to come first is found out from a failure, put first under a new version of the plan, or named."""

from dataclasses import replace
from pathlib import Path

import pytest

from executor.domain.goal import GoalState
from executor.domain.outcome import Result, Stumbled
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.domain.task import TaskState
from executor.engine.flow import advance
from executor.engine.planning.adaptation import current_plan
from tests.builders import proposal, spec
from tests.engine.conftest import OK, Walk
from tests.story.test_self_healing import outcome, shell


def missing(said: str) -> Stumbled:
    metadata = {"exit_code": 1, "stderr": said, "command": "run"}
    return Stumbled(result=Result(success=False, error="exit code 1", metadata=metadata))


def started(*tasks: TaskSpec) -> Walk:
    walk = Walk(proposal(*tasks))
    walk.press("start")
    return walk


def writes(key: str, path: str, *after: str) -> TaskSpec:
    return spec(key, action="write", parameters={"path": path, "content": "x"}, depends_on=after)


def runs(key: str, command: str, *after: str) -> TaskSpec:
    return spec(key, action="shell", parameters={"command": command}, depends_on=after)


@pytest.mark.parametrize(
    ("maker", "said"),
    [
        (writes("2", "notes.txt"), "cat: notes.txt: No such file or directory"),
        (writes("2", "./data/notes.txt"), "FileNotFoundError: [Errno 2] No such file or directory: 'data/notes.txt'"),
        (runs("2", "sort names > sorted.txt"), "cat: sorted.txt: No such file or directory"),
        (runs("2", "pandoc a.md -o a.pdf"), "cp: cannot stat 'a.pdf': No such file or directory"),
        (writes("2", "shapes.py"), "ModuleNotFoundError: No module named 'shapes'"),
        (writes("2", "build.sh"), "bash: line 1: ./build.sh: No such file or directory"),
        (
            spec("2", check=Check(kind=CheckKind.FILE, path="out/report.csv")),
            "cat: out/report.csv: No such file or directory",
        ),
    ],
)
def test_what_another_task_makes_is_waited_for(maker: TaskSpec, said: str) -> None:
    walk = started(runs("1", "use it"), maker)

    walk.finish("1.1", missing(said))
    first = walk.states()
    walk.finish("1.2")

    assert (first["1.1"], walk.states()["1.1"]) == ("pending", "queued")
    assert current_plan(walk.case).task("1").depends_on == ("2",)
    assert walk.case.goal.plan_version == 2


async def test_a_plan_in_the_wrong_order_puts_itself_right(tmp_path: Path) -> None:
    view, told = await outcome(
        tmp_path,
        shell("1", "cat notes.txt"),
        shell("2", "until test -e changed; do sleep 0.05; done; echo hi > notes.txt"),
        shell("3", "echo", "1"),
        changed="changed",
    )

    assert view.goal.state is GoalState.COMPLETED
    assert told == ["Plan v1 → v2: +0 −0 ~1, 1.1 needs notes.txt, which 1.2 makes: 1.2 goes first"]


def test_a_circle_is_named_and_asked_about_at_once() -> None:
    walk = started(runs("1", "cat notes.txt"), writes("2", "notes.txt", "1"))

    walk.finish("1.1", missing("cat: notes.txt: No such file or directory"))

    [decision] = walk.case.open_decisions()
    assert decision.facts["cause"] == "1.1 needs notes.txt, which 1.2 makes, and 1.2 waits for 1.1: a circle"


def test_what_nobody_makes_is_asked_about() -> None:
    walk = started(runs("1", "cat notes.txt"), writes("2", "other.txt"))

    walk.finish("1.1", missing("cat: notes.txt: No such file or directory"))

    assert (walk.states()["1.1"], walk.case.goal.plan_version) == ("blocked", 1)


def test_a_parent_that_will_never_finish_is_named_and_retry_begins_with_it() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("2",)))
    walk.claim("1.1")
    walk.case.move_task("1.1", TaskState.FAILED, summary="It failed")
    advance(walk.case)
    [decision] = walk.case.open_decisions()

    walk.press("retry")

    assert decision.facts["cause"] == (
        "It needs 1.1 Step 1 (failed), which will not finish. Retry tries 1.1 again first, Skip goes on without 1.2"
    )
    assert walk.states() == {"1.1": "queued", "1.2": "pending", "1.3": "pending"}


def test_tasks_that_wait_for_each_other_are_named_and_one_press_breaks_the_circle() -> None:
    walk = started(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("2",)))
    second = walk.case.tasks["1.2"]
    walk.case.set_task(replace(second, spec=replace(second.spec, depends_on=("3",))))
    walk.finish("1.1", OK)
    [decision] = walk.case.open_decisions()

    walk.press("retry")

    assert decision.facts["cause"] == (
        "1.2 waits for 1.3 waits for 1.2: a circle that never begins. Retry or Take over breaks it at 1.2"
    )
    assert walk.states()["1.2"] == "queued"
