"""Where a server at an address may be: what its owner could see when they wrote the address, and never where clouds
hand out their keys."""

import ipaddress
from collections.abc import Set
from urllib.parse import urlsplit

from executor.actions.addresses import Forbidden, public, resolve, spelled, unwrapped
from executor.actions.mcp.session import Place

_INTERNAL_NAMES = ("localhost", "local", "lan", "internal", "intranet", "private", "corp", "home", "home.arpa", "test")
_METADATA = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local
        "fe80::/10",
        "100.100.100.200/32",
        "168.63.129.16/32",
        "192.0.0.192/32",
        "fd00:ec2::254/128",
        "fd20:ce::254/128",
    )
)


def internal(host: str) -> bool:
    """Whether a host is internal by the way it is written, so that whoever wrote it knew."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return not all(public(one) for one in unwrapped(ipaddress.ip_address(name.partition("%")[0])))
    except ValueError:
        pass
    if "." not in name:
        return not name.isdecimal() and not name.startswith("0x")
    return name.endswith(tuple(f".{one}" for one in _INTERNAL_NAMES))


async def permitted(host: str, port: int, allow: Set[str]) -> list[str]:
    """The addresses to connect to. Raises Forbidden, and OSError where the name is not known."""
    if spelled(host, port) in allow:
        return await resolve(host, port, anywhere=True)
    answers = await resolve(host, port, anywhere=internal(host))
    if any(metadata(answer) for answer in answers):
        raise Forbidden("this address is one at which machines hand out their keys")
    return answers


def metadata(answer: str) -> bool:
    """Whether an address is link-local or one of those at which clouds answer their machines."""
    address = ipaddress.ip_address(answer.partition("%")[0])
    return any(
        one in network
        for one in (address, *unwrapped(address))
        for network in _METADATA
        if network.version == one.version
    )


def said_of(place: Place) -> list[str]:
    """What the owner should know about where a server is reached; empty for one that is started here."""
    url = urlsplit(place.url)
    if url.hostname and internal(url.hostname):
        return [f"it is reached inside your own network, at {url.netloc.rpartition('@')[2]}"]
    if url.scheme == "http" and place.headers:
        return ["its address is http://, so its headers cross the network in clear; use https://"]
    return []
