"""The stories that the crash tests tell: together they pass every crash point there is."""

import asyncio
import base64
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bot.real import SystemClock
from executor.domain.goal import Origin
from executor.domain.plan import Check, CheckKind, Criterion, GoalDraft, TaskSpec
from executor.domain.turn import Act
from executor.engine.replies import Accepted, Caller
from executor.engine.service import Executor
from executor.ports import Acting
from storage.store import Database
from tests.crash.history import Seen, violations
from tests.crash.life import CANARY, Life, Plan
from tests.crash.outside import Outside
from tests.fakes import CrashAt
from tests.minds import ScriptedMind, call, done

LIVES_MAX = 4

MOVE = """/goal Move house
- The boxes are packed: `boxes`
- Ann agrees
1. Pack: `ok`
2. Phone: `flaky`
3. Order the van: `broken` after 1
4. Sign the lease after 2
5. Pay the deposit: `pay` after 3,4
6. Tell everybody: `ok` after 5"""

PAINT = GoalDraft(
    title="Paint the room",
    criteria=(Criterion(text="It is dry", check=Check(kind=CheckKind.COMMAND, command="dry")),),
    tasks=(
        TaskSpec(key="colour", title="Choose", action="ask", parameters={"question": "Which colour is nice?"}),
        TaskSpec(key="who", title="Vote", action="ask", parameters={"question": "Who?", "choices": ["Red", "Blue"]}),
        TaskSpec(
            key="buy",
            title="Buy",
            action="shell",
            parameters={"command": "pay for paint"},
            depends_on=("colour", "who"),
        ),
        TaskSpec(key="wait", title="Dry", action="wait", parameters={"seconds": 0.05}, depends_on=("buy",)),
        TaskSpec(
            key="say", title="Say", action="notify", parameters={"text": "It is ${colour.output}"}, depends_on=("wait",)
        ),
        TaskSpec(key="beat", title="Sing", action="shell", parameters={"command": "pulse"}),
    ),
)

TRAVEL = GoalDraft(
    title="Catch the train",
    tasks=(
        TaskSpec(key="pack", title="Pack", action="shell", parameters={"command": "flaky"}, estimated_minutes=90),
        TaskSpec(key="ride", title="Ride", action="shell", parameters={"command": "pay"}, depends_on=("pack",)),
        TaskSpec(key="go", title="Ask Ann", action="manual", parameters={"instructions": "Go"}, depends_on=("ride",)),
    ),
)

FURNISH = GoalDraft(
    title="Furnish the room",
    tasks=(
        TaskSpec(
            key="build",
            title="Build",
            action="agent",
            parameters={"instructions": "Buy it and build it."},
            check=Check(kind=CheckKind.COMMAND, command="stands"),
        ),
        TaskSpec(key="sit", title="Sit", action="shell", parameters={"command": "ok"}, depends_on=("build",)),
    ),
)

NEST = GoalDraft(
    title="Build a shed",
    tasks=(
        TaskSpec(key="roof", title="Roof", action="goal", parameters={"text": "Roof\n1. Lay it: `ok`\n2. Look at it"}),
        TaskSpec(key="door", title="Door", action="shell", parameters={"command": "pay"}, depends_on=("roof",)),
    ),
)

HANG = """/goal Hang the picture
1. Buy a nail: `pay and hang`
2. Hold the hammer: `hang`
3. Swing: `ok` after 1,2"""

SMALL = """/goal Water the plants
1. Fill the can: `ok`
2. Pour: `pay` after 1"""

FAR = """/goal Read the weather
1. Look: `far`
2. Look again: `far`
3. Pack an umbrella: `pay` after 1,2"""


