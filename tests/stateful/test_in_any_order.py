"""Anything, in any order: random goals, random endings, answers right and wrong, commands, restarts, jumps of time.

Every step is drawn as plain numbers and read against whatever is there, so that a run depends on nothing but its seed.
"""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from executor.domain.plan import Criterion, ExecutionType, GoalDraft, TaskSpec
from executor.engine.service import Executor
from tests.builders import CHAT, command, draft, spec
from tests.stateful.deeds import ENDS
from tests.stateful.place import Place, none

T = TypeVar("T")
GOALS_MAX = 3
CHECKS = ("here", "there")
_PLACE = st.integers(0, 11)


@st.composite
def _tasks(draw: st.DrawFn) -> tuple[TaskSpec, ...]:
    """A small graph; every task needs only earlier ones, as a plan that was accepted does."""
    made: list[TaskSpec] = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        earlier = [task.key for task in made]
        after = draw(st.sets(st.sampled_from(earlier), max_size=2)) if earlier else set()
        action = draw(st.sampled_from(["work", "work", "work", "shell", "send", "manual", "ask"]))
        made.append(
            spec(
                str(number),
                action=action,
                parameters={"command": "touch out/a.txt", "script": draw(_SCRIPT)},
                depends_on=tuple(sorted(after)),
                only_if=tuple(sorted(after)) if draw(_SELDOM) else (),
                check=command(draw(st.sampled_from(CHECKS))) if draw(_SELDOM) else None,
                when=command("there") if draw(_SELDOM) else None,
                optional=draw(_SELDOM),
                critical=draw(_SELDOM),
                needs=("desk",) if draw(_SELDOM) else (),
                execution_type=ExecutionType.SEMI_AUTOMATED if draw(_SELDOM) else ExecutionType.FULLY_AUTOMATED,
                attempts_max=draw(st.sampled_from([None, 1, 2])),
            )
        )
    return tuple(made)


_SELDOM = st.sampled_from([False, False, False, False, True])
_SCRIPT = st.lists(st.sampled_from(sorted(ENDS)), max_size=4)
_CRITERIA = st.lists(
    st.sampled_from(
        [
            Criterion(text="It is here", check=command("here")),
            Criterion(text="Ann likes it"),
            Criterion(text="The first is done", covered_by="1"),
        ]
    ),
    max_size=2,
    unique=True,
)


@st.composite
def _drafts(draw: st.DrawFn) -> GoalDraft:
    return draft(*draw(_tasks()), criteria=tuple(draw(_CRITERIA)))


def _pick(things: Sequence[T], place: int) -> T | None:
    return things[place % len(things)] if things else None


class AnyOrder(RuleBasedStateMachine):
    """One person, a few goals, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Place()

    @property
    def executor(self) -> Executor:
        return self.place.world.executor

    @initialize(goal=_drafts())
    def begin(self, goal: GoalDraft) -> None:
        self.place.set_goal(goal, start=True)

    @rule(goal=_drafts(), start=st.booleans())
    def set_goal(self, goal: GoalDraft, start: bool) -> None:
        if len(self.place.goals()) < GOALS_MAX:
            self.place.set_goal(goal, start=start)

    @rule()
    def tick(self) -> None:
        self.place.tick()

    @rule(seconds=st.sampled_from([0, 2, 30, 100, 400, 4_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.place.passes(seconds)
        self.place.settle()

    @rule()
    def restart(self) -> None:
        self.place.restart()

    @rule(name=st.sampled_from(CHECKS), met=st.booleans())
    def the_outside_changes(self, name: str, met: bool) -> None:
        self.place.set_check(name, met)

    @rule(place=_PLACE, option=st.integers(0, 6), text=st.sampled_from([None, None, "red", "  ", "API_TOKEN=abc"]))
    def answer(self, place: int, option: int, text: str | None) -> None:
        """An open question, by one of its options or by one that it does not have."""
        if (decision := _pick(self.place.open_decisions(), place)) is not None:
            names = [*(one.name for one in decision.options), "nonsense", None]
            name = names[option % len(names)]
            self.place.command(self.executor.answer, decision.number, option=name, text=text)

    @rule(place=_PLACE, option=st.integers(0, 4))
    def answer_whatever_was_asked_once(self, place: int, option: int) -> None:
        """Mostly too late: it was decided, or withdrawn."""
        if (decision := _pick(self.place.decisions(), place)) is not None:
            name = _pick([one.name for one in decision.options], option)
            self.place.command(self.executor.answer, decision.number, option=name, text="late")

    @rule(place=_PLACE, verb=st.sampled_from(["pause", "resume", "resume", "cancel", "take_up"]))
    def about_a_goal(self, place: int, verb: str) -> None:
        if (number := _pick(self.place.goals(), place)) is not None:
            self.place.command(getattr(self.executor, verb), number)

    @rule(place=_PLACE)
    def change_the_plan(self, place: int) -> None:
        if (number := _pick(self.place.goals(), place)) is not None:
            self.place.command(self.executor.adapt, number, reason="it went otherwise")

    @rule(place=_PLACE, what=st.sampled_from(["add", "revert", "rework", "fail"]))
    def change_the_goal(self, place: int, what: str) -> None:
        if (number := _pick(self.place.goals(), place)) is None:
            return
        match what:
            case "add":
                call = self.executor.add_task
                self.place.command(call, "Call Ann", goal_number=number, origin=CHAT)
            case "revert":
                self.place.command(self.executor.revert, number, 1)
            case "rework":
                self.place.command(self.executor.rework, number, feedback="Once more, please")
            case _:
                self.place.command(self.executor.fail, number, reason="enough")

    @rule(
        place=_PLACE,
        verb=st.sampled_from(["retry", "skip", "take_over", "cancel_task", "done", "hand_back"]),
    )
    def about_a_task(self, place: int, verb: str) -> None:
        if (task := _pick(self.place.tasks(), place)) is not None:
            self.place.command(getattr(self.executor, verb), task.ref)

    @invariant()
    def every_promise_holds(self) -> None:
        none(self.place.broken())

    def teardown(self) -> None:
        try:
            self.place.bring_to_an_end()
        finally:
            self.place.close()


TestInAnyOrder = AnyOrder.TestCase
TestInAnyOrder.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    phases=(Phase.generate,),  # whoever looks for the smallest failing run adds Phase.shrink, and has patience
    derandomize=True,  # the same steps every time: a failure in CI is the change's own
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
