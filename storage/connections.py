"""The two ways to the database: write transactions one at a time, and readings that wait for nobody."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.errors import DataFolderError
from executor.ports import CrashPoints
from storage.sqlite import Engines, begin_read, begin_write, commit, is_full, meaning_of, roll_back


class Connections:
    """Owns the engines. Every commit of the program happens in `write`. `full` is called when one found no room."""

    def __init__(self, engines: Engines, crash_points: CrashPoints) -> None:
        self._engines = engines
        self._crash_points = crash_points
        self._writing = asyncio.Lock()
        self.full: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def write(self, label: str) -> AsyncIterator[AsyncConnection]:
        """One write transaction. Leaving the block commits; an exception, a cancellation too, rolls back."""
        async with self._writing, self._connection(reading=False) as connection:
            await begin_write(connection)
            try:
                yield connection
                self._crash_points.reached(f"storage.{label}.before_commit")
                await commit(connection)
            except BaseException:
                await roll_back(connection)
                raise
            self._crash_points.reached(f"storage.{label}.after_commit")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent moment for several statements."""
        async with self._connection(reading=True) as connection:
            await begin_read(connection)
            try:
                yield connection
            finally:
                await roll_back(connection)

    @asynccontextmanager
    async def read_once(self) -> AsyncIterator[AsyncConnection]:
        """For a single statement, which is one moment by itself."""
        async with self._connection(reading=True) as connection:
            yield connection

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """The writer's connection outside any transaction, for a copy of the file."""
        async with self._writing, self._connection(reading=False) as connection:
            yield connection

    async def close(self) -> None:
        async with self._writing:
            await self._engines.close()

    @asynccontextmanager
    async def _connection(self, *, reading: bool) -> AsyncIterator[AsyncConnection]:
        engine = self._engines.readers if reading else self._engines.writer
        with self._explained():
            async with engine.connect() as connection:
                yield connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Trouble with the file becomes one sentence about the file; a mistake of ours stays as it is."""
        try:
            yield
        except DBAPIError as error:
            meaning = meaning_of(error)
            if meaning is None:
                raise
            if is_full(error):
                self.full()
            raise DataFolderError(f"The database {self._engines.path} {meaning}.", detail=str(error.orig)) from error
