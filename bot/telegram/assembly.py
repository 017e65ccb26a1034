"""Putting the chat together: one call for the composition root, which names the concrete things."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from typing import Any, Protocol

from telegram import Bot

from bot.brake import FileBrake
from bot.telegram.access import Access
from bot.telegram.composing import Composer
from bot.telegram.connection import Connection, build_bot
from bot.telegram.departures import may_hear
from bot.telegram.desk import Desk
from bot.telegram.files import fetch_file
from bot.telegram.front import TelegramFront, Wiring
from bot.telegram.inbox import InboxRows
from bot.telegram.joining import WAIT_S
from bot.telegram.ports import (
    ChatOutbox,
    Engine,
    Examine,
    Example,
    HabitRows,
    PollMark,
    ReadGoal,
    ReadRun,
    Workflows,
    nobody_looks,
)
from bot.telegram.presence import ChatRows
from bot.telegram.scene import Scene
from bot.telegram.sender import TelegramSender
from bot.telegram.trying import PAUSES_S
from executor.domain.habits import Hours
from executor.domain.limits import Limits
from executor.domain.plan import TaskSpec
from executor.engine.delivery.courier import Courier
from executor.engine.delivery.pace import LIVELY, TELEGRAM, Pace
from executor.engine.secrecy.secrets import Secrets
from executor.ports import Clock, CrashPoints, Outbox, Store

TELEGRAM_GRACE_S = 120.0


class NoticeRows(Outbox, ChatOutbox, Protocol):
    """The outbox, for the courier and for the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugs:
    """What the composition root plugs in. `describe` says what a task will really run."""

    engine: Engine
    store: Store
    outbox: NoticeRows
    inbox: InboxRows
    chats: ChatRows
    habits: HabitRows
    clock: Clock
    timezone: tzinfo
    crash_points: CrashPoints
    start_soon: Callable[[Coroutine[Any, Any, None], str], object]
    access: Access
    describe: Callable[[TaskSpec], str]
    read_goal: ReadGoal
    read_run: ReadRun
    workflows: Workflows
    mark: PollMark
    brake: FileBrake
    secrets: Secrets = field(default_factory=Secrets)
    examine: Examine = nobody_looks
    quiet_hours: Hours = Hours()
    examples: Sequence[Example] = ()
    limits: Limits = field(default_factory=Limits)
    confidence_min: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """`front` listens, `courier` speaks. The courier's run() is started by whoever has the nursery; `courier.wake` is
    what the engine calls after a commit."""

    front: TelegramFront
    courier: Courier


def assemble(
    connection: Connection,
    plugs: Plugs,
    *,
    local: bool,
    mode: str = "polling",
    pace: Pace | None = None,
    grace_s: float | None = None,
    poll_s: int = 30,
    silence_s: float = 120.0,
    look_s: float = 5.0,
    join_s: float = WAIT_S,
    retry_pauses_s: Sequence[float] = PAUSES_S,
) -> Chat:
    """`local`: the server is our own embedded one, which has no limits, dies with us, and answers an equal edit for
    certain; so messages that got lost are looked for there at once. Raises Unconfigured for an unavailable mode."""
    bot, polls = build_bot(connection, plugs.clock)
    scene = partial(_scene, plugs)
    courier = Courier(
        plugs.outbox,
        _sender(plugs, bot, scene, local=local),
        plugs.clock,
        plugs.crash_points,
        plugs.start_soon,
        pace=pace or (LIVELY if local else TELEGRAM),
        grace_s=(0.0 if local else TELEGRAM_GRACE_S) if grace_s is None else grace_s,
    )
    front = TelegramFront(
        connection,
        bot,
        polls,
        _desk(plugs, bot, scene),
        _wiring(plugs, courier),
        mode=mode,
        poll_s=poll_s,
        silence_s=silence_s,
        look_s=look_s,
        join_s=join_s,
        retry_pauses_s=retry_pauses_s,
    )
    return Chat(front=front, courier=courier)


def _scene(plugs: Plugs) -> Scene:
    """As it is now."""
    return Scene(
        now=plugs.clock.now(),
        timezone=plugs.timezone,
        describe=plugs.describe,
        limits=plugs.limits,
        confidence_min=plugs.confidence_min,
        uses=plugs.secrets.uses,
        stop=plugs.brake.held(),
        has_changes=plugs.engine.has_changes,
    )


def _sender(plugs: Plugs, bot: Bot, scene: Callable[[], Scene], *, local: bool) -> TelegramSender:
    async def quiet(chat_id: int) -> bool:
        habits = await plugs.habits.habits(chat_id)
        return habits.quiet(plugs.clock.now(), plugs.quiet_hours, plugs.timezone)

    return TelegramSender(
        bot,
        Composer(plugs.store, scene),
        plugs.store,
        plugs.outbox,
        can_probe=local,
        quiet=quiet,
        may_hear=partial(may_hear, plugs.access),
    )


def _desk(plugs: Plugs, bot: Bot, scene: Callable[[], Scene]) -> Desk:
    return Desk(
        engine=plugs.engine,
        decisions=plugs.store,
        outbox=plugs.outbox,
        access=plugs.access,
        clock=plugs.clock,
        scene=scene,
        read_goal=plugs.read_goal,
        read_run=plugs.read_run,
        workflows=plugs.workflows,
        fetch=partial(fetch_file, bot),
        habits=plugs.habits,
        quiet_hours=plugs.quiet_hours,
        examine=plugs.examine,
        examples=plugs.examples,
        brake=plugs.brake,
    )


def _wiring(plugs: Plugs, courier: Courier) -> Wiring:
    return Wiring(
        rows=plugs.inbox,
        chats=plugs.chats,
        mark=plugs.mark,
        start_soon=plugs.start_soon,
        deliver=courier.wake,
        secrets=plugs.secrets,
        crash_points=plugs.crash_points,
        chat_heard=courier.chat_is_back,
        hold=courier.holding,
    )
