"""Runs one command to its end: gated, bounded in time and output, and with no survivor.

How a run goes: the child is started as a small shell that blocks on its standard input, the *gate*. Its pid is handed
to `Context.started`, which commits it. Only then the gate opens and the shell turns itself into the command; should
Milepost die before, the pipe closes and the child ends without having done anything. Its exit is seen through a
pidfd, not through the end of its streams: a daemon that keeps stdout open can't hold us up. While the leader is still
unreaped its group's number can't belong to a stranger, so the group is killed first and reaped last.
"""

import asyncio
import contextlib
import os
import resource
import signal
import sys
from time import monotonic, sleep

import psutil

from executor.actions import hangs
from executor.actions.capture import Capture
from executor.actions.ended import Command, Ended
from executor.actions.footprint import Excess, Footprint
from executor.actions.hangs import Hang, Sight
from executor.actions.launcher import Launch, Launcher, environment, harmless, prepare
from executor.actions.survivors import Mark, end_marked, signal_group
from executor.domain.tail import printable
from executor.ports import Context

GRACE_S = 2.0  # between SIGTERM and SIGKILL
FLUSH_S = 0.2  # after the leader's exit, for what it left writing in good order
DRAIN_S = 1.0  # after everything was killed; longer only where a stranger to us holds the streams
REAP_S = 5.0  # a killed process that is still there then hangs in the kernel
POLL_S = 0.02  # where the kernel has no pidfd
STDERR_BYTES_MAX = 16_384
TAIL_BYTES_MAX = 16_384


async def run(command: Command, context: Context, launcher: Launcher) -> Ended:
    """Raises OSError where the command can't be started, and whatever `context.started` raises; CancelledError once
    everything has been killed."""
    prepare(context.workspace)
    child = _Child(command, context, launcher)
    try:
        await context.started(child.pid, child.started, command.shown)
        return await child.finish()
    finally:
        child.close()


