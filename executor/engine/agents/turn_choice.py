"""What an agent does next: what the model wants, or the end where a limit is reached; it is then not asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from executor.domain.outcome import Result
from executor.domain.turn import TURNS_MAX, WITHIN_AGENTS, Call, Finish, Turn, TurnKind, calls, latest
from executor.domain.values import replace
from executor.engine.agents.turn_circles import circle_in, warning_in
from executor.engine.agents.turn_words import does, facts_of
from executor.engine.tools import Tools
from executor.engine.turns import REFUSED_BY
from executor.ports import About, Acting, Assignment, Mind

REFUSALS_MAX = 3  # calls of one go that people did not let run: then it stops asking


@dataclass(frozen=True, slots=True)
class Choice:
    """For one attempt at such a task."""

    assignment: Assignment
    tools: Tools

    async def next(self, mind: Mind, turns: Sequence[Turn], parameters: Mapping[str, Any]) -> Turn:
        """What the model wants; or the end, where a limit is reached: it is then not asked."""
        go, most = latest(turns), turns_max(parameters)
        if (why := _enough(go, most)) is not None:
            return self._made(turns, Finish(success=False, summary=why))
        tools = self.tools
        allowed = tools.limits.role_tools.get(self.assignment.task.spec.role or "", ()) or tools.actions.names()
        known = [name for name in tools.actions.names() if name not in WITHIN_AGENTS and name in allowed]
        acting = Acting(
            facts=tools.secrets.hide.everywhere(facts_of(self.assignment, str(parameters["instructions"]))),
            turns=tuple(turns),
            tools=tuple(name for name in known if name in (parameters.get("tools") or known)),
            turn=len(calls(go)) + 1,
            turns_max=most,
            warning=warning_in(go),
        )
        task = self.assignment.task
        about = About(goal_number=task.goal_number, task_ref=task.ref, role=task.spec.role)
        return self._made(turns, await mind.act(acting, about, tools.actions))

    def _made(self, turns: Sequence[Turn], act: Call | Finish) -> Turn:
        assignment, actions = self.assignment, self.tools.actions
        turn = Turn(
            task_ref=assignment.task.ref,
            goal_number=assignment.goal.number,
            number=len(turns) + 1,
            attempt=assignment.attempt.number,
            started_at=self.tools.clock.now(),
        )
        if isinstance(act, Finish):
            said = {"success": act.success, "summary": act.summary, "insights": list(act.insights)}
            words = "says that it is done" if act.success else "stops"
            return replace(turn, kind=TurnKind.FINISH, thought=act.thought, parameters=said, does=words)
        # as it is stored, so that what runs now and what runs after a restart have one digest
        whole = json.loads(json.dumps(dict(actions.get(act.action).check(act.parameters)), default=str))
        line = does(act.action, actions.get(act.action).describe(whole))
        return replace(turn, thought=act.thought, action=act.action, parameters=whole, does=line)

    def note(self, turns: Sequence[Turn]) -> Turn:
        """What a person wants to have done better, or otherwise."""
        answer, now = self.assignment.task.answer, self.tools.clock.now()
        assert answer is not None
        told = Result(success=True, result=f"{answer.by} says", output=answer.text).record()
        turn = self._made(turns, Finish(success=False, summary=""))
        said = {"by": answer.by, "text": answer.text}
        return replace(
            turn, kind=TurnKind.NOTE, parameters=said, does=f"{answer.by} said something", result=told, finished_at=now
        )


def turns_max(parameters: Mapping[str, Any]) -> int:
    return int(parameters.get("turns_max") or TURNS_MAX)


def place(turns: Sequence[Turn], parameters: Mapping[str, Any]) -> str:
    """``Turn 7 of 30``, of this go; the end is no turn of its own."""
    most = turns_max(parameters)
    return f"Turn {min(len(calls(latest(turns))) + 1, most)} of {most}"


def _enough(go: Sequence[Turn], most: int) -> str | None:
    """Why the work ends here without asking the model again; None: it goes on."""
    if len(calls(go)) >= most:
        return f"It used its {most} turns and was not done; the last one: {calls(go)[-1].does}"
    refused = [turn for turn in go if turn.result and REFUSED_BY in (turn.result.get("metadata") or {})]
    if len(refused) >= REFUSALS_MAX:
        return f"{len(refused)} of its calls were refused, and it found no other way"
    return circle_in(go)
