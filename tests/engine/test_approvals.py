"""What asks before it runs, and that exactly what was approved runs, once."""

from pathlib import Path

import pytest

from executor.domain.decision import Decision, DecisionKind
from executor.domain.effect import EffectState
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec
from executor.domain.risk import Risk
from executor.engine.policy.policy import Policy, Question, reason_to_ask
from executor.engine.replies import Accepted
from tests.builders import ANN, draft
from tests.fakes import ManualClock, ScriptedAction
from tests.world import World, world


def question(action: str = "shell", accepted: bool = True, autonomy: str = "plan", **more: object) -> Question:
    parameters = {"command": more.get("command", "make")}
    risk = frozenset(more.get("risk", ()))  # type: ignore[call-overload]
    return Question(action=action, parameters=parameters, risk=risk, autonomy=autonomy, accepted=accepted)


@pytest.mark.parametrize(
    ("asked", "policy", "reason"),
    [
        (question(), Policy(), None),
        (question(risk=[Risk.OUTSIDE]), Policy(), None),
        (question(autonomy="risky", risk=[Risk.OUTSIDE]), Policy(), "It has an effect outside."),
        (question(autonomy="full", risk=[Risk.OUTSIDE]), Policy(), None),
        (
            question(autonomy="full", accepted=False, risk=[Risk.UNCONFINED]),
            Policy(),
            "There is no sandbox here, and nobody has accepted this command.",
        ),
        (question(accepted=False), Policy(), "It is not part of the plan that was accepted."),
        (question(autonomy="full"), Policy(always_ask=["shell"]), "The rules say that this always asks."),
        (question(autonomy="full"), Policy(always_ask=["shell:git *"]), None),
        (question(accepted=False, command="git status"), Policy(unasked=["shell:git status*"]), None),
        (
            question(accepted=False, command="git status; rm -rf ."),
            Policy(unasked=["shell:git status*"]),
            "It is not part of the plan that was accepted.",
        ),
        (
            question(accepted=False, command="git status"),
            Policy(unasked=["shell:git*"], always_ask=["shell:*status"]),
            "The rules say that this always asks.",
        ),
    ],
)
def test_who_is_asked_and_why(asked: Question, policy: Policy, reason: str | None) -> None:
    assert reason_to_ask(asked, policy) == reason


@pytest.mark.parametrize(
    "command",
    [
        "env -S 'tr a b; id'",
        "env sh",
        "git -c alias.x='!sh' x",
        "bash -c id",
        "/bin/sh -c id",
        "find . -exec id",
        "find . -execdir=id",
        "xargs id",
        "busybox sh",
        "python3 -c 'import os'",
        "perl -e 1",
        "LD_PRELOAD=./x.so git status",
        "nohup id",
        "sudo id",
        "unfinished 'quote",
        "python3 -Ic 'import os'",
        "python3.11 '-cimport os'",
        "python3 -",
        "bash5 x.sh",
        "perl5.36 x.pl",
        "nawk x",
        "systemd-run id",
        "setpriv id",
        "strace id",
        "tar --to-command=id -xf x.tar",
        "tar --checkpoint-action=exec=id -cf x.tar y",
        "git bisect run id",
        "uv run id",
        "npm run x",
        "/lib64/ld-linux-x86-64.so.2 /bin/id",
        "! id",
        "if id",
        "A+=x id",
    ],
)
def test_a_rule_does_not_cover_another_program_that_its_command_starts(command: str) -> None:
    everything = Policy(unasked=["shell:*"])

    assert reason_to_ask(question(accepted=False, command=command), everything) is not None
    assert reason_to_ask(question(accepted=False, command="git status -s"), everything) is None


def test_a_rule_that_names_a_whole_command_covers_it_and_nothing_more() -> None:
    rule = Policy(unasked=["shell:make -C docs && bash -c true"])

    assert reason_to_ask(question(accepted=False, command="make -C docs && bash -c true"), rule) is None
    assert reason_to_ask(question(accepted=False, command="make -C docs && bash -c true "), rule) is not None


PAY = TaskSpec(key="1", title="Pay", action="work", parameters={"risk": ["OUTSIDE"], "to": "Ann"})


async def press(w: World, option: str) -> str:
    decision = await asked(w)
    reply = await w.executor.answer(decision.number, option=option, caller=ANN, command_id=f"p/{decision.number}")
    assert isinstance(reply, Accepted), reply
    await w.settle()
    return reply.sentence


