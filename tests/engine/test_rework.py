"""A finished goal taken up again, over a real database."""

from pathlib import Path

import pytest

from executor.domain.decision import DecisionKind, DecisionState
from executor.domain.gate import Gates
from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.plan import Criterion
from executor.engine.replies import Accepted, Refused, Reply
from tests.builders import ANN, chain, command, draft
from tests.engine.test_gates import Shell, actions
from tests.fakes import ScriptedAction, ScriptedChecks
from tests.world import World, world

FEEDBACK = "Please add 2FA support"


async def completed(w: World) -> int:
    number = await w.start_goal(draft(*chain(3)))
    await w.settle()
    assert (await w.view(number)).goal.state is GoalState.COMPLETED
    return number


async def rework(w: World, feedback: str = FEEDBACK, command_id: str = "rework", **how: int) -> Reply:
    reply = await w.executor.rework(1, feedback=feedback, caller=ANN, command_id=command_id, **how)
    await w.settle()
    return reply


def by_hand() -> tuple[ScriptedAction, ...]:
    return actions(Shell({}))


async def test_finished_work_is_kept_and_the_feedback_becomes_a_task(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)

        reply = await rework(w, priority=8)

        view = await w.view(1)
        assert isinstance(reply, Accepted)
        assert reply.sentence == "Goal 1 goes on. Plan v1 → v2: +1 −0 ~0."
        assert (view.goal.plan_version, view.goal.percentage, view.goal.reworks, view.goal.priority) == (2, 75, 1, 8)
        assert [(t.ref, str(t.state), t.spec.title) for t in view.tasks if t.ref == "1.4"] == [
            ("1.4", "awaiting_approval", FEEDBACK)
        ]
        assert view.plan is not None
        assert view.plan.reason == "Ann: Please add 2FA support"


async def test_the_end_comes_once_more_with_a_receipt_of_its_own_and_no_milestone_does(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)
        before = [notice.key for notice in await w.notices() if notice.kind is NoticeKind.MILESTONE]

        await rework(w)
        await w.executor.done("1.4", caller=ANN, command_id="done")
        await w.settle()

        notices = await w.notices()
        view = await w.view(1)
        assert [notice.key for notice in notices if notice.kind is NoticeKind.MILESTONE] == before
        assert sorted(notice.key for notice in notices if notice.kind is NoticeKind.END) == ["1/end", "1/end/2"]
        assert (view.goal.state, view.goal.percentage) == (GoalState.COMPLETED, 100)
        assert [event.name for event in await w.executor.events(1)].count("milestone.reached") == 5


async def test_the_result_is_asked_about_on_the_final_message_and_holds_nothing_up(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)

        [decision] = (await w.view(1)).decisions

        [end] = [notice for notice in await w.notices() if notice.kind is NoticeKind.END]
        assert (decision.kind, [option.label for option in decision.options]) == (
            DecisionKind.RESULT,
            ["Looks good", "Rework"],
        )
        assert (end.decision_number, await w.executor.open_decisions()) == (decision.number, [])


async def test_a_result_that_looks_good_is_only_noted(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)
        [decision] = (await w.view(1)).decisions

        reply = await w.executor.answer(decision.number, option="looks-good", caller=ANN, command_id="a")

        view = await w.view(1)
        assert isinstance(reply, Accepted)
        assert (view.goal.state, view.decisions) == (GoalState.COMPLETED, ())


async def test_the_button_asks_for_the_words_and_the_words_take_the_goal_up(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)
        [question] = (await w.view(1)).decisions

        pressed = await w.executor.answer(question.number, option="rework", caller=ANN, command_id="a")
        said = await w.executor.answer(question.number, option="rework", text=FEEDBACK, caller=ANN, command_id="b")
        late = await w.executor.answer(question.number, option="rework", text="More", caller=ANN, command_id="c")

        decided = await w.executor.decision(question.number)
        assert isinstance(pressed, Accepted)
        assert isinstance(said, Accepted)
        assert (pressed.wants_text, pressed.sentence) == (True, "Say what should be different, as a reply.")
        assert decided is not None
        assert (decided.state, decided.text) == (DecisionState.ANSWERED, FEEDBACK)
        assert isinstance(late, Refused)
        assert (await w.view(1)).goal.reworks == 1


