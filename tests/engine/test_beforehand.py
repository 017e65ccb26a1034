"""Values that later tasks lack are asked for in one question, before they are needed; it holds nothing up."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.control.documents import waits_for_person
from executor.domain.decision import Decision, DecisionKind
from executor.domain.goal import GoalState
from executor.domain.outcome import Result
from executor.domain.plan import GoalDraft
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.secrecy.secrets import MISSING_VALUE
from executor.ports import Ask
from executor.ports.survey import Needs
from tests.builders import ANN, draft, spec
from tests.engine.test_foresight import ScriptedSurvey
from tests.fakes import CrashAt, Crashed, ScriptedAction
from tests.world import World, world

BOB = Caller(person_id=2, name="Bob")
ONE = Needs(variables=frozenset({"ONE_TOKEN"}))
BOTH = Needs(variables=frozenset({"ONE_TOKEN", "TWO_KEY"}))
THREE = Needs(variables=frozenset({"THREE_KEY"}))
TWO_TASKS = draft(spec("1"), spec("2", depends_on=("1",)))


def survey() -> ScriptedSurvey:
    return ScriptedSurvey({"1": ONE, "2": BOTH})


async def asked(w: World) -> list[Decision]:
    return [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.PROPOSAL]


async def waiting(w: World, given: GoalDraft = TWO_TASKS) -> int:
    """A goal that waits for Start, after the look."""
    number = await w.set_goal(given)
    await w.settle()
    return number


async def give(w: World, text: str, command_id: str = "give") -> Reply:
    [decision] = await asked(w)
    return await w.executor.answer(
        decision.number, option="provide-value", text=text, caller=ANN, command_id=command_id
    )


async def look(w: World) -> None:
    w.clock.advance(300)
    await w.settle()


async def test_before_start_one_question_names_every_value_with_its_tasks(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)
        for _ in range(2):
            await look(w)

        [decision] = await asked(w)

        assert (decision.question, decision.revision) == ("Later tasks need ONE_TOKEN, TWO_KEY", 1)
        assert decision.facts["values"] == [
            {"name": "ONE_TOKEN", "refs": ["1.1", "1.2"]},
            {"name": "TWO_KEY", "refs": ["1.2"]},
        ]
        assert [option.label for option in decision.options] == ["Provide value", "Not now"]
        [start] = [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.START]
        assert [option.label for option in start.options] == ["Start", "Edit", "Cancel"]
        assert (await w.view(number)).goal.state is GoalState.AWAITING_START


async def test_values_of_several_lines_are_kept_sealed_and_given_to_the_tasks(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)

        reply = await give(w, "ONE_TOKEN=abc123\n\nexport TWO_KEY='d e f'\n")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "ONE_TOKEN, TWO_KEY are set for this goal."
        assert await asked(w) == []
        environment = w.executor.secrets.environment(number, spec("1"))
        assert environment == {"ONE_TOKEN": "abc123", "TWO_KEY": "d e f"}
        stored = await w.database.secrets()
        assert [(one.name, "abc123" in one.sealed) for one in stored] == [("ONE_TOKEN", False), ("TWO_KEY", False)]
        answered = await w.database.decision(2)
        assert answered is not None
        assert (answered.option, answered.text) == ("provide-value", "ONE_TOKEN=•••, TWO_KEY=•••")
        await look(w)
        assert await asked(w) == []
        outlook = (await w.view(number)).goal.outlook
        assert outlook is None or outlook.findings == ()


async def test_a_part_is_kept_and_the_question_goes_on_with_the_rest(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)

        reply = await give(w, "TWO_KEY=abc123")

        assert isinstance(reply, Accepted)
        assert reply.sentence == "TWO_KEY is set for this goal. Question 2 goes on about ONE_TOKEN."
        [decision] = await asked(w)
        assert (decision.number, decision.revision, decision.question) == (2, 2, "Later tasks need ONE_TOKEN")
        assert decision.facts["given"] == ["TWO_KEY=•••"]
        old = await w.executor.answer(2, option="not-now", revision=1, caller=ANN, command_id="old")
        assert isinstance(old, Refused)
        assert old.code == "superseded"
        await give(w, "bare value", "the rest")
        assert await asked(w) == []
        assert w.executor.secrets.environment(number, spec("1")) == {"ONE_TOKEN": "bare value", "TWO_KEY": "abc123"}


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("s3cr3t", "Please write it as NAME=value, one per line, such as ONE_TOKEN=abc123. Question 2 is still open."),
        ("ONE_TOKEN=s3cr3t\ns3cr3t", "Please write it as NAME=value, one per line, such as ONE_TOKEN=abc123. "),
        ("OTHER_KEY=s3cr3t", "Please write NAME=value, one per line, for nothing but ONE_TOKEN, TWO_KEY. Question 2 "),
        ("s3cr3t==", "Please write NAME=value, one per line, for nothing but ONE_TOKEN, TWO_KEY. Question 2 "),
        ("ONE_TOKEN=", "That is empty."),
        ("ONE_TOKEN=•••", "The value was lost on its way to me."),
        ("", "Please write it as NAME=value, one per line, such as ONE_TOKEN=abc123. Question 2 is still open."),
    ],
)
async def test_a_wrong_form_gets_one_line_without_the_value_and_keeps_nothing(
    tmp_path: Path, said: str, line: str
) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)

        reply = await give(w, said)

        assert isinstance(reply, Refused)
        assert reply.sentence.startswith(line)
        assert "\n" not in reply.sentence
        assert "s3cr3t" not in reply.sentence
        assert len(await asked(w)) == 1
        assert w.executor.secrets.environment(number, spec("1")) == {}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("ONE_TOKEN=abc123", "abc123"),
        ("-----BEGIN KEY-----\nabc=\n-----END KEY-----", "-----BEGIN KEY-----\nabc=\n-----END KEY-----"),
        ("OTHER_KEY=abc123", None),
        ("ONE_TOKEN=abc123\nOTHER_KEY=abc123", None),
    ],
)
async def test_the_only_value_may_come_without_its_name_and_no_other_is_taken(
    tmp_path: Path, said: str, kept: str | None
) -> None:
    async with world(tmp_path, surveyor=ScriptedSurvey({"1": ONE})) as w:
        number = await waiting(w)

        reply = await give(w, said)

        assert isinstance(reply, Accepted) == (kept is not None)
        assert w.executor.secrets.environment(number, spec("1")).get("ONE_TOKEN") == kept


async def test_not_now_is_heard_until_another_name_appears(tmp_path: Path) -> None:
    seen = survey()
    manual = ScriptedAction(asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, manual, surveyor=seen) as w:
        number = await waiting(w)
        await w.press("not-now")
        await w.executor.start(number, caller=ANN, command_id="start")
        for _ in range(2):
            await look(w)
        quiet = await asked(w)
        seen.wants["2"] = THREE
        await look(w)

        [decision] = await asked(w)

        assert quiet == []
        assert decision.question == "Later tasks need THREE_KEY"


async def test_an_edited_goal_is_asked_about_anew(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)
        await w.executor.replace_draft(number, draft(spec("1"), title="Other"), caller=ANN, command_id="edit")
        await w.settle()

        assert [one.question for one in await asked(w)] == ["Later tasks need ONE_TOKEN"]


async def test_start_stays_possible_and_the_question_goes_with_what_it_was_about(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)
        await w.executor.start(number, caller=ANN, command_id="start")
        await w.settle()

        closed = await w.database.decision(2)

        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert closed is not None
        assert closed.state == "withdrawn"


async def test_a_cancelled_goal_is_not_asked_about(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)
        await w.executor.cancel(number, caller=ANN, command_id="cancel")
        await look(w)

        assert await asked(w) == []


def _lacks_one(parameters: object, context: object) -> Result:
    return Result(success=False, error="ONE_TOKEN is not set", metadata={MISSING_VALUE: "ONE_TOKEN"})


async def test_a_task_that_comes_to_lack_its_value_asks_by_itself_and_its_answer_counts_for_both(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, ScriptedAction(behaviour=_lacks_one), surveyor=survey()) as w:
        number = await waiting(w)
        await w.executor.start(number, caller=ANN, command_id="start")
        await w.settle()
        [left] = await asked(w)
        blocked = [one for one in await w.executor.open_decisions() if one.kind is DecisionKind.BLOCKAGE]

        await w.executor.answer(
            blocked[0].number, option="provide-value", text="abc123", caller=BOB, command_id="provide"
        )

        assert left.question == "Later tasks need TWO_KEY"
        assert w.executor.secrets.environment(number, spec("1")) == {"ONE_TOKEN": "abc123"}
        await look(w)
        assert [one.question for one in await asked(w)] == ["Later tasks need TWO_KEY"]


async def test_it_is_no_reason_to_wait(tmp_path: Path) -> None:
    """A running goal of which only this question is open waits for nobody."""
    async with world(tmp_path, surveyor=survey()) as w:
        view = await w.view(await waiting(w))
        [question] = await asked(w)
        running = replace(view, goal=replace(view.goal, state=GoalState.IN_PROGRESS), decisions=(question,))

        assert not waits_for_person(running)
        assert [one.kind for one in view.decisions] == [DecisionKind.START, DecisionKind.PROPOSAL]


async def test_it_is_there_after_a_restart_and_what_was_given_as_well(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        number = await waiting(w)
        await give(w, "TWO_KEY=abc123")
    async with world(tmp_path, surveyor=survey()) as w:
        await look(w)

        assert [one.question for one in await asked(w)] == ["Later tasks need ONE_TOKEN"]
        assert w.executor.secrets.environment(number, spec("1")) == {"TWO_KEY": "abc123"}


@pytest.mark.parametrize("point", ["storage.look.before_commit", "storage.look.after_commit"])
async def test_a_crash_in_the_look_asks_neither_twice_nor_never(tmp_path: Path, point: str) -> None:
    with pytest.raises((Crashed, RuntimeError)):
        async with world(tmp_path, surveyor=survey(), crash_points=CrashAt(point)) as w:
            await waiting(w)
    manual = ScriptedAction(asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, manual, surveyor=ScriptedSurvey({"2": BOTH}), executor_id="next") as w:
        await w.executor.start(1, caller=ANN, command_id="start")
        for _ in range(3):
            await look(w)

        assert [one.question for one in await asked(w)] == ["Later tasks need ONE_TOKEN, TWO_KEY"]


async def test_a_repeated_command_hears_its_first_reply(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=survey()) as w:
        await waiting(w)
        first = await give(w, "TWO_KEY=abc123")

        assert await give(w, "TWO_KEY=abc123") == first
        assert [one.revision for one in await asked(w)] == [2]


async def test_a_variable_that_steers_programs_is_not_asked_for(tmp_path: Path) -> None:
    steering = ScriptedSurvey({"1": Needs(variables=frozenset({"MILEPOST_API_KEY"}))})
    async with world(tmp_path, surveyor=steering) as w:
        await waiting(w)

        assert await asked(w) == []
