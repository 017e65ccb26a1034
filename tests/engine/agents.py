"""Agents for tests: what they may call, and what a person does about them."""

from collections.abc import Mapping
from typing import Any

from executor.actions.agent import Agent
from executor.actions.ask import Ask
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.domain.decision import Decision
from executor.domain.outcome import Result, Waiting
from executor.domain.plan import Check, TaskSpec
from executor.domain.stop import Stop
from executor.engine.replies import Accepted
from executor.ports import Context
from executor.ports.brake import NoBrake
from tests.builders import ANN, draft, spec
from tests.fakes import ScriptedAction, ScriptedActions
from tests.world import World

OUTSIDE = ("OUTSIDE",)


class HeldBrake(NoBrake):
    """A STOP that a test sets and lifts."""

    stop: Stop | None = None

    def held(self) -> Stop | None:
        return self.stop


def registry(*actions: ScriptedAction) -> ScriptedActions:
    work = actions or (ScriptedAction(),)
    known = [*work, Ask(), Manual(), Notify()]
    return ScriptedActions(*known, Agent(action.name for action in known))


def agent(check: Check | None = None, **parameters: Any) -> TaskSpec:
    return spec("1", "Build it", "agent", parameters={"instructions": "Build it."} | parameters, check=check)


def echo(parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
    fails = parameters.get("fails")
    said = str(parameters.get("say", ""))
    return Result(success=not fails, result="Done", output=said, error=str(fails) if fails else None)


async def asked(w: World) -> Decision:
    [decision] = await w.executor.open_decisions()
    return decision


async def press(w: World, option: str, text: str | None = None) -> str:
    decision = await asked(w)
    reply = await w.executor.answer(
        decision.number, option=option, text=text, caller=ANN, command_id=f"p/{decision.number}/{option}"
    )
    assert isinstance(reply, Accepted), reply
    await w.settle()
    return reply.sentence


async def start(w: World, *specs: TaskSpec) -> int:
    number = await w.start_goal(draft(*specs))
    await w.settle()
    return number


async def kinds(w: World, number: int) -> list[tuple[str, str, bool]]:
    turns = await w.executor.turns(number)
    return [(str(turn.kind), turn.does, turn.succeeded) for turn in turns]
