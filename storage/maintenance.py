"""Copies of the database, and whether it is whole."""

from pathlib import Path

from executor.domain.errors import DataFolderError
from storage.connections import Connections
from storage.sqlite import copy_into, faults, fold_log, reserve_pages, write_log


async def backup(connections: Connections, target: Path) -> None:
    """A compact copy as of now; readers go on meanwhile. Raises DataFolderError rather than overwrite a file."""
    try:
        async with connections.alone() as connection:
            await copy_into(connection, target)
    except OSError as error:
        raise DataFolderError(f"The backup can't be written to {target}: {error.strerror}.") from error


async def checkpoint(connections: Connections) -> None:
    """Put everything into the database's own file, and give back the room that the write-ahead log takes; as far as no
    reading of another program stands in the way."""
    async with connections.alone() as connection:
        await fold_log(connection)


async def write_out(connections: Connections) -> None:
    """Put the log's pages into the database's own file, and leave the log as large as it is: it is written over."""
    async with connections.alone() as connection:
        await write_log(connection)


async def keep_free(connections: Connections, size: int) -> bool:
    """See that the file has so many bytes of free pages, and its log as many: what is written then needs no room on the
    disk. False: not yet, because somebody reads; call it again soon."""
    async with connections.alone() as connection:
        return await reserve_pages(connection, size)


async def quick_check(connections: Connections) -> list[str]:
    """What is wrong with the file, a line each; empty where it is whole. Reads all of it: seconds for a gigabyte."""
    try:
        async with connections.read_once() as connection:
            return await faults(connection)
    except DataFolderError as error:  # so damaged that even looking fails
        return [error.public]
