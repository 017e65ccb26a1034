"""An embedded Bot API server with a page: the same bot without Telegram."""

from bot.localchat.botapi import Call
from bot.localchat.errors import LocalChatError
from bot.localchat.faults import Faults
from bot.localchat.server import LocalChat

__all__ = ["Call", "Faults", "LocalChat", "LocalChatError"]
