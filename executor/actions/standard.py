"""The actions that every Milepost has."""

from collections.abc import Callable, Iterable
from datetime import tzinfo

from executor.actions.ask import Ask
from executor.actions.draft import Draft
from executor.actions.goal import Goal
from executor.actions.http import Http
from executor.actions.install import Install
from executor.actions.launcher import Launcher
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.actions.python import Python
from executor.actions.read import Read
from executor.actions.shell import Shell
from executor.actions.subtasks import Subtasks
from executor.actions.wait import Wait
from executor.actions.workflow import Workflow
from executor.actions.write import Write
from executor.domain.plan import GoalDraft
from executor.ports import Action, Brake, Mind


def standard_actions(
    launcher: Launcher,
    zone: tzinfo,
    http_allow: Iterable[str],
    mind: Mind | None = None,
    brake: Brake | None = None,
    read_goal: Callable[[str], GoalDraft] | None = None,
) -> list[Action]:
    """`zone` is where times without a zone are meant; `http_allow` holds internal "host:port" pairs; `mind` writes
    drafts; nothing is connected to while `brake` holds; `read_goal` reads the text of a goal within a goal."""
    return [
        *([Goal(read_goal)] if read_goal is not None else []),
        Shell(launcher),
        Python(launcher),
        Install(launcher),
        Write(),
        Read(),
        Http(http_allow, brake),
        Wait(launcher, zone),
        Draft(mind),
        Notify(),
        Ask(),
        Manual(),
        Workflow(),
        Subtasks(),
    ]
