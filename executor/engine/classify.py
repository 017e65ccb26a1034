"""Which of the four classes a failure belongs to, from evidence alone: a table of patterns, the first hit wins."""

import re
from dataclasses import dataclass

from executor.domain.blockage import BlockageType
from executor.domain.outcome import Result


@dataclass(frozen=True, slots=True)
class Rule:
    """`pattern` is searched in the last output; errno names are whole words and case-sensitive, or they hit names."""

    pattern: re.Pattern[str]
    type: BlockageType
    cause: str
    confidence: float


def _rule(pattern: str, type: BlockageType, cause: str, confidence: float = 0.9) -> Rule:
    return Rule(re.compile(pattern, re.MULTILINE), type, cause, confidence)


_B = BlockageType
RULES: tuple[Rule, ...] = (
    _rule(r"\bENOSPC\b|No space left on device|[Dd]isk quota exceeded", _B.RESOURCE, "The disk is full"),
    _rule(r"\bENOMEM\b|Cannot allocate memory|MemoryError|out of memory", _B.RESOURCE, "Memory ran out"),
    _rule(r"\bEMFILE\b|Too many open files", _B.RESOURCE, "Too many files are open"),
    _rule(r"\bEADDRINUSE\b|Address already in use", _B.RESOURCE, "A port is taken"),
    _rule(r"database is locked|Could not get lock|Unable to acquire.*lock", _B.RESOURCE, "Something holds a lock"),
    _rule(
        r"\bENOTFOUND\b|\bEAI_AGAIN\b|Could not resolve host|Name or service not known|Temporary failure in name"
        r" resolution",
        _B.EXTERNAL,
        "A host name can't be looked up",
    ),
    _rule(r"Network is unreachable|No route to host|Connection timed out", _B.EXTERNAL, "The network is unreachable"),
    _rule(r"\b429\b|Too Many Requests|rate limit", _B.EXTERNAL, "The other side asks to slow down"),
    _rule(r"\b(500|502|503|504)\b (Internal|Bad Gateway|Service|Gateway)", _B.EXTERNAL, "The other side has a fault"),
    _rule(r"\b40[13]\b (Unauthorized|Forbidden)|Permission denied \(publickey", _B.EXTERNAL, "Access was refused"),
    _rule(r"ModuleNotFoundError: No module named", _B.DEPENDENCY, "A Python module is missing"),
    _rule(r"Cannot find module|MODULE_NOT_FOUND", _B.DEPENDENCY, "A Node module is missing"),
    _rule(r"command not found|not found in PATH", _B.DEPENDENCY, "A command is missing"),
    _rule(r"[Nn]o such file or directory", _B.DEPENDENCY, "A file or folder is missing", 0.7),
    _rule(r"Connection refused", _B.DEPENDENCY, "A service is not running", 0.7),
)

_BY_EXIT_CODE = {
    124: (_B.RESOURCE, "It ran out of time"),
    126: (_B.ERROR, "A command is not executable"),
    127: (_B.DEPENDENCY, "A command is missing"),
    137: (_B.RESOURCE, "It was killed, often for its memory"),
    152: (_B.RESOURCE, "It used up its CPU time"),
    153: (_B.RESOURCE, "A file grew over its limit"),
}

_TAIL = 6_000  # characters looked at; what matters comes last


@dataclass(frozen=True, slots=True)
class Verdict:
    type: BlockageType
    cause: str
    confidence: float


def classify(result: Result) -> Verdict:
    """What we know ourselves first, then exit codes, then what was printed: errors before output; else an error."""
    if result.metadata.get("timed_out"):
        return Verdict(_B.RESOURCE, result.error or "It ran out of time", 1.0)
    code = result.metadata.get("exit_code")
    if isinstance(code, int) and code in _BY_EXIT_CODE:
        type, cause = _BY_EXIT_CODE[code]
        return Verdict(type, cause, 0.9)
    for text in (str(result.metadata.get("stderr") or ""), result.error or "", result.output):
        for rule in RULES:
            if rule.pattern.search(text[-_TAIL:]):
                return Verdict(rule.type, rule.cause, rule.confidence)
    return Verdict(_B.ERROR, result.error or "It failed", 0.5)
