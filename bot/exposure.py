"""What the doctor says about doors that others could come through, or listen at."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.finding import Finding, note
from bot.settings import Settings


def exposure(settings: Settings) -> Iterator[Finding]:
    """Nothing where all is closed."""
    chat = settings.local_chat
    if not settings.telegram.token.get_secret_value() and not _is_here(chat.host):
        seen = (
            f"the local chat listens on {chat.host}, unencrypted: who reads along has its token, and with it all rights"
        )
        yield note("exposure", seen, 'set local_chat.host = "127.0.0.1"; from elsewhere use an SSH tunnel')
    for key, address, secret in (
        ("telegram.api_root", settings.telegram.api_root, settings.telegram.token),
        ("brain.base_url", settings.brain.base_url, settings.brain.api_key),
    ):
        parts = urlsplit(address)
        if secret.get_secret_value() and parts.scheme == "http" and not _is_here(parts.hostname or ""):
            yield note("exposure", f"{key} is http://, so its key crosses the network in clear", "use https://")


def _is_here(host: str) -> bool:
    """Only this machine hears it. A name other than localhost may mean anything."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
