"""Trouble on demand, for tests only: what Telegram and the network do on a bad day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.localchat.errors import ApiError

Kind = Literal["429", "500", "403", "drop-before", "drop-after", "hang", "hang-before", "migrated"]


@dataclass(frozen=True)
class Fault:
    """One kind of trouble for the next `times` calls of `method` ("*": any), in one chat or (None) in all.

    429: too many requests, retry after `seconds`. 500: internal server error. 403: blocked by the user.
    drop-before: the connection closes and nothing was done. drop-after: done and stored, then closed without an answer.
    hang: done and stored, the answer comes `seconds` late. hang-before: nothing is done for that long.
    migrated: the group has become the supergroup `new_chat_id`.
    """

    method: str
    kind: Kind
    times: int
    chat: int | None
    seconds: float
    new_chat_id: int

    def error(self) -> ApiError | None:
        """The refusal that this fault stands for; None when it is about the connection."""
        match self.kind:
            case "429":
                wait = int(self.seconds)
                return ApiError(429, f"Too Many Requests: retry after {wait}", {"retry_after": wait})
            case "500":
                return ApiError(500, "Internal Server Error")
            case "403":
                return ApiError(403, "Forbidden: bot was blocked by the user")
            case "migrated":
                told = {"migrate_to_chat_id": self.new_chat_id}
                return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", told)
            case _:
                return None


class Faults:
    """Faults that wait for their call, taken in the order in which they were asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def fail_next(
        self,
        method: str,
        kind: Kind,
        times: int = 1,
        *,
        chat: int | None = None,
        seconds: float = 1,
        new_chat_id: int = 0,
    ) -> None:
        """The next `times` calls of the method fail that way, then all is well again."""
        self._waiting.append(Fault(method.lower(), kind, times, chat, seconds, new_chat_id))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str, chat: int) -> Fault | None:
        """The first fault that fits, used up once."""
        for index, fault in enumerate(self._waiting):
            if fault.method in {"*", method.lower()} and fault.chat in {None, chat}:
                self._waiting[index : index + 1] = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                return fault
        return None
