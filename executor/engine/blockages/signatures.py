"""What makes two failures the same: their words without what differs from run to run and means nothing.

Times, durations, ids, process numbers, ports and the random part of temporary and workspace paths are replaced by what
they are; names, counts, line numbers and exit codes stay, because a change of theirs is a change of meaning.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from executor.domain.outcome import Result
from executor.domain.plan import TaskSpec

LINES = 12  # from the end of what was said; further up stands what went well before
LINE_CHARACTERS = 300
HASH_CHARACTERS = 10

_MEANINGLESS: Sequence[tuple[re.Pattern[str], str]] = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
        (r"(?i)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<id>"),
        (r"\b\d{4}-\d\d-\d\d(?:[T ,]+\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?", "<time>"),
        (r"\b(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:\d\d? )?[A-Z][a-z]{2} +\d{1,4} (?=\d\d:\d\d)", "<time>"),
        (r"(?:<time>)?\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b", "<time>"),
        (r"(?<=[ (\[])1\d{9}(?:\d{3})?(?:\.\d+)?\b", "<time>"),  # seconds or milliseconds since 1970
        (r"\b\d+m ?\d+(?:\.\d+)?s\b", "<span>"),
        (r"\b\d+(?:[.,]\d+)? ?(?:ns|µs|us|ms|s|secs?|seconds?|mins?|minutes?|h|hours?)\b", "<span>"),
        (r"(?:/[\w.@+-]+)*/workspaces/\d+(?=/|\b)", "<work>"),
        (r"(?:/private)?(?:/var)?/tmp/(?=[^/\s]*(?:\d|tmp|[a-z][A-Z]|[A-Z]{2}))[\w.@+-]+", "<temp>"),
        (r"(?:/private)?/var/folders/[\w+-]+/[\w+-]+/T/[\w.@+-]+", "<temp>"),
        (r"\b0x[0-9a-fA-F]+\b", "<hex>"),
        (r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b", "<hex>"),
        (r"(?i)\b(pid|process|ppid|tid|thread)([ =:#-]{1,3}|\()\d+", r"\1\2<n>"),
        (r"(?<=[A-Za-z])\[\d+\](?=:)", "[<n>]"),
        (r"\b\d+ (?=Killed|Terminated|Segmentation fault|Aborted|Bus error)", "<n> "),
        (r"(?i)\b(port)([ =:]{1,3})\d{2,5}\b", r"\1\2<port>"),
        (r"((?:localhost|\d{1,3}(?:\.\d{1,3}){3}|\]|\*|::|://[^/\s:]+):)\d{2,5}\b", r"\1<port>"),
        (r"(['\"]\d{1,3}(?:\.\d{1,3}){3}['\"], )\d{2,5}\b", r"\1<port>"),
        (r"(?i)\b((?:request|trace|correlation|session|transaction|invocation)[ _-]?id\W{1,3})[\w.-]+", r"\1<id>"),
        (r"\b(?:req|run|evt|job)_[A-Za-z0-9]{6,}\b", "<id>"),
        (r"\b\d{12,}\b", "<id>"),
        (r"[ \t]+", " "),
    )
)
_PORT_IN_COMMAND = re.compile(r"(?i)(\bport[ =]|(?<= )-[lp] ?|http\.server |:)\d{2,5}\b")


def normalised(text: str) -> str:
    """Without what means nothing; see the module."""
    for pattern, instead in _MEANINGLESS:
        text = pattern.sub(instead, text)
    return text.strip()


def last_words(result: Result) -> str:
    """The end of what was said: errors where there are any, else the action's own words and what was printed."""
    stderr = str(result.metadata.get("stderr") or "").strip()
    text = f"{result.error or ''}\n{stderr or result.output.strip()}"
    lines = [line.strip()[:LINE_CHARACTERS] for line in text.splitlines() if line.strip()]
    return "\n".join([*lines[:1], *lines[1:][-LINES:]])


def signature_of(result: Result) -> str:
    """Equal for two attempts that said the same."""
    return _short(f"{result.success} {normalised(last_words(result))}")


def parameters_of(spec: TaskSpec) -> str:
    """Equal for the same work, on whatever port and within whatever time."""
    parameters = {name: value for name, value in spec.parameters.items() if name != "timeout_s"}
    text = _PORT_IN_COMMAND.sub(r"\1<port>", json.dumps(parameters, sort_keys=True, default=str))
    return _short(f"{spec.action} {text}")


def plan_signature(specs: Sequence[TaskSpec]) -> str:
    """Equal only for plans that want exactly the same, whatever the order in which they name it."""
    in_order = sorted(specs, key=lambda spec: spec.key)
    return _short(json.dumps([asdict(spec) for spec in in_order], sort_keys=True, default=str))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_CHARACTERS]
