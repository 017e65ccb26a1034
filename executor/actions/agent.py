"""The agent action: a model works in turns, one action after the other, each with its real result before the next."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from executor.actions.ask import Text
from executor.actions.typed import Parameters, Typed
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.domain.risk import Risk
from executor.domain.turn import AGENT, TURNS_MAX, TURNS_MOST, WITHIN_AGENTS
from executor.ports import Context


class AgentParameters(Parameters):
    instructions: Text = Field(max_length=20_000)
    tools: tuple[str, ...] | None = Field(default=None, min_length=1)
    turns_max: int = Field(default=TURNS_MAX, ge=1, le=TURNS_MOST)

    @field_validator("tools")
    @classmethod
    def _once(cls, tools: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if tools is None else tuple(dict.fromkeys(tools))


class Agent(Typed[AgentParameters]):
    """`known` are the other actions; where a task names no tools it may use all of them. The turns themselves are the
    engine's: each is carried out as a task of its own would be (executor.engine.agents.agent)."""

    name: ClassVar[str] = AGENT
    model = AgentParameters

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(sorted(set(known) - WITHIN_AGENTS))

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        checked = super().check(parameters)
        unknown = [name for name in checked.get("tools") or () if name not in self._known]
        if unknown:
            raise WrongInput(f"agent: tools names {', '.join(unknown)}; it may use {', '.join(self._known)}.")
        return checked

    def what(self, parameters: AgentParameters) -> str:
        tools = ", ".join(parameters.tools or self._known)
        turns = "1 turn" if parameters.turns_max == 1 else f"up to {parameters.turns_max} turns"
        return f"an agent works in {turns} with {tools}: {parameters.instructions}"

    def risk(self, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        """To begin does nothing by itself: every call has a risk of its own."""
        return frozenset()

    async def act(self, parameters: AgentParameters, context: Context) -> Result:
        return Result(success=False, error="An agent can't be called within a turn.", metadata={"execution_time": 0.0})
