"""Nobody is alive after Milepost, bubblewrap or a sandbox's first process has been killed, however stubborn it is."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.actions.orphans import Case
from tests.apart import NOBODY, apart, need_bubblewrap

BOXED = [Case("command", "bubblewrap", killed) for killed in ("milepost", "bwrap", "init")]
BOXED += [Case("server", "bubblewrap", "milepost")]
PLAIN = [Case("command", "none", "milepost"), Case("server", "none", "milepost")]

pytestmark = pytest.mark.timeout(900)


@cache
def reports(cases: tuple[Case, ...], root: bool) -> dict[Case, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="milepost-orphans-") as place:  # pytest's own are closed to others
        Path(place).chmod(0o755)
        data = Path(place) / "data"
        data.mkdir()
        if not root:
            shutil.chown(data, int(NOBODY), int(NOBODY))
        done = subprocess.run(
            [*apart(root=root), sys.executable, "-m", "tests.actions.orphans", place],
            input=json.dumps([asdict(case) for case in cases]),
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    return dict(zip(cases, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("root", [True, False], ids=["root", "nobody"])
@pytest.mark.parametrize("case", BOXED, ids=lambda case: f"{case.what}, {case.killed} killed")
def test_a_sandbox_ends_with_whoever_holds_it(case: Case, root: bool) -> None:
    need_bubblewrap()

    seen = reports(tuple(BOXED), root)[case]

    assert (seen["running"] >= 4, seen["left"], seen["hunted"]) == (True, [], 0)


@pytest.mark.parametrize(("killed", "told"), [("bwrap", "killed by signal 9"), ("init", "exit code 137 (signal 9)")])
def test_a_sandbox_that_was_killed_from_outside_is_told_as_that(killed: str, told: str) -> None:
    need_bubblewrap()

    assert reports(tuple(BOXED), False)[Case("command", "bubblewrap", killed)]["ended"] == told


@pytest.mark.parametrize("root", [True, False], ids=["root", "nobody"])
@pytest.mark.parametrize("case", PLAIN, ids=lambda case: case.what)
def test_without_a_sandbox_the_next_start_ends_what_was_left(case: Case, root: bool) -> None:
    seen = reports(tuple(PLAIN), root)[case]

    assert (seen["running"] >= 3, seen["hunted"] >= 3, seen["left"]) == (True, True, [])
