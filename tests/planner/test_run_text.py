from decimal import Decimal

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import GoalDraft
from executor.planner.run_text import read_run
from executor.planner.workflows import Library
from tests.planner.reading import BERLIN, NOW, berlin


def run(text: str) -> GoalDraft:
    return read_run(text, library=Library(), now=NOW, timezone=BERLIN)


@pytest.mark.parametrize(
    "text",
    [
        '/run backup-folder folder="/srv/my notes" to=/mnt',
        '/run@milepost_bot backup-folder to=/mnt "/srv/my notes"',
        "backup-folder folder=“/srv/my notes” to=/mnt",
    ],
)
def test_a_workflow_is_run_by_its_name_with_its_values(text: str) -> None:
    assert run(text) == GoalDraft(
        title="Back up /srv/my notes",
        reading=("With folder=/srv/my notes, to=/mnt",),
        workflow="backup-folder",
        workflow_parameters={"folder": "/srv/my notes", "to": "/mnt"},
    )


def test_options_and_a_description_may_follow() -> None:
    draft = run("/run python-project tea by 18:00 p8 $1 #team=ops\nfor Ann")

    assert draft == GoalDraft(
        title="New Python project tea",
        description="for Ann",
        deadline_at=berlin("2026-11-20 18:00"),
        priority=8,
        budget_usd=Decimal(1),
        metadata={"team": "ops"},
        reading=(
            "Deadline: Friday 20 Nov 2026, 18:00 (Europe/Berlin)",
            "Budget: $1.00",
            "Priority 8 of 10",
            "Labels: team=ops",
            "With name=tea",
        ),
        workflow="python-project",
        workflow_parameters={"name": "tea", "to": ""},
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/run", "Name a workflow, such as: /run backup-folder folder=~/Documents. /workflows lists them all."),
        (
            "/run magic",
            "There is no workflow “magic”. There are: backup-folder, email-draft, machine-health, "
            "meeting-summary, python-project, report, watch-page.",
        ),
        (
            "/run watch-page",
            "watch-page needs url (the page's address): /run watch-page url=https://example.com/",
        ),
        ("/run python-project name=a name=b", "name is given twice. Give it once."),
        (
            "/run python-project a b",
            "I don't know what “b” is for. Write it like: /run python-project name=hello [to=…]",
        ),
        (
            '/run python-project name="a b',
            'I can\'t read “name="a b”. Put a value with spaces in quotes: key="a value".',
        ),
        ("/run python-project name=9", "name can't be “9”: it is letters, digits, - and _, such as hello."),
        ("/run machine-health nmae=x", "machine-health has no parameter nmae. It takes folder."),
    ],
)
def test_a_wrong_command_gets_one_line(text: str, line: str) -> None:
    with pytest.raises(WrongInput) as refused:
        run(text)

    assert refused.value.public == line
