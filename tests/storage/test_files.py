import asyncio
import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy.exc import StatementError

from executor.domain.errors import DataFolderError, Unconfigured
from executor.domain.habits import Habits
from executor.ports import Changes
from storage import purse
from storage.store import FILE_NAME, LABELS, Database, crash_point_names
from tests.builders import goal
from tests.fakes import CrashAt, Crashed, ManualClock
from tests.storage.making import notice, running, save

PAGE_BYTES = 4096


async def test_the_files_are_for_this_user_alone(database: Database, tmp_path: Path) -> None:
    await save(database, new_goals=[running()])

    modes = {file.name: oct(stat.S_IMODE(file.stat().st_mode)) for file in tmp_path.iterdir()}
    assert modes == {f"{FILE_NAME}{end}": "0o600" for end in ("", "-wal", "-shm")}


async def test_an_open_file_of_before_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).touch(0o644)

    database = await Database.open(tmp_path, ManualClock())
    await database.close()

    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


async def test_what_was_saved_is_there_after_opening_again(tmp_path: Path) -> None:
    first = await Database.open(tmp_path / "deep" / "er", ManualClock())
    await save(first, new_goals=[running()])
    await first.close()

    second = await Database.open(f"sqlite:///{tmp_path}/deep/er/{FILE_NAME}", ManualClock())
    goals = await second.goals(open_only=True)
    await second.close()

    assert goals == [running()]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("file/data", "The data folder {0}/file/data can't be used: Not a directory; choose another data_dir"),
        ("taken", "The data folder {0}/taken can't be used: Is a directory; choose another data_dir"),
        ("garbage", "The database {0}/garbage/milepost.db is not a database; move it away, or restore a backup of it."),
    ],
)
async def test_a_data_folder_that_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path, place: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "taken" / FILE_NAME).mkdir(parents=True)
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / FILE_NAME).write_bytes(b"not a database " * 100)

    with pytest.raises(DataFolderError) as refused:
        await Database.open(tmp_path / place, ManualClock())

    assert refused.value.public.startswith(sentence.format(tmp_path))


@pytest.mark.parametrize("url", ["postgresql+asyncpg://host/db", "sqlite://", "nonsense://", "://"])
async def test_a_database_that_this_version_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(Unconfigured, match=r"storage\.url"):
        await Database.open(url, ManualClock())


async def test_a_full_disk_is_said_in_one_sentence_and_loses_nothing(database: Database) -> None:
    await save(database, new_goals=[running()])
    async with database._connections.alone() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    with pytest.raises(DataFolderError, match="the disk is full; free some space"):
        await save(database, notices=[notice(facts={"text": "x" * 100_000})])

    async with database._connections.alone() as connection:
        await connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    await save(database, notices=[notice()])
    assert await database.goals(open_only=True) == [running()]


