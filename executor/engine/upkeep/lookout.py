"""The look-out: every `monitoring_s` it goes over the goals that run, at a cost that grows with them alone; and over a
goal whose plan or deadline has just changed, or in which something has just finished.

It reads and measures first, and writes only where a person would see a difference, in one transaction that looks again:
what is healthy costs a reading and nothing else.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from loguru import logger

from executor.domain.goal import GOAL_RUNNING, GoalState
from executor.domain.limits import Limits
from executor.domain.notice import NoticeKind
from executor.domain.outlook import Finding, Outlook
from executor.domain.task import TaskKind
from executor.engine.blockages.beforehand import asked_for, given_since, look_at_values, worth_asking
from executor.engine.blockages.foresight import ahead_of, findings, untold, whole
from executor.engine.casework.case import Case
from executor.engine.casework.joint import Numbers, merge
from executor.engine.deadlines import concerns, differs, judged, look_at_deadline
from executor.engine.durations import SAMPLES_MAX, Forecast, forecast, signature_of
from executor.engine.tools import Tools
from executor.engine.upkeep.stalls import mend, stuck
from executor.engine.why import Around
from executor.ports import CaseRows, Changes, Store
from executor.ports.survey import Missing


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look found out about a goal."""

    rows: CaseRows
    outlook: Outlook
    stuck: bool


def worth_a_look(case: Case) -> bool:
    """Whether this change may change what is foreseen."""
    before, goal = case.rows.goal, case.goal
    changed = (before.plan_version, before.deadline_at) != (goal.plan_version, goal.deadline_at)
    begins = before.state is GoalState.AWAITING_START and goal.state is not before.state and follows(case)
    return not goal.final and (changed or begins) and goal.plan_version > 0


def follows(case: Case) -> bool:
    """Whether the end of a task changes what is foreseen about its goal."""
    return not case.goal.final and (case.goal.deadline_at is not None or case.goal.outlook is not None)


class Lookout:
    """One look at a time, beside the ticks: its one transaction reads again what it changes."""

    def __init__(self, store: Store, tools: Tools, *, log_failure: Callable[[str, Exception], None]) -> None:
        self._store = store
        self._tools = tools
        self._log_failure = log_failure
        self._looked_at: datetime | None = None
        self.blocked: set[int] = set()  # goals that the last look at everything found blocked

    def limit(self, tools: Tools) -> None:
        self._tools = tools

    @property
    def _limits(self) -> Limits:
        return self._tools.limits

    def due(self) -> bool:
        """Whether it is time to look at everything. The first time comes one interval after this was first asked."""
        now = self._tools.clock.now()
        if self._looked_at is None or now < self._looked_at:  # the clock may be set back
            self._looked_at = now
        return (now - self._looked_at).total_seconds() >= self._limits.monitoring_s

    async def look(self, numbers: Collection[int] | None = None) -> bool:
        """At these goals, or at all that run. Whether anything was changed."""
        now = self._tools.clock.now()
        if numbers is None:
            self._looked_at = now
            self.blocked.clear()
        to_change: dict[int, _Seen] = {}
        for rows in await self._store.watched(numbers):
            if rows.goal.final:
                continue
            if numbers is None and rows.goal.state is GoalState.BLOCKED:
                self.blocked.add(rows.goal.number)
            try:
                seen = await self._see(rows, now)
                if _matters(seen, now):
                    to_change[rows.goal.number] = seen
            except Exception as error:  # noqa: BLE001 - one goal's bug must not keep the others from being looked at
                self._log_failure(f"look-out at goal {rows.goal.number}", error)
        return await self._change(to_change) if to_change else False

    async def _see(self, rows: CaseRows, now: datetime) -> _Seen:
        old = rows.goal.outlook or Outlook(plan_version=rows.goal.plan_version)
        outlook = replace(old, plan_version=rows.goal.plan_version, findings=await self._findings(rows))
        if rows.goal.state is GoalState.AWAITING_START:  # they stand on the card that is to be accepted
            outlook = replace(outlook, told=tuple(finding.key for finding in outlook.findings))
        outlook = judged(outlook, rows.goal, await self._forecast(rows, now), now)
        return _Seen(rows, outlook, bool(stuck(rows, Around(now=now))))

    async def _findings(self, rows: CaseRows) -> tuple[Finding, ...]:
        surveyor, number = self._tools.surveyor, rows.goal.number
        ahead = [(task, surveyor.needs(task.spec)) for task in ahead_of(rows.tasks)]
        missing = await surveyor.missing(whole(ahead), self._tools.workspaces.folder(number)) if ahead else Missing()
        return findings(ahead, missing, self._tools.secrets.known(number))

    async def _forecast(self, rows: CaseRows, now: datetime) -> Forecast | None:
        if rows.goal.deadline_at is None or not rows.tasks:
            return None
        ahead = [task for task in rows.tasks if task.kind is TaskKind.WORK and not task.final]
        taken = await self._store.durations({signature_of(task.spec) for task in ahead}, SAMPLES_MAX)
        return forecast(rows.tasks, rows.attempts, taken, now=now, slots=self._limits.concurrency)

    async def _change(self, seen: dict[int, _Seen]) -> bool:
        async with self._store.transaction("look") as transaction:
            decisions = Numbers(await transaction.next_decision_number())
            now = self._tools.clock.now()
            cases = [Case(rows, now, self._limits, decisions) for rows in await transaction.cases(sorted(seen))]
            parts: list[Changes] = []
            for case in cases:
                try:
                    _act(case, seen[case.goal.number], self._tools.secrets.known(case.goal.number))
                    parts.append(case.changes())
                except Exception as error:  # noqa: BLE001 - as above
                    self._log_failure(f"look-out at goal {case.goal.number}", error)
            await transaction.save(merge(parts))
        return bool(parts)


