import socket
from contextlib import closing

import pytest

from bot.listen import listening_socket
from executor.domain.errors import Unconfigured
from tests.ports import quiet_port


def test_port_zero_takes_any_free_one() -> None:
    with closing(listening_socket("127.0.0.1", 0, "web")) as listener:
        host, port = listener.getsockname()

    assert host == "127.0.0.1"
    assert port > 0


def test_a_port_in_use_is_one_line_that_says_what_to_do() -> None:
    with closing(listening_socket("127.0.0.1", 0, "web")) as first:
        port = first.getsockname()[1]

        with pytest.raises(Unconfigured) as refused:
            listening_socket("127.0.0.1", port, "local_chat")

    assert refused.value.public == (
        f"Port {port} on 127.0.0.1 is in use. Stop what uses it, "
        "or set local_chat.port (or MILEPOST_LOCAL_CHAT__PORT) to another."
    )


def test_a_port_that_was_just_left_can_be_taken_again() -> None:
    port = quiet_port()
    with closing(listening_socket("127.0.0.1", port, "web")) as first:
        caller = socket.create_connection(("127.0.0.1", port))
        first.setblocking(True)
        first.accept()[0].close()  # closes first, so the port lingers
        caller.close()

    with closing(listening_socket("127.0.0.1", port, "web")) as second:
        assert second.getsockname()[1] == port


def test_an_address_of_another_machine_is_one_line() -> None:
    with pytest.raises(Unconfigured) as refused:
        listening_socket("192.0.2.1", 0, "web")

    assert refused.value.public == "Milepost can't listen on 192.0.2.1:0 (web): Cannot assign requested address."
