"""The tick: takes over what finished, takes what is due, starts it, and writes all of it in one transaction.

It costs what is due, not what exists. Nothing is remembered between two ticks but reports that are not stored yet and
what the workers hold, so a restart needs no path of its own beyond recovery.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from executor.domain.blockage import BlockageType
from executor.domain.goal import GOAL_RUNNING
from executor.domain.limits import Limits
from executor.domain.model_outage import BRAIN
from executor.domain.outcome import Blocked, Interrupted, Outcome, Stumbled
from executor.domain.subtasks import is_split, part_keys
from executor.domain.task import Task, TaskKind
from executor.domain.turn import AGENT
from executor.domain.values import quick, replace
from executor.engine.aside import Aside, due_without
from executor.engine.asking.rethinking import stuck
from executor.engine.attempts.claiming import claimed, may_begin, with_acceptance
from executor.engine.attempts.verdict import is_opinion
from executor.engine.capacity import waits_for
from executor.engine.casework.case import Case
from executor.engine.casework.circuits import Circuits
from executor.engine.casework.floods import keep_within_limits
from executor.engine.casework.joint import Numbers, merge
from executor.engine.casework.taking import why_not
from executor.engine.casework.ways import unused
from executor.engine.commands.desk import no_goal
from executor.engine.correction.kin import kin_of
from executor.engine.correction.outages import hold, needs_what_is_gone
from executor.engine.correction.services import services_of
from executor.engine.correction.suspects import Trial
from executor.engine.flow import advance
from executor.engine.jumps import Jumps
from executor.engine.planning.steering import off_course, steer
from executor.engine.planning.subgoals import ACTION as GOAL
from executor.engine.planning.subgoals import open_wanted
from executor.engine.recovery import recover
from executor.engine.replies import Refused
from executor.engine.settle import settle
from executor.engine.tools import Tools
from executor.engine.upkeep.lookout import follows, worth_a_look
from executor.ports import Assignment, Changes, Store, Transaction, Workers

BY_MODEL = frozenset({"draft", AGENT})
"""Actions in which a model works; it sees the outputs of the tasks that this one depends on."""


@quick
@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt's end on its way into the database."""

    goal_number: int
    task_ref: str
    number: int
    outcome: Outcome
    texts: Sequence[str] = ()


