"""A disk that runs full: it is seen before the last byte, and a reserve is given up then."""

import os
from pathlib import Path

import pytest

from executor.actions.room import LOW_BYTES, RESERVE, DiskRoom, usage

TOTAL = 1000 * LOW_BYTES
SMALL = 2_000_000  # a disk of two megabytes: too little is 100 kB, enough again 200 kB


class Disk:
    def __init__(self, total: int = TOTAL) -> None:
        self.total = total
        self.free = total

    def __call__(self, folder: Path) -> tuple[int, int]:
        return self.free, self.total


@pytest.mark.parametrize(("total", "low"), [(TOTAL, LOW_BYTES), (SMALL, SMALL // 20)])
def test_too_little_is_said_until_there_is_clearly_more(tmp_path: Path, total: int, low: int) -> None:
    disk = Disk(total)
    room = DiskRoom(tmp_path, disk)
    said = []
    for free in (total, low, low - 1, low, 2 * low - 1, 2 * low, low):
        disk.free = free
        said.append(room.short() is not None)

    assert said == [False, False, True, True, True, False, False]


def test_the_sentence_names_the_place_and_what_is_left(tmp_path: Path) -> None:
    disk = Disk()
    disk.free = 1_234_567

    assert DiskRoom(tmp_path, disk).short() == (
        f"The disk with {tmp_path} is full (1.2 MB free): nothing new begins until there is room"
    )


def test_the_reserve_takes_up_room_until_there_is_none(tmp_path: Path) -> None:
    disk = Disk()
    room, reserve = DiskRoom(tmp_path, disk), tmp_path / RESERVE
    room.short()
    kept = reserve.stat()
    disk.free = 0
    room.short()
    not_at_once = reserve.exists()
    room.give_up()
    given_up = not reserve.exists()
    disk.free = TOTAL
    room.short()

    assert kept.st_blocks * 512 >= LOW_BYTES // 8
    assert kept.st_mode & 0o777 == 0o600
    assert (not_at_once, given_up, reserve.exists()) == (True, True, True)


def test_a_write_that_found_no_room_counts_whatever_is_said_to_be_free(tmp_path: Path) -> None:
    room = DiskRoom(tmp_path, Disk())
    before = room.short()
    room.filled()

    assert before is None
    assert room.short() is not None
    assert room.short() is None  # a write succeeds again: the reserve is there


def test_a_small_disk_gives_the_database_a_small_reserve(tmp_path: Path) -> None:
    assert DiskRoom(tmp_path, Disk()).database_bytes() == 1024 * 1024
    assert DiskRoom(tmp_path, Disk(SMALL)).database_bytes() == 50_000


def test_a_folder_that_can_not_be_looked_at_says_nothing(tmp_path: Path) -> None:
    assert DiskRoom(tmp_path / "gone").short() is None


def test_a_disk_without_one_more_file_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)

    class Inodes:
        f_bavail, f_frsize, f_blocks, f_files, f_favail = real.f_bavail, real.f_frsize, real.f_blocks, 100, 0

    monkeypatch.setattr(os, "statvfs", lambda folder: Inodes)

    assert usage(tmp_path)[0] == 0
