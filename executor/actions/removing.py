"""Removing a folder of ours with everything in it."""

import os
import shutil
from pathlib import Path


def remove(folder: Path) -> None:
    """Links in it are removed and not followed. A command may have left folders that can't be read or written; they
    are ours all the same. Raises OSError."""
    try:
        shutil.rmtree(folder)
    except PermissionError:
        folder.chmod(0o700)
        for here, names, _ in os.walk(folder):
            for inner in (Path(here, name) for name in names):
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(folder)
