"""A command, and how it ended: in the words of a person, and in the shape of contract section 5."""

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from executor.actions.bounds import Bounds
from executor.actions.footprint import Excess
from executor.actions.hangs import Hang
from executor.domain.outcome import Result
from executor.domain.reach import NOWHERE, Reach

_HUNG = {
    Hang.STOPPED: "it was stopped, and nobody let it go on",
    Hang.TERMINAL: "it waits for input at a terminal, where nobody is",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`arguments` is what runs, `shown` what people see of it. `extra` is added to the cleared environment."""

    arguments: Sequence[str]
    shown: str
    timeout_s: float
    reach: Reach = NOWHERE
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended. `exit_code` is negative for a signal, None where it could not be ended at all.
    `memory_mb_peak` is None where it stayed below our own peak, from which the kernel's figure starts, and was over
    before anybody looked. `excess`: it was ended because it took too much; `bounds` is what it may take.
    `confined`: it ran in a sandbox; `offline`: without a network."""

    command: Command
    exit_code: int | None
    timed_out: bool
    hang: Hang | None
    excess: Excess | None
    bounds: Bounds | None
    execution_time: float
    cpu_s: float
    memory_mb_peak: float | None
    stdout: str
    stderr: str
    tail: str
    cut_bytes: int
    confined: bool = False
    offline: bool = False

    @property
    def problem(self) -> str | None:
        """One line; None: it went well."""
        if self.timed_out:
            return f"timed out after {self.command.timeout_s:g} s"
        if self.hang is not None:
            return _HUNG[self.hang]
        if self.excess is not None:
            return self.excess.sentence
        if self.exit_code is None:
            return "killed, but it hangs in the kernel"
        if (limit := self._kernels_limit()) is not None:
            return limit
        if self.exit_code < 0:
            return f"killed by signal {-self.exit_code}"
        if self.exit_code > 128 and self.exit_code - 128 in set(signal.Signals):
            return f"exit code {self.exit_code} (signal {self.exit_code - 128})"
        return f"exit code {self.exit_code}" if self.exit_code else None

    def _kernels_limit(self) -> str | None:
        """Which limit the kernel ended it by. Whether it was ours or a lower one of its own can't be told by the time
        that it took: the kernel counts that for the limit in other ways than for its report."""
        if self.bounds is None or self.exit_code is None:
            return None
        number = -self.exit_code if self.exit_code < 0 else self.exit_code - 128
        if number == signal.SIGXCPU:
            return f"it ran out of processor time; {self.bounds.cpu_s:g} s are allowed (sandbox.cpu_s)"
        if number == signal.SIGXFSZ:
            return f"it wrote a file of more than {self.bounds.file_mb:,} MB, and no command may"
        return None

    def result(self) -> Result:
        """In the shape of contract section 5: `output` is what went to stdout, for ``${key.output}``."""
        metadata = {
            "execution_time": round(self.execution_time, 3),
            "cpu_s": round(self.cpu_s, 3),
            "exit_code": self.exit_code,
            "command": self.command.shown,
            "timed_out": self.timed_out,
            "output_cut_bytes": self.cut_bytes,
            "stderr": self.stderr,
            "tail": self.tail,
        }
        if self.confined:
            metadata["sandbox"] = True
        if self.offline:
            metadata["network"] = False
        if self.hang is not None:
            metadata["stopped" if self.hang is Hang.STOPPED else "waits_for_terminal"] = True
        if self.excess is not None:
            metadata["exceeded"] = self.excess.what
        if self.memory_mb_peak is not None:
            metadata["memory_mb_peak"] = self.memory_mb_peak
        said = self.problem or "exit code 0"
        return Result(
            success=self.problem is None, result=said, output=self.stdout, error=self.problem, metadata=metadata
        )
