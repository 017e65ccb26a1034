"""`milepost stop` and `milepost resume`, as real processes."""

import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from executor.actions.launcher import environment
from tests.cli.conftest import Milepost

PATIENCE_S = 60.0


def child(workspace: Path, *, marked: bool = True) -> "subprocess.Popen[bytes]":
    """A process as an attempt starts it, or a stranger's."""
    workspace.mkdir(parents=True, exist_ok=True)
    env = environment(workspace, "1.1#1", {}) if marked else {"PATH": os.environ["PATH"]}
    return subprocess.Popen(["sleep", "600"], env=env, start_new_session=True)


@pytest.fixture
def data(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


async def test_it_needs_no_program_and_ends_what_runs(milepost: Milepost, data: Path) -> None:
    ours, stranger, neighbour = child(data / "workspaces/1"), child(data, marked=False), child(data.parent / "other/1")
    try:
        ended = await milepost("stop", "--json")

        assert ended.code == 0
        said = json.loads(ended.out)
        assert (said["stopped"], said["new"], said["ended"]) == (True, True, 1)
        assert ours.wait(PATIENCE_S) == -signal.SIGKILL
        assert (stranger.poll(), neighbour.poll()) == (None, None)
        assert (data / "STOP").stat().st_mode & 0o777 == 0o600
    finally:
        for process in (ours, stranger, neighbour):
            process.kill()
            process.wait()


async def test_resume_lifts_it_once(milepost: Milepost, data: Path) -> None:
    await milepost("stop")

    first, second = await milepost("resume"), await milepost("resume")

    assert first.out.endswith("is lifted. Work goes on when milepost up runs.\n")
    assert (second.code, second.out) == (0, "Nothing is stopped.\n")
    assert not (data / "STOP").exists()


async def test_a_second_stop_says_who_was_first(milepost: Milepost, data: Path) -> None:
    (data / "STOP").write_text('{"by": "Ann", "at": "2026-03-02T09:00:00+00:00"}')

    ended = await milepost("stop")

    assert ended.code == 0
    assert "It was stopped already, by Ann at 02 Mar" in ended.out


async def test_doctor_says_that_it_is_stopped(milepost: Milepost, data: Path) -> None:
    (data / "STOP").write_text('{"by": "Ann", "at": "2026-03-02T09:00:00+00:00"}')

    ended = await milepost("doctor", "--json")

    checks = {one["check"]: one for one in json.loads(ended.out)["checks"]}
    assert checks["stop"]["state"] == "note"
    assert checks["stop"]["seen"].startswith("everything is stopped by Ann since 2026-03-02")


async def test_another_folder_is_named(milepost: Milepost, folder: Path) -> None:
    ended = await milepost("stop", env={"MILEPOST_DATA_DIR": str(folder / "nowhere")})

    assert ended.code == 2
    assert ended.err.startswith("milepost: There is no data folder")


async def test_a_process_that_the_database_names_is_ended_only_if_it_is_the_same(
    milepost: Milepost, data: Path
) -> None:
    """Its number may have been given to a stranger meanwhile: the start time tells."""
    unmarked, stranger = child(data, marked=False), child(data, marked=False)
    try:
        started = psutil.Process(unmarked.pid).create_time()
        _attempts(data, [(unmarked.pid, started), (stranger.pid, started - 3_600)])

        ended = await milepost("stop", "--json")

        assert json.loads(ended.out)["ended"] == 1
        assert unmarked.wait(PATIENCE_S) == -signal.SIGKILL
        assert stranger.poll() is None
    finally:
        for process in (unmarked, stranger):
            process.kill()
            process.wait()


def _attempts(data: Path, processes: list[tuple[int, float]]) -> None:
    with closing(sqlite3.connect(data / "milepost.db")) as database, database:
        database.execute("CREATE TABLE task_attempts (pid, pid_started, task_ref, number, state)")
        rows = [(pid, at, f"1.{place}", 1, "running") for place, (pid, at) in enumerate(processes, start=1)]
        database.executemany("INSERT INTO task_attempts VALUES (?, ?, ?, ?, ?)", rows)


@pytest.mark.parametrize("mistake", ["[executor]\nautonomy = 3\n", "[nonsense]\nx = 1\n"])
async def test_a_mistake_in_the_configuration_keeps_nobody_from_stopping(
    milepost: Milepost, data: Path, tmp_path: Path, mistake: str
) -> None:
    (tmp_path / "config.toml").write_text(f'data_dir = "data"\n{mistake}')

    ended = await milepost("stop", env={"MILEPOST_DATA_DIR": ""})

    assert (ended.code, ended.err) == (0, "")
    assert (data / "STOP").exists()
