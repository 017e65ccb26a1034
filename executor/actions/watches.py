"""Cheap looks at what was gone: a door, a server, a disk, a port, a lock. Nothing is sent but a request for a head, and
nothing is changed.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil

from executor.actions.addresses import Forbidden
from executor.actions.http import AGENT
from executor.actions.transport import GuardedTransport
from executor.ports import Brake, NoBrake

LOOK_S = 3.0
MEGABYTE = 1 << 20
OPEN_FILES_SHARE_MAX = 0.9  # of what the kernel allows for the whole machine
PROCESSES_SHARE_MAX = 0.9


@dataclass(frozen=True, slots=True)
class Sight:
    """The Watches port. `folder` is where the workspaces are; `allow` as for the http action. There is room again from
    `disk_free_mb` and `memory_free_mb` on. While `brake` holds nothing is looked at, and nothing is back."""

    folder: Path
    allow: frozenset[str] = frozenset()
    disk_free_mb: float = 200.0
    memory_free_mb: float = 200.0
    brake: Brake = NoBrake()

    async def look(self, probe: str) -> bool | None:
        if self.brake.held() is not None:
            return False
        kind, _, rest = probe.partition(":")
        try:
            async with asyncio.timeout(LOOK_S):
                match kind:
                    case "tcp":
                        return await _opens(urlsplit(probe).hostname, urlsplit(probe).port)
                    case "http" | "https":
                        return await self._answers(probe)
                    case "port":
                        return not await _opens("127.0.0.1", int(rest))
            return await asyncio.to_thread(self._here, kind, rest)
        except TimeoutError:
            return False

    def _here(self, kind: str, rest: str) -> bool | None:
        look = _HERE.get(kind)
        try:
            return look(self, rest) if look is not None else None
        except OSError:  # a folder that is gone, a file that we may not read
            return None

    async def _answers(self, url: str) -> bool | None:
        """Anything but a server's fault or a request to slow down. None: we may not go there ourselves."""
        transport = GuardedTransport(self.allow, httpx.create_ssl_context(), self.brake)
        try:
            async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=None) as client:
                response = await client.head(url, headers={"user-agent": AGENT})
        except Forbidden:
            return None
        except Exception:  # noqa: BLE001 - httpx, httpcore and anyio raise what they like: whatever it is, no answer came
            return False
        return response.status_code < 500 and response.status_code != httpx.codes.TOO_MANY_REQUESTS


async def _opens(host: str | None, port: int | None) -> bool | None:
    """Whether somebody listens there."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _room(looks: Sight, path: str) -> bool:
    """At the nearest folder above that exists."""
    place = Path(path) if path else looks.folder
    while not place.is_dir():
        place = place.parent
    return shutil.disk_usage(place).free >= looks.disk_free_mb * MEGABYTE


def _memory(looks: Sight, rest: str) -> bool:
    return psutil.virtual_memory().available >= looks.memory_free_mb * MEGABYTE


def _unlocked(looks: Sight, path: str) -> bool | None:
    """A lock that is a file's mere existence is gone with it; else the kernel says whether somebody holds it. The path
    is what a command said: what is no ordinary file is not opened, since that alone may wait for ever, or do
    something."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        if path.endswith(".lock") and not os.fstat(file).st_size and ".git/" in path:
            return False
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return None  # nobody holds it in this way; perhaps in another
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    finally:
        os.close(file)  # and with it our own hold


def _files(looks: Sight, rest: str) -> bool:
    used, _, most = map(int, Path("/proc/sys/fs/file-nr").read_text(encoding="ascii").split())
    return used < most * OPEN_FILES_SHARE_MAX


def _processes(looks: Sight, rest: str) -> bool:
    most = int(Path("/proc/sys/kernel/threads-max").read_text(encoding="ascii"))
    return len(psutil.pids()) < most * PROCESSES_SHARE_MAX


_HERE: Mapping[str, Callable[[Sight, str], bool | None]] = {
    "disk": _room,
    "memory": _memory,
    "lock": _unlocked,
    "files": _files,
    "processes": _processes,
}


def looks(folder: Path, allow: Iterable[str], brake: Brake | None = None) -> Sight:
    return Sight(folder, frozenset(one.strip().lower() for one in allow), brake=brake or NoBrake())
