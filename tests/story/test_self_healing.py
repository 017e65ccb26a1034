"""The self-healing examples of document 000, without a model: real commands in a real workspace."""

from dataclasses import replace
from pathlib import Path

import pytest

from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.goal import GoalState
from executor.domain.limits import Limits, Service
from executor.domain.notice import NoticeKind
from executor.domain.plan import Check, CheckKind, TaskSpec
from executor.ports import GoalView
from tests.builders import draft
from tests.fakes import START, ManualClock
from tests.world import World, world

LAUNCHER = PlainLauncher()


async def outcome(
    folder: Path, *tasks: TaskSpec, services: tuple[Service, ...] = (), changed: str = ""
) -> tuple[GoalView, list[str]]:
    """The goal as it ended, and the lines with which it told of its adaptations. `changed`: a file that appears in the
    goal's folder with the first of them."""
    registry = Registry(standard_actions(LAUNCHER, START.tzinfo, ()))
    clock, limits = ManualClock(), Limits(timeout_s=100, services=services)
    async with world(folder, registry=registry, checks=Looks(LAUNCHER, Http()), clock=clock, limits=limits) as w:
        number = await w.start_goal(draft(*tasks))
        view = await patiently(w, number, folder / "workspaces/1" / changed if changed else None)
        told = [str(n.facts["line"]) for n in await w.notices() if n.kind is NoticeKind.ADAPTATION]
        assert w.failures == []
        return view, told


async def patiently(w: World, number: int, changed: Path | None = None) -> GoalView:
    """Real commands take real time; pauses between attempts are the clock's."""
    for _ in range(12):
        while await w.executor.tick() or w.workers.held():
            await w.idle()
            if changed is not None and (await w.view(number)).goal.plan_version > 1:
                changed.touch()
        if (view := await w.view(number)).goal.final:
            return view
        w.clock.advance(10)
    return await w.view(number)


def shell(key: str, command: str, *after: str) -> TaskSpec:
    return TaskSpec(key=key, title=f"Step {key}", action="shell", parameters={"command": command}, depends_on=after)


async def test_a_missing_import_is_added(tmp_path: Path) -> None:
    write = shell("1", "printf 'print(os.sep)\\n' > app.py")

    view, told = await outcome(tmp_path, write, shell("2", "python3 app.py", "1"))

    assert view.goal.state is GoalState.COMPLETED
    assert told == ["Plan v1 → v2: +1 −0 ~1, app.py uses os without importing it: adding the import"]
    assert (tmp_path / "workspaces/1/app.py").read_text() == "import os\nprint(os.sep)\n"


async def test_an_import_goes_behind_what_must_come_first(tmp_path: Path) -> None:
    source = "#!/usr/bin/env python3\\nfrom __future__ import annotations\\nprint(json.dumps(1))\\n"

    view, _ = await outcome(tmp_path, shell("1", f"printf '{source}' > app.py"), shell("2", "python3 app.py", "1"))

    assert view.goal.state is GoalState.COMPLETED


async def test_pip_that_is_not_there_is_called_through_python(tmp_path: Path) -> None:
    command = "PATH=/nowhere; /usr/bin/true; pip --version"  # as on a machine without the pip command

    view, told = await outcome(tmp_path, shell("1", command))

    assert told == ["Plan v1 → v2: +0 −0 ~1, pip is not here: using python3 -m pip instead"]
    assert view.tasks[0].spec.parameters["command"].endswith("python3 -m pip --version")


async def test_a_forbidden_place_becomes_one_in_the_workspace(tmp_path: Path) -> None:
    command = "echo \"mkdir: cannot create directory '/srv/app': Permission denied\" >&2; ls /srv/app/data; exit 1"

    _, told = await outcome(tmp_path, shell("1", command))

    assert told[0] == (
        "Plan v1 → v2: +0 −0 ~1, /srv/app may not be written: using the same path in the goal's own folder"
    )


@pytest.mark.parametrize("reader", ["cat: ", "ls: cannot open directory ", "bash: line 1: cd: "])
async def test_what_may_not_be_read_is_not_looked_for_in_the_workspace(tmp_path: Path, reader: str) -> None:
    command = f"echo \"{reader}'/srv/app': Permission denied\" >&2; : /srv/app; exit 1"

    _, told = await outcome(tmp_path, shell("1", command))

    assert told == []


async def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    view, told = await outcome(tmp_path, shell("1", "echo hello > out/today.txt"))

    assert (view.goal.state, told) == (
        GoalState.COMPLETED,
        ["Plan v1 → v2: +1 −0 ~1, The folder out is missing: making it"],
    )


async def test_a_limit_that_was_too_short_is_raised(tmp_path: Path) -> None:
    slow = TaskSpec(key="1", title="Slow", action="shell", parameters={"command": "sleep 1.6", "timeout_s": 1.5})

    view, told = await outcome(tmp_path, slow)

    assert (view.goal.state, told) == (
        GoalState.COMPLETED,
        ["Plan v1 → v2: +0 −0 ~1, It ran out of its 1.5 s: allowing 3 s"],
    )


