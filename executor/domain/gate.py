"""Gates: what must hold at the very end, after all work and every criterion (document 003): tests, security, review.

A gate is a task of its goal like any other, with a kind of its own and no weight. It stands in the plan where the
configuration names it or the goal demands it; a goal that says no to it (``#tests=no``) goes without, and its card
shows none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from executor.domain.plan import TaskSpec

ACTION = "gate"


class Gate(StrEnum):
    """In the order in which they are passed: a fix for what an audit found must pass the tests again."""

    TESTS = "tests"
    SECURITY = "security"
    REVIEW = "review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the configuration asks of every goal. An empty command: only where a goal demands it."""

    tests: str = ""
    security: str = ""
    review: bool = False


TITLES: Mapping[Gate, str] = {
    Gate.TESTS: "The tests pass",
    Gate.SECURITY: "The security audit passes",
    Gate.REVIEW: "The result is reviewed",
}
_DEMANDS: Mapping[Gate, tuple[str, ...]] = {
    Gate.TESTS: ("tests", "must_pass_tests", "testing_required"),
    Gate.SECURITY: ("audit", "require_security_audit"),
    Gate.REVIEW: (),
}
"""The metadata of a goal that demand a gate, or with one of `_NO` do without it."""
_NO = frozenset({"false", "no", "off", "0"})
_UNSAID: Mapping[Gate, str] = {
    Gate.TESTS: "the project's own: pytest, npm, make, cargo or go. Without any I ask you",
    Gate.SECURITY: "a scanner that is installed: pip-audit, bandit or npm audit. Without any I ask you",
    Gate.REVIEW: "you are asked",
}


def gates_of(configured: Gates, metadata: Mapping[str, str], declared: Iterable[TaskSpec] = ()) -> tuple[TaskSpec, ...]:
    """The gates of a goal, in their order. `declared` are those of its plan: what such a one says comes first."""
    own = {gate_in(spec): spec for spec in declared}
    commands = {Gate.TESTS: configured.tests, Gate.SECURITY: configured.security, Gate.REVIEW: ""}
    by_default = {gate: bool(command) for gate, command in commands.items()} | {Gate.REVIEW: configured.review}
    return tuple(
        own[gate] if gate in own else gate_spec(gate, commands[gate])
        for gate in Gate
        if _wanted(gate, metadata, by_default=gate in own or by_default[gate])
    )


def _wanted(gate: Gate, metadata: Mapping[str, str], *, by_default: bool) -> bool:
    said = [metadata[name].strip().lower() not in _NO for name in _DEMANDS[gate] if name in metadata]
    return any(said) if said else by_default


def gate_spec(gate: Gate, command: str = "", rework: tuple[TaskSpec, ...] = ()) -> TaskSpec:
    """`rework` are tasks that are done each time that the gate says no, before it is tried again."""
    parameters: dict[str, Any] = {"gate": gate.value} | ({"command": command} if command else {})
    return TaskSpec(
        key=f"gate-{gate}", title=TITLES[gate], action=ACTION, parameters=parameters, weight=0, rework=rework
    )


def gate_in(spec: TaskSpec) -> Gate:
    return Gate(spec.parameters["gate"])


def command_in(spec: TaskSpec) -> str:
    """The command that was configured or given; empty: it is looked for when the gate is due."""
    return str(spec.parameters.get("command", ""))


def gate_words(spec: TaskSpec) -> str:
    """What will be run or asked, for people. The command itself where there is one."""
    return command_in(spec) or _UNSAID[gate_in(spec)]
