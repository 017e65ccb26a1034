"""The few shapes that every file here shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
"""One object of the Bot API, as it travels."""

Clock = Callable[[], float]
"""Unix time in seconds."""

system_clock: Clock = time.time  # noqa: TID251
"""The one place where this package meets the machine's clock; everything else is handed one."""
