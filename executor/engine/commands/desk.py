"""Where every command is carried out: one transaction, one id, one reply.

A command has an id that its caller chose. The same id again changes nothing and gets the first reply back, so that a
redelivered update or a repeated request is harmless. Commands return values, not exceptions.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from executor.domain.errors import Conflict, WrongInput
from executor.domain.plan import Plan
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers
from executor.engine.planning.steering import proposed_plan
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.tools import Tools
from executor.engine.upkeep.lookout import worth_a_look
from executor.ports import Brain, Mark, Store, Transaction, Workers

Act = Callable[[Case], Reply]
Work = Callable[[Transaction], Awaitable[tuple[Case | None, Reply]]]

ReadTime = Callable[[str], datetime | None]
"""A moment as a person writes it, in the chat's time zone; None for what is no time. Raises WrongInput for the past."""

_DIGITS_MAX = 9  # a longer number is no goal's
_TRIES = 3  # a Conflict means that another process was faster; reading again settles it


class Desk:
    """What the commands share. `wake` is called after every commit, because it may have made work due. `mark` keeps
    when the last tick was; `ticked_at` is that of this very program, None while it has not ticked."""

    def __init__(
        self,
        store: Store,
        brain: Brain,
        tools: Tools,
        workers: Workers,
        *,
        autonomy: str,
        wake: Callable[[], None],
        mark: Mark,
        read_time: ReadTime,
    ) -> None:
        self._store = store
        self._brain = brain
        self._tools = tools
        self._workers = workers
        self._autonomy = autonomy
        self._wake = wake
        self._mark = mark
        self._read_time = read_time
        self.ticked_at: datetime | None = None
        self.parts_to_plan = False  # goals that are part of others may wait for their plan
        self.families_changed = True  # a goal that is part of another, or has such; at the start nobody knows
        self._to_look: set[int] = set()  # goals whose plan or deadline has changed

    def _now(self) -> datetime:
        return self._tools.clock.now()

    async def _on_goal(self, goal_number: int, act: Act, *, caller: Caller | None, command_id: str) -> Reply:
        """Carry out `act` on a goal."""

        async def find_and_act(transaction: Transaction) -> tuple[Case | None, Reply]:
            case = await self._case(transaction, goal_number, caller)
            if case is None:
                return None, no_goal(goal_number)
            return case, act(case)

        return await self._in_transaction(command_id, find_and_act)

    async def _case(self, transaction: Transaction, goal_number: int, caller: Caller | None) -> Case | None:
        rows = await transaction.cases([goal_number])
        if not rows:
            return None
        numbers = Numbers(await transaction.next_decision_number())
        return Case(rows[0], self._now(), self._tools.limits, numbers, caller)

    async def _plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        """The present one, or this version; also the next one, while it is proposed."""
        plan = await self._store.plan(goal_number, version)
        if plan is not None or version is None:
            return plan
        async with self._store.transaction("plan") as transaction:
            case = await self._case(transaction, goal_number, None)
        return proposed_plan(case, version) if case is not None else None

    async def _in_transaction(self, command_id: str, work: Work, *, decision: int | None = None) -> Reply:
        """Bad input found on the way is a refusal like any other; a refusal writes nothing."""
        for attempt in range(1, _TRIES + 1):
            try:
                return await self._try(command_id, work, decision)
            except WrongInput as error:
                return Refused(code="wrong_input", sentence=error.public)
            except Conflict:
                if attempt == _TRIES:
                    raise
        raise AssertionError("unreachable")

    async def _try(self, command_id: str, work: Work, decision: int | None) -> Reply:
        async with self._store.transaction("command") as transaction:
            if (stored := await transaction.reply_to(command_id, decision=decision)) is not None:
                return read_reply(stored)
            case, reply = await work(transaction)
            if case is None or isinstance(reply, Refused):
                return reply
            changes = case.changes()
            changes.commands.append((command_id, asdict(reply)))
            changes.secrets += self._tools.secrets.sealed(case)
            await transaction.save(changes)
        self._tools.secrets.committed(case)
        for ref in case.stop_tasks:
            self._workers.stop_task(ref)
        if worth_a_look(case):
            self._to_look.add(case.goal.number)
        self.families_changed = self.families_changed or case.concerns_others
        self._wake()
        return reply


def iso_time(words: str) -> datetime | None:
    """Only a moment written in full, with its zone."""
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def read_reply(stored: Mapping[str, object]) -> Reply:
    return Accepted(**stored)  # type: ignore[arg-type]  # written by asdict above


def no_goal(number: int) -> Refused:
    return Refused(code="no_such_goal", sentence=f"There is no goal {number}. /goals lists them.")


def no_decision(number: int) -> Refused:
    return Refused(code="no_such_decision", sentence=f"There is no question {number}. /status shows the open ones.")


def impossible(case: Case, verb: str) -> Refused:
    """The goal's state does not allow it."""
    state = case.goal.state.replace("_", " ")
    return Refused(code="wrong_state", sentence=f"Goal {case.goal.number} can't be {verb}: it is {state}.")


def goal_of(task_ref: str) -> int:
    """12 for 12.3; -1, which no goal has, for what is no task's name."""
    head = task_ref.split(".")[0]
    return int(head) if head.isdecimal() and len(head) <= _DIGITS_MAX else -1
