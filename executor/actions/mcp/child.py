"""A tool server as a child process: long-lived, spoken to in lines, and ended without a survivor.

The group is killed first and its leader reaped last, and strays are found by the marks in their environment, as with
commands (process.py): no stranger's process can be hit.
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic, sleep

import psutil

from executor.actions.launcher import Lasting, Launcher, environment, prepare
from executor.actions.mcp.session import Place
from executor.actions.mcp.trouble import Gone, Misbehaves
from executor.actions.survivors import Mark, end_marked, end_survivors, signal_group
from executor.domain.reach import Reach
from executor.domain.tail import printable

MESSAGE_BYTES_MAX = 16_777_216  # of one message; a server that sends more is ended
LINES_AT_ONCE = 64  # before others get their turn
STDERR_BYTES_MAX = 4_096  # of its last words
GRACE_S = 1.0  # after its input is closed, and again after SIGTERM
REAP_S = 5.0
POLL_S = 0.01
_SAYS_NOTHING = re.compile(r"npm (?:error|ERR!)\s*(?:$|A complete log of this run|\S*/_logs/)")
_OFFLINE = {"npm_config_offline": "true", "UV_OFFLINE": "1"}
"""What npx and uvx need to hear where there is no network: else they try it for more than a minute."""


class _LastWords(asyncio.Protocol):
    """Keeps the end of a stream."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def data_received(self, data: bytes) -> None:
        self.kept += data
        del self.kept[:-STDERR_BYTES_MAX]


class Child:
    """One run of a server's command. `gone` is set when it has closed its output."""

    def __init__(self, process: "subprocess.Popen[bytes]", mark: Mark) -> None:
        self._process = process
        self._mark = mark
        self._started = _start_time(process.pid)
        self._reader = asyncio.StreamReader(limit=MESSAGE_BYTES_MAX)
        self._words = _LastWords()
        self._transports: list[asyncio.BaseTransport] = []
        self._reaped = False
        self.gone = asyncio.Event()
        self.trouble = ""  # why it is not listened to any more, where that is our doing

    @property
    def last_words(self) -> str:
        """Our reason, or the last line that it printed to standard error and that says something; "" where it printed
        none."""
        if self.trouble:
            return self.trouble
        lines = [line.strip() for line in printable(bytes(self._words.kept)).splitlines()]
        return next((line for line in reversed(lines) if line and not _SAYS_NOTHING.match(line)), "")

    async def listen(self, into: int, out: int, errors: int) -> None:
        """Take over our ends of its three streams."""
        loop = asyncio.get_running_loop()
        write, flow = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(into, "wb", 0)
        )
        self._writer = asyncio.StreamWriter(write, flow, None, loop)
        read, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(self._reader), os.fdopen(out, "rb", 0)
        )
        words, _ = await loop.connect_read_pipe(lambda: self._words, os.fdopen(errors, "rb", 0))
        self._transports = [write, read, words]

    async def lines(self) -> AsyncIterator[bytes]:
        """Every whole line until it closes its output. Raises Misbehaves."""
        count = 0
        try:
            while line := await self._reader.readline():
                count += 1
                if count % LINES_AT_ONCE == 0:  # what is there already comes without giving way
                    await asyncio.sleep(0)
                yield line
        except ValueError:  # what readline makes of a line beyond the limit
            raise Misbehaves(f"it sent more than {MESSAGE_BYTES_MAX:,} bytes in one message") from None
        finally:
            self.gone.set()

    async def send(self, message: bytes) -> None:
        """Raises ConnectionError where it does not listen any more."""
        self._writer.write(message + b"\n")
        await self._writer.drain()

    async def end(self) -> None:
        """In the protocol's order: its input is closed, it is asked, it is killed; then whatever it left behind."""
        self._writer.close()
        try:
            if not await self._exits_within(GRACE_S):
                signal_group(self._process.pid, signal.SIGTERM)
                await self._exits_within(GRACE_S)
            signal_group(self._process.pid, signal.SIGKILL)
            await asyncio.to_thread(end_marked, self._mark, self._started)
            await self._exits_within(REAP_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """At once, without giving way to anybody; harmless where it has ended."""
        if not self._reaped:
            self._reaped = True
            signal_group(self._process.pid, signal.SIGKILL)
            deadline = monotonic() + REAP_S
            while self._process.poll() is None and monotonic() < deadline:
                sleep(POLL_S)
        for transport in self._transports:
            transport.close()

    async def _exits_within(self, seconds: float) -> bool:
        deadline = monotonic() + seconds
        while not _has_exited(self._process.pid):
            if monotonic() >= deadline:
                return False
            await asyncio.sleep(POLL_S)
        return True


async def end_predecessor(place: Place, folder: Path) -> None:
    """End what a Milepost that was killed left of this server."""
    if folder.is_dir():  # noqa: ASYNC240 - one look
        await end_survivors(None, None, _mark(place), folder)


async def start_child(place: Place, folder: Path, launcher: Launcher) -> Child:
    """Start a server in `folder`, its own, which is made. Raises Gone."""
    mark = _mark(place)
    for one, mode in ((folder.parent, 0o711), (folder, 0o700)):  # where we are root, the child is somebody else
        await asyncio.to_thread(one.mkdir, mode=mode, parents=True, exist_ok=True)
    ours, theirs = contextlib.ExitStack(), contextlib.ExitStack()
    with theirs, ours:
        stdin, into = _pipe(theirs, ours)
        out, stdout = _pipe(ours, theirs)
        errors, stderr = _pipe(ours, theirs)
        try:
            prepare(folder)
            offline = _OFFLINE if launcher.offline(Reach(network=place.network)) else {}
            environment_of_it = environment(folder, mark, offline | dict(place.env))
            spawn = launcher.lasting(
                Lasting(
                    arguments=place.command,
                    workspace=folder,
                    environment=environment_of_it,
                    network=place.network,
                    folders=place.folders,
                )
            )
            process = subprocess.Popen(  # noqa: ASYNC220 - takes milliseconds, as for every other child
                spawn.arguments,
                cwd=spawn.folder,
                env=dict(spawn.environment),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )
        except OSError as error:
            raise Gone(f"can't be started: {error.strerror or error} ({place.command[0]})") from None
        ours.pop_all()  # from here on they belong to the child's transports
    child = Child(process, Mark(mark, folder))
    try:
        await child.listen(into, out, errors)
    except BaseException:
        child.kill()
        raise
    return child


def _mark(place: Place) -> str:
    return f"mcp:{place.name}"


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    out, into = os.pipe()
    reader.callback(os.close, out)
    writer.callback(os.close, into)
    return out, into


def _start_time(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0


def _has_exited(pid: int) -> bool:
    """Without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True
