"""What is missing here, looked for as a task would find it; nothing of a workspace is run."""

from pathlib import Path

import pytest

from executor.actions.survey import Survey
from executor.ports.survey import Needs


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def program(path: Path, text: str = "#!/bin/sh\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


async def test_commands_are_looked_for_on_the_path_and_in_the_goals_own_folder(tools: Path, workspace: Path) -> None:
    program(tools / "there")
    program(workspace / ".venv/bin/installed")

    missing = await Survey().missing(Needs(commands=frozenset({"there", "installed", "no-such-tool"})), workspace)

    assert missing.commands == {"no-such-tool"}


async def test_a_well_known_command_comes_with_the_way_to_get_it(tools: Path, workspace: Path) -> None:
    program(tools / "apt")

    missing = await Survey().missing(Needs(commands=frozenset({"pdftotext", "no-such-tool"})), workspace)

    assert dict(missing.install).get("pdftotext", "sudo apt install poppler-utils") == "sudo apt install poppler-utils"
    assert "no-such-tool" not in dict(missing.install)


async def test_modules_are_looked_for_in_the_folder_and_in_the_machines_python(workspace: Path) -> None:
    (workspace / "own.py").write_text("raise SystemExit('never run')")
    (workspace / "json.py").write_text("raise SystemExit('never run')")
    (workspace / ".venv/lib/python3.11/site-packages/installed").mkdir(parents=True)

    missing = await Survey().missing(
        Needs(python=frozenset({"own", "installed", "sys", "csv", "no_such_module"})), workspace
    )

    assert missing.python == {"no_such_module"}


async def test_a_python_of_the_workspace_is_never_started(workspace: Path, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    program(workspace / ".venv/bin/python3", f"#!/bin/sh\ntouch {mark}\n")

    await Survey().missing(Needs(python=frozenset({"no_such_module"})), workspace)

    assert not mark.exists()


async def test_packages_of_node_are_its_own_or_in_the_folder(workspace: Path) -> None:
    (workspace / "node_modules/left-pad").mkdir(parents=True)

    missing = await Survey().missing(Needs(node=frozenset({"left-pad", "fs", "express"})), workspace)

    assert missing.node == {"express"}


async def test_hosts_are_looked_up_only_where_that_is_wanted(workspace: Path) -> None:
    needs = Needs(hosts=frozenset({("no-such-host.invalid", 80), ("127.0.0.1", 80)}))

    assert (await Survey().missing(needs, workspace)).hosts == frozenset()
    assert (await Survey(hosts=True).missing(needs, workspace)).hosts == {("no-such-host.invalid", 80)}


async def test_the_disk_is_measured(workspace: Path) -> None:
    free = (await Survey().missing(Needs(), workspace)).free_bytes

    assert free is not None
    assert free > 0