async def asked(w: World) -> Decision:
    [decision] = await w.executor.open_decisions()
    return decision


async def test_what_is_risky_runs_once_it_is_approved_and_not_before(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        number = await w.set_goal(draft(PAY))
        await w.settle()
        before, decision = list(action.runs), await asked(w)
        said = await press(w, "approve")
        view = await w.view(number)

    assert (before, action.runs) == ([], ["1.1"])
    assert (decision.kind, decision.facts["why"]) == (DecisionKind.APPROVAL, "It has an effect outside.")
    assert "Ann" in str(decision.facts["what"])
    assert (said, view.goal.state) == ("Running 1.1.", GoalState.COMPLETED)


async def test_an_approval_waits_through_a_restart(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        number = await w.set_goal(draft(PAY))
        await w.settle()
    async with world(tmp_path, action, autonomy="risky", executor_id="second") as w:
        await press(w, "approve")
        view = await w.view(number)

    assert (action.runs, view.goal.state) == (["1.1"], GoalState.COMPLETED)


@pytest.mark.parametrize("option", ["reject", "never"])
async def test_what_is_refused_does_not_run_and_leaves_no_effect_in_doubt(tmp_path: Path, option: str) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        number = await w.set_goal(draft(PAY))
        await w.settle()
        await press(w, option)
        blocked = await asked(w)
        await press(w, "retry")
        again = await asked(w)
        async with w.database.transaction("command") as transaction:
            [rows] = await transaction.cases([number])

    assert action.runs == []
    assert (blocked.kind, "did not let it run" in blocked.question) == (DecisionKind.BLOCKAGE, True)
    wanted = DecisionKind.APPROVAL if option == "reject" else DecisionKind.BLOCKAGE
    assert again.kind is wanted
    assert all(effect.state is not EffectState.UNKNOWN for effect in rows.effects)


async def test_for_this_goal_covers_the_same_thing_again_and_nothing_else(tmp_path: Path) -> None:
    action = ScriptedAction()
    same = TaskSpec(key="2", title="Pay again", action="work", parameters=PAY.parameters, depends_on=("1",))
    other = TaskSpec(
        key="3", title="Pay Bob", action="work", parameters={"risk": ["OUTSIDE"], "to": "Bob"}, depends_on=("2",)
    )
    async with world(tmp_path, action, autonomy="risky") as w:
        await w.set_goal(draft(PAY, same, other))
        await w.settle()
        await press(w, "for-this-goal")
        decision = await asked(w)

    assert action.runs == ["1.1", "1.2"]
    assert decision.task_ref == "1.3"


async def test_a_skipped_approval_is_over(tmp_path: Path) -> None:
    action = ScriptedAction(repeatable=False)
    async with world(tmp_path, action, autonomy="risky") as w:
        number = await w.set_goal(draft(PAY))
        await w.settle()
        await w.executor.skip("1.1", caller=ANN, command_id="skip")
        await w.settle()
        view = await w.view(number)
        decisions = await w.executor.open_decisions()

    assert (action.runs, decisions, view.goal.final) == ([], [], True)


async def test_an_approval_is_for_one_attempt(tmp_path: Path) -> None:
    action = ScriptedAction(behaviour=lambda parameters, context: Result(success=False, error="No."))
    async with world(tmp_path, action, autonomy="risky") as w:
        await w.set_goal(draft(PAY))
        await w.settle()
        await press(w, "approve")
        w.clock.advance(60)
        await w.settle()
        decision = await asked(w)

    assert (action.runs, decision.kind) == (["1.1"], DecisionKind.APPROVAL)


async def test_a_second_question_about_the_same_says_that_it_was_tried(tmp_path: Path) -> None:
    results = iter([Result(success=False, error="no answer"), Result(success=True, result="Done")])
    action = ScriptedAction(behaviour=lambda parameters, context: next(results))
    policy, here = Policy(always_ask=["work"]), draft(TaskSpec(key="1", title="Try", action="work"))
    clock = ManualClock()
    async with world(tmp_path, action, policy=policy, autonomy="risky", clock=clock) as w:
        await w.set_goal(here)
        await w.settle()
        first = await asked(w)
        await press(w, "approve")
        clock.advance(60)
        await w.settle()
        second = await asked(w)

    assert first.facts["why"] == "The rules say that this always asks."
    assert second.facts["why"] == (
        "The rules say that this always asks. It was tried before and broke off: part of it may be done already."
    )
