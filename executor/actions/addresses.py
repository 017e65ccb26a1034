"""Which network addresses the http action may reach: those of the public internet, and nothing behind our own door.

Checked when a connection is made, on the address that is then really connected to: a name that changes its answer
between looking and connecting gains nothing. All forms of an address end up here as one number, so spellings such as
``0x7f.1`` or ``①②⑦.⓪.⓪.①`` are no ways around it.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Iterator

import psutil

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_EXTRA = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # carrier-grade NAT; also a cloud's metadata
        "168.63.129.16/32",  # a cloud's own services, with a public-looking address
        "192.0.0.0/24",  # protocol assignments; also a cloud's metadata
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "::/96",  # IPv4-compatible, long deprecated, still routed by some
        "64:ff9b:1::/48",  # local-use NAT64
        "fec0::/10",  # site-local, deprecated
        "5f00::/16",  # segment routing
        "3fff::/20",  # documentation
    )
)
_ISATAP = (0x00005EFE, 0x02005EFE)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Forbidden(Exception):
    """A connection that was not made. The text names the rule and not the address, which is none of the caller's
    business."""


def spelled(host: str, port: int) -> str:
    """As the configuration names a place: ``wiki.internal:80``, ``[::1]:80``."""
    name = host.lower().rstrip(".")
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


async def resolve(host: str, port: int, *, anywhere: bool) -> list[str]:
    """The addresses of a host. Forbidden unless all of them are public, or `anywhere`. Raises OSError where the name
    is not known."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host!r} is no host name") from error
    answers = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not anywhere:
        own = own_addresses()
        for answer in answers:
            check(answer, own)
    return answers


def check(answer: str, own: Iterable[IPAddress] = ()) -> None:
    """Raises Forbidden unless the address, and every address wrapped in it, is public and not our own."""
    for address in unwrapped(ipaddress.ip_address(answer.partition("%")[0])):
        if address in own or not public(address):
            raise Forbidden("the host has an internal address")


def public(address: IPAddress) -> bool:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address in network for network in _EXTRA if network.version == address.version)


def unwrapped(address: IPAddress) -> Iterator[IPAddress]:
    """The address, or the IPv4 addresses that it only carries: mapped, 6to4, Teredo (both ends), NAT64; of ISATAP (RFC
    5214), whose first half may be anybody's, both."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    carried: list[ipaddress.IPv4Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner: list[IPAddress] = [one for one in carried if one is not None]
    yield from inner or [address]


def own_addresses() -> frozenset[IPAddress]:
    """Every address of this machine, public ones too: its services trust it."""
    found = (address.address.partition("%")[0] for card in psutil.net_if_addrs().values() for address in card)
    return frozenset(ip for text in found if (ip := _read(text)) is not None)


def _read(text: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:  # a hardware address
        return None
