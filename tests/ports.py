"""Ports of this machine that nobody takes by chance.

A port that the system gave is its again once it is closed, and any connection that begins then may get it. So what is
to be closed and opened again, or to be closed for a while, takes one below those that connections get."""

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

LOWEST = 10_240
WORKERS_MAX = 8  # of pytest, each with ports of its own


def _first_of_connections() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except OSError:  # no Linux
        return 32_768


def _ours() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS_MAX
    ports = list(range(LOWEST + worker, max(_first_of_connections(), LOWEST + 1_000), WORKERS_MAX))
    random.SystemRandom().shuffle(ports)
    while True:
        yield from ports


_ports = _ours()


def quiet_port() -> int:
    """On which nobody listens; each call gives another one."""
    for port in _ports:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("the ports never end")
