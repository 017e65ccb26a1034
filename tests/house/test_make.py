"""`make run` on machines that lack something: one line that says what to do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
OLD = '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit 0\nexit 1\n'
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n'


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs: only what every system has."""
    for name in ("bash", "sh", "rm"):
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    return tmp_path


def environment_made(machine: Path, python: str | None) -> subprocess.CompletedProcess[str]:
    if python:
        (machine / "python3").write_text(python)
        (machine / "python3").chmod(0o755)
    work = machine / "a checkout"
    work.mkdir()
    return subprocess.run(
        ["bash", PROJECT / "scripts" / "environment.sh", "python3"],
        capture_output=True, text=True, check=False, cwd=work, env={"PATH": str(machine)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("python", "line"),
    [
        (
            OLD,
            "Milepost needs Python 3.11 or newer, and python3 is Python 3.9.2. "
            "Name another: make run PYTHON=/path/to/python",
        ),
        (WITHOUT_VENV, "python3 has no venv module. On Debian or Ubuntu: sudo apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_one_line(machine: Path, python: str, line: str) -> None:
    ended = environment_made(machine, python)

    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line + "\n")


def test_no_python_at_all_is_one_line(machine: Path) -> None:
    ended = environment_made(machine, None)

    assert ended.returncode == 1
    assert "Milepost needs Python 3.11 or newer" in ended.stderr.splitlines()[-1]


def test_the_checks_of_a_clean_checkout_are_those_of_make_test() -> None:
    run = PROJECT / ".ci" / "run"

    assert os.access(run, os.X_OK)
    assert "make test" in run.read_text()


def test_the_locks_hold_every_package_by_hash_and_name_no_index() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (PROJECT / lock).read_text()
        packages = [line for line in text.splitlines() if "==" in line]
        assert packages
        assert all(line.rstrip().endswith("\\") for line in packages)
        assert "://" not in text
