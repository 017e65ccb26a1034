"""Which finite thing of this machine a failure is about, and what to look at to see that there is enough again."""

import re
from dataclasses import replace

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Outage
from executor.domain.outcome import Stumbled
from executor.engine.classification import Verdict

_LOCK = re.compile(r"(?:Unable to create|[Cc]ould not get lock|[Uu]nable to (?:lock|acquire)[^'/\n]*)\s*'?(/[^\s':]+)")
_PATH = re.compile(
    r"['‘\" ](/[\w./-]+)['’\": ][^\n]*(?:No space left|Disk quota)|(?:No space left|quota)[^\n]*['\"](/[\w./-]+)"
)


def resource_outage(outcome: Stumbled, verdict: Verdict) -> Outage | None:
    """None where nothing could be looked at: then it is tried again with growing pauses, as everything else."""
    if verdict.type is not BlockageType.RESOURCE or outcome.evidence.startswith("The check does not hold"):
        return None
    if outcome.result.metadata.get("exceeded"):  # of what it may take: this machine may have plenty
        return None
    said = f"{outcome.result.metadata.get('stderr') or ''}\n{outcome.result.error or ''}"
    match verdict.subclass:
        case "disk_full":
            found = _PATH.search(said)
            path = next((one for one in found.groups() if one), "") if found else ""
            return _outage(f"disk:{path}", "Disk space", verdict, "Make room on that disk.")
        case "out_of_memory":
            return _outage("memory", "Memory", verdict, "Close what needs much memory, or raise sandbox.memory_mb.")
        case "port_in_use" if verdict.subject.isdecimal():
            port = verdict.subject
            return _outage(f"port:{port}", f"Port {port}", verdict, f"End what listens on port {port}, if it is yours.")
        case "locked" if (lock := _LOCK.search(said)) is not None:
            held = replace(verdict, cause=f"Something holds the lock {lock[1]}")
            return _outage(f"lock:{lock[1]}", f"The lock {lock[1]}", held, "End what holds it, if it is yours.")
        case "fd_limit":
            return _outage("files", "Room for open files", verdict, "Close what holds many files open.")
        case "process_limit":
            return _outage("processes", "Room for processes", verdict, "End what runs in many processes.")
    return None


def _outage(key: str, what: str, verdict: Verdict, advice: str) -> Outage:
    return Outage(
        key=key,
        type=BlockageType.RESOURCE,
        what=what,
        reason=verdict.cause,
        advice=advice,
        probe=key,
        wait_s=verdict.wait_s or 0.0,
        at_once=True,
    )
