"""Lanes: what is said in one chat is handled in the order in which it was said; presses do not wait for it."""

from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import Update

Work = Coroutine[Any, Any, None]
StartSoon = Callable[[Work, str], object]
LaneKey = tuple[int | None, int | None, bool]


def lane_of(update: Update) -> LaneKey:
    """(chat, topic, is a press). Presses have a lane of their own, so that they overtake; so does /stop."""
    message = update.effective_message
    chat = update.effective_chat
    thread_id = getattr(message, "message_thread_id", None)
    urgent = message is not None and (message.text or "").lower().startswith("/stop")
    return (chat.id if chat else None, thread_id, urgent or update.callback_query is not None)


class Lanes:
    """One piece of work at a time per lane, lanes beside each other. A lane's work must not raise."""

    def __init__(self, start_soon: StartSoon) -> None:
        self._start_soon = start_soon
        self._queues: dict[LaneKey, deque[Work]] = {}

    def add(self, key: LaneKey, work: Work) -> None:
        """Queue `work` behind what its lane already has."""
        if key in self._queues:
            self._queues[key].append(work)
            return
        self._queues[key] = deque([work])
        self._start_soon(self._drive(key), f"lane {key}")

    def clear(self) -> None:
        """Forget what has not begun; the inbox still has it."""
        for queue in self._queues.values():
            while queue:
                queue.popleft().close()

    async def _drive(self, key: LaneKey) -> None:
        queue = self._queues[key]
        try:
            while queue:
                await queue.popleft()
        finally:
            del self._queues[key]
            for work in queue:
                work.close()
