"""A model whose turns a test writes: what it is asked is kept, and what it says follows the script."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from executor.domain.diagnosis import Diagnosis
from executor.domain.plan import TaskSpec
from executor.domain.turn import Act, Call, Finish
from executor.ports import About, Acting, Actions, Adapting, BrainFailed, Failure, Opinion, Rethought

Script = Sequence["Act | BrainFailed"] | Callable[[Acting], "Act | BrainFailed"]


def call(action: str = "work", **parameters: Any) -> Call:
    return Call(action=action, parameters=parameters)


def done(summary: str = "All done", *insights: str) -> Finish:
    return Finish(success=True, summary=summary, insights=insights)


def stuck(summary: str) -> Finish:
    return Finish(success=False, summary=summary)


class ScriptedMind:
    """The Mind port. `script` is asked with what the model would see, or holds the replies in order; what is not
    scripted is a test's mistake."""

    name = "scripted"

    def __init__(self, script: Script, *, agrees: bool = True) -> None:
        self._script = list(script) if isinstance(script, Sequence) else script
        self._agrees = agrees
        self.asked: list[Acting] = []
        self.judged: list[Mapping[str, object]] = []

    async def act(self, acting: Acting, about: About, actions: Actions) -> Act:
        self.asked.append(acting)
        said = self._script(acting) if callable(self._script) else self._script.pop(0)
        if isinstance(said, BrainFailed):
            raise said
        return said

    async def judge(self, question: str, facts: Mapping[str, object], about: About) -> Opinion:
        self.judged.append({"question": question, **facts})
        met = self._agrees
        return Opinion(met=met, deviation=float(not met), evidence="It looks so" if met else "No", by=self.name)

    async def draft(self, instructions: str, facts: Mapping[str, object], about: About) -> str:
        raise AssertionError("nothing is drafted here")

    async def diagnose(self, spec: TaskSpec, facts: Mapping[str, object], about: About, actions: Actions) -> Diagnosis:
        raise AssertionError("a failing call is the agent's own to understand")

    async def adapt(self, question: Adapting, actions: Actions) -> Rethought:
        raise BrainFailed(Failure.INVALID, "No other plan comes to mind.")