CROWD = """/goal Fold the tent
1. Hold: `hold`
2. Hold: `hold`
3. Hold: `hold`
4. Fold: `ok`
5. Carry: `ok` after 1,2,3,4"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`begin` prepares the outside. `first`: the point where the life before the one under test dies. `again`: what
    happens to the outside between two lives."""

    name: str
    plan: Plan
    begin: Callable[[Outside], None]
    first: tuple[str, int] | None = None
    again: Callable[[Outside], None] = lambda outside: None
    lost_answers: int = 0  # by faults of the network


async def _paint(executor: Executor, outside: Outside) -> None:
    """A goal from the shell: asked for again under the same id until it was acknowledged."""
    chat_id = outside.chat.operator_id
    caller = Caller(person_id=chat_id, name="Ann", via="shell")
    reply = await executor.set_goal(
        PAINT, origin=Origin(chat_id=chat_id, via="shell"), caller=caller, command_id="paint"
    )
    assert isinstance(reply, Accepted), reply
    assert outside.replies.setdefault("paint", reply.sentence) == reply.sentence


async def _travel(executor: Executor, outside: Outside) -> None:
    """A goal that is too late from the start: its person is asked about the deadline, and lets it be."""
    chat_id = outside.chat.operator_id
    draft = replace(TRAVEL, deadline_at=SystemClock().now() + timedelta(hours=1))
    caller = Caller(person_id=chat_id, name="Ann", via="shell")
    origin = Origin(chat_id=chat_id, via="shell")
    reply = await executor.set_goal(draft, origin=origin, caller=caller, command_id="travel")
    assert isinstance(reply, Accepted), reply


async def _nest(executor: Executor, outside: Outside) -> None:
    """A goal one of whose tasks is a goal of its own."""
    chat_id = outside.chat.operator_id
    caller = Caller(person_id=chat_id, name="Ann", via="shell")
    origin = Origin(chat_id=chat_id, via="shell")
    reply = await executor.set_goal(NEST, origin=origin, caller=caller, command_id="nest")
    assert isinstance(reply, Accepted), reply


async def _take(executor: Executor, outside: Outside) -> None:
    """While every slot is held, somebody takes a waiting task by its name."""
    while not outside.runs["1.4"]:
        await executor.take("1.4")
        await asyncio.sleep(0.005)


async def _come_back(executor: Executor, outside: Outside) -> None:
    """The person blocks the bot when the work begins, and lets it in again when all is over."""
    chat = outside.chat
    here = (chat.operator_id, chat.room.identity.bot_id)
    while outside.do(lambda: chat.room.store.standing(*here)) is None:
        await asyncio.sleep(0.005)
    while not all(goal.final for goal in await executor.goals()):
        await asyncio.sleep(0.005)
    if outside.do(lambda: chat.room.store.standing(*here)) == "kicked":
        outside.do(lambda: chat.people.set_standing(*here, "member"))
    while outside.do(chat.room.store.updates_waiting):  # until it was heard: before that all seems to be said
        await asyncio.sleep(0.005)


def _blocks(outside: Outside) -> None:
    chat = outside.chat

    def block(message_id: int) -> None:
        chat.people.set_standing(chat.operator_id, chat.room.identity.bot_id, "kicked")

    outside.on_text["Planning Complete"] = block
    outside.say(SMALL.replace("pay", "ok"))  # a goal that needs nobody while nobody is there


def _says(outside: Outside, text: str, **how: object) -> Callable[[int], None]:
    return lambda message_id: outside._said(outside.chat.say(text, **how))


def _story(outside: Outside) -> None:
    outside.on_text["Which colour is nice?\n\nReply to this message"] = lambda message_id: outside._said(
        outside.chat.say("blue", reply_to=message_id)
    )
    outside.on_text["Planning Complete\n\nGoal: Move house"] = _says(outside, "/status 1")
    outside.say(MOVE)


