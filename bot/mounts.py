"""What kind of disk a folder is on. On one that other machines share neither locks nor the database's log can be relied
on: two Mileposts could run on it at once."""

import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.rclone"}
)
_OCTAL = re.compile(r"\\([0-7]{3})")


def shared_disk(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The name of the file system, where other machines may use it too; None: it is a disk of this one, or there is no
    telling."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    here, found = folder.resolve(), (-1, "")
    for number, line in enumerate(lines):
        before, _, after = line.partition(" - ")
        point = Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), before.split()[4]))
        if here.is_relative_to(point):
            found = max(found, (len(point.parts) * 10_000 + number, after.split()[0]))  # of two on one point the later
    return found[1] if found[1] in SHARED else None