async def test_what_can_not_be_repaired_becomes_a_blockage_and_changes_no_plan(tmp_path: Path) -> None:
    view, told = await outcome(tmp_path, shell("1", "echo 'no idea' >&2; exit 3"))

    assert (view.goal.state, told, view.tasks[0].attempts) == (GoalState.BLOCKED, [], 3)


@pytest.mark.slow
async def test_a_missing_module_is_installed_into_the_goals_own_folder(tmp_path: Path) -> None:
    probe = shell("1", "python3 -c 'import cowsay'")

    view, told = await outcome(tmp_path, probe)

    if view.goal.state is not GoalState.COMPLETED:
        pytest.skip(f"no package index within reach: {view.blockages}")
    assert told == [
        "Plan v1 → v2: +1 −0 ~1, The Python module cowsay is missing: installing cowsay into the goal's own folder"
    ]
    assert list((tmp_path / "workspaces/1/.venv").glob("lib/*/site-packages/cowsay"))


async def test_a_success_that_is_none_is_not_believed(tmp_path: Path) -> None:
    body = '{"ok":false,"error_code":401,"description":"Unauthorized"}'

    view, _ = await outcome(tmp_path, shell("1", f"curl() {{ echo '{body}'; }}; curl -s https://api.example/me"))

    assert (view.goal.state, view.tasks[0].state) == (GoalState.BLOCKED, "blocked")


async def test_success_that_only_sounds_alarming_is_left_alone(tmp_path: Path) -> None:
    view, _ = await outcome(tmp_path, shell("1", "echo '0 errors, 0 failed'; echo 'error handling: ok' >&2"))

    assert view.goal.state is GoalState.COMPLETED


async def test_a_missing_credential_is_asked_for_at_once(tmp_path: Path) -> None:
    view, _ = await outcome(tmp_path, shell("1", "echo 'fatal: Authentication failed for https://x/' >&2; exit 128"))

    assert (view.goal.state, view.tasks[0].attempts) == (GoalState.BLOCKED, 1)


async def test_a_file_outside_the_workspace_is_never_edited(tmp_path: Path) -> None:
    outside = tmp_path / "workspaces" / "app.py"
    outside.parent.mkdir()
    outside.write_text("print(os.sep)\n")

    view, told = await outcome(tmp_path, shell("1", "python3 ../app.py"))

    assert (view.goal.state, told, outside.read_text()) == (GoalState.BLOCKED, [], "print(os.sep)\n")


async def test_a_full_disk_is_met_by_clearing_the_goals_own_caches(tmp_path: Path) -> None:
    fill = shell("1", "mkdir -p .cache/pip && echo wheel > .cache/pip/a.whl && echo kept > kept.txt")
    full = "cp: error writing 'out': No space left on device"
    write = shell("2", f'test ! -e .cache/pip/a.whl || {{ echo "{full}" >&2; exit 1; }}', "1")

    view, told = await outcome(tmp_path, fill, write)

    assert view.goal.state is GoalState.COMPLETED
    assert told == ["Plan v1 → v2: +1 −0 ~1, The disk is full: clearing this goal's own caches"]
    assert (tmp_path / "workspaces/1/kept.txt").exists()


async def test_a_declared_service_that_is_down_is_started(tmp_path: Path) -> None:
    """The command that starts it stands for a service manager: it leaves nothing running behind itself."""
    declared = Service(name="notes", address="127.0.0.1:5999", start="touch started")
    down = "curl: (7) Failed to connect to 127.0.0.1 port 5999 after 0 ms: Couldn't connect to server"
    fetch = shell("1", f'test -e started || {{ echo "{down}" >&2; exit 7; }}')

    view, told = await outcome(tmp_path, fetch, services=(declared,))

    assert view.goal.state is GoalState.COMPLETED
    assert told == ["Plan v1 → v2: +1 −0 ~1, notes is not running: starting it as configured"]


async def test_what_a_command_hid_is_repaired_once_its_check_disproves_it(tmp_path: Path) -> None:
    hides = replace(
        shell("1", "echo done > made/out.txt || true"),
        check=Check(kind=CheckKind.COMMAND, command="test -s made/out.txt"),
    )

    view, told = await outcome(tmp_path, hides)

    assert view.goal.state is GoalState.COMPLETED
    assert told == ["Plan v1 → v2: +1 −0 ~1, The folder made is missing: making it"]


async def test_a_check_without_a_word_says_nothing_about_why_so_it_is_tried_again_until_nothing_changes(
    tmp_path: Path,
) -> None:
    empty = replace(shell("1", ": > out.txt"), check=Check(kind=CheckKind.COMMAND, command="test -s out.txt"))

    view, _ = await outcome(tmp_path, empty)

    assert (view.goal.state, view.tasks[0].attempts) == (GoalState.BLOCKED, 2)
    assert view.tasks[0].summary == (
        "It ran 2 times and left everything the same each time: The check does not hold: `test -s out.txt` → exit 1"
    )
