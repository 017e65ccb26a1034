"""Which addresses the http action reaches: no internal one, in no spelling and behind no name."""

import asyncio
import ipaddress
import socket
from typing import Any

import pytest

from bot.tables import Settings
from executor.actions.addresses import Forbidden, check, own_addresses, public
from executor.actions.http import Http
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from tests.actions.conftest import Scene, Site
from tests.actions.sending import blocked, send

LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ip6-localhost",
    "example.com@127.0.0.1",
    "user:password@127.0.0.1",
]


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
async def test_no_spelling_of_loopback_gets_through(scene: Scene, site: Site, host: str) -> None:
    """The server listens on this very port, and hears nothing."""
    http = Http()
    parameters = {"url": f"http://{host}:{site.port}/"}
    try:
        result = await http.run(http.check(parameters), scene.context())
        error = result.error if isinstance(result, Result) else None
    except WrongInput as refusal:
        error = refusal.public

    assert error is not None
    assert "127.0.0.1" not in error or "127.0.0.1" in host or "①" in host or "。" in host
    assert site.heard == []


INTERNAL = [
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "::",
    "2001:db8::1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::",
    "::ffff:169.254.169.254",
    "::a9fe:a9fe",
    "2001:0:a9fe:a9fe::1",
    "2606:4700::5efe:a9fe:a9fe",
    "2606:4700::200:5efe:7f00:1",
    "fe80::5efe:808:808",
    "::ffff:0:7f00:1",
    "0.1.2.3",
    "192.88.99.1",
    "64:ff9b::6440:1",
    "2002:6440:1::",
    "::ffff:168.63.129.16",
    "fd20:ce::254",
    "169.254.170.2",
    "2001:0:808:808:0:0:5601:5601",
]


@pytest.mark.parametrize("address", INTERNAL)
def test_an_internal_address_is_forbidden_in_every_wrapping(address: str) -> None:
    with pytest.raises(Forbidden, match="internal address"):
        check(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_allowed(address: str) -> None:
    check(address)


def test_our_own_address_is_forbidden_even_if_it_is_public() -> None:
    ours = ipaddress.ip_address("8.8.8.8")

    assert public(ours)
    with pytest.raises(Forbidden):
        check("8.8.8.8", {ours})
    assert ipaddress.ip_address("127.0.0.1") in own_addresses()


class Resolver:
    """Stands in for the system's resolver: each look-up gets the next of the prepared answers."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]


async def test_one_internal_answer_among_public_ones_is_enough(
    scene: Scene, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", Resolver(["8.8.8.8", "127.0.0.1"]))

    result = await send(scene, None, {"url": f"http://example.com:{site.port}/"})

    assert (result.error, site.heard) == (blocked("example.com", site.port), [])


async def test_a_name_is_looked_up_once_and_its_answer_is_what_is_connected_to(
    scene: Scene, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Allowed as "name:port", it is connected to by the address of the first answer; the second is never asked for,
    and the server still hears the name."""
    resolver = Resolver(["127.0.0.1"], ["192.0.2.1"])
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolver)
    http = Http([f"Intern.Example:{site.port}"])

    result = await http.run({"url": f"http://intern.example:{site.port}/"}, scene.context())

    assert (getattr(result, "output", None), resolver.answers) == ("hello", [["192.0.2.1"]])
    assert f"host: intern.example:{site.port}".encode() in site.heard[0].lower()


async def test_permission_for_one_port_is_none_for_another(scene: Scene, site: Site) -> None:
    http = Http([f"127.0.0.1:{site.port + 1}"])

    result = await http.run({"url": site.url()}, scene.context())

    assert (getattr(result, "success", None), site.heard) == (False, [])


async def test_neither_proxies_nor_netrc_are_taken_from_the_environment(
    scene: Scene, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    result = await send(scene, site, {"url": site.url()})

    assert (result.success, b"authorization" in site.heard[0].lower()) == (True, False)


async def test_an_internal_address_of_version_6_is_opened_as_it_is_named_in_the_refusal(scene: Scene) -> None:
    refused = await send(scene, None, {"url": "http://[::1]:9/"})
    named = str(refused.error).partition('add "')[2].partition('"')[0]

    opened = Http(Settings.model_validate({"http": {"allow": [named]}}).http.allow)
    result = await opened.run(opened.check({"url": "http://[::1]:9/"}), scene.context())

    assert isinstance(result, Result)
    assert (named, "not allowed" in str(result.error)) == ("[::1]:9", False)
