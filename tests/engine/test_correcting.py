"""What is done about a stumble: a fix, another try only where it may pass by itself, else a person at once."""

import pytest

from executor.domain.blockage import BlockageType
from executor.domain.correction import AskPerson, RetryAfter
from executor.domain.limits import Limits
from executor.domain.outcome import Result, Stumbled
from executor.domain.task import Task
from executor.engine.correction.correcting import Correction, correct
from executor.engine.correction.repairing import Repair, fix_for
from tests.actions.sending import blocked
from tests.builders import spec
from tests.fakes import START


def failed(said: str, exit_code: int = 1) -> Stumbled:
    metadata = {"exit_code": exit_code, "stderr": said, "command": "run"}
    return Stumbled(result=Result(success=False, error=f"exit code {exit_code}", metadata=metadata))


def after_one_failure(outcome: Stumbled, command: str = "run") -> Correction:
    parameters = {"command": command}
    task = Task(
        ref="1.1", goal_number=1, position=1, spec=spec("1", parameters=parameters), failures=1, created_at=START
    )
    fix = fix_for(task, outcome, Limits())
    return correct(task, outcome, Limits(), repair=None if fix is None else Repair(fix))


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("SyntaxError: invalid syntax", BlockageType.ERROR),
        ("fatal: Authentication failed for 'https://x/'", BlockageType.EXTERNAL),
        ("bash: line 1: pandocx: command not found", BlockageType.DEPENDENCY),
    ],
)
def test_what_is_hopeless_is_not_tried_again(said: str, kind: BlockageType) -> None:
    correction = after_one_failure(failed(said))

    assert isinstance(correction, AskPerson)
    assert correction.type is kind


def test_an_address_that_is_not_allowed_is_asked_about_at_once() -> None:
    error = blocked("10.0.0.1", 80)
    refused = Stumbled(result=Result(success=False, error=error, metadata={"url": "http://10.0.0.1/"}))

    correction = after_one_failure(refused)

    assert isinstance(correction, AskPerson)
    assert (correction.type, correction.cause) == (BlockageType.ERROR, "A rule forbids it")


def test_a_known_fix_comes_before_any_question() -> None:
    correction = after_one_failure(failed("ModuleNotFoundError: No module named 'requests'"))

    assert isinstance(correction, Repair)


@pytest.mark.parametrize("said", ["no idea", "error: database is locked"])
def test_what_may_pass_by_itself_is_tried_again(said: str) -> None:
    assert isinstance(after_one_failure(failed(said)), RetryAfter)


def test_an_exception_of_somebodys_own_function_has_all_its_attempts() -> None:
    raised = Stumbled(result=Result(success=False, error="ValueError: no rates yet"))

    assert isinstance(after_one_failure(raised), RetryAfter)
