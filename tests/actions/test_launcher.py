"""How children are started."""

import os
import subprocess
from pathlib import Path

import pytest

from executor.actions.identity import Identity
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


@pytest.mark.skipif(os.getuid() != 0, reason="only root runs its children as somebody else")
def test_what_stays_owns_the_folder_that_it_works_in(tmp_path: Path) -> None:
    identity = Identity(uid=65534, gid=65534)
    (tmp_path / "server" / ".milepost").mkdir(parents=True)
    lasting = Lasting(arguments=("true",), workspace=tmp_path / "server", environment={})

    PlainLauncher(identity).lasting(lasting)

    assert {one.stat().st_uid for one in (tmp_path / "server", tmp_path / "server" / ".milepost")} == {65534}
