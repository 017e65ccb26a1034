"""What cards and messages are drawn in: the time, the place, and what a goal's rows do not say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from bot.telegram.words import clock_time
from executor.domain.limits import Limits
from executor.domain.plan import TaskSpec
from executor.domain.stop import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What rendering needs to know of the world. `describe` says what a task will really run."""

    now: datetime
    timezone: tzinfo
    describe: Callable[[TaskSpec], str]
    limits: Limits = field(default_factory=Limits)
    uses: Callable[[TaskSpec], Sequence[str]] = lambda spec: ()  # the configured secrets that it is given
    confidence_min: float = 0.0  # below it, a task is approved before it runs
    stop: Stop | None = None  # everything is stopped
    has_changes: Callable[[int], bool] = lambda number: False  # whether anything is kept that a goal changed


def stop_words(stop: Stop, scene: Scene) -> str:
    return f"{stop.note}, {clock_time(stop.at, scene.now, scene.timezone)}"
