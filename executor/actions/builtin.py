"""The actions that come with Milepost."""

from datetime import tzinfo

from executor.actions.ask import Ask
from executor.actions.http import Http
from executor.actions.launcher import Launcher
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.actions.read import Read
from executor.actions.shell import Shell
from executor.actions.wait import Wait
from executor.actions.write import Write
from executor.ports import Action


def built_in_actions(launcher: Launcher, http: Http, zone: tzinfo) -> list[Action]:
    """One of each. `zone` is the chat's, for times without one."""
    return [Ask(), http, Manual(), Notify(), Read(), Shell(launcher), Wait(launcher, zone), Write()]
