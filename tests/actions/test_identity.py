"""What root gives away."""

import os
from pathlib import Path

import pytest

from executor.actions.identity import NOBODY, Identity, give_all


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_has_another_name_elsewhere_is_not_given_away(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    (folder / "inner").mkdir(parents=True)
    elsewhere.write_text("root's")
    (folder / "inner" / "hard").hardlink_to(elsewhere)
    (folder / "inner" / "link").symlink_to(elsewhere)
    (folder / "own").write_text("theirs")

    give_all(folder, Identity(NOBODY, NOBODY))

    owners = {one.name: one.lstat().st_uid for one in (elsewhere, folder, *folder.rglob("*"))}
    assert owners == {"elsewhere": 0, "folder": NOBODY, "inner": NOBODY, "hard": 0, "link": NOBODY, "own": NOBODY}
