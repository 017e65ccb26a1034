"""Whatever bears the name STOP stops everything, and can be lifted."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.brake import FileBrake
from tests.fakes import ManualClock


def folder(place: Path) -> None:
    place.mkdir()


def dangling(place: Path) -> None:
    place.symlink_to("nowhere")


def circle(place: Path) -> None:
    place.symlink_to(place.name)


def pipe(place: Path) -> None:
    os.mkfifo(place)


def device(place: Path) -> None:
    place.symlink_to("/dev/zero")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def brake(tmp_path: Path, clock: ManualClock) -> FileBrake:
    return FileBrake(tmp_path, clock.now)


@pytest.mark.parametrize("made", [folder, dangling, circle, pipe, device])
def test_whatever_it_is_it_counts_and_can_be_lifted(
    tmp_path: Path, brake: FileBrake, made: Callable[[Path], None]
) -> None:
    made(tmp_path / "STOP")

    held, (again, new) = brake.held(), brake.set("Ann")

    assert (held is not None and held.by, again, new) == ("somebody", held, False)
    assert brake.lift("Ann") == held
    assert (brake.held(), os.path.lexists(tmp_path / "STOP")) == (None, False)


def test_a_folder_that_holds_something_stays(tmp_path: Path, brake: FileBrake) -> None:
    (tmp_path / "STOP" / "inner").mkdir(parents=True)

    with pytest.raises(OSError, match="not empty"):
        brake.lift("Ann")

    assert brake.held() is not None


def test_a_place_that_nobody_can_look_at_is_one_stop_however_often_one_looks(
    tmp_path: Path, clock: ManualClock
) -> None:
    """Each new one would be told in every chat."""
    brake = FileBrake(tmp_path / ("x" * 300), clock.now)

    first = brake.held()
    clock.advance(1)

    assert first is not None
    assert brake.held() == first
