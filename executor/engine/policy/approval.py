"""Whether an attempt may run what it is about to run, and exactly what that is.

An attempt runs more than its action: the condition that decides whether it is needed, and the check that decides
whether it is done. All of it is asked about together, before any of it runs, and covered by one digest. The digest is
taken from the very objects that are run, and taken again right before the action.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from executor.domain.blockage import BlockageType
from executor.domain.gathered import RISKY
from executor.domain.outcome import Blocked, NeedsApproval, Outcome, Result
from executor.domain.plan import Check, CheckKind
from executor.domain.reach import reach_of
from executor.domain.risk import Risk
from executor.engine.policy.conditions import circumstances_of
from executor.engine.policy.places import place_of, steered
from executor.engine.policy.policy import Policy, Question, reason_to_ask
from executor.ports import Actions, Assignment


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that would run. `role`: "" for the action itself, else what it is for."""

    role: str
    action: str
    parameters: Mapping[str, Any]
    why: str | None  # why it asks; None: it does not


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Of one attempt. `folder` is asked for its workspace only where something has to be compared."""

    assignment: Assignment
    actions: Actions
    policy: Policy
    folder: Callable[[int], Path]

    async def asked(self, parameters: Mapping[str, Any] | None) -> Outcome | None:
        """None: it may run. `parameters` are the action's; None where only what is looked at is meant."""
        pieces = self.pieces(parameters)
        if not self.assignment.goal.grants and all(piece.why is None for piece in pieces):
            return None
        folder = self.folder(self.assignment.goal.number)
        return await asyncio.to_thread(self.compared, pieces, folder)

    def compared(self, pieces: Sequence[Piece], folder: Path) -> Outcome | None:
        """With what was approved and granted. Reads files."""
        digests, grants = self._digests(pieces, folder), self.assignment.goal.grants
        bare = [bare_digest(piece.action, piece.parameters) for piece in pieces]
        if any(one in grants and not grants[one].allowed for one in (*digests, *bare)):
            return forbidden()
        open_ones = [
            (piece.why, one) for piece, one in zip(pieces, digests, strict=True) if piece.why and one not in grants
        ]
        asks = [why for why, _ in open_ones]
        whole = together(digests)
        if not asks or self.assignment.task.approved == whole:
            return None
        changed = f"{CHANGED} " if self.assignment.task.approved else ""
        return NeedsApproval(
            what=self._shown(pieces[0]) if not pieces[0].role else "",
            beside=tuple(f"{piece.role}: {self._shown(piece)}" for piece in pieces if piece.role),
            why=changed + asks[0],
            digest=whole,
            parts=tuple(digests),
            asking=tuple(one for _, one in open_ones),
            bare=tuple(bare),
            risky=tuple(sorted({str(risk) for piece in pieces for risk in self._risk(piece) & RISKY})),
        )

    def pieces(self, parameters: Mapping[str, Any] | None) -> list[Piece]:
        spec = self.assignment.task.spec
        found = [] if parameters is None else [("", spec.action, parameters)]
        for role, check in ((WHEN, spec.when), (CHECK, spec.check)):
            if (looks := self._looks(check)) is not None:
                found.append((role, *looks))
        return [Piece(role, action, given, self._why(role, action, given)) for role, action, given in found]

    def _risk(self, piece: Piece) -> frozenset[Risk]:
        return self.actions.risk(piece.action, piece.parameters)

    def _looks(self, check: Check | None) -> tuple[str, Mapping[str, Any]] | None:
        """The action that looking comes to; None where nothing is run and nothing is connected to. A command reaches
        as far as the task does, at least."""
        if check is None:
            return None
        if check.kind is CheckKind.COMMAND:
            return "shell", self.actions.look(check.command, reach_of(self.assignment.task.spec.parameters))
        return ("http", {"url": check.url, "method": "GET"}) if check.kind is CheckKind.HTTP else None

    def _why(self, role: str, action: str, parameters: Mapping[str, Any]) -> str | None:
        risk, assignment = self.actions.risk(action, parameters), self.assignment
        by_output = not role and steered(action, assignment.task.spec.parameters, parameters)
        question = Question(
            action=action,
            parameters=parameters,
            risk=risk,
            autonomy=assignment.goal.autonomy,
            accepted=assignment.accepted and not by_output,
            by_output=by_output,
            confidence=assignment.task.spec.confidence,
            looks=bool(role),
            circumstances=circumstances_of(assignment.goal, assignment.within or assignment.task.spec),
            strange=self._strange(action, parameters)
            if Risk.NETWORK in risk and (assignment.tainted or by_output)
            else "",
        )
        return reason_to_ask(question, self.policy)

    def _strange(self, action: str, parameters: Mapping[str, Any]) -> str:
        """The place, unless it was named before."""
        if action != "http":
            return "the network"
        place = place_of(str(parameters.get("url", "")))
        return "" if place and place in self.assignment.places else place or "an address that can't be read"

    def _digests(self, pieces: Sequence[Piece], folder: Path) -> list[str]:
        """Reads files."""
        names = sorted(self.assignment.environment)
        return [
            together([self.actions.fingerprint(one.action, one.parameters, folder), *self._meaning(one), *names])
            for one in pieces
        ]

    def _meaning(self, piece: Piece) -> list[str]:
        """What an action is described as is part of it: the owner may have given its name to another command."""
        return [] if piece.role else [self.actions.get(piece.action).describe(piece.parameters)]

    def _shown(self, piece: Piece) -> str:
        """All of it: what its own words leave out stands below them."""
        if piece.role:
            return str(next(iter(piece.parameters.values())))
        words = self.actions.get(piece.action).describe(piece.parameters)
        lines = [f"{name}: {text}" for name, text in _texts(piece.parameters) if text.strip() not in words]
        given = [f"is given: {', '.join(sorted(self.assignment.environment))}"] if self.assignment.environment else []
        return "\n".join([words, *lines, *given])


CHANGED = "It has changed since it was approved. The files that it may use count as well."
WHEN, CHECK = "runs only when", "then checked by"


def forbidden() -> Blocked:
    cause = "A person said that this never runs for this goal"
    return Blocked(result=Result(success=False, error=cause), type=BlockageType.EXTERNAL, cause=cause)


_OTHERWISE = frozenset({"seconds", "turns_max", "definition"})
"""Numbers that the words of their actions say in another way."""
_LIMITS = frozenset({"timeout_s", "repeatable", "expect_status", "network", "machine", "writes"})


def bare_digest(action: str, parameters: Mapping[str, Any]) -> str:
    """Of what it is, whatever it may take and whatever lies in its files: that is what “never” is said about. A command
    is the same one as a task, as a check and as what is waited for."""
    given = {name: value for name, value in parameters.items() if name not in _LIMITS}
    command = given.get("command")
    if action in ("shell", "wait") and isinstance(command, str):
        given, action = {**given, "command": " ".join(command.split())}, "shell"
    text = json.dumps([action, given], sort_keys=True, default=str)
    return hashlib.sha256(f"never {text}".encode(errors="surrogatepass")).hexdigest()


def together(digests: Sequence[str]) -> str:
    """One digest of several; of a single one, itself."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(json.dumps(list(digests)).encode()).hexdigest()


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text and every number in the parameters, with the name that it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, int | float) and not isinstance(value, bool) and name not in _OTHERWISE:
        yield name, f"{value:g}"
    elif isinstance(value, Mapping):
        for inner, one in value.items():
            yield from _texts(one, str(inner))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, name)
