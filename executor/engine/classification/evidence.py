"""What is known about one attempt: what we saw ourselves, how it ended, and what it said."""

import re
from dataclasses import dataclass
from functools import cached_property

from executor.domain.outcome import Result
from executor.engine.classification.programs import last_program, programs

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
LINE_PART = 500  # characters of a longer line that are kept, at its beginning and at its end
_LONG = re.compile(rf"[^\n]{{{2 * LINE_PART + 1},}}")
TAIL = 6_000  # characters looked at of each stream; what matters comes last


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """`exit_code` None: no process, or none that ended; a signal counts as 128 + its number, or as its negative.

    What the executor knows itself: `timed_out` (it ended the command for its time), `exceeded` (it ended it because it
    took too much of this: "memory", "processes"), `stopped` (it ended it for another reason), `waits_for_terminal`
    (that was the reason), `refused` (what the sandbox did not allow, in words), `network` (False: the command had
    none), `status` (of the answer that the http action got), `retry_after_s`, `unset` (a secret's variable that the
    command names and that nobody gave), `disproved` (it ended well, and a check says that it failed all the same)."""

    command: str = ""
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    said: str = ""  # the action's own words about its failure
    success: bool = False  # counts where there is no exit code
    timed_out: bool = False
    stopped: bool = False
    waits_for_terminal: bool = False
    exceeded: str = ""
    refused: str = ""
    network: bool = True
    status: int | None = None
    retry_after_s: float | None = None
    unset: str = ""
    disproved: bool = False

    @classmethod
    def of(cls, result: Result) -> "Evidence":
        """From an attempt's result; the names in `metadata` are those of the fields here."""
        known = result.metadata
        code, status, wait_s = known.get("exit_code"), known.get("status"), known.get("retry_after_s")
        return cls(
            command=str(known.get("command") or ""),
            exit_code=code if isinstance(code, int) else None,
            stdout=result.output,
            stderr=str(known.get("stderr") or ""),
            said=result.error or "",
            success=result.success,
            timed_out=bool(known.get("timed_out")),
            stopped=bool(known.get("stopped")),
            waits_for_terminal=bool(known.get("waits_for_terminal")),
            exceeded=str(known.get("exceeded") or ""),
            refused=str(known.get("refused") or ""),
            network=known.get("network") is not False,
            status=status if isinstance(status, int) else None,
            retry_after_s=float(wait_s) if isinstance(wait_s, int | float) else None,
            unset=str(known.get("unset") or ""),
            disproved=bool(known.get("disproved")),
        )

    @cached_property
    def code(self) -> int | None:
        """The exit code as a shell shows it."""
        return 128 - self.exit_code if self.exit_code is not None and self.exit_code < 0 else self.exit_code

    @cached_property
    def succeeded(self) -> bool:
        if self.disproved:
            return False
        return self.code == 0 if self.code is not None else self.success

    @cached_property
    def texts(self) -> tuple["Text", ...]:
        """Where messages stand, most telling first: standard error, the action's own words, standard output."""
        found = (self.stderr, self.said, self.stdout)
        return tuple(Text(_plain(text[-TAIL:])) for text in found if text.strip())

    @cached_property
    def programs(self) -> frozenset[str]:
        return frozenset(programs(self.command))

    @cached_property
    def last(self) -> str:
        """The program whose exit code it most likely is."""
        return last_program(self.command)


def _plain(text: str) -> str:
    """Without colours, and long lines without their middle: a page of base64 must not cost a second of matching."""
    return _LONG.sub(lambda line: f"{line[0][:LINE_PART]} … {line[0][-LINE_PART:]}", _COLOURS.sub("", text))


@dataclass(frozen=True)
class Text:
    """`own` words with their lower-case twin, made once."""

    own: str

    @cached_property
    def lower(self) -> str:
        return self.own.lower()

    @cached_property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Each with its lower-case twin."""
        return tuple((line, line.lower()) for line in self.own.split("\n"))
