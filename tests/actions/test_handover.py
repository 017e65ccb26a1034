"""A goal's files in the folder of the goal that it is part of."""

import contextlib
import os
import threading
from pathlib import Path

import pytest

from executor.actions.handover import FolderHandover, copy
from executor.ports import HandedOver


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "2", tmp_path / "1"
    source.mkdir()
    target.mkdir()
    return source, target


async def hand_over(source: Path, target: Path) -> HandedOver:
    return await FolderHandover(lambda number: source, target.parent / "histories").hand_over(2, target, "part")


async def test_files_come_with_their_rights_and_links_as_links(two: tuple[Path, Path]) -> None:
    source, target = two
    (source / "run.sh").write_text("echo")
    (source / "run.sh").chmod(0o755)
    (source / "deep" / "er").mkdir(parents=True)
    (source / "deep" / "er" / "file").write_bytes(b"\0\xff")
    (source / "link").symlink_to("/etc/passwd")

    handed = await hand_over(source, target)

    assert handed == HandedOver(folder="part", files=3)
    assert os.access(target / "part" / "run.sh", os.X_OK)
    assert (target / "part" / "deep" / "er" / "file").read_bytes() == b"\0\xff"
    assert (target / "part" / "link").readlink() == Path("/etc/passwd")


async def test_what_is_installed_a_pipe_and_a_hard_link_stay_behind(two: tuple[Path, Path]) -> None:
    source, target = two
    (source / "node_modules").mkdir()
    (source / "node_modules" / "x").write_text("x")
    os.mkfifo(source / "pipe")
    (target.parent / "outside").write_text("secret")
    (source / "hard").hardlink_to(target.parent / "outside")
    (source / "file").write_text("1")

    handed = await hand_over(source, target)

    assert handed == HandedOver(folder="part", files=1, left=("hard (hard-linked)",))
    assert sorted(one.name for one in (target / "part").iterdir()) == ["file"]


async def test_no_link_in_the_receiving_folder_leads_the_files_elsewhere(two: tuple[Path, Path]) -> None:
    source, target = two
    outside = target.parent / "outside"
    outside.mkdir()
    (outside / "file").write_text("as it was")
    (source / "file").write_text("new")
    (target / "part").symlink_to(outside)

    with pytest.raises(OSError, match="directory|symbolic"):
        await hand_over(source, target)
    (target / "part").unlink()
    (target / "part").mkdir()
    (target / "part" / "file").symlink_to(outside / "file")
    await hand_over(source, target)

    assert (outside / "file").read_text() == "as it was"
    assert (target / "part" / "file").read_text() == "new"
    assert not (target / "part" / "file").is_symlink()


async def test_what_was_there_stays_but_for_the_same_names(two: tuple[Path, Path]) -> None:
    source, target = two
    (source / "a").write_text("new")
    (target / "part").mkdir()
    (target / "part" / "a").write_text("old")
    (target / "part" / "own").write_text("mine")

    await hand_over(source, target)

    assert {one.name: one.read_text() for one in (target / "part").iterdir()} == {"a": "new", "own": "mine"}


def test_broken_off_anywhere_it_leaves_whole_files_and_goes_on_the_next_time(two: tuple[Path, Path]) -> None:
    source, target = two
    for name in "abc":
        (source / name).write_text(name * 100)
    (target / ".milepost").mkdir()
    (target / ".milepost" / "handed-over").write_text("half of a fi")  # a kill in the middle of one
    asked = iter([False, True])

    first = copy(source, target, "part", lambda: next(asked))
    after = {one.name: one.read_text() for one in (target / "part").iterdir()}
    copy(source, target, "part", lambda: False)

    assert first.files == 1
    assert after == {"a": "a" * 100}
    assert {one.name: one.read_text() for one in (target / "part").iterdir()} == {name: name * 100 for name in "abc"}
    assert not (target / ".milepost" / "handed-over").exists()


async def test_a_folder_that_turns_into_a_link_meanwhile_lets_nothing_out(two: tuple[Path, Path]) -> None:
    """The receiving folder is swapped for a link out of it, as fast as that goes, while files come in."""
    source, target = two
    for number in range(20):
        (source / str(number)).write_text("new")
    outside, over = target.parent / "outside", threading.Event()
    outside.mkdir()
    (target / "part").mkdir()
    (target / "link").symlink_to(outside)

    def swap() -> None:
        while not over.is_set():
            for one, other in (("part", "aside"), ("link", "part"), ("part", "link"), ("aside", "part")):
                with contextlib.suppress(OSError):
                    (target / one).rename(target / other)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for _ in range(50):
            with contextlib.suppress(OSError):
                await hand_over(source, target)
    finally:
        over.set()
        swapping.join()

    assert list(outside.iterdir()) == []
