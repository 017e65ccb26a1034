"""One data folder through any number of lives of the program: what a machine of random steps works on."""

import asyncio
import itertools
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from executor.domain.decision import Decision
from executor.domain.limits import Limits
from executor.domain.plan import GoalDraft
from executor.domain.task import Task
from executor.engine.replies import Accepted, Reply
from executor.ports import Ask
from tests.builders import ANN, CHAT
from tests.crash.history import Seen, every_attempt_is_over, every_goal_is_over, read_history, violations
from tests.fakes import ManualClock, ScriptedActions, ScriptedChecks
from tests.stateful.deeds import Deed
from tests.stateful.promises import Past, broken
from tests.world import World, world

T = TypeVar("T")
_TURNS_MAX = 200  # of one settling; more would be a spin
_ROUNDS_MAX = 80  # of people answering everything, until all is over


def none(sentences: list[str]) -> None:
    """Hypothesis shows a failure's own words, and pytest's rewriting does not reach into its runs."""
    if sentences:
        raise AssertionError("\n".join(sentences))


class Place:
    """Every method is one step, from outside of any event loop. After each, `broken` looks at all promises."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="milepost-any-order-"))
        self._runner = asyncio.Runner()
        self._clock = ManualClock()
        self._checks = ScriptedChecks()
        self._deeds = [
            Deed("work", self._clock),
            Deed("shell", self._clock),
            Deed("install", self._clock),
            Deed("send", self._clock, repeatable=False),
            Deed("manual", self._clock, asks=Ask(manual=True, question="Sign it")),
            Deed("ask", self._clock, asks=Ask(manual=False, question="Which?", choices=("red", "blue"))),
        ]
        self._limits = Limits(concurrency=2, resources={"desk": 1})
        self._ids = itertools.count(1)
        self._pasts: defaultdict[int, Past] = defaultdict(Past)
        self._seen = Seen()
        self._lives = itertools.count(1)
        self._life = AsyncExitStack()
        self.world: World
        self._run(self._open())

    def _run(self, step: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(step)

    async def _open(self) -> None:
        name = f"executor-{next(self._lives)}"
        self._seen.living = (name,)
        self.world = await self._life.enter_async_context(
            world(
                self._folder,
                clock=self._clock,
                checks=self._checks,
                limits=self._limits,
                executor_id=name,
                registry=ScriptedActions(*self._deeds),
            )
        )

    def close(self) -> None:
        self._run(self._life.aclose())
        self._runner.close()
        shutil.rmtree(self._folder)

    # --------------------------------------------------------------------------------------------------- steps

    def restart(self) -> None:
        """As a kill: whatever ran is gone, and so is everything in memory."""

        async def again() -> None:
            self._no_failures()
            await self._life.aclose()
            self._life = AsyncExitStack()
            await self._open()

        self._run(again())

    def set_goal(self, draft: GoalDraft, *, start: bool) -> None:
        reply = self.command(self.world.executor.set_goal, draft, origin=CHAT)
        if start and isinstance(reply, Accepted) and reply.goal_number is not None:
            self.command(self.world.executor.start, reply.goal_number)

    def command(self, call: Callable[..., Coroutine[Any, Any, Reply]], *words: Any, **more: Any) -> Reply:
        """One command of Ann's, said twice under one id as a chat may deliver it: the second changes nothing."""
        command_id = f"step/{next(self._ids)}"
        self.passes(0.001)  # nothing that a person does comes in the very moment of what it follows

        async def twice() -> Reply:
            first = await call(*words, caller=ANN, command_id=command_id, **more)
            again = await call(*words, caller=ANN, command_id=command_id, **more)
            assert getattr(again, "sentence", None) == first.sentence, (first, again)
            return first

        reply = self._run(twice())
        assert reply.sentence.strip(), reply
        if isinstance(reply, Accepted):
            self._seen.replies[command_id] = reply.sentence
        return reply

    def passes(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def tick(self) -> None:
        """One tick, and nothing after it: what it started may be found running."""
        self._run(self.world.executor.tick())

    def settle(self) -> None:
        """Tick until nothing more happens without time passing."""
        self._run(self._settle())

    def set_check(self, name: str, met: bool) -> None:
        self._checks.answers[name] = met

    # ------------------------------------------------------------------------------------------------- looking

    def goals(self) -> list[int]:
        return [goal.number for goal in reversed(self._run(self.world.executor.goals()))]

    def tasks(self) -> list[Task]:
        views = [self._run(self.world.view(number)) for number in self.goals()]
        return [task for view in views for task in view.tasks]

    def decisions(self) -> list[Decision]:
        """All that ever were."""
        history = self._run(read_history(self.world.database))
        return sorted(history.decisions, key=lambda decision: decision.number)

    def open_decisions(self) -> list[Decision]:
        return self._run(self.world.executor.open_decisions())

    def broken(self) -> list[str]:
        """Every promise that does not hold now."""
        return self._run(self._broken())

    async def _broken(self) -> list[str]:
        self._no_failures()
        found = await violations(self.world.database, self._seen, finished=False)
        trials = {circuit.trial for circuit in await self.world.database.circuits() if circuit.trial is not None}
        for goal in await self.world.executor.goals():
            view, why = await self.world.view(goal.number), await self.world.executor.why(goal.number)
            assert why is not None
            events = await self.world.executor.events(goal.number)
            found += broken(view, why, self._pasts[goal.number], trials, events)
        return found

    def _no_failures(self) -> None:
        none([failure for failure in self.world.failures if "a bug in an action" not in failure])

    async def _settle(self) -> None:
        for _ in range(_TURNS_MAX):
            did = await self.world.executor.tick()
            while self._awake() or self.world.executor.watching.looking or self.world.executor.looking:
                await asyncio.sleep(0)
            if not did and not self.world.executor._ticker.finished:
                return
        raise AssertionError("it does not come to rest")

    def _awake(self) -> bool:
        """Something runs that does not wait for the clock."""
        asleep = {ref for deed in self._deeds for ref in deed.asleep}
        return any(ref not in asleep for ref, _ in self.world.workers.held())

    # ----------------------------------------------------------------------------------------------- to the end

    def bring_to_an_end(self) -> None:
        """With everything answered in the most helpful way and with time, every goal comes to its end."""
        for name in list(self._checks.answers):
            self._checks.answers[name] = True
        for _ in range(_ROUNDS_MAX):
            self.settle()
            none(self.broken())
            left = self._run(self.world.executor.goals(open_only=True))
            if not left:
                break
            for goal in left:
                if goal.state == "paused":
                    self.command(self.world.executor.resume, goal.number)
            for decision in self.open_decisions():
                self._answer_well(decision)
            self.passes(60)
        history = self._run(read_history(self.world.database))
        none([*every_goal_is_over(history, self._seen), *every_attempt_is_over(history, self._seen)])

    def _answer_well(self, decision: Decision) -> None:
        if decision.kind == "result":
            return
        option = decision.options[0].name if decision.options else None
        text = "red" if option is None else None
        self.command(self.world.executor.answer, decision.number, option=option, text=text)