def _bad_day(outside: Outside) -> None:
    faults = outside.chat.faults
    faults.fail_next("sendMessage", "drop-after")
    faults.fail_next("sendMessage", "drop-before")
    faults.fail_next("editMessageText", "500")
    faults.fail_next("sendMessage", "500")
    faults.fail_next("answerCallbackQuery", "drop-before")

    def tidy_away(message_id: int) -> None:
        """The person deletes the card."""
        room = outside.chat.room
        for message in room.store.history(outside.chat.operator_id):
            if "#1 ·" in message.body.get("text", ""):
                with room.change():
                    room.store.change_message(message, message.body, deleted=True)

    def tidy_away_and_type(message_id: int) -> None:
        tidy_away(message_id)
        outside._said(outside.chat.say("/done 1.2"))

    outside.presses = tuple(label for label in outside.presses if label != "Done")
    outside.on_text["Quarter Complete"] = _says(outside, "/workflows")
    outside.on_text["Something went wrong on my side"] = tidy_away_and_type
    outside.say("/goal Bake a cake\n1. Mix: `flaky`\n2. Taste\n3. Pay: `pay` after 1,2\n4. Eat: `ok` after 3")


def _unsure(outside: Outside) -> None:
    """A chat that can't be searched: the answers to the first milestone and to the end get lost."""
    faults = outside.chat.faults
    to_lose = {"#1", "Half Complete"}

    def lose(words: str) -> Callable[[int], None]:
        def act(message_id: int) -> None:
            if words in to_lose:
                to_lose.remove(words)
                faults.fail_next("sendMessage", "drop-after")

        return act

    outside.on_text |= {words: lose(words) for words in to_lose}
    outside.say(SMALL)


def _group(outside: Outside) -> None:
    """The group that set the goal becomes a supergroup when its plan is there."""

    def prepare() -> None:
        chat = outside.chat
        group = chat.add_group("Plants", users=[chat.operator_id])["id"]
        outside.home = group
        outside._said(chat.say(SMALL.replace("/goal", "/goal@milepost_local_bot"), chat=group))

        def grow(message_id: int) -> None:
            if outside.home == group:
                outside.home = chat.people.migrate(group)["id"]

        outside.on_text["Water the plants"] = grow

    outside.do(prepare)


def _long_absence(outside: Outside) -> None:
    """The chat's server was gone as well, and for days."""
    outside.restart_chat()
    mark = outside.folder.parent / "data" / "last-poll"
    mark.touch()
    os.utime(mark, (0, 0))


def _secret(outside: Outside) -> None:
    """A value that is missing is given in a reply."""
    outside.presses = tuple(label for label in outside.presses if label != "Retry")
    outside.on_text["You can reply with the value of PUSH_TOKEN"] = lambda message_id: outside._said(
        outside.chat.say(CANARY, reply_to=message_id)
    )
    outside.say("/goal Push the branch\n1. Push: `push`\n2. Tell: `ok` after 1")


def _stopped(outside: Outside) -> None:
    """Everything is stopped, and goes on. The goal can't be over before both were told: it waits for a person."""
    outside.presses = tuple(label for label in outside.presses if label != "Done")
    outside.on_text["Planning Complete"] = _says(outside, "/stop")
    outside.on_text["Everything is stopped"] = _says(outside, "/resume")
    outside.on_text["is lifted. Everything goes on"] = _says(outside, "/done 1.1")
    outside.say("/goal Call the plumber\n1. Call\n2. Pay: `pay` after 1")


def _next_turn(acting: Acting) -> Act:
    """What has not succeeded yet comes next."""
    did = {turn.parameters.get("command") for turn in acting.turns if turn.succeeded}
    left = [command for command in ("ok", "pay", "also ok") if command not in did]
    return call("shell", command=left[0]) if left else done()


async def _in_turns(executor: Executor, outside: Outside) -> None:
    """A task that a model works on call by call; there is no sandbox, so each command is approved."""
    chat_id = outside.chat.operator_id
    caller = Caller(person_id=chat_id, name="Ann", via="shell")
    origin = Origin(chat_id=chat_id, via="shell")
    reply = await executor.set_goal(FURNISH, origin=origin, caller=caller, command_id="furnish")
    assert isinstance(reply, Accepted), reply


