"""STOP: what is done about one that comes or goes, whoever sets it and wherever, and what it means for an attempt.

The brake itself keeps anything new from starting. Here what runs is ended, the chats hear of it once, and what was
ended begins again once a person lifts the STOP: no goal changes its state.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from executor.domain.goal import GOAL_RUNNING
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Blocked, NeedsReview, Outcome, Stumbled, Succeeded, Uncertain
from executor.domain.stop import Stop
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers, merge
from executor.engine.nursery import Nursery
from executor.engine.tools import Tools
from executor.ports import Store, Workers

WATCH_S = 0.25  # between two looks; a STOP from another process takes effect here within that


class Interruptible(Protocol):
    """An attempt while it runs."""

    def interrupted(self, note: str) -> Outcome: ...


def after_a_stop(run: Interruptible, outcome: Outcome, stop: Stop | None) -> Outcome:
    """What an attempt that ended while everything was stopped has shown. A failure may be the STOP's own doing: its
    processes are killed, by us or by the shell. So it counts as interrupted, or as unknown where an effect may be
    out. What was seen to be done counts, and so does an answer that says no."""
    if stop is None or isinstance(outcome, Succeeded | NeedsReview):
        return outcome
    if isinstance(outcome, Blocked) and outcome.result.metadata.get("status") is not None:
        return outcome
    if isinstance(outcome, Stumbled | Blocked | Uncertain):
        return run.interrupted(stop.note)
    return outcome


class Halting:
    """Sees that a STOP came or went. `changed` is called after each commit, `wake` when work may go on."""

    def __init__(
        self,
        store: Store,
        tools: Callable[[], Tools],
        workers: Workers,
        *,
        changed: Callable[[], None],
        wake: Callable[[], None],
        log_error: Callable[[str, Exception], None],
    ) -> None:
        self._store = store
        self._tools = tools
        self._workers = workers
        self._changed = changed
        self._wake = wake
        self._log_error = log_error
        self._told: Stop | None = None
        self._being_ended: set[tuple[str, int]] = set()
        self._turn = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    def held(self) -> Stop | None:
        """The STOP in force. What runs is being ended when this returns one."""
        stop = self._tools().brake.held()
        if stop is not None:
            running = set(self._workers.held())
            for ref, _ in running - self._being_ended:  # once each: whoever cleans up is not disturbed again
                self._workers.stop_task(ref)
            self._being_ended = running
        return stop

    async def look(self) -> Stop | None:
        """As `held`; and tell the chats, once for each STOP and once for its end."""
        stop, brake = self.held(), self._tools().brake
        async with self._turn:
            if stop is not None:
                if stop != self._told:
                    await self._tell(stop)
                    self._told = stop
            elif (ended := brake.lifted()) is not None:
                await self._tell(ended)
                brake.told()
                self._told = None
                self._wake()
        return stop

    def start(self, nursery: Nursery) -> None:
        self._watching = nursery.start(self._watch(), "stop watch")

    async def end(self) -> None:
        """Never in the middle of a transaction."""
        async with self._turn:
            if self._watching is not None:
                self._watching.cancel()

    async def _watch(self) -> None:
        """Look again and again, beside the ticks."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - the database, or a bug: the brake holds all the same
                self._log_error("stop", error)
            await self._tools().clock.sleep(WATCH_S)

    async def _tell(self, stop: Stop) -> None:
        """In one transaction: every running goal's card as it is now, and a line in each of their chats. What was told
        about the same STOP before changes nothing."""
        open_ones = await self._store.goals(open_only=True, limit=GOALS_MAX)
        numbers = sorted(goal.number for goal in open_ones if goal.state in GOAL_RUNNING)
        if not numbers:
            return
        tools, over = self._tools(), bool(stop.lifted_by)
        async with self._store.transaction("stop") as transaction:
            decisions = Numbers(await transaction.next_decision_number())
            parts = []
            for rows in await transaction.cases(numbers):
                case, origin = Case(rows, tools.clock.now(), tools.limits, decisions), rows.goal.origin
                case.event("goal.unstopped" if over else "goal.stopped", None, by=stop.lifted_by or stop.by)
                if stop.answered_in == (origin.chat_id, origin.thread_id):  # one message about it is enough
                    parts.append(case.changes())
                    continue
                key = f"{'unstopped' if over else 'stopped'}/{stop.at.isoformat()}/{origin.chat_id}/{origin.thread_id}"
                case.tell(
                    NoticeKind.TEXT, key, {"text": _OVER.format(stop.lifted_by) if over else _BEGUN.format(stop.by)}
                )
                parts.append(case.changes())
            await transaction.save(merge(parts))
        self._changed()


GOALS_MAX = 1_000
_BEGUN = "⛔ {} has stopped everything. Nothing new begins, and what ran was ended. /resume goes on."
_OVER = "▶️ {} has lifted the STOP. Everything goes on."
