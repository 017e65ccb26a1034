"""getUpdates: held until there is something to tell, one listener at a time, the newest wins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bot.localchat.errors import ApiError, bad_request
from bot.localchat.params import Params
from bot.localchat.room import Room
from bot.localchat.shapes import Json

LIMIT_MAX = 100
TIMEOUT_S_MAX = 50
CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


async def get_updates(room: Room, params: Params, gone: Callable[[], bool]) -> list[Json]:
    """The updates from `offset` on, oldest first; those below it are confirmed and forgotten.

    Waits up to `timeout` seconds for the first one, less when the caller has `gone` or the server stops.
    """
    offset = _settle(room, params)
    limit = params.integer("limit") or LIMIT_MAX
    limit = min(max(limit, 1), LIMIT_MAX)
    loop = asyncio.get_running_loop()
    ends = loop.time() + min(max(params.integer("timeout"), 0), TIMEOUT_S_MAX)
    serial = room.pollers[-1] + 1 if room.pollers else 1
    room.pollers.append(serial)
    room.updated.ring()
    room.changed.ring()
    try:
        while True:
            bell = room.updated.listen()
            if room.pollers[-1] != serial:
                raise ApiError(409, CONFLICT)
            found = room.updates(offset, limit)
            left = ends - loop.time()
            if found or left <= 0 or room.closing.is_set() or gone():
                return found
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(bell.wait(), left)
    finally:
        room.pollers.remove(serial)
        room.polled_at = room.clock()
        room.changed.ring()


def _settle(room: Room, params: Params) -> int:
    """Remembers allowed_updates, confirms what the offset confirms, and returns the first id to deliver."""
    allowed = params.json("allowed_updates", "can't parse allowed_updates JSON object")
    if allowed is not None:
        if not isinstance(allowed, list) or not all(isinstance(kind, str) for kind in allowed):
            raise bad_request("expected an Array of String as allowed_updates")
        if allowed != room.store.fact("allowed_updates", []):
            room.store.remember("allowed_updates", allowed)
    offset = params.integer("offset")
    if offset < 0:
        offset = room.store.nth_last_update(-offset)
    with room.store.transaction():
        fetched = room.confirm(offset)
    if fetched:
        room.changed.ring()
    return offset
