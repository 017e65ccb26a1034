"""The database's file: its rights, copies of it, and whether it is whole."""

import os
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

_RESERVE = "reserve_of_pages"
_PRIVATE = 0o600  # goals and their outputs are nobody else's business


def prepare_file(path: Path) -> None:
    """Make the file and its folder where they are missing, and close them to other users. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE))
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists() and file.stat().st_mode & 0o077:
            file.chmod(_PRIVATE)


def log_bytes(path: Path) -> int:
    """The size of the write-ahead log of the database at `path`; 0 where there is none."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except OSError:
        return 0


async def copy_into(connection: AsyncConnection, target: Path) -> None:
    """A compact copy as of now, next to readers and writers. Raises FileExistsError rather than overwrite anything;
    `connection` must not be in a transaction. After a failure nothing is left at `target`."""
    os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, _PRIVATE))
    try:
        await connection.exec_driver_sql("VACUUM INTO ?", (str(target),))
    except BaseException:
        _remove(target)
        raise


async def reserve_pages(connection: AsyncConnection, size: int) -> bool:
    """Free pages for so many bytes within the file, on the disk for good. A table that is filled, written out and
    dropped leaves them. False: there were enough. `connection` is the writer's, outside a transaction."""
    [free], [page] = [
        (await connection.exec_driver_sql(f"PRAGMA {name}")).scalars().all() for name in ("freelist_count", "page_size")
    ]
    if int(free) * int(page) >= size // 2:
        return False
    await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_RESERVE}")  # of a life that ended in between
    try:
        await connection.exec_driver_sql(f"CREATE TABLE {_RESERVE} AS SELECT zeroblob({int(size)}) AS room")
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    finally:
        await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_RESERVE}")
    return True


async def faults(connection: AsyncConnection) -> list[str]:
    """What is wrong with the file's structure; empty where it is whole. Reads the whole file."""
    rows = (await connection.exec_driver_sql("PRAGMA quick_check(20)")).scalars().all()
    return [str(row) for row in rows if row != "ok"]


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
