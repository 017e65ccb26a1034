"""Bringing a database to the schema of this program, and refusing one that is ahead of it."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.errors import DataFolderError, NewerSchema
from storage.connections import Connections
from storage.migrations import REVISIONS
from storage.sqlite import copy_into, hold_references
from storage.tables import metadata

LABELS = ("migrate",)


@dataclass(frozen=True, slots=True)
class History:
    """The revisions that a program knows, oldest first, and the folder of their scripts."""

    revisions: tuple[str, ...]
    scripts: Path

    @property
    def head(self) -> str:
        return self.revisions[-1]


HISTORY = History(REVISIONS, Path(__file__).parent / "migrations")

# As Alembic itself makes it.
_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


@dataclass(frozen=True, slots=True)
class Migrated:
    """`before` None: the database was made just now. `backup` None: nothing was changed that could be lost."""

    before: str | None
    now: str
    backup: Path | None = None


async def migrate(connections: Connections, path: Path, history: History = HISTORY) -> Migrated:
    """Safe to call twice. An older database is copied beside itself first: ``milepost-before-0002.db``. Raises
    NewerSchema, DataFolderError."""
    async with connections.read() as connection:
        before = await revision_of(connection, path, history)
    if before == history.head:
        return Migrated(before, before)
    if before is None and history is HISTORY:
        async with connections.write("migrate") as connection:
            await connection.run_sync(_create)
        return Migrated(None, history.head)
    backup = None if before is None else path.with_name(f"{path.stem}-before-{history.head}{path.suffix}")
    async with connections.alone() as connection:
        if backup is not None:
            await _copy_once(connection, backup)
        await hold_references(connection, False)
    try:
        async with connections.write("migrate") as connection:
            await connection.run_sync(_upgrade, history)
    finally:
        async with connections.alone() as connection:
            await hold_references(connection, True)
    return Migrated(before, history.head, backup)


async def revision_of(connection: AsyncConnection, path: Path, history: History = HISTORY) -> str | None:
    """None for an empty database. Raises NewerSchema for a revision that this program does not know."""
    names = await connection.run_sync(lambda raw: inspect(raw).get_table_names())
    if not names:
        return None
    if _version.name not in names:
        raise DataFolderError(f"The database {path} belongs to another program; choose another data_dir.")
    revision: str | None = (await connection.execute(select(_version.c.version_num))).scalar()
    if revision not in history.revisions:
        raise NewerSchema(
            f"The database {path} was written by a newer Milepost (schema {revision}, this one knows up to "
            f"{history.head}); install that version, or restore an older backup."
        )
    return revision


async def _copy_once(connection: AsyncConnection, backup: Path) -> None:
    """A copy left by a migration that did not end holds the same: nothing was written since. It is kept."""
    try:
        await copy_into(connection, backup)
    except FileExistsError:
        return
    except OSError as error:
        raise DataFolderError(f"The copy before the migration can't be written: {error.strerror}: {backup}") from error


def _create(connection: Connection) -> None:
    """Everything at once: the same schema as all migrations in a row, which a test holds it to, in a fifth of the
    time."""
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection, checkfirst=False)
    connection.execute(insert(_version).values(version_num=HISTORY.head))


def _upgrade(connection: Connection, history: History) -> None:
    import alembic.command  # noqa: PLC0415 - longer to import than all the rest of a start, and needed once a version
    import alembic.config  # noqa: PLC0415

    config = alembic.config.Config()
    config.set_main_option("script_location", str(history.scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, history.head)