async def test_the_same_command_twice_makes_one_version(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)

        first, second = await rework(w), await rework(w)

        assert first == second
        assert (await w.view(1)).goal.plan_version == 2


async def test_numbered_lines_are_tasks_in_their_order_and_commands_run(tmp_path: Path) -> None:
    shell = Shell({})
    feedback = "Two things:\n1. Add docs: `make docs`\n2. Tell Ann"
    async with world(tmp_path, *actions(shell)) as w:
        await completed(w)

        await rework(w, feedback)

        tasks = {task.ref: task for task in (await w.view(1)).tasks}
        assert (shell.ran, tasks["1.4"].state, tasks["1.5"].state) == (["make docs"], "completed", "awaiting_approval")
        assert tasks["1.5"].spec.parameters["instructions"] == "Tell Ann\n\nTwo things:"
        assert tasks["1.5"].spec.depends_on == (tasks["1.4"].spec.key,)


async def test_what_can_be_looked_at_is_looked_at_again_and_nobody_is_asked_twice(tmp_path: Path) -> None:
    shell, checks = Shell({}), ScriptedChecks()
    criteria = (Criterion(text="It is there", check=command("test -s it")), Criterion(text="Ann agrees"))
    async with world(tmp_path, *actions(shell), checks=checks, gates=Gates(tests="make test")) as w:
        number = await w.start_goal(draft(*chain(1), criteria=criteria))
        await w.settle()
        await w.press("yes")
        await w.settle()

        await rework(w, "Add docs: `make docs`")

        view = await w.view(number)
        assert (view.goal.state, checks.looked) == (GoalState.COMPLETED, ["test -s it"] * 2)
        assert shell.ran == ["make test", "make docs", "make test"]
        last = max((n for n in await w.notices() if n.kind is NoticeKind.END), key=lambda n: n.key)
        assert [one["met"] for one in last.facts["criteria"]] == [True, True]  # type: ignore[attr-defined]
        assert len(last.facts["gates"]) == 1  # type: ignore[arg-type]


async def test_a_goal_can_be_reworked_again_and_again(tmp_path: Path) -> None:
    async with world(tmp_path, *actions(Shell({}))) as w:
        await completed(w)
        for turn in range(1, 4):
            await rework(w, "Docs: `make docs`", f"rework/{turn}")

        view = await w.view(1)
        assert (view.goal.state, view.goal.reworks, view.goal.plan_version) == (GoalState.COMPLETED, 3, 4)
        assert [task.ref for task in view.tasks if task.ref > "1.3"] == ["1.4", "1.5", "1.6"]


@pytest.mark.parametrize(
    ("feedback", "code", "sentence"),
    [
        ("  ", "empty", "Say what should be different: /rework 1 your words"),
        ("1. Do `a` and `b` now", "wrong_input", "Step 1 has more than one command in backticks."),
    ],
)
async def test_words_that_say_nothing_are_refused(tmp_path: Path, feedback: str, code: str, sentence: str) -> None:
    async with world(tmp_path, *by_hand()) as w:
        await completed(w)

        reply = await rework(w, feedback)

        assert isinstance(reply, Refused)
        assert (reply.code, reply.sentence.startswith(sentence)) == (code, True)


async def test_only_a_completed_goal_is_reworked(tmp_path: Path) -> None:
    async with world(tmp_path, *by_hand()) as w:
        number = await w.set_goal(draft(*chain(1)))

        waiting = await rework(w, command_id="a")
        await w.executor.cancel(number, caller=ANN, command_id="c")
        cancelled = await rework(w, command_id="b")

        assert isinstance(waiting, Refused)
        assert isinstance(cancelled, Refused)
        assert waiting.sentence == (
            "Only a completed goal is reworked; goal 1 is awaiting start. /status 1 shows how far it is."
        )
        assert cancelled.sentence == (
            "Only a completed goal is reworked; goal 1 is cancelled. Set it again as a new goal."
        )
