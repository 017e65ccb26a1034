"""The digest: one message about all goals of a chat, now or every day at a time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from loguru import logger

from bot.telegram.html import bold, clip, escape
from bot.telegram.message import Message, fit
from bot.telegram.ports import Engine, HabitRows, Wake
from bot.telegram.words import GOAL_SIGNS, clock_time
from executor.domain.decision import Decision
from executor.domain.errors import MilepostError
from executor.domain.goal import Goal, GoalState
from executor.domain.habits import Habits, next_at
from executor.domain.notice import Notice, NoticeKind
from executor.ports import Clock

LINES_MAX = 20
RECENT = timedelta(days=1)
LOOK_S = 20.0


def digest_message(goals: Sequence[Goal], questions: Sequence[Decision], now: datetime, zone: tzinfo) -> Message:
    """What waits for a person, what is under way, and what ended within a day."""
    local = now.astimezone(zone)
    ended = [one for one in goals if one.finished_at is not None and one.finished_at > now - RECENT]
    open_ones = [one for one in goals if not one.final]
    lines = [f"🗞 {bold(f'Digest, {local:%a} {local.day} {local:%b}')}"]
    if not ended and not open_ones:
        return Message(html="\n".join([*lines, "", "Nothing is under way, and nothing ended today."]))
    if questions:
        lines += ["", bold("Waits for you"), *_some([f"❓ {one.number} · {_about(one)}" for one in questions])]
    if open_ones:
        lines += ["", bold("Under way"), *_some([_line(one, now, zone) for one in open_ones])]
    if ended:
        lines += ["", bold("Ended since yesterday"), *_some([_end(one) for one in ended])]
    return fit(Message(html="\n".join(lines)), "digest.md")


def _some(lines: Sequence[str]) -> list[str]:
    rest = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], *([f"… and {rest} more"] if rest > 0 else [])]


def _about(decision: Decision) -> str:
    title = str(decision.facts.get("title") or "")
    said = f"{decision.task_ref} {title}" if decision.task_ref and title else decision.question or title
    return escape(clip(said.partition("\n")[0], 80))


def _line(goal: Goal, now: datetime, zone: tzinfo) -> str:
    due = f" · due {clock_time(goal.deadline_at, now, zone)}" if goal.deadline_at is not None else ""
    started = goal.state is not GoalState.AWAITING_START and goal.plan_version > 0
    how = f" · {goal.percentage} %" if started else ""
    return f"{GOAL_SIGNS[goal.state]} {goal.number} {escape(clip(goal.title, 60))}{how}{due}"


def _end(goal: Goal) -> str:
    why = f" · {escape(clip(goal.reason, 60))}" if goal.reason and goal.state is GoalState.FAILED else ""
    return f"{GOAL_SIGNS[goal.state]} {goal.number} {escape(clip(goal.title, 60))}{why}"


async def make_digest(engine: Engine, chat_id: int, now: datetime, zone: tzinfo) -> Message:
    goals = await engine.goals(chat_id, open_only=False)
    return digest_message(goals, await engine.open_decisions(chat_id), now, zone)


class Digests:
    """Puts each chat's digest in the outbox when its time has come. One that was due while Milepost did not run comes
    once, as soon as it runs again."""

    def __init__(
        self, engine: Engine, rows: HabitRows, clock: Clock, zone: Callable[[], tzinfo], deliver: Wake
    ) -> None:
        self._engine = engine
        self._rows = rows
        self._clock = clock
        self._zone = zone
        self._deliver = deliver

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.round()
            except MilepostError as error:  # a busy or full database: the next look will do
                logger.warning("The digests could not be made: {}", error)
            await self._clock.sleep(LOOK_S)

    async def round(self) -> None:
        """Everything that is due now."""
        now, zone = self._clock.now(), self._zone()
        for habits in await self._rows.digests_due(now):
            message = await make_digest(self._engine, habits.chat_id, now, zone)
            due_at = next_at(habits.digest_at, now, zone) if habits.digest_at else None
            await self._rows.told(replace(habits, digest_due_at=due_at), [_notice(habits, message, now)])
            self._deliver()


def _notice(habits: Habits, message: Message, now: datetime) -> Notice:
    facts: dict[str, object] = {"html": message.html}
    if message.document is not None:
        facts["document"] = {"name": message.document.name, "text": message.document.text}
    assert habits.digest_due_at is not None  # it was due
    return Notice(
        key=f"digest/{habits.chat_id}/{int(habits.digest_due_at.timestamp())}",
        kind=NoticeKind.ANSWER,
        chat_id=habits.chat_id,
        thread_id=habits.thread_id,
        facts=facts,
        due_at=now,
        created_at=now,
    )