def _approves(outside: Outside) -> None:
    outside.presses = (*outside.presses, "Approve (this time)")


SCENARIOS = (
    Scenario(name="story", plan=Plan(goals=2, script=_paint), begin=_story),
    Scenario(name="bad day", plan=Plan(goals=1, slow_brain=True, failing_updates=1), begin=_bad_day),
    Scenario(
        name="recovery",
        plan=Plan(goals=1),
        begin=lambda outside: outside.say(HANG),
        first=("courier.after_send", 2),
        again=_long_absence,
    ),
    Scenario(name="unsure", plan=Plan(goals=1, looks=False), begin=_unsure, lost_answers=2),
    Scenario(name="crowd", plan=Plan(goals=1, script=_take), begin=lambda outside: outside.say(CROWD)),
    Scenario(name="far", plan=Plan(goals=1), begin=lambda outside: outside.say(FAR)),
    Scenario(name="group", plan=Plan(goals=1), begin=_group),
    Scenario(name="secret", plan=Plan(goals=1), begin=_secret),
    Scenario(name="stopped", plan=Plan(goals=1), begin=_stopped),
    Scenario(name="blocked", plan=Plan(goals=1, script=_come_back), begin=_blocks),
    Scenario(name="in turns", plan=Plan(goals=1, script=_in_turns, mind=ScriptedMind(_next_turn)), begin=_approves),
    Scenario(name="nest", plan=Plan(goals=2, script=_nest), begin=lambda outside: None),
    Scenario(name="late", plan=Plan(goals=1, script=_travel), begin=lambda outside: None),
)


@dataclass(slots=True)
class Told:
    """How a story went: the points that the life under test passed, whether it crashed, and what is wrong."""

    passed: list[str]
    crashed: bool
    wrong: list[str] = field(default_factory=list)


def tell(scenario: Scenario, folder: Path, outside: Outside, name: str | None = None, nth: int = 1) -> Told:
    """Tell the story with a crash at the `nth` passing of the point `name`, then go on to its end."""
    scenario.begin(outside)
    under_test = CrashAt(name, nth)
    lives = [CrashAt(*scenario.first)] if scenario.first else []
    lives += [under_test, *(CrashAt() for _ in range(LIVES_MAX))]
    trouble: list[str] = []
    for number, points in enumerate(lives[:LIVES_MAX], start=1):
        life = Life(folder / "data", outside, points, scenario.plan, f"life-{number}", trouble)
        if life.run():
            break
        scenario.again(outside)
    seen = outside.seen()
    seen.living = [life.name]
    seen.failing_updates = scenario.plan.failing_updates
    if not scenario.plan.looks:
        seen.doubts = scenario.lost_answers + number - 1
    wrong = [*trouble, *asyncio.run(_check(folder / "data", seen))]
    wrong += [f"the secret stands in {path}" for path in _holding(CANARY, folder, outside.folder)]
    wrong += [f"the person was refused: {alert}" for alert in outside.alerts]
    if wrong:  # what was said in the chat explains most of it
        wrong += [f"{message_id} of {place}: {text}" for (place, message_id), text in sorted(seen.messages.items())]
    return Told(under_test.passed, name is not None and name in under_test.passed[-1:], wrong)


def _holding(secret: str, *folders: Path) -> list[Path]:
    """The files in which it stands, as it is or in base64."""
    forms = (secret.encode(), base64.b64encode(secret.encode())[:-4])
    paths = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in paths if any(form in path.read_bytes() for form in forms))


async def _check(folder: Path, seen: Seen) -> list[str]:
    database = await Database.open(folder, SystemClock(), migrated=False)
    try:
        return await violations(database, seen, finished=True)
    finally:
        await database.close()