async def test_damage_is_found(tmp_path: Path) -> None:
    database = await Database.open(tmp_path, ManualClock())
    await save(database, new_goals=[goal(n) for n in range(1, 200)])
    whole = await database.quick_check()
    await database.close()
    path = tmp_path / FILE_NAME
    with sqlite3.connect(path) as connection:
        [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'executor_goals'").fetchone()
    connection.close()
    body = bytearray(path.read_bytes())
    body[(page - 1) * PAGE_BYTES] = 0x77  # what kind of page it is
    path.write_bytes(body)

    damaged = await Database.open(tmp_path, ManualClock(), migrated=False)
    faults = await damaged.quick_check()
    await damaged.close()

    assert whole == []
    assert faults != []


async def test_a_backup_is_a_database_as_of_now(database: Database, tmp_path: Path) -> None:
    await save(database, new_goals=[running()])

    await database.backup(tmp_path / "copy.db")
    await save(database, new_goals=[running(2)])

    copy = await Database.open(f"sqlite:///{tmp_path}/copy.db", ManualClock())
    assert await copy.goals(open_only=True) == [running()]
    await copy.close()


@pytest.mark.parametrize(
    ("target", "reason"), [("taken.db", "File exists"), ("no/where.db", "No such file or directory")]
)
async def test_a_backup_never_overwrites_anything(database: Database, tmp_path: Path, target: str, reason: str) -> None:
    (tmp_path / "taken.db").write_text("mine")

    with pytest.raises(DataFolderError, match=reason):
        await database.backup(tmp_path / target)

    assert (tmp_path / "taken.db").read_text() == "mine"


async def test_a_reading_sees_one_moment_and_waits_for_no_writer(database: Database) -> None:
    await save(database, new_goals=[running()])
    async with database.transaction() as transaction:
        await transaction.save(Changes(new_goals=[running(2)]))
        meanwhile = await asyncio.wait_for(database.goals(open_only=True), 60)

    assert [meanwhile, await database.goals(open_only=True)] == [[running()], [running(2), running()]]


async def test_writers_wait_for_each_other(database: Database) -> None:
    async def add() -> int:
        async with database.transaction() as transaction:
            number = await transaction.next_goal_number()
            await transaction.save(Changes(new_goals=[goal(number)]))
            return number

    numbers = await asyncio.gather(*(add() for _ in range(20)))

    assert sorted(numbers) == list(range(1, 21))


@pytest.mark.parametrize("turns", range(0, 40, 3))
async def test_a_writer_that_is_cancelled_at_any_moment_writes_all_or_nothing(database: Database, turns: int) -> None:
    async def write() -> None:
        async with database.transaction() as transaction:
            number = await transaction.next_goal_number()
            await transaction.cases([1])
            await transaction.save(Changes(new_goals=[running(number), running(number + 1)]))

    writer = asyncio.create_task(write())
    for _ in range(turns):
        await asyncio.sleep(0.0005 if turns % 2 else 0)
    writer.cancel()
    await asyncio.gather(writer, return_exceptions=True)

    assert len(await database.goals(open_only=True)) in (0, 2)
    await write()
    assert len(await database.goals(open_only=True)) in (2, 4)


async def test_a_transaction_that_asks_for_nothing_holds_nobody_up(database: Database) -> None:
    async with database.transaction():
        pass

    await save(database, new_goals=[running()])
    assert await database.goals(open_only=True) == [running()]


async def test_a_cancelled_writer_leaves_nothing_behind_and_blocks_nobody(database: Database) -> None:
    async def add(number: int) -> None:
        async with database.transaction() as transaction:
            await transaction.save(Changes(new_goals=[goal(number)]))
            await asyncio.Event().wait()

    for delay in range(12):
        writer = asyncio.get_running_loop().create_task(add(delay + 1))
        for _ in range(delay * 3):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
    await save(database, new_goals=[goal(100)])

    assert [g.number for g in await database.goals(open_only=False)] == [100]


async def test_readers_cannot_write(database: Database) -> None:
    from sqlalchemy import text

    with pytest.raises(DataFolderError, match="can't be written"):
        async with database._connections.read_once() as connection:
            await connection.execute(text("DELETE FROM executor_goals"))


async def test_the_writer_waits_for_the_disk_and_only_it_checkpoints(database: Database) -> None:
    async def ask(pragma: str, *, reading: bool) -> object:
        way = database._connections.read_once() if reading else database._connections.alone()
        async with way as connection:
            return (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar()

    pragmas = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "query_only", "trusted_schema")
    writer = [await ask(pragma, reading=False) for pragma in pragmas]
    reader = [await ask(pragma, reading=True) for pragma in pragmas]

    assert writer == ["wal", 2, 1, 1000, 0, 0]
    assert reader[3:] == [0, 1, 0]


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = running(deadline_at=running().created_at.replace(tzinfo=None))

    with pytest.raises((ValueError, StatementError), match="needs a time zone"):
        await save(database, new_goals=[naive])


@pytest.mark.parametrize(("moment", "kept"), [("before_commit", []), ("after_commit", [running()])])
async def test_a_crash_at_a_commit_is_all_or_nothing(tmp_path: Path, moment: str, kept: list[object]) -> None:
    database = await Database.open(tmp_path, ManualClock(), CrashAt(f"storage.settle.{moment}"))
    with pytest.raises(Crashed):
        async with database.transaction("settle") as transaction:
            await transaction.save(Changes(new_goals=[running()]))
    await database.close()

    again = await Database.open(tmp_path, ManualClock())
    goals = await again.goals(open_only=False)
    await again.close()

    assert goals == kept


async def test_every_commit_of_storage_has_its_crash_points(database: Database, crash_points: CrashAt) -> None:
    outbox, inbox, chats = database.outbox, database.inbox, database.chats
    now = running().created_at
    await outbox.put([notice()])
    await outbox.mark_sending("1/card", None)
    await outbox.mark_unknown("1/card", "")
    await outbox.mark_pending("1/card", now, "")
    await outbox.mark_sent("1/card", 1, "", 0, now)
    await outbox.mark_dead("1/card", "")
    await outbox.forget_message("1/card")
    await outbox.move_chat(1, 2)
    await inbox.put([(1, 1, {})])
    await inbox.done(1)
    await inbox.failed(1, "")
    await inbox.prune(now)
    await chats.remember_chat(1, "private", "Ann", now)
    await chats.set_chat_inactive(1, "", now)
    await database.habits.keep(Habits(chat_id=1))
    await database.habits.told(Habits(chat_id=1), [])
    await database.housekeeping.forget_goal(1, now)
    await database.housekeeping.forget_rest(now)

    assert set(crash_points.passed) == set(crash_point_names([one for one in LABELS if one not in purse.LABELS]))


async def test_another_program_that_holds_the_file_is_said_in_one_sentence(
    database: Database,
) -> None:
    async with database._connections.alone() as connection:
        await connection.exec_driver_sql("PRAGMA busy_timeout=10")
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(DataFolderError, match="held by another program"):
        await save(database, new_goals=[running()])

    other.execute("ROLLBACK")
    other.close()
    await save(database, new_goals=[running()])
    assert await database.goals(open_only=True) == [running()]


async def test_a_reserve_that_a_reader_keeps_out_of_the_file_is_not_taken_for_one(database: Database) -> None:
    async with database._connections.read_once() as reader:
        await reader.exec_driver_sql("BEGIN")
        (await reader.exec_driver_sql("SELECT count(*) FROM notices")).scalar_one()
        while_it_reads = await database.keep_free(400_000)
        await reader.exec_driver_sql("ROLLBACK")
    before = database.path.stat().st_size

    afterwards = await database.keep_free(400_000)

    assert (while_it_reads, afterwards) == (False, True)
    assert before < 400_000 <= database.path.stat().st_size


async def test_a_database_with_pages_in_reserve_writes_on_when_the_disk_is_full(database: Database) -> None:
    async with database._connections.alone() as connection:
        await connection.exec_driver_sql("PRAGMA wal_autocheckpoint=50")
    first, second = await database.keep_free(400_000), await database.keep_free(400_000)
    log = database.log_bytes()
    async with database._connections.alone() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    allocated = database.path.stat().st_blocks * 512

    for number in range(60):
        await save(database, notices=[notice(str(number), facts={"text": "x" * 4_000})])

    assert (first, second) == (True, True)
    assert allocated >= 400_000
    assert database.log_bytes() == log  # written over, not grown
    assert await database.quick_check() == []
