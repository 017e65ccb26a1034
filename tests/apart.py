"""A PID namespace of its own for what may kill everything that it sees."""

import os
import shutil
import subprocess
import sys

import pytest

NOBODY = "65534"
CAPABILITY = "+dac_read_search"


def apart(*, root: bool = False) -> list[str]:
    """The words before a command that put it into a PID namespace of its own; as nobody, unless `root`. That nobody may
    read what others own, because the interpreter may be installed in somebody's home. Skips where that can't be had."""
    if os.getuid() != 0:
        pytest.skip("only root can make a PID namespace with a /proc of its own")
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("unshare and setpriv (util-linux) are not installed")
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if not root:
        words += ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        words += [f"--inh-caps={CAPABILITY}", f"--ambient-caps={CAPABILITY}"]
    tried = subprocess.run([*words, sys.executable, "-c", "pass"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no PID namespace here: {tried.stderr.strip()}")
    return words
