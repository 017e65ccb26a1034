import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "milepost.service"
EXPOSURE_MAX = 3.5  # of 10; a unit without any protection has 9.6


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=180)


def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "milepost"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "milepost.service"
    unit.write_text(UNIT.read_text().replace("/opt/milepost/bin/milepost", str(program)))

    seen = analyze("verify", "--man=no", "--recursive-errors=no", str(unit))

    assert [line for line in seen.stderr.splitlines() if "milepost" in line] == []


def test_the_unit_is_well_protected() -> None:
    seen = analyze("security", "--offline=true", "--no-pager", str(UNIT))

    found = re.search(r"Overall exposure level for milepost.service: ([\d.]+)", seen.stdout)
    assert found, seen.stdout + seen.stderr
    assert float(found[1]) <= EXPOSURE_MAX


def test_the_unit_leaves_what_isolated_commands_need() -> None:
    lines = UNIT.read_text().splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match(r"(Restrict|System)\w+=", line))

    assert {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"} <= set(settings["RestrictNamespaces"].split())
    assert "AF_NETLINK" in settings["RestrictAddressFamilies"]
    assert "SystemCallFilter=@system-service @mount" in lines
    assert "@privileged" not in settings["SystemCallFilter"]
