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
    dropped leaves them. False: they stand in the log only, because somebody still reads from it; call it again soon.
    `connection` is the writer's, outside a transaction."""
    free, page = await _asked(connection, "freelist_count"), await _asked(connection, "page_size")
    if free * page < size // 2:
        await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_RESERVE}")  # of a life that ended in between
        try:
            await connection.exec_driver_sql(f"CREATE TABLE {_RESERVE} AS SELECT zeroblob({int(size)}) AS room")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
        finally:
            await connection.exec_driver_sql(f"DROP TABLE IF EXISTS {_RESERVE}")
    if not await _is_written_out(connection, page):
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    return await _is_written_out(connection, page)


async def _is_written_out(connection: AsyncConnection, page: int) -> bool:
    """Whether the file itself has all of its pages."""
    found = await connection.exec_driver_sql("SELECT file FROM pragma_database_list WHERE name = 'main'")
    return _bytes(Path(found.scalar_one())) >= await _asked(connection, "page_count") * page


async def _asked(connection: AsyncConnection, name: str) -> int:
    return int((await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one())


async def faults(connection: AsyncConnection) -> list[str]:
    """What is wrong with the file's structure; empty where it is whole. Reads the whole file."""
    rows = (await connection.exec_driver_sql("PRAGMA quick_check(20)")).scalars().all()
    return [str(row) for row in rows if row != "ok"]


def _bytes(path: Path) -> int:
    return path.stat().st_size


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
