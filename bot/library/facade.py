"""The façade of document 001: synchronous methods over the real engine and its database.

The engine lives in a thread of its own; a work function runs in the thread that calls. Several threads may use one
executor at once, which is how tasks run side by side.
"""

import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from bot.app import Workshop, open_workshop
from bot.library import functions
from bot.library.backstage import Backstage
from bot.library.functions import Tried
from bot.library.notifications import HERE, Notifications
from bot.library.notifier import Notifier, notifier_of
from bot.library.status import goal_number, milestone_of, starts, status_of, task_ids
from bot.library.work import PYTHON, Work, accepted
from bot.real import RandomIds
from bot.settings import Settings, load, unavailable
from executor.domain.attempt import OUTSIDE
from executor.domain.errors import Unconfigured, WrongInput
from executor.domain.goal import Goal, Origin
from executor.domain.plan import GoalDraft
from executor.engine.replies import Refused
from executor.ports import Assignment

R = TypeVar("R")


class AutonomousGoalExecutor:
    """Goals for a program of one's own. Close it, or use it in a `with`: only one Milepost may hold a data folder.

    `data_dir` None: the configured folder, as for the command `milepost`, and everything else as configured too.
    `notifier` has send_message(text, priority="info"), or is a function of a text; it is called in the thread whose
    call brought the news. Raises Unconfigured where the folder can't be used or is in use.
    """

    def __init__(self, data_dir: Path | str | None = None, notifier: object = None) -> None:
        self.notifier: Notifier | None = notifier_of(notifier)
        settings = _settings(data_dir)
        self._monitoring_interval = settings.executor.monitoring_s
        self._backstage = Backstage(open_workshop(settings))
        self._call = self._backstage.call
        self._end = weakref.finalize(self, self._backstage.close)  # also when the program ends
        self._workshop: Workshop = self._backstage.thing
        house = self._workshop.house
        self._executor = house.executor
        self._work = Work(house.executor, self._workshop.hands, house.clock, RandomIds())
        self._notifications = Notifications(house.database.outbox, house.database, house.clock, house.timezone)
        self._notifying = threading.RLock()
        self._call(self._notifications.recover)
        self._notify()

    def close(self) -> None:
        """Free the data folder. What runs in other threads counts as interrupted. Closing twice does no harm."""
        self._end()

    def __enter__(self) -> "AutonomousGoalExecutor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    # -------------------------------------------------------------------------------------------- configuration

    @property
    def max_retries(self) -> int:
        """How often a task is tried before it is blocked, the first time included."""
        return self._executor.limits.attempts_max

    @max_retries.setter
    def max_retries(self, attempts: int) -> None:
        if not isinstance(attempts, int) or isinstance(attempts, bool) or not 1 <= attempts <= 100:
            raise WrongInput("max_retries is a whole number from 1 to 100.")
        self._executor.limit(replace(self._executor.limits, attempts_max=attempts))

    @property
    def adaptation_threshold(self) -> float:
        """The deviation, 0..1, above which a plan is to be adapted."""
        return self._executor.limits.adaptation_threshold

    @adaptation_threshold.setter
    def adaptation_threshold(self, deviation: float) -> None:
        if not 0 <= deviation <= 1:
            raise WrongInput("adaptation_threshold is a number from 0 to 1.")
        self._executor.limit(replace(self._executor.limits, adaptation_threshold=float(deviation)))

    @property
    def monitoring_interval(self) -> float:
        """Seconds between two looks at resources and outside conditions."""
        return self._monitoring_interval

    @monitoring_interval.setter
    def monitoring_interval(self, seconds: float) -> None:
        if not 0 < seconds <= 31_536_000:
            raise WrongInput("monitoring_interval is a number of seconds above 0.")
        self._monitoring_interval = float(seconds)

    # ---------------------------------------------------------------------------------------------------- goals

    def set_goal(
        self,
        goal_name: str,
        description: str = "",
        success_criteria: Iterable[str] = (),
        priority: int = 5,
        deadline: datetime | None = None,
        metadata: Mapping[str, object] | None = None,
    ) -> str:
        """Take a goal; returns its id. `priority` 1..10, 10 first; a `deadline` without a time zone is local time; a
        criterion may end in a check in backticks, as in a chat. Raises WrongInput, one line for each thing wrong."""
        draft = self._draft(goal_name, description, success_criteria, priority, deadline, metadata)
        origin = Origin(chat_id=HERE if self.notifier else None, person_name=PYTHON.name, via=PYTHON.via)
        reply = self._call(self._executor.set_goal, draft, origin=origin, caller=PYTHON, command_id=self._work.new_id())
        self._notify()
        return str(accepted(reply).goal_number)

    def decompose_goal(self, goal_id: str, use_reasoning: bool = True) -> list[str]:
        """Start the goal; returns its tasks' ids in the plan's order. Without reasoning, and where the brain has none,
        that is one task per criterion. Calling it again returns the same."""
        number = goal_number(goal_id)
        self._call(self._start, number, use_reasoning)
        self._notify()
        return task_ids(self._call(self._work.view, number))

    def get_goal_status(self, goal_id: str) -> dict[str, Any]:
        """Everything about a goal, as plain values; see bot.library.status."""
        return status_of(self._call(self._work.view, goal_number(goal_id)))

    def track_progress(self, goal_id: str, notes: str | None = None) -> float:
        """Write a line into the goal's history; returns its progress, 0..1."""
        number = goal_number(goal_id)
        text = (notes or "").strip() or "Progress looked at"
        note = self._executor.note
        accepted(self._call(note, number, text=text, caller=PYTHON, command_id=self._work.new_id()))
        self._notify()
        return self._call(self._work.view, number).goal.percentage / 100

    def report_milestone(self, milestone_id: str) -> bool:
        """Announce a reached milestone that was not announced yet; False if it was. Raises WrongInput if it is ahead.
        Milestones are announced by themselves; left out are those that a jump of the progress passed over."""
        number, percentage = milestone_of(milestone_id)
        report = self._executor.report_milestone
        reply = self._call(report, number, percentage, caller=PYTHON, command_id=self._work.new_id())
        if isinstance(reply, Refused) and reply.code == "already_announced":
            return False
        accepted(reply)
        self._notify()
        return True

    def adapt_plan(self, goal_id: str, reason: str, outcome_deviation: float | None = None) -> int:
        """A new version of the plan, whose number is returned: finished tasks are kept, failed and blocked ones begin
        afresh. `outcome_deviation` is 0..1; without it the weighted share of what failed is recorded."""
        number = goal_number(goal_id)
        adapt = self._executor.adapt
        command_id = self._work.new_id()
        accepted(
            self._call(
                adapt, number, reason=reason, outcome_deviation=outcome_deviation, caller=PYTHON, command_id=command_id
            )
        )
        self._notify()
        return self._call(self._work.view, number).goal.plan_version

    # ---------------------------------------------------------------------------------------------------- tasks

    def execute_task(
        self, task_id: str, work_function: Callable[..., R] | None = None, *args: Any, **kwargs: Any
    ) -> R | Any:
        """Do a task with a function and return what it returned; tried again with growing pauses, up to max_retries.

        It is completed only when the function returned and the task's own check, if it has one, holds. Without a
        function, a task with an action of its own runs that, and its result is returned (None: it was not needed); a
        task for a person counts as done because the caller says so. Raises TaskFailed after the last attempt,
        TaskNotReady, TaskStopped or WrongInput.
        """
        if work_function is not None:
            functions.check_function(work_function)
        while True:
            assignment = self._call(self._work.take, task_id, with_function=work_function is not None)
            try:
                done, value = self._attempt(assignment, work_function, args, kwargs)
            finally:
                self._notify()
            if done:
                return value

    def _attempt(
        self,
        assignment: Assignment,
        function: Callable[..., Any] | None,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> tuple[bool, Any]:
        """Whether the task is over, and what to return."""
        if assignment.attempt.executor_type != OUTSIDE:
            ending = self._call(self._work.await_end, assignment)
            return not ending.again, ending.record
        try:
            tried = functions.run(function, args, kwargs) if function else functions.SAID_DONE
        except BaseException:  # Ctrl-C: nobody's failure
            self._call(self._work.give_up, assignment)
            raise
        return not self._hand_in(assignment, tried), tried.value

    def _hand_in(self, assignment: Assignment, tried: Tried) -> bool:
        """Whether it is to be tried again."""
        try:
            return self._call(self._work.hand_in, assignment, tried.result).again
        except Exception as error:
            raise error from tried.error

    # ------------------------------------------------------------------------------------------------ backstage

    def _draft(
        self,
        name: str,
        description: str,
        criteria: Iterable[str],
        priority: int,
        deadline: datetime | None,
        metadata: Mapping[str, object] | None,
    ) -> GoalDraft:
        if isinstance(criteria, str):
            raise WrongInput('success_criteria is a list of texts, such as ["Read the book"].')
        body = {
            "title": name,
            "description": description or name,
            "criteria": list(criteria),
            "priority": priority,
            "metadata": {str(key): str(value) for key, value in (metadata or {}).items()},
            "deadline": deadline.astimezone(UTC) if deadline else None,
        }
        return self._workshop.house.bodies().draft(body)

    async def _start(self, number: int, use_reasoning: bool) -> None:
        view = await self._work.view(number)
        if not starts(view):
            return
        if not use_reasoning and view.plan is not None:
            await self._simplify(view.goal, view.plan.tasks)
        accepted(await self._executor.start(number, caller=PYTHON, command_id=self._work.new_id()))

    async def _simplify(self, goal: Goal, planned: tuple[Any, ...]) -> None:
        """Replace what the brain has planned by one task per criterion, unless that is the plan already."""
        draft = await self._workshop.house.database.draft(goal.number)
        if draft is None:
            return
        simple = self._workshop.one_task_per_criterion(draft, goal)
        if simple.tasks != planned:
            replace_draft = self._executor.replace_draft
            accepted(await replace_draft(goal.number, simple, caller=PYTHON, command_id=self._work.new_id()))

    def _notify(self) -> None:
        """Tell the notifier all that is to be told now, in order."""
        if self.notifier is None:
            return
        with self._notifying:
            while (message := self._call(self._notifications.next)) is not None:
                try:
                    self.notifier.send_message(message.text, priority=message.priority)
                except Exception as error:  # noqa: BLE001 - somebody else's notifier must not undo what was done
                    self._call(self._notifications.failed, message, error)
                else:
                    self._call(self._notifications.sent, message)


def _settings(data_dir: Path | str | None) -> Settings:
    """As `milepost` finds them. A goal starts when it is decomposed, so a program always has the word before that."""
    settings = load(None, os.environ)
    if lines := unavailable(settings):
        raise Unconfigured("\n".join(lines))
    folder = settings.data_dir if data_dir is None else Path(data_dir).expanduser().absolute()
    asking = settings.executor.model_copy(update={"autonomy": "plan"})
    return settings.model_copy(update={"data_dir": folder, "executor": asking})
