"""The adapter of the port Store, and the one object through which the rest of the program reaches the database."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from executor.domain.allowance import Budget
from executor.domain.attempt import Attempt
from executor.domain.circuit import Circuit
from executor.domain.decision import Decision
from executor.domain.errors import DataFolderError, Unconfigured
from executor.domain.event import Event
from executor.domain.goal import Goal
from executor.domain.lesson import Calibration, Lesson
from executor.domain.letter import DeadLetter
from executor.domain.plan import GoalDraft, Plan
from executor.domain.secret import SealedSecret
from executor.domain.turn import Turn
from executor.ports import CaseRows, Clock, CrashPoints, GoalRecord, GoalView, Pulse, Spent, Transaction
from storage import chats, families, habits, housekeeping, inbox, listing, outbox, purse, schema
from storage.chats import ChatRows
from storage.connections import Connections
from storage.habits import HabitRows
from storage.housekeeping import HousekeepingRows
from storage.inbox import InboxRows
from storage.lessons import read_calibrations, read_lessons
from storage.letters import read_letters
from storage.maintenance import backup, checkpoint, keep_free, quick_check, write_out
from storage.outbox import OutboxRows
from storage.purse import Caps, PurseRows
from storage.reading import read_decision, read_plan, read_view, read_watched
from storage.recording import read_record
from storage.replies import read_reply
from storage.rounds import read_round
from storage.schema import Migrated, migrate
from storage.sqlite import log_bytes, open_engines, prepare_file
from storage.transaction import WriteTransaction
from storage.turns import read_turns

FILE_NAME = "milepost.db"

LABELS = (
    *schema.LABELS,
    *outbox.LABELS,
    *inbox.LABELS,
    *chats.LABELS,
    *habits.LABELS,
    *housekeeping.LABELS,
    *purse.LABELS,
)
"""The labels of the transactions that storage begins by itself; the engine brings its own."""


def crash_point_names(labels: Sequence[str] = LABELS) -> list[str]:
    """The crash points of the transactions with these labels."""
    return [f"storage.{label}.{moment}" for label in labels for moment in ("before_commit", "after_commit")]


class NoCrashPoints:
    """Production: nothing ever stops there."""

    def reached(self, name: str) -> None:
        return


class Database:
    """Made by `open`. `outbox`, `inbox`, `chats` and `housekeeping` work on the same connections."""

    def __init__(self, connections: Connections, path: Path, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self.path = path
        self.inbox = InboxRows(connections, clock)
        self.chats = ChatRows(connections)
        self.habits = HabitRows(connections)
        self.housekeeping = HousekeepingRows(connections)
        self.outbox = OutboxRows(connections, self.chats, clock)

    @classmethod
    async def open(
        cls, place: Path | str, clock: Clock, crash_points: CrashPoints | None = None, *, migrated: bool = True
    ) -> "Database":
        """`place` is the data folder or a URL; `migrated` False leaves the schema as it is (for doctor). Raises
        DataFolderError, NewerSchema or Unconfigured, each with a sentence; nothing is then left open."""
        path = _path(place)
        try:
            prepare_file(path)
        except OSError as error:
            raise DataFolderError(
                f"The data folder {path.parent} can't be used: {error.strerror}; choose another data_dir, or change "
                "its rights."
            ) from error
        database = cls(Connections(open_engines(path), crash_points or NoCrashPoints()), path, clock)
        try:
            if migrated:
                await database.migrate()
        except BaseException:
            await database.close()
            raise
        return database

    def purse(self, caps: Caps) -> PurseRows:
        """The ledger of what models cost, on the same connections."""
        return PurseRows(self._connections, caps)

    async def close(self) -> None:
        """Waits for a write transaction that is under way."""
        await self._connections.close()

    async def migrate(self) -> Migrated:
        return await migrate(self._connections, self.path)

    async def backup(self, target: Path) -> None:
        """A copy of the database as of now; see `storage.maintenance`."""
        await backup(self._connections, target)

    def log_bytes(self) -> int:
        """How large the write-ahead log is."""
        return log_bytes(self.path)

    async def checkpoint(self) -> None:
        """Put everything into the database's own file, as far as no reading of another program stands in the way."""
        await checkpoint(self._connections)

    async def write_out(self) -> None:
        await write_out(self._connections)

    async def keep_free(self, size: int) -> bool:
        return await keep_free(self._connections, size)

    def when_full(self, told: Callable[[], None]) -> None:
        """`told` hears of every write that found no room."""
        self._connections.full = told

    async def quick_check(self) -> list[str]:
        """What is wrong with the file; empty where it is whole."""
        return await quick_check(self._connections)

    @asynccontextmanager
    async def transaction(self, label: str = "write") -> AsyncIterator[Transaction]:
        async with self._connections.write(label) as connection:
            yield WriteTransaction(connection, self._clock)

    async def reply(self, command_id: str) -> Mapping[str, object] | None:
        async with self._connections.read_once() as connection:
            return await read_reply(connection, command_id)

    async def view(self, goal_number: int) -> GoalView | None:
        async with self._connections.read() as connection:
            return await read_view(connection, goal_number)

    async def record(self, goal_number: int) -> GoalRecord:
        async with self._connections.read() as connection:
            return await read_record(connection, goal_number)

    async def watched(self, numbers: Collection[int] | None = None) -> list[CaseRows]:
        async with self._connections.read() as connection:
            return await read_watched(connection, numbers)

    async def durations(self, signatures: Collection[str], most: int) -> dict[str, list[float]]:
        async with self._connections.read() as connection:
            return await listing.read_durations(connection, signatures, most)

    async def goals(
        self, *, open_only: bool, chat_id: int | None = None, limit: int = 50, whole: bool = False
    ) -> list[Goal]:
        async with self._connections.read_once() as connection:
            return await listing.read_goals(connection, open_only, chat_id, limit, whole)

    async def dead_letters(self, chat_id: int | None, *, offset: int, limit: int) -> list[DeadLetter]:
        async with self._connections.read() as connection:
            return await read_letters(connection, chat_id, offset, limit)

    async def lessons(self) -> list[Lesson]:
        async with self._connections.read_once() as connection:
            return await read_lessons(connection)

    async def calibrations(self) -> list[Calibration]:
        async with self._connections.read_once() as connection:
            return await read_calibrations(connection)

    async def draft(self, goal_number: int) -> GoalDraft | None:
        async with self._connections.read_once() as connection:
            return await listing.read_draft(connection, goal_number)

    async def plan(self, goal_number: int, version: int | None = None) -> Plan | None:
        async with self._connections.read_once() as connection:
            return await read_plan(connection, goal_number, version)

    async def attempts(self, goal_number: int, task_ref: str | None = None, *, limit: int = 500) -> list[Attempt]:
        async with self._connections.read_once() as connection:
            return await listing.read_attempts(connection, goal_number, task_ref, limit)

    async def outputs(self, goal_number: int, keys: Sequence[str]) -> dict[str, str]:
        async with self._connections.read_once() as connection:
            return await listing.read_outputs(connection, goal_number, keys)

    async def turns(self, goal_number: int, task_ref: str | None = None) -> list[Turn]:
        async with self._connections.read_once() as connection:
            return await read_turns(connection, goal_number, task_ref)

    async def events(self, goal_number: int, *, limit: int = 200) -> list[Event]:
        async with self._connections.read_once() as connection:
            return await listing.read_events(connection, goal_number, limit)

    async def decision(self, number: int) -> Decision | None:
        async with self._connections.read_once() as connection:
            return await read_decision(connection, number)

    async def round_of_approvals(self, goal_number: int, number: int) -> list[Decision]:
        async with self._connections.read_once() as connection:
            return await read_round(connection, goal_number, number)

    async def open_decisions(self, chat_id: int | None = None) -> list[Decision]:
        async with self._connections.read_once() as connection:
            return await listing.read_open_decisions(connection, chat_id)

    async def decision_of_message(self, chat_id: int, message_id: int) -> Decision | None:
        async with self._connections.read_once() as connection:
            return await listing.read_decision_of_message(connection, chat_id, message_id)

    async def secrets(self) -> list[SealedSecret]:
        async with self._connections.read_once() as connection:
            return await listing.read_secrets(connection)

    async def next_due_at(self, after: datetime) -> datetime | None:
        async with self._connections.read() as connection:
            return await listing.read_next_due_at(connection, after)

    async def spending(self, goal_number: int) -> list[Spent]:
        async with self._connections.read_once() as connection:
            return await purse.read_spending(connection, goal_number)

    async def budget(self, goal_number: int) -> Budget | None:
        async with self._connections.read() as connection:
            return await purse.read_budget(connection, goal_number)

    async def families(self) -> list[tuple[int, str]]:
        async with self._connections.read_once() as connection:
            return await families.read_families(connection)

    async def subgoal(self, task_ref: str, attempt: int) -> GoalView | None:
        async with self._connections.read() as connection:
            number = await families.read_subgoal(connection, task_ref, attempt)
            return None if number is None else await read_view(connection, number)

    async def spent_usd(self, goal_number: int) -> Decimal:
        async with self._connections.read_once() as connection:
            return await listing.read_spent_usd(connection, goal_number)

    async def circuits(self) -> list[Circuit]:
        async with self._connections.read_once() as connection:
            return await listing.read_circuits(connection)

    async def circuits_due(self, now: datetime) -> list[Circuit]:
        async with self._connections.read_once() as connection:
            return await listing.read_circuits_due(connection, now)

    async def pulse(self) -> Pulse:
        async with self._connections.read() as connection:
            return await listing.read_pulse(connection, self.path)


def _path(place: Path | str) -> Path:
    if isinstance(place, Path):
        return place / FILE_NAME
    if "://" not in place:
        return Path(place) / FILE_NAME
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise Unconfigured("storage.url is not a database URL; leave it empty for SQLite in data_dir.") from error
    if url.get_backend_name() != "sqlite" or not url.database:
        raise Unconfigured(
            f"storage.url names {url.get_backend_name()}, which this version can't use; leave it empty for SQLite."
        )
    return Path(url.database)
