"""Which tests failed, as the usual runners print it."""

import re

from executor.domain.outcome import Result

FAILING_MAX = 20
NAME_CHARACTERS_MAX = 120

_LINES = (
    re.compile(r"^FAILED (?P<name>\S+::.+?)(?: - .*)?$", re.M),  # pytest
    re.compile(r"^(?:FAIL|ERROR): (?P<name>\w+) \([\w.]+\)", re.M),  # unittest
    re.compile(r"^\s*--- FAIL: (?P<name>\S+)", re.M),  # go
    re.compile(r"^test (?P<name>\S+) \.\.\. FAILED$", re.M),  # cargo
    re.compile(r"^\s*● (?P<name>\S.* › .+?)\s*$", re.M),  # jest
    re.compile(r"^\s*[✕✖] (?P<name>\S.+?)(?: \(\d+(?:\.\d+)? m?s\))?\s*$", re.M),  # node --test, mocha, jest
    re.compile(r"^\s*not ok \d+ -? ?(?P<name>(?!.*# (?:TODO|SKIP))\S.*?)\s*$", re.M),  # TAP
)
_NOTHING_RAN = re.compile(r"\bRan 0 tests\b|^(?:no tests ran|collected 0 items)\b|=+ no tests ran in ", re.M)


def failing_tests(result: Result) -> tuple[str, ...]:
    """Their names as the first runner that is recognised prints them, in order, each once, at most 20."""
    said = said_by(result)
    for pattern in _LINES:
        if names := dict.fromkeys(found["name"][:NAME_CHARACTERS_MAX] for found in pattern.finditer(said)):
            return tuple(names)[:FAILING_MAX]
    return ()


def nothing_ran(result: Result) -> bool:
    """The runner says that there was no test at all; whatever its exit code, that shows nothing."""
    return _NOTHING_RAN.search(said_by(result)) is not None


def said_by(result: Result) -> str:
    """Output, then errors."""
    return "\n".join(part for part in (result.output, str(result.metadata.get("stderr") or "")) if part)


def short_name(name: str) -> str:
    """``test_a`` for ``tests/test_a.py::TestA::test_a``."""
    return name.rpartition("::")[2]
