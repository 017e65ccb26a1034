"""The connection to a Bot API server: the bot with its two request pools, and the sign of life of its polls."""

import ipaddress
import logging
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from telegram import Bot
from telegram.request import HTTPXRequest

from executor.ports import Clock

CONNECTIONS = 8  # a large pool is slow after a burst: httpcore looks through all idle connections for each call
POLL_CONNECTIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """`api_root` as in the configuration: what stands before /bot<token>/<method>. `answer_s`: how long an answer may
    take before it counts as lost."""

    token: str
    api_root: str
    answer_s: float = 20.0

    @property
    def on_this_machine(self) -> bool:
        host = urlsplit(self.api_root).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"


class PollRequest(HTTPXRequest):
    """Remembers when the last poll really came back. python-telegram-bot takes a poll that times out for an ordinary
    one, so a connection that died in silence would look alive for ever."""

    def __init__(self, clock: Clock, **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock
        self.answered_at = clock.monotonic()
        self.answers = 0

    async def do_request(self, url: str, method: str, *args: Any, **options: Any) -> tuple[int, bytes]:
        code, payload = await super().do_request(url, method, *args, **options)
        if code == 200 and url.endswith("/getUpdates"):
            self.answered_at = self._clock.monotonic()
            self.answers += 1
        return code, payload


def build_bot(connection: Connection, clock: Clock) -> tuple[Bot, PollRequest]:
    """The bot, not yet connected, and the request object of its polls."""
    # python-telegram-bot warns at each 429 unless told which form of its waiting time is wanted; we read neither.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # httpx logs every URL at INFO, and these URLs hold the token.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    logging.getLogger("httpcore").setLevel(logging.WARNING)
    root = connection.api_root.rstrip("/")
    options: dict[str, Any] = {
        "pool_timeout": 30.0,
        "connect_timeout": 10.0,
        "read_timeout": connection.answer_s,
        "write_timeout": connection.answer_s,
        # A proxy from the environment must not stand between us and our own machine. Reading the certificates of all
        # authorities takes a quarter of a second, and plain HTTP uses none of them.
        "httpx_kwargs": {"trust_env": not connection.on_this_machine, "verify": not root.startswith("http://")},
    }
    polls = PollRequest(clock, connection_pool_size=POLL_CONNECTIONS, **options)
    bot = Bot(
        connection.token,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=HTTPXRequest(connection_pool_size=CONNECTIONS, **options),
        get_updates_request=polls,
    )
    return bot, polls
