"""Whom a command could talk to around its sandbox: by sockets of no namespace, and by those of other programs."""

from collections.abc import Iterator

import pytest

from tests.actions.reported import Ask, asking
from tests.actions.sandboxed import Probe

FAMILIES = {"AF_VSOCK": 40, "AF_ALG": 38, "AF_PACKET": 17, "AF_RDS": 21, "AF_KEY": 15, "AF_BLUETOOTH": 31}
OPENED = f"""
import errno, socket
for name, family in {FAMILIES!r}.items():
    try:
        socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        print(name, errno.errorcode[error.errno])
"""
KNOCKS = """
import os, socket
try:
    with socket.socket(socket.AF_UNIX) as knocking:
        os.chdir(os.environ["MILEPOST_WORKSPACE"] + "/../../..")
        knocking.connect("door")
        print("opened")
except OSError:
    print("closed")
"""
SPEAKS = """
import os, socket
one, other = socket.socketpair()
one.send(b"pair")
print(other.recv(9).decode())
with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as caller:
    server.bind("own")
    server.listen()
    caller.connect("own")
    print("own")
"""

PROBES = {
    "families": Probe(command=f"python3 - <<'END'{OPENED}END"),
    "families with a network": Probe(command=f"python3 - <<'END'{OPENED}END", network=True),
    "door": Probe(command=f"python3 - <<'END'{KNOCKS}END", machine=True),
    "own": Probe(command=f"python3 - <<'END'{SPEAKS}END"),
}


@pytest.fixture(scope="module", params=["root", "nobody"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    with asking(request.param, PROBES) as ask:
        yield ask


pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("name", ["families", "families with a network"])
def test_no_socket_reaches_around_the_network_namespace(ask: Ask, name: str) -> None:
    """Those of a virtual machine and its host belong to no namespace."""
    said = dict(line.split() for line in ask(name)["stdout"].splitlines())

    assert said == dict.fromkeys(FAMILIES, "EAFNOSUPPORT")


def test_a_command_that_sees_the_machine_opens_no_door_of_another_program(ask: Ask) -> None:
    assert ask("door")["stdout"] == "closed\n"


def test_a_command_speaks_with_itself_as_it_likes(ask: Ask) -> None:
    assert ask("own")["stdout"] == "pair\nown\n"