class Ticker:
    """One tick at a time: the caller serialises. `log_failure(what, error)` hears of goals that a bug holds up."""

    def __init__(
        self,
        store: Store,
        tools: Tools,
        *,
        executor_id: str,
        log_failure: Callable[[str, Exception], None],
    ) -> None:
        self._store = store
        self._tools = tools
        self._executor_id = executor_id
        self._log_failure = log_failure
        self.workers: Workers
        self.finished: list[Finished] = []
        self.to_look: set[int] = set()  # goals in which something finished that changes what is foreseen
        self.to_rethink: set[int] = set()  # goals that are stuck, for the model
        self._set_aside: list[Finished] = []
        self.families_changed = False
        self._aside = Aside()
        self._trial = Trial(tools.limits)
        self.jumps = Jumps(tools.clock)
        self.circuits_changed: Callable[[], None] = lambda: None

    def report(self, assignment: Assignment, outcome: Outcome, texts: Sequence[str]) -> None:
        """The workers' callback. No secret gets beyond it."""
        ref, number = assignment.task.ref, assignment.attempt.number
        secrets = self._tools.secrets
        hidden = secrets.hidden(outcome), secrets.hide.everywhere(list(texts))
        self.finished.append(Finished(assignment.goal.number, ref, number, *hidden))

    async def tick(self) -> int:
        """Settle, claim, commit, start. How many attempts were settled or started; 0 means there was nothing to do."""
        finished, self.finished = self.finished, []
        try:
            async with self._store.transaction("tick") as transaction:
                jumped = await self.jumps.mend(transaction)
                numbers = Numbers(await transaction.next_decision_number())
                circuits = Circuits(await transaction.circuits()) if finished else None
                settled = await self._settle(transaction, finished, numbers, circuits) if circuits is not None else []
                assignments, held = await self._claim(transaction, numbers, circuits)
        except BaseException:
            self.finished[:0] = finished  # not stored: the next tick tries again
            raise
        self.jumps.mended()
        for case in settled:
            self._tools.secrets.committed(case)
        for assignment in assignments:
            try:
                await self._start(assignment)
            except Exception as error:  # noqa: BLE001 - one task's bug must not hold up every other task
                self._log_failure(f"task {assignment.task.ref}", error)
        if held or (circuits and (circuits.changed or circuits.get(BRAIN))):  # that one closes in the ledger
            self.circuits_changed()
        return len(finished) + len(assignments) + held + jumped

    def limit(self, limits: Limits) -> None:
        self._tools = replace(self._tools, limits=limits)
        self._trial = Trial(limits)

    def retry_set_aside(self) -> None:
        """Give reports that a bug held up another chance; the alarm calls it, so that a wake can't spin on them."""
        self.finished.extend(self._set_aside)
        self._set_aside.clear()

    async def _settle(
        self, transaction: Transaction, finished: list[Finished], numbers: Numbers, circuits: Circuits
    ) -> list[Case]:
        """The cases as they now are."""
        by_goal: dict[int, list[Finished]] = {}
        for report in finished:
            by_goal.setdefault(report.goal_number, []).append(report)
        now, parts, cases = self._tools.clock.now(), [], []
        failed = any(isinstance(report.outcome, Stumbled | Blocked) for report in finished)
        lessons = await transaction.lessons() if failed else []
        made: list[Case] = []
        for rows in await transaction.cases(list(by_goal)):
            case = Case(rows, now, self._tools.limits, numbers, circuits=circuits, lessons=lessons)
            reports, known = by_goal[rows.goal.number], circuits.noted()
            try:
                case.kin = await kin_of(transaction, case) if failed else ()
                for report in reports:
                    settle(case, report.task_ref, report.number, report.outcome, report.texts)
                opened = await open_wanted(transaction, case, numbers, made)
                advance(case)
                steer(case, await unused(transaction, case.goal.number) if off_course(case) else ())
                if self._tools.mind is not None and stuck(case):
                    self.to_rethink.add(case.goal.number)
                if follows(case) or worth_a_look(case):
                    self.to_look.add(case.goal.number)
                await keep_within_limits(transaction, case)
                parts.append(case.changes())
                cases.append(case)
                made += opened
            except Exception as error:  # noqa: BLE001 - one goal's bug must not hold up every other goal
                self._log_failure(f"goal {rows.goal.number}", error)
                self._set_aside.extend(reports)
                circuits.back_to(known)
        changes = merge([*parts, *(case.changes() for case in made)])
        circuits.add_to(changes)
        await transaction.save(changes)
        self.families_changed = self.families_changed or any(case.concerns_others for case in (*cases, *made))
        return cases

    async def _claim(
        self, transaction: Transaction, numbers: Numbers, circuits: Circuits | None
    ) -> tuple[list[Assignment], int]:
        """What is to be started, and how many tasks wait instead, for what is gone."""
        free, now = self.workers.free(), self._tools.clock.now()
        if self._tools.brake.held() is not None or self._tools.quota.short() is not None:
            return [], 0
        aside, capacities = self._aside.waiting(now), self._tools.limits.resources
        most = free + self._trial.withheld  # whoever stands behind them moves up
        due = await due_without(aside, transaction, now, most, capacities) if free > 0 else []
        if not due:
            return [], 0
        assignments: list[Assignment] = []
        parts: list[Changes] = []
        found = await transaction.cases(list({item.goal_number for item in due}))
        tasks = {task.ref: task for rows in found for task in rows.tasks}
        ready = [tasks[item.task_ref] for item in due]
        refs = self._trial.chosen(ready, free, self.workers.held(), self._tools.clock.monotonic())
        if circuits is None and any(services_of(task.spec) for task in ready):
            circuits = Circuits(await transaction.circuits())
        held = 0
        for rows in found:
            case = Case(rows, now, self._tools.limits, numbers, circuits=circuits or Circuits())
            if case.goal.state not in GOAL_RUNNING:
                continue
            try:
                begun, waiting = self._claim_of_goal(case, refs)
                parts.append(case.changes())
            except Exception as error:  # noqa: BLE001 - as in _settle
                self._log_failure(f"goal {rows.goal.number}", error)
                self._aside.failed(rows.goal.number, now)
                continue
            self._aside.went_well(rows.goal.number)
            assignments += begun
            held += waiting
        await transaction.save(merge(parts))
        return await with_acceptance(transaction, assignments), held

    def _claim_of_goal(self, case: Case, refs: Collection[str]) -> tuple[list[Assignment], int]:
        """As `_claim`, of one goal."""
        assignments: list[Assignment] = []
        held = 0
        for task in [task for ref, task in case.tasks.items() if ref in refs and may_begin(case, task)]:
            if (gone := needs_what_is_gone(case, task)) is not None:
                hold(case, task, gone)
                held += 1
            else:
                assignments.append(claimed(case, task, self._tools, self._executor_id))
        return assignments, held

    async def take(self, task_ref: str, goal_number: int, executor_type: str) -> Assignment | Refused:
        """Take one task by its name and hand it to the workers, whatever its turn; else why that can't be done now."""
        if (stop := self._tools.brake.held()) is not None:
            return Refused(code="stopped", sentence=f"Everything is stopped by {stop.by}.")
        if (short := self._tools.quota.short()) is not None:
            return Refused(code="no_room", sentence=f"{short}.")
        async with self._store.transaction("take") as transaction:
            rows = await transaction.cases([goal_number])
            if not rows:
                return no_goal(goal_number)
            numbers = Numbers(await transaction.next_decision_number())
            case = Case(rows[0], self._tools.clock.now(), self._tools.limits, numbers)
            if (refused := why_not(case, task_ref, executor_type)) is not None:
                return refused
            if case.still_runs(task_ref):
                return Refused(code="still_runs", sentence=f"{task_ref} is just being stopped. Try again in a moment.")
            if (waits := await self._waits_for(transaction, case.tasks[task_ref])) is not None:
                return waits
            case.withdraw(task_ref, note="Somebody took the task")
            assignment = claimed(case, case.tasks[task_ref], self._tools, self._executor_id, executor_type)
            advance(case)
            await transaction.save(case.changes())
            [assignment] = await with_acceptance(transaction, [assignment])
        return await self._start(assignment)

    async def _waits_for(self, transaction: Transaction, task: Task) -> Refused | None:
        running = await transaction.needs_running() if task.spec.needs else []
        waits = waits_for(task, running, self._tools.limits.resources)
        return Refused(code="resource_taken", sentence=f"{task.ref} {waits}.") if waits else None

    async def _start(self, assignment: Assignment) -> Assignment:
        """Hand a claimed and committed attempt to the workers, with the outputs that it refers to: they are stored by
        now. Where that fails it is reported as interrupted."""
        try:
            if keys := await self._keys_shown(assignment.task):
                assignment = replace(assignment, outputs=await self._store.outputs(assignment.goal.number, keys))
            if (lost := self._tools.secrets.lost(assignment.goal.number, assignment.task.spec)) is not None:
                self.report(assignment, Blocked(result=lost, type=BlockageType.EXTERNAL, cause=lost.error or ""), [])
                return assignment
            if assignment.task.spec.action == GOAL:
                child = await self._store.subgoal(assignment.task.ref, assignment.attempt.number)
                assignment = replace(assignment, child=child)
            if environment := self._tools.secrets.environment(assignment.goal.number, assignment.task.spec):
                assignment = replace(assignment, environment=environment)
            self.workers.start(assignment)
        except BaseException:
            self.report(assignment, Interrupted(note="It could not be started"), [])
            raise
        return assignment

    async def _keys_shown(self, task: Task) -> list[str]:
        """The tasks whose outputs an attempt gets to see: those that its parameters name; those that it depends on,
        where a model works with them; and all of them, where a model judges the whole goal."""
        keys = self._tools.actions.keys_used(task.spec.parameters)
        if is_split(task.spec):
            return part_keys(task.spec)
        if self._tools.mind is None:
            return keys
        if task.kind is TaskKind.CRITERION and is_opinion(task.spec.check):
            plan = await self._store.plan(task.goal_number)
            return [spec.key for spec in plan.tasks] if plan else []
        if task.spec.action in BY_MODEL or is_opinion(task.spec.check):
            return list(dict.fromkeys([*keys, *task.spec.depends_on]))
        return keys

    async def recover(self, living: Sequence[str]) -> int:
        """See `recovery`. The caller serialises this with ticks."""
        unstored = ((report.task_ref, report.number) for report in (*self.finished, *self._set_aside))
        held = {*self.workers.held(), *unstored}
        return await recover(
            self._store, self._tools, self.workers, living=living, held=held, log_failure=self._log_failure
        )
