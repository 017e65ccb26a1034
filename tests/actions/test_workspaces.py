"""The folder that a goal works in is the goal's own."""

from pathlib import Path

import pytest

from executor.actions.workspaces import Folders
from executor.domain.errors import WrongInput


def test_a_link_in_its_place_is_refused_and_what_it_leads_to_is_left_alone(tmp_path: Path) -> None:
    folders, outside = Folders(tmp_path / "data"), tmp_path / "outside"
    outside.mkdir(mode=0o755)
    own = folders.folder(1)
    own.rmdir()
    own.symlink_to(outside)

    with pytest.raises(WrongInput, match="replaced by a link"):
        folders.folder(1)

    assert outside.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_others_could_look_into_is_closed_again(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "data")
    folders.folder(1).chmod(0o755)

    assert folders.folder(1).stat().st_mode & 0o777 == 0o700
