"""Which disks other machines may use too, as the kernel's own table tells."""

from pathlib import Path

import pytest

from bot.mounts import shared_disk

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv rw shared:2 - nfs4 server:/srv rw
31 30 8:2 / /srv/local rw shared:3 - ext4 /dev/sdb1 rw
32 22 0:41 / /mnt/my\\040disk rw - cifs //server/share rw
33 22 0:42 / /home rw - nfs server:/home rw
34 33 8:3 / /home rw - xfs /dev/sdc1 rw
35 22 0:43 / /far rw - fuse.sshfs me@there: rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib/milepost", None),
        ("/srv/milepost", "nfs4"),
        ("/srv", "nfs4"),
        ("/srvice/milepost", None),
        ("/srv/local/milepost", None),
        ("/mnt/my disk/milepost", "cifs"),
        ("/home/ann/.local/share/milepost", None),
        ("/far/away", "fuse.sshfs"),
    ],
)
def test_the_nearest_mount_decides(tmp_path: Path, folder: str, kind: str | None) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)

    assert shared_disk(Path(folder), table) == kind


def test_where_there_is_no_table_nothing_is_said(tmp_path: Path) -> None:
    assert shared_disk(tmp_path, tmp_path / "none") is None