class _Child:
    """One child process with its two streams."""

    def __init__(self, command: Command, context: Context, launcher: Launcher) -> None:
        self._command = command
        self._launcher = launcher
        self._mark = Mark(_marker(context), context.workspace)
        self._stdout = Capture(context.output_bytes_max)
        self._stderr = Capture(min(context.output_bytes_max, STDERR_BYTES_MAX))
        self._tail = bytearray()
        self._loop = asyncio.get_running_loop()
        self._hang: Hang | None = None
        self._excess: Excess | None = None
        self._drained = asyncio.Event()
        self._exited = asyncio.Event()
        self._readers: set[int] = set()
        self._status: tuple[int, resource.struct_rusage] | None = None
        self._cleared = False
        self._start(context, launcher)

    def _start(self, context: Context, launcher: Launcher) -> None:
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            gate_out, self._gate = _pipe(theirs, ours)
            stdout, stdout_in = _pipe(ours, theirs)
            stderr, stderr_in = _pipe(ours, theirs)
            self._process = launcher.launch(
                Launch(
                    arguments=self._command.arguments,
                    workspace=context.workspace,
                    environment=environment(
                        context.workspace, _marker(context), {**harmless(context.environment), **self._command.extra}
                    ),
                    stdin=gate_out,
                    stdout=stdout_in,
                    stderr=stderr_in,
                    reach=self._command.reach,
                )
            )
            ours.pop_all()
        self.pid = self._process.pid
        self.started = psutil.Process(self.pid).create_time()
        self._footprint = Footprint(self.pid, launcher.bounds, self._took_too_much)
        self._listen(stdout, self._stdout)
        self._listen(stderr, self._stderr)
        self._pidfd = _pidfd(self.pid)
        if self._pidfd is None:
            self._look_for_exit()
        else:
            self._loop.add_reader(self._pidfd, self._saw_exit, self._pidfd)

    def _saw_exit(self, pidfd: int) -> None:
        self._loop.remove_reader(pidfd)  # it stays readable
        self._exited.set()

    def _look_for_exit(self) -> None:
        if self._process.returncode is None and not _has_exited(self.pid):
            self._loop.call_later(POLL_S, self._look_for_exit)
        else:
            self._exited.set()

    def _listen(self, stream: int, capture: Capture) -> None:
        os.set_blocking(stream, False)
        self._readers.add(stream)
        self._loop.add_reader(stream, self._readable, stream, capture)

    def _readable(self, stream: int, capture: Capture) -> None:
        """Reads on after the limit: a full pipe would stop the command, and hide how much it had to say."""
        try:
            chunk = os.read(stream, 65536)
        except BlockingIOError:
            return
        if not chunk:
            self._hang_up(stream)
            return
        capture.add(chunk)
        self._tail += chunk[-TAIL_BYTES_MAX:]
        del self._tail[:-TAIL_BYTES_MAX]

    def _hang_up(self, stream: int) -> None:
        self._loop.remove_reader(stream)
        os.close(stream)
        self._readers.discard(stream)
        if not self._readers:
            self._drained.set()

    async def finish(self) -> Ended:
        """Open the gate, wait for the end or the time limit, end what is left."""
        began = monotonic()
        with contextlib.suppress(BrokenPipeError):  # it is dead already; its status says why
            os.write(self._gate, b"go\n")
        self._footprint.start()
        timed_out = not await self._ends_within(self._command.timeout_s)
        if timed_out or self._hang is not None:
            if (leader := self._launcher.leader(self.pid)) is not None:
                signal_group(leader, signal.SIGTERM)
            await self._exits_within(GRACE_S)
        seconds = monotonic() - began
        await self._clear(flush=not timed_out)
        return self._ended(seconds, timed_out)

    async def _ends_within(self, seconds: float) -> bool:
        """False: its time is over. True: it has exited, or it hangs for certain, which `_hang` then says."""
        seen: Sight | None = None
        while seconds > 0:
            if await self._exits_within(min(seconds, hangs.LOOK_S)):
                return True
            seconds -= hangs.LOOK_S
            leader = await asyncio.to_thread(self._launcher.leader, self.pid)
            now = await asyncio.to_thread(hangs.look, leader or self.pid)
            if (found := hangs.hangs(seen, now)) is not None:
                self._hang = found
                return True
            seen = now
        return False

    async def _exits_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._exited.wait()
        except TimeoutError:
            return False
        return True

    async def _drains_within(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._drained.wait()

    def _took_too_much(self, excess: Excess) -> None:
        """Ended at once: it would take more with every moment of grace."""
        self._excess = excess
        if not self._kill_leader():
            signal_group(self.pid, signal.SIGKILL)

    async def _clear(self, *, flush: bool) -> None:
        """Nobody is left after this, and what they printed has been read."""
        self._footprint.stop()
        if flush:
            await self._drains_within(FLUSH_S)
        whole = self._launcher.confined and _ended_by_itself(self.pid)  # and then its namespace has ended with it
        if self._kill_leader():
            await self._exits_within(FLUSH_S)  # what waits for it outside sees its end, and ends
        signal_group(self.pid, signal.SIGKILL)
        if not whole:
            await asyncio.to_thread(end_marked, self._mark, self.started)
        await self._drains_within(DRAIN_S)
        await self._exits_within(REAP_S)
        self._reap()
        self._cleared = True

    def _kill_leader(self) -> bool:
        """Whether there was one behind the process that was launched."""
        leader = None if self._exited.is_set() else self._launcher.leader(self.pid)
        if leader is None or leader == self.pid:
            return False
        signal_group(leader, signal.SIGKILL)
        return True

    def _reap(self) -> None:
        if self._process.returncode is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._status = (self._process.returncode, usage)

    def close(self) -> None:
        """Everything ends here whatever happened before, without giving way to anybody."""
        self._footprint.stop()
        with contextlib.suppress(OSError):
            os.close(self._gate)
        if not self._cleared:
            self._kill_leader()
            signal_group(self.pid, signal.SIGKILL)
            end_marked(self._mark, self.started)
            _wait_for_exit(self.pid)
            self._reap()
        for stream in tuple(self._readers):
            self._hang_up(stream)
        if self._pidfd is not None:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)

    def _ended(self, seconds: float, timed_out: bool) -> Ended:
        exit_code, usage = self._status or (None, None)
        return Ended(
            command=self._command,
            exit_code=exit_code,
            timed_out=timed_out,
            hang=self._hang,
            excess=self._excess if exit_code else None,  # it may have been over just then
            bounds=self._launcher.bounds,
            execution_time=seconds,
            cpu_s=usage.ru_utime + usage.ru_stime if usage else 0.0,
            memory_mb_peak=self._peak_mb(usage.ru_maxrss) if usage else None,
            stdout=self._stdout.text(),
            stderr=self._stderr.text(),
            tail=printable(bytes(self._tail)),
            cut_bytes=self._stdout.cut + self._stderr.cut,
            confined=self._launcher.confined,
            offline=self._launcher.offline(self._command.reach),
        )

    def _peak_mb(self, peak_kb: int) -> float | None:
        """A child's peak starts at ours: the kernel counts the moment between fork and exec."""
        seen = self._footprint.peak_mb
        own_peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # now: ours may have grown while it was made
        if sys.platform != "linux" or peak_kb <= own_peak_kb:
            return seen
        return max(round(peak_kb / 1024, 1), seen or 0.0)


def _marker(context: Context) -> str:
    return f"{context.task_ref}#{context.attempt}"


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    """A pipe whose ends are closed with the given stacks. No child inherits them by itself."""
    out, into = os.pipe()
    reader.callback(os.close, out)
    writer.callback(os.close, into)
    return out, into


def _pidfd(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # no Linux, or one before 5.3
        return None


def _has_exited(pid: int) -> bool:
    """Without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _ended_by_itself(pid: int) -> bool:
    """It has exited, and not by a signal. It is not reaped."""
    try:
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return ended is not None and ended.si_code == os.CLD_EXITED


def _wait_for_exit(pid: int) -> None:
    """A killed child ends within milliseconds; one that hangs in the kernel is not waited for."""
    deadline = monotonic() + REAP_S
    while not _has_exited(pid) and monotonic() < deadline:
        sleep(0.002)
