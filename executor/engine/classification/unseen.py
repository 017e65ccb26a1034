"""A success that is none: exit code 0 with an error for an answer, or a failure that a pipe has swallowed.

Whoever only shows a file (cat, grep, echo) may show any error in the world: that is no failure. Nor is what was meant
to be ignored (``|| true``): a file that was not there, a process that did not run. A program that crashed was meant by
nobody, unless something was to be found out by it (``python3 -c "import numpy" || …``) or something else was tried.
"""

import re
from typing import Any

from executor.engine.classification.evidence import TAIL, Evidence
from executor.engine.classification.hints import Hint, body_hint, cause_of_status, phrase_status
from executor.engine.classification.programs import outline, programs
from executor.engine.classification.verdict import data

_STATUS_LINE = re.compile(r"^HTTP/[\d.]+ (\d{3})\b.*$", re.MULTILINE)
_PAGE = re.compile(r"<(?:title|h1|TITLE|H1)>\s*(?:Error )?([45]\d\d)\b[^<]*<|<Error>\s*<Code>(\w+)</Code>")
_PLAIN = re.compile(
    r"\A\s*(?:error:? ?)?([45]\d\d)?:? ?(page not found|not found|unauthorized|forbidden|bad gateway|bad request|"
    r"service unavailable|internal server error|too many requests|gateway time-?out|upstream connect error[^\n]*|"
    r"rate limit exceeded|no healthy upstream)\.?\s*\Z",
    re.IGNORECASE,
)
_WRITES_STATUS = re.compile(r"%\{(?:http_code|response_code)\}")
_JOINED = re.compile(r"\|(?!\|)|;|\S\s*\n\s*\S")
_PIPED = re.compile(r"\|(?!\|)")
_MEANT = re.compile(r"\|\|")
_IGNORED = re.compile(r"\|\|\s*(?:true|:|exit 0|/bin/true)\s*[);}]*\s*\Z")
_TRIED_OUT = re.compile(r"(?:^|[\s;&|(])(?:python[\d.]*|node|perl|ruby|(?:ba|da|z)?sh)\s+(?:-\w+\s+)*-\w*[ce]\b")
_CODES: Any = data("codes.toml")
_READERS, _CLIENTS = (frozenset(_CODES["programs"][kind]) for kind in ("readers", "clients"))
_TESTS = frozenset({"[", "[[", "test"})
_MASKED = _CODES["masked"]
_SIGNS = tuple(re.compile(row["match"]) for row in _MASKED["signs"])
_REDIS = next(sign for sign in _SIGNS if "NOAUTH" in sign.pattern)
_CRASHED = tuple(re.compile(row["match"]) for row in _MASKED["crashed"])
_PASSED_ON = tuple(re.compile(row["match"]) for row in _MASKED["passed_on"])


def asks_outside(command: str) -> bool:
    """Whether the answer of another machine may be part of what it does."""
    return "://" in command or bool(set(programs(command)) & _CLIENTS)


def only_reads(command: str) -> bool:
    """It shows or compares files, and does nothing else."""
    return set(programs(command)) <= _READERS | _TESTS


def unseen(evidence: Evidence) -> Hint | None:
    """What is wrong with something that ended well; None: nothing."""
    return _answer(evidence) or _masked(evidence)


def _answer(evidence: Evidence) -> Hint | None:
    reads = bool(evidence.programs) and evidence.programs <= _READERS
    client = bool(evidence.programs & _CLIENTS)
    if not reads and (hint := body_hint(evidence.stdout)) is not None and (hint.sure or client):
        return hint
    return _page(evidence) if client else None


def _page(evidence: Evidence) -> Hint | None:
    """An error page, or the status that the client was told to show."""
    out = evidence.stdout[:TAIL]
    lines = _STATUS_LINE.findall(out)
    if lines and int(lines[-1]) >= 400:
        return Hint(cause_of_status(int(lines[-1])), out)
    if (page := _PAGE.search(out)) is not None:
        return Hint(cause_of_status(int(page[1])), "", sure=False) if page[1] else Hint("", page[2], sure=False)
    if (plain := _PLAIN.match(out)) is not None:
        status = int(plain[1]) if plain[1] else phrase_status(plain[2]) or 503
        return Hint(cause_of_status(status), "", sure=False)
    if _WRITES_STATUS.search(evidence.command) and (code := re.search(r"\b([45]\d\d|000)\s*$", out)):
        return Hint("network" if code[1] == "000" else cause_of_status(int(code[1])), "", sure=False)
    return None


def _masked(evidence: Evidence) -> Hint | None:
    command = outline(evidence.command)
    errors = evidence.stderr[-TAIL:]
    if _MEANT.search(command):
        return Hint("", errors, sure=False) if _crashed(command, errors) else None
    speaks_for_itself = bool(evidence.programs & {"redis-cli", "psql", "sqlite3", "mysql"})
    if (_JOINED.search(command) or speaks_for_itself) and any(sign.search(errors) for sign in _SIGNS):
        return Hint("", errors, sure=False)
    out = evidence.stdout[-TAIL:]
    if "redis-cli" in evidence.programs and _REDIS.search(out):
        return Hint("", out, sure=False)
    first = next(iter(programs(evidence.command)), "")
    if _PIPED.search(command) and first not in _READERS and any(sign.search(out) for sign in _PASSED_ON):
        return Hint("", out, sure=False)
    return None


def _crashed(command: str, errors: str) -> bool:
    """The last word is that a program of its own broke down, and nothing but silence came instead of it."""
    alone = len(_MEANT.findall(command)) == 1 and _IGNORED.search(command) is not None
    return alone and not _TRIED_OUT.search(command) and any(sign.search(errors.rstrip()) for sign in _CRASHED)
