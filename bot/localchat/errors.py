"""What can go wrong: an answer that a Bot API client understands, or a server that can't open."""

from __future__ import annotations

from collections.abc import Mapping


class LocalChatError(Exception):
    """The local chat can't start; the text is one sentence for the person who started it."""


class ApiError(Exception):
    """A refusal in Telegram's own words: `code` is its error_code, `parameters` its ResponseParameters."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, int] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})


def bad_request(reason: str) -> ApiError:
    """A 400 whose description starts as all of Telegram's do."""
    return ApiError(400, f"Bad Request: {reason}")
