"""kill -9 under a load of writes: nothing that was acknowledged is lost, and the file is whole."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

KILLS = 60


@pytest.mark.timeout(900)
def test_what_was_acknowledged_is_stored_whenever_the_writer_is_killed(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")

    ended = subprocess.run(
        [sys.executable, "-m", "tests.crash.write_killer", str(tmp_path), str(KILLS), str(seed)],
        cwd=Path(__file__).parents[2],
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )

    assert ended.returncode == 0, ended.stderr
    seen = json.loads(ended.stdout)
    print(seen)
    assert (seen["lost"], seen["faults"]) == ([], ["ok"])
    assert seen["acknowledged"] >= KILLS
    assert seen["unheard"] <= KILLS  # committed, and killed before it could say so: one a life at most