def _matters(seen: _Seen, now: datetime) -> bool:
    goal = seen.rows.goal
    to_tell = goal.state in GOAL_RUNNING and bool(untold(seen.outlook))
    return (
        seen.stuck
        or to_tell
        or worth_asking(seen.rows, seen.outlook)
        or differs(goal.outlook, seen.outlook, now)
        or concerns(goal, seen.outlook, seen.rows.decisions, now)
    )


def _tell(case: Case, outlook: Outlook) -> Outlook:
    """What nobody has seen yet, in one message; the outlook with what was told. Values are asked for instead."""
    new = untold(outlook)
    if not new or case.goal.state not in GOAL_RUNNING:
        return outlook
    lines = [
        f"{one.sentence}{f' ({one.remedy})' if one.remedy else ''}{_for(one)}" for one in new if not asked_for(one)
    ]
    text = "\n".join(["Later tasks will need this; nothing waits for it yet.", *(f"• {line}" for line in lines)])
    if lines:
        case.tell(NoticeKind.TEXT, f"{case.goal.number}/ahead/{len(outlook.told)}", {"text": text})
    case.event("goal.foreseen", None, findings=[one.key for one in new])
    return replace(outlook, told=(*outlook.told, *(one.key for one in new)))


def _for(finding: Finding) -> str:
    return f": {', '.join(finding.refs)}" if finding.refs else ""


def _act(case: Case, seen: _Seen, known: Collection[str]) -> None:
    for reason in mend(case, Around(now=case.now)):
        what = f"Task {reason.ref}" if reason.ref else f"Goal {case.goal.number}"
        logger.warning("{} stood still and is taken up again: {}", what, reason.sentence)
    before, goal = seen.rows.goal, case.goal
    if goal.final or (before.plan_version, before.deadline_at) != (goal.plan_version, goal.deadline_at):
        return  # it has moved on while we looked, and is looked at again
    outlook = _tell(case, look_at_deadline(case, seen.outlook))
    outlook = look_at_values(case, outlook, {*known, *given_since(before, goal)})
    if differs(goal.outlook, outlook, case.now) or (goal.outlook or outlook).asked != outlook.asked:
        case.set_goal(replace(case.goal, outlook=outlook))
