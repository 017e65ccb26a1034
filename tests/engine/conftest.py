"""A case that can be walked forward: claim, finish, look."""

from dataclasses import dataclass, replace
from datetime import timedelta

from executor.domain.attempt import Attempt
from executor.domain.notice import NoticeKind
from executor.domain.outcome import Outcome, Result, Stumbled, Succeeded
from executor.domain.task import TASK_DUE, TaskState
from executor.engine.asking import answers
from executor.engine.casework.case import Case
from executor.engine.flow import advance
from executor.engine.replies import Reply
from executor.engine.settle import settle
from tests.builders import ANN
from tests.fakes import START

OK = Succeeded(result=Result(success=True), evidence="exit 0")


def failed(error: str = "exit code 1", stderr: str = "boom") -> Stumbled:
    return Stumbled(result=Result(success=False, error=error, metadata={"exit_code": 1, "stderr": stderr}))


@dataclass
class Walk:
    """One goal, moved by hand and without a database: the decisions alone."""

    case: Case

    def states(self) -> dict[str, str]:
        return {task.ref: str(task.state) for task in self.case.tasks.values()}

    def press(self, option: str, text: str | None = None) -> Reply:
        """Answer the newest open decision."""
        decision = max(self.case.open_decisions(), key=lambda d: d.number)
        reply = answers.answer(self.case, decision, ANN, option=option, text=text, revision=None)
        advance(self.case)
        return reply

    def claim(self, ref: str) -> int:
        task = self.case.tasks[ref]
        assert task.state in TASK_DUE
        parked = self.case.attempts.get(ref)
        number = parked.number if parked and parked.state == "waiting" else task.attempts + 1
        self.case.set_task(replace(self.case.move_task(ref, TaskState.IN_PROGRESS), attempts=number))
        self.case.attempts[ref] = Attempt(
            task_ref=ref,
            number=number,
            goal_number=1,
            executor_id="me",
            lease_until=START + timedelta(seconds=60),
            started_at=START,
        )
        return number

    def finish(self, ref: str, outcome: Outcome = OK) -> None:
        settle(self.case, ref, self.claim(ref), outcome)
        advance(self.case)

    def told(self, kind: NoticeKind) -> list[dict[str, object]]:
        return [dict(notice.facts) for notice in self.case._new.notices if notice.kind is kind]
