"""Commands in a sandbox, in a PID namespace of their own: how each of them ended."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from tests.actions.sandboxed import Probe
from tests.apart import NOBODY, apart, need_bubblewrap

Report = dict[str, Any]
Ask = Callable[[str], Report]


@contextmanager
def asking(kind: str, probes: Mapping[str, Probe]) -> Iterator[Ask]:
    """What gives the report of a probe by its name; all of them run together, once, when the first is asked for. Skips
    where that can't be done."""
    need_bubblewrap()
    apart()
    with tempfile.TemporaryDirectory(prefix="milepost-sandbox-") as place:  # pytest's own are closed to others
        Path(place).chmod(0o755)
        reports = cache(lambda: reported(kind, Path(place), probes))
        yield lambda name: reports()[name]


def reported(kind: str, place: Path, probes: Mapping[str, Probe]) -> dict[str, Report]:
    """`kind`: whose children they are, "root" or "nobody". A broken sandbox is in each report."""
    folder = place / kind
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "canary").write_text("CANARY")
    (folder / "config.toml").write_text("CANARY")
    (folder / "seen").write_text("seen\n")
    (folder / "given").mkdir(exist_ok=True)
    shutil.chown(folder / "given", int(NOBODY), int(NOBODY))
    if kind == "nobody":
        for one in (folder, *folder.rglob("*")):
            shutil.chown(one, int(NOBODY), int(NOBODY))
    done = subprocess.run(
        [*apart(root=kind == "root"), sys.executable, "-m", "tests.actions.sandboxed", str(folder)],
        input=json.dumps([asdict(probe) for probe in probes.values()]),
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "MILEPOST_SECRET": "CANARY"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=840,
    )
    if done.returncode != 0:
        return {name: {"broken": done.stderr} for name in probes}
    return dict(zip(probes, json.loads(done.stdout), strict=True))
