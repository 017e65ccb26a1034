"""Limits of what a goal may be, in one place, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from decimal import Decimal

from executor.domain.mail import SendTool

TITLE_CHARACTERS_MAX = 256  # fits a card's first line and Telegram's search
TEXT_CHARACTERS_MAX = 8_000  # two full Telegram messages; more belongs in a file
TASKS_MAX = 200  # a card that a person can still read and accept
CRITERIA_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service that the owner declared: where it listens (``host:port``), and the command that starts it."""

    name: str
    address: str
    start: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How the engine behaves; the composition root fills it from the configuration. Times in seconds."""

    tick_s: float = 5.0
    monitoring_s: float = 300.0
    concurrency: int = 4
    attempts_max: int = 3
    adaptations_max: int = 5  # of one goal by Milepost itself; then a person decides
    adaptation_threshold: float = 0.3
    extra_tasks_max: int = 3  # that Milepost may add to an accepted plan by itself
    gate_rounds_max: int = 3  # failures of one gate that lead to new tasks by themselves; then a person decides
    lease_s: float = 60.0
    retry_first_s: float = 2.0
    timeout_s: float = 600.0
    output_bytes_max: int = 1_000_000
    tasks_max: int = TASKS_MAX
    zone: tzinfo = UTC  # where times of day are told and meant
    goal_usd: Decimal = Decimal(1)  # what a brain may cost one goal that names no budget of its own
    outage_failures: int = 3  # consecutive ones, before a service counts as gone
    outage_pause_max_s: float = 300.0  # between two looks whether it is back
    outage_ask_s: float = 1_800.0  # then a person is asked as well
    resources: Mapping[str, int] = field(default_factory=dict)  # capacities by name; what is not named has 1
    services: tuple[Service, ...] = ()  # that may be started when a task finds them down
    role_tools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # what an agent of that role may use
    send: str | SendTool = (
        ""  # the owner's command that sends the letter on its standard input; "": nothing can be sent
    )
