"""A digest of a folder changes with everything in it that counts, and with nothing else."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from executor.actions import inventory as module
from executor.actions.inventory import inventory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "link").symlink_to("b.txt")
    return tmp_path


def again(path: Path) -> None:
    path.write_text(path.read_text())


CHANGES: list[tuple[str, Callable[[Path], object]]] = [
    ("a byte", lambda folder: (folder / "deep/er/a.txt").write_text("c")),
    ("a new file", lambda folder: (folder / "c.txt").touch()),
    ("a new folder", lambda folder: (folder / "c").mkdir()),
    ("another name", lambda folder: (folder / "b.txt").rename(folder / "d.txt")),
    ("a right", lambda folder: (folder / "b.txt").chmod(0o755)),
    ("another target", lambda folder: ((folder / "link").unlink(), (folder / "link").symlink_to("deep"))),
    ("one less", lambda folder: (folder / "b.txt").unlink()),
]


@pytest.mark.parametrize("change", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES])
def test_it_changes_with_what_lies_there(folder: Path, change: Callable[[Path], object]) -> None:
    before = inventory(folder)

    change(folder)

    assert inventory(folder) != before


def test_the_same_content_written_anew_is_no_change(folder: Path) -> None:
    before = inventory(folder)

    again(folder / "b.txt")
    os.utime(folder / "deep/er/a.txt", (1, 1))

    assert inventory(folder) == before != ""


def test_too_much_to_look_through_says_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BYTES_MAX", 1)
    assert inventory(folder) == ""
    monkeypatch.undo()
    monkeypatch.setattr(module, "ENTRIES_MAX", 3)
    assert inventory(folder) == ""


def test_what_can_not_be_read_says_nothing(tmp_path: Path) -> None:
    assert inventory(tmp_path / "gone") == ""
