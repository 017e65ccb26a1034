"""What later tasks will miss: on the plan's card before Start, else in one message, and never twice."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from executor.domain.goal import GoalState
from executor.domain.notice import NoticeKind
from executor.domain.plan import TaskSpec
from executor.engine.blockages.foresight import ahead_of, findings, whole
from executor.ports import Ask
from executor.ports.survey import Missing, Needs
from tests.builders import ANN, draft, spec
from tests.engine.test_durations import tasks
from tests.fakes import START, ScriptedAction
from tests.world import World, world


@dataclass
class ScriptedSurvey:
    """`wants` by the key of a task; `gone` is what this machine lacks."""

    wants: dict[str, Needs]
    gone: Missing = field(default_factory=Missing)

    def needs(self, spec: TaskSpec) -> Needs:
        return self.wants.get(spec.key, Needs())

    async def missing(self, needs: Needs, workspace: Path) -> Missing:
        return Missing(
            commands=needs.commands & self.gone.commands,
            python=needs.python & self.gone.python,
            install=self.gone.install,
            free_bytes=self.gone.free_bytes,
        )


JQ = Needs(commands=frozenset({"jq"}))
TOKEN = Needs(variables=frozenset({"GITHUB_TOKEN"}))
NO_JQ = Missing(commands=frozenset({"jq"}), install=(("jq", "sudo apt install jq"),))


async def seen(w: World, number: int) -> list[str]:
    outlook = (await w.view(number)).goal.outlook
    return [f"{one.sentence}: {', '.join(one.refs)}" for one in outlook.findings] if outlook else []


async def told(w: World) -> list[str]:
    return [str(n.facts["text"]) for n in await w.notices() if n.kind is NoticeKind.TEXT]


async def test_a_plan_shows_before_its_start_what_will_be_missing(tmp_path: Path) -> None:
    survey = ScriptedSurvey({"1": JQ, "2": JQ, "3": TOKEN}, NO_JQ)
    async with world(tmp_path, surveyor=survey) as w:
        number = await w.set_goal(draft(spec("1"), spec("2"), spec("3")))
        await w.settle()

        assert await seen(w, number) == ["jq is missing: 1.1, 1.2", "GITHUB_TOKEN is not set: 1.3"]
        assert (await w.view(number)).goal.state is GoalState.AWAITING_START
        await w.executor.start(number, caller=ANN, command_id="start")
        await w.settle()
        assert (await w.view(number)).goal.state is GoalState.COMPLETED
        assert await told(w) == []  # it stood on the card


async def test_what_turns_up_while_it_runs_is_told_in_one_message_and_once(tmp_path: Path) -> None:
    survey = ScriptedSurvey({"2": JQ, "3": TOKEN})
    asking = ScriptedAction(asks=Ask(manual=True, question="Do it"))
    async with world(tmp_path, asking, surveyor=survey) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", depends_on=("1",)), spec("3", depends_on=("2",))))
        await w.settle()
        survey.gone = NO_JQ
        for _ in range(3):
            w.clock.advance(300)
            await w.settle()

        assert await told(w) == [
            "Later tasks will need this; nothing waits for it yet.\n• jq is missing (sudo apt install jq): 1.2",
        ]
        assert (await w.states(number))["1.1"] == "awaiting_approval"
        questions = {decision.question for decision in (await w.view(number)).decisions}
        assert questions == {"Do it", "Later tasks need GITHUB_TOKEN"}  # a value is asked for


async def test_where_nothing_is_missing_nothing_is_said(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=ScriptedSurvey({"1": JQ})) as w:
        number = await w.start_goal(draft(spec("1")))
        await w.settle()

        assert ((await w.view(number)).goal.outlook, await told(w)) == (None, [])


def test_what_an_earlier_task_may_provide_is_no_finding() -> None:
    ahead = ahead_of(tasks(spec("1"), spec("2"), spec("3"), spec("4"), spec("5")))
    needs = [
        Needs(provides=frozenset({"requests"})),
        Needs(python=frozenset({"requests", "numpy"})),
        Needs(provides_anything=True),
        JQ,
        TOKEN,
    ]
    pairs = list(zip(ahead, needs, strict=True))

    found = findings(pairs, Missing(commands=JQ.commands, python=frozenset({"requests", "numpy"})), ())

    assert whole(pairs) == Needs(python=frozenset({"numpy"}))
    assert [one.what for one in found] == ["numpy", "GITHUB_TOKEN"]


def test_a_value_that_is_known_is_not_missed_and_a_full_disk_is() -> None:
    pairs = [(tasks(spec("1"))[0], TOKEN)]

    assert findings(pairs, Missing(), {"GITHUB_TOKEN"}) == ()
    assert [one.what for one in findings(pairs, Missing(free_bytes=1_000), {"GITHUB_TOKEN"})] == ["disk"]
    assert findings([], Missing(free_bytes=1_000), ()) == ()


def test_only_what_is_still_to_begin_is_looked_at() -> None:
    from dataclasses import replace

    from executor.domain.task import TaskState

    one, two, three = tasks(spec("1"), spec("2"), spec("3"))
    begun = [replace(one, state=TaskState.IN_PROGRESS), replace(two, taken_over=True), three]

    assert [task.ref for task in ahead_of(begun)] == ["1.3"]


async def test_a_deadline_is_looked_at_together_with_what_is_missing(tmp_path: Path) -> None:
    async with world(tmp_path, surveyor=ScriptedSurvey({"1": JQ}, NO_JQ)) as w:
        number = await w.set_goal(draft(spec("1", estimated_minutes=60), deadline_at=START + timedelta(minutes=5)))
        await w.settle()

        outlook = (await w.view(number)).goal.outlook

        assert outlook is not None
        assert ([one.what for one in outlook.findings], outlook.standing) == (["jq"], "will_miss")
