import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.folder import FolderInUse, hold, holder, prepare
from executor.domain.errors import Unconfigured

HOLD = """
import sys
from pathlib import Path
from bot.folder import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holding_process(folder: Path, *before: str) -> subprocess.Popen[str]:
    """`before`: the words before its command."""
    process = subprocess.Popen(
        [*before, sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(Unconfigured) as refused:
        prepare(tmp_path / "data")

    assert refused.value.public == (
        f"The data folder {tmp_path}/data can't be written: File exists. Set data_dir to a folder that you own."
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to stop being root")
def test_a_folder_of_somebody_else_is_one_line(tmp_path: Path) -> None:
    check = "import os, pathlib, bot.folder; os.setuid(65534); bot.folder.prepare(pathlib.Path('/root/x'))"

    ended = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=False)

    assert "Unconfigured: The data folder /root/x can't be written: Permission denied." in ended.stderr


def test_a_held_folder_refuses_a_second_holder_and_names_the_first(tmp_path: Path) -> None:
    first = holding_process(tmp_path)

    with pytest.raises(FolderInUse) as refused, hold(tmp_path):
        pass

    assert refused.value.public == (
        f"Milepost is already running on {tmp_path} (pid {first.pid}). "
        "Stop it first, or set data_dir to another folder."
    )
    assert (seen := holder(tmp_path)) is not None
    assert seen.pid == first.pid
    end(first)


def test_the_lock_dies_with_its_process_however_that_ends(tmp_path: Path) -> None:
    end(holding_process(tmp_path))

    with hold(tmp_path):
        assert (tmp_path / "milepost.lock").read_text() == f"{os.getpid()}\n"
    assert holder(tmp_path) is None


def test_a_folder_under_another_name_is_the_same_folder(tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    data.mkdir()
    other.symlink_to(data, target_is_directory=True)
    first = holding_process(data)

    with pytest.raises(FolderInUse), hold(other):
        pass

    end(first)


def test_what_a_lock_file_says_decides_nothing(tmp_path: Path) -> None:
    """Of a machine that lost its power, of another boot, or of a process whose number somebody else has now."""
    for text in ("1\n", f"{os.getpid()}\n", "no number", "9" * 40, ""):
        (tmp_path / "milepost.lock").write_text(text)

        assert holder(tmp_path) is None
        with hold(tmp_path):
            assert (tmp_path / "milepost.lock").read_text() == f"{os.getpid()}\n"


def test_a_holder_in_another_pid_namespace_holds_it_as_well(tmp_path: Path) -> None:
    words = ["unshare", "--pid", "--fork", "--kill-child"]
    if os.geteuid() != 0 or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no PID namespace here")
    first = holding_process(tmp_path, *words)

    with pytest.raises(FolderInUse), hold(tmp_path):
        pass

    end(first)


def test_a_folder_that_was_never_used_has_no_holder(tmp_path: Path) -> None:
    assert holder(tmp_path / "none") is None
