"""The history checker notices every kind of damage: a finished story is whole, and one wrong row is one sentence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from executor.domain.plan import Check, CheckKind, Criterion
from storage.store import Database
from tests.builders import draft, spec
from tests.crash.history import Happened, Seen, violations
from tests.fakes import ManualClock, ScriptedAction
from tests.world import world

CHAT = 1
MESSAGES = {(CHAT, 7): "the card"}
SEEN = Seen(
    replies={"set": "Goal 1: Rest"},
    effects=[Happened("1.2", 1)],
    effects_seen=True,
    messages=MESSAGES,
    living=["alive"],
)

DAMAGE = {
    "command set was acknowledged (Goal 1: Rest) and is lost": "DELETE FROM commands WHERE id = 'set'",
    "task 1.1 is completed with 0 successful attempts": (
        "UPDATE task_attempts SET state = 'failed' WHERE task_ref = '1.1'"
    ),
    "task 1.1 counts 2 attempts and has [1]": "UPDATE goal_tasks SET attempts = 2 WHERE ref = '1.1'",
    "task 1.1 is completed with 2 times task.completed": (
        "INSERT INTO goal_execution_log (goal_number, task_ref, event, executor_id, executor_type, timestamp, result)"
        " SELECT goal_number, task_ref, event, executor_id, executor_type, timestamp, result FROM goal_execution_log"
        " WHERE task_ref = '1.1' AND event = 'task.completed'"
    ),
    "goal 1 is failed, and its log ends with completed": "UPDATE executor_goals SET state = 'failed'",
    "goal 1 is completed and has 0 final notices": "DELETE FROM notices WHERE key = '1/end'",
    "effect 1.2#1 happened without a stored intent": "DELETE FROM effects",
    "effect 1.2#1 is still only intended": "UPDATE effects SET state = 'intended'",
    "attempt 1.1#1 still runs under dead, which is gone": (
        "UPDATE task_attempts SET state = 'running', executor_id = 'dead' WHERE task_ref = '1.1'"
    ),
    "message 7 in chat 1 stands for 2 notices": "UPDATE notices SET message_id = 7 WHERE key = '1/end'",
    "1/card counts as sent, and message 8 is not in the chat": (
        "UPDATE notices SET message_id = 8 WHERE key = '1/card'"
    ),
    "goal 1 reached 10 % 2 times": (
        "INSERT INTO goal_execution_log (goal_number, task_ref, event, executor_id, executor_type, timestamp, result)"
        " SELECT goal_number, task_ref, event, executor_id, executor_type, timestamp, result FROM goal_execution_log"
        " WHERE event = 'milestone.reached' LIMIT 1"
    ),
    "milestone 1/milestone/10: announced is True, and its notice is False": (
        "DELETE FROM notices WHERE key = '1/milestone/10'"
    ),
    "goal 1 fell from 50% to 10%": "UPDATE goal_progress SET progress = 0.1 WHERE progress = 1",
    "notice 1/end is pending: ": "UPDATE notices SET state = 'pending' WHERE key = '1/end'",
    "updates are not all handled: {'waiting': 1}": (
        "INSERT INTO inbox (update_id, payload, state, received_at, error) VALUES (1, '{}', 'waiting', 0, '')"
    ),
    "decision 1 is open although goal 1 is completed": "UPDATE decisions SET state = 'open'",
    "task 1.1 is completed with 1 open blockages": (
        "INSERT INTO goal_blockages (id, goal_number, task_ref, type, cause, confidence, detail, tried, detected_at,"
        " resolution, status) VALUES ('1.1/1', 1, '1.1', 'error', '', 1, '', '[]', 0, '', 'open')"
    ),
}


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Database]:
    """A goal of two tasks that is over, one of them an effect, and everything said."""
    pay = ScriptedAction("pay", repeatable=False)
    criterion = Criterion(text="Rested", check=Check(kind=CheckKind.COMMAND, command="rested"))
    async with world(tmp_path, ScriptedAction(), pay) as w:
        number = await w.start_goal(draft(spec("1"), spec("2", action="pay", depends_on=("1",)), criteria=(criterion,)))
        await w.run_until_over(number)
    database = await Database.open(tmp_path, ManualClock())
    await damage(database, "UPDATE notices SET state = 'sent', sent_revision = revision")
    await damage(database, "UPDATE notices SET message_id = 7 WHERE key = '1/card'")
    yield database
    await database.close()


async def damage(database: Database, statement: str) -> None:
    async with database._connections.write("damage") as connection:
        await connection.exec_driver_sql(statement)


async def test_a_whole_story_has_nothing_wrong(story: Database) -> None:
    assert await violations(story, SEEN, finished=True) == []


@pytest.mark.parametrize("sentence", DAMAGE)
async def test_damage_is_named(sentence: str, story: Database) -> None:
    await damage(story, DAMAGE[sentence])

    assert sentence in await violations(story, SEEN, finished=True)


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        (
            replace(SEEN, replies={"set": "Goal 2: Rest"}),
            "command set said 'Goal 2: Rest' and is stored as 'Goal 1: Rest'",
        ),
        (replace(SEEN, pressed={"tg:5"}), "press tg:5 was answered with success and is lost"),
        (replace(SEEN, confirmed={5}), "update 5 was confirmed and is lost"),
        (replace(SEEN, effects=[Happened("1.2", 1)] * 2), "effect 1.2#1 happened 2 times"),
        (replace(SEEN, effects=[]), "the effect of task 1.2 counts as done and never happened"),
        (
            replace(SEEN, messages=MESSAGES | {(CHAT, 9): "again"}),
            "1 messages belong to no notice, so they were said twice: {(1, 9): 'again'}",
        ),
    ],
)
async def test_what_the_outside_saw_must_be_there(seen: Seen, sentence: str, story: Database) -> None:
    assert sentence in await violations(story, seen, finished=True)
