"""How SQLite is opened: one connection that writes and checkpoints, and a few that only read."""

from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from weakref import WeakSet

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.sqlite.connection import connector, until_over

READERS = 4
BUSY_MS = 10_000  # another process may hold the file for a moment: a backup, a look with the sqlite3 shell
_CACHE_KB = 16_384
_WAL_BYTES_MAX = 64 * 1024 * 1024  # a WAL that grew larger is cut back after its checkpoint

_EVERYBODY = (
    f"busy_timeout={BUSY_MS}",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "mmap_size=0",
    f"cache_size=-{_CACHE_KB}",
)
# synchronous=FULL: what was acknowledged survives a power cut. Until SQLite 3.51.3 two connections that checkpoint at
# the same time can damage the file, so nobody but the writer ever does.
_WRITER = (
    *_EVERYBODY,
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    f"journal_size_limit={_WAL_BYTES_MAX}",
)
_READER = (*_EVERYBODY, "wal_autocheckpoint=0", "query_only=ON")


@dataclass(frozen=True, slots=True)
class Engines:
    """`writer` holds one connection at most; who uses it holds the store's lock."""

    writer: AsyncEngine
    readers: AsyncEngine
    path: Path
    threads: "WeakSet[Thread]"

    async def close(self) -> None:
        """The writer last: whoever closes the file's last connection checkpoints. A connection that was given up in the
        middle of a visit (its caller was cancelled) may still have an answer on its way to this event loop."""
        await self.readers.dispose()
        await self.writer.dispose()
        for thread in list(self.threads):
            await until_over(thread)


def open_engines(path: Path) -> Engines:
    threads: WeakSet[Thread] = WeakSet()
    return Engines(_engine(path, _WRITER, 1, threads), _engine(path, _READER, READERS, threads), path, threads)


def _engine(path: Path, pragmas: tuple[str, ...], size: int, threads: "WeakSet[Thread]") -> AsyncEngine:
    return create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        connect_args={
            "async_creator_fn": connector(pragmas, threads),
            "isolation_level": None,  # the driver begins nothing by itself
            "cached_statements": 512,
        },
        pool_size=size,
        max_overflow=0,
        hide_parameters=True,  # what goals hold does not belong in error messages
        pool_reset_on_return=None,  # every transaction is ended explicitly, with its errors seen
    )


async def write_log(connection: AsyncConnection) -> None:
    """Checkpoint, as far as nobody else is in the way, waiting for nobody. `connection` is the writer's, outside a
    transaction."""
    await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")


async def fold_log(connection: AsyncConnection) -> None:
    """Checkpoint and cut the write-ahead log to nothing; at once, or not at all where somebody still reads from it.
    `connection` is the writer's, outside a transaction."""
    await connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        await connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")
