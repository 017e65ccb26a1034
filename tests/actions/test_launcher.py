"""How children are started."""

import subprocess
from pathlib import Path

from executor.actions.launcher import Lasting, PlainLauncher, environment


def test_a_server_that_stays_speaks_over_its_streams_in_its_folder(tmp_path: Path) -> None:
    around = environment(tmp_path, "server", {"GREETING": "hello"})
    spawn = PlainLauncher().lasting(
        Lasting(
            arguments=["sh", "-c", 'read word; echo "$GREETING $word"; pwd'], workspace=tmp_path, environment=around
        )
    )
    said = subprocess.run(
        spawn.arguments, input="world\n", env=spawn.environment, cwd=spawn.folder, capture_output=True, text=True
    )

    assert (said.returncode, said.stdout) == (0, f"hello world\n{tmp_path}\n")
