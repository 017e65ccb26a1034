"""The shell's commands on the engine's façade: behind the control socket, and the same without a running program."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any, Protocol

from bot.control import documents
from bot.control.body import GoalBodies
from bot.control.history import Method
from bot.control.protocol import Document, ShellRefused
from bot.facade import TakesGoals
from executor.domain.attempt import Attempt
from executor.domain.decision import Decision, DecisionKind
from executor.domain.errors import WrongInput
from executor.domain.event import Event
from executor.domain.goal import Goal, Origin
from executor.domain.plan import GoalDraft
from executor.domain.turn import Turn
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.why import Why
from executor.ports import GoalView

NUMBER_MAX = 2**31 - 1  # of a goal or a decision: what every database's integer holds


class Facade(TakesGoals, Protocol):
    """The part of the engine that the shell needs. Commands come once per `command_id`; readings change nothing."""

    async def view(self, goal_number: int) -> GoalView | None: ...

    async def goals(self, *, open_only: bool) -> list[Goal]: ...

    async def why(self, goal_number: int, *, task_ref: str | None = None, zone: tzinfo = ...) -> Why | None: ...

    async def attempts(self, goal_number: int, task_ref: str | None = None) -> list[Attempt]: ...

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]: ...

    async def events(self, goal_number: int) -> list[Event]: ...

    async def decision(self, number: int) -> Decision | None: ...

    async def system(self) -> list[str]: ...


class ShellCommands:
    """`chat_id` is where the messages of a goal from the shell go; None: to no chat. `schema` names the database's,
    `describe` what a task will run (else only its action is named)."""

    def __init__(
        self,
        facade: Facade,
        read_goal: Callable[[str], GoalDraft],
        bodies: GoalBodies,
        schema: Callable[[], Awaitable[str]],
        *,
        chat_id: int | None,
        describe: documents.Describe = lambda spec: spec.action,
        zone: tzinfo = UTC,
        try_brain: Callable[[], Awaitable[Document]] | None = None,
        more: Mapping[str, Method] | None = None,
    ) -> None:
        self._facade = facade
        self._read_goal = read_goal
        self._bodies = bodies
        self._schema = schema
        self._chat_id = chat_id
        self._describe = describe
        self._zone = zone
        self._try_brain = try_brain
        self._more = more or {}

    async def call(self, method: str, params: Mapping[str, Any], *, caller: Caller, command_id: str) -> Document:
        if (another := self._more.get(method)) is not None:
            return await another(params, caller, command_id)
        match method:
            case "submit_goal":
                return await self._submit(params, caller, command_id)
            case "decide":
                return await self._decide(params, caller, command_id)
            case "goals":
                goals = await self._facade.goals(open_only=bool(params.get("open")))
                return {"goals": [documents.goal_line(goal) for goal in goals], "total": len(goals)}
            case "state":
                return documents.goal_state(await self._view(params))
            case "show":
                view = await self._view(params)
                return documents.goal_document(view, await self._facade.attempts(view.goal.number), self._describe)
            case "why":
                return await self._why(params)
            case "log":
                return await self._log(params)
            case "system" | "migrate" | "try_brain":
                return await self._about_itself(method)
            case _:
                raise ShellRefused(
                    "no_such_method", f"This version of Milepost knows no {method}. Restart milepost up."
                )

    async def _about_itself(self, method: str) -> Document:
        if method == "system":
            return {"lines": await self._facade.system()}
        if method == "migrate":
            return {"schema": await self._schema()}
        return await self._try_brain() if self._try_brain is not None else {"provider": "offline"}

    async def _submit(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        draft = self._bodies.draft(params["body"]) if "body" in params else self._read_goal(_text(params, "text"))
        origin = Origin(chat_id=self._chat_id, person_id=caller.person_id, person_name=caller.name, via=caller.via)
        reply = _accepted(await self._facade.set_goal(draft, origin=origin, caller=caller, command_id=command_id))
        view = await self._facade.view(reply.goal_number or 0)
        assert view is not None  # the façade has just said that it exists
        return documents.goal_state(view) | {
            "message": reply.sentence,
            "decisions": [documents.decision_document(decision) for decision in view.decisions],
        }

    async def _decide(self, params: Mapping[str, Any], caller: Caller, command_id: str) -> Document:
        number, option, text = _number(params, "decision"), _text(params, "option"), params.get("text")
        decision = await self._facade.decision(number)
        if decision is None:
            raise ShellRefused("no_such_decision", f"There is no decision {number}. milepost goals lists the goals.")
        chosen = decision.find(option)
        if chosen and chosen.wants_text and not text:
            raise ShellRefused("wants_text", f'This needs a text: milepost decide {number} {chosen.name} "…"')
        if chosen and decision.kind is DecisionKind.START and chosen.wants_text:
            draft = self._read_goal(str(text))
            reply = await self._facade.replace_draft(decision.goal_number, draft, caller=caller, command_id=command_id)
        else:
            if not chosen and text:  # words without quotes, as a shell splits them
                option, text = f"{option} {text}", None
            reply = await self._facade.answer(
                number, option=option, text=text, revision=None, caller=caller, command_id=command_id
            )
        accepted = _accepted(reply)
        return {"decision": number, "goal_id": str(decision.goal_number), "message": accepted.sentence}

    async def _log(self, params: Mapping[str, Any]) -> Document:
        number, task = (await self._view(params)).goal.number, params.get("task")
        events = [event for event in await self._facade.events(number) if task in (None, event.task_ref)]
        attempts, turns = await self._facade.attempts(number, task), await self._facade.turns(number, task)
        return documents.log_document(number, attempts, events, turns)

    async def _why(self, params: Mapping[str, Any]) -> Document:
        number, task = (await self._view(params)).goal.number, params.get("task")
        found = await self._facade.why(number, task_ref=task, zone=self._zone)
        if found is None:
            raise ShellRefused("no_such_task", f"There is no task {task}. milepost show {number} lists them.")
        return documents.why_document(number, found, task)

    async def _view(self, params: Mapping[str, Any]) -> GoalView:
        number = _number(params, "goal")
        view = await self._facade.view(number)
        if view is None:
            raise ShellRefused("no_such_goal", f"There is no goal {number}. milepost goals lists them.")
        return view


def _accepted(reply: Reply) -> Accepted:
    if isinstance(reply, Refused):
        raise ShellRefused(reply.code, reply.sentence)
    return reply


def _number(params: Mapping[str, Any], name: str) -> int:
    value = params.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= NUMBER_MAX:
        raise WrongInput(f"{name} is a number from 1 to {NUMBER_MAX}.")
    return value


def _text(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise WrongInput(f"{name} is a text.")
    return value
