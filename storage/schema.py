"""Bringing a database to the schema of this program, and refusing one that is ahead of it."""

import enum
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, Table, Text, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection

from executor.domain.errors import DataFolderError, NewerSchema
from storage.connections import Connections
from storage.migrations import HEAD, REVISIONS
from storage.sqlite import copy_into
from storage.tables import metadata

LABELS = ("migrate",)

_MIGRATIONS = Path(__file__).parent / "migrations"
_version = Table("alembic_version", MetaData(), Column("version_num", Text))


class Schema(enum.Enum):
    """What a database is before it is migrated."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Migrated:
    """`before` None: the database was made just now. `backup` None: nothing was there to be backed up."""

    before: str | None
    now: str
    backup: Path | None


async def migrate(connections: Connections, path: Path, *, to: str = HEAD) -> Migrated:
    """Safe to call twice. An older database is copied beside itself first. Raises NewerSchema, DataFolderError."""
    async with connections.read() as connection:
        before = await revision_of(connection, path)
    if before == to:
        return Migrated(before, to, None)
    backup = None
    if before is not None:
        backup = path.with_name(f"{path.stem}-before-{to}{path.suffix}")
        async with connections.alone() as connection:
            await _copy_once(connection, backup)
    async with connections.write("migrate") as connection:
        await connection.run_sync(_create if before is None and to == HEAD else lambda raw: _upgrade(raw, to))
    return Migrated(before, to, backup)


async def revision_of(connection: AsyncConnection, path: Path) -> str | None:
    """None for an empty database. Raises NewerSchema for a revision that this program does not know."""
    names = await connection.run_sync(lambda raw: inspect(raw).get_table_names())
    if not names:
        return None
    if _version.name not in names:
        raise DataFolderError(f"The database {path} belongs to another program; choose another data_dir.")
    revision: str | None = (await connection.execute(select(_version.c.version_num))).scalar()
    if revision not in REVISIONS:
        raise NewerSchema(
            f"The database {path} was written by a newer Milepost (schema {revision}, this one knows up to {HEAD}); "
            "install that version, or restore an older backup."
        )
    return revision


async def _copy_once(connection: AsyncConnection, backup: Path) -> None:
    """A copy left by a migration that did not end is as good as a new one, and nothing is ever overwritten."""
    try:
        await copy_into(connection, backup)
    except FileExistsError:
        return


def _create(connection: Connection) -> None:
    """Everything at once: the same schema as all migrations in a row, which a test holds it to, in a tenth of the
    time."""
    metadata.create_all(connection, checkfirst=False)
    _version.create(connection)
    connection.execute(insert(_version).values(version_num=HEAD))


def _upgrade(connection: Connection, to: str) -> None:
    import alembic.command  # noqa: PLC0415 - takes longer to import than the rest of the start; needed once a version
    import alembic.config  # noqa: PLC0415

    config = alembic.config.Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, to)
