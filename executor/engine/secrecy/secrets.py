"""What is secret here: sealed for the database, open for the attempts that may have it, hidden everywhere else.

Values that a person gave for a goal live in memory while the goal does, so an attempt costs no reading; the database
has them sealed. Configured ones go to an attempt only where its text names them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from executor.domain.errors import SealBroken, Unconfigured
from executor.domain.outcome import Blocked, GateClosed, Outcome, Result, Stumbled, Succeeded, Uncertain
from executor.domain.plan import TaskSpec
from executor.domain.secret import SealedSecret
from executor.engine.casework.case import Case
from executor.engine.secrecy.masking import Masker
from executor.ports import Seal

MISSING_VALUE = "missing_value"
"""The name in a result's metadata for the variable that a person must give again."""

TAIL_CHARACTERS = 12_000  # metadata's tail of this length may be the end of a longer text


class Secrets:
    """`configured` are the variables of [secrets]; `others` only have to be hidden: tokens and keys of our own."""

    def __init__(
        self, seal: Seal | None = None, configured: Mapping[str, str] | None = None, others: Iterable[str] = ()
    ) -> None:
        self._seal = seal
        self._configured = dict(configured or {})
        self._provided: dict[int, dict[str, str]] = {}
        self._lost: dict[int, list[str]] = {}
        self.hide = Masker((*self._configured.values(), *others))

    # -------------------------------------------------------------------------------------------------- keeping them

    def seal(self, text: str) -> str:
        """`text` encrypted; from now on it is hidden wherever it shows up."""
        if self._seal is None:
            raise Unconfigured("There is no key here to keep a secret with.")
        self.hide.learn(text)
        return self._seal.seal(text)

    def unseal(self, sealed: str) -> str:
        """Raises SealBroken."""
        if self._seal is None:
            raise SealBroken
        text = self._seal.unseal(sealed)
        self.hide.learn(text)
        return text

    def sealed(self, case: Case) -> list[SealedSecret]:
        """What a person gave in this case, for the database."""
        by = case.by.person_id if case.by else 0
        return [
            SealedSecret(
                goal_number=case.goal.number, name=one.name, sealed=self.seal(one.value), by=by, created_at=case.now
            )
            for one in case.provided
        ]

    def committed(self, case: Case) -> None:
        """What the case brought or ended counts from now on."""
        number = case.goal.number
        for one in case.provided:
            self._provided.setdefault(number, {})[one.name] = one.value
            if one.name in (lost := self._lost.get(number, [])):
                lost.remove(one.name)
        if case.goal.final:
            self._provided.pop(number, None)
            self._lost.pop(number, None)

    def known(self, goal_number: int) -> frozenset[str]:
        """The names that have a value for this goal."""
        return frozenset(self._configured) | frozenset(self._provided.get(goal_number, {}))

    def load(self, stored: Sequence[SealedSecret]) -> list[str]:
        """At the start. One sentence for each value that can't be read any more; its goal asks for it again."""
        problems = []
        for one in stored:
            try:
                self._provided.setdefault(one.goal_number, {})[one.name] = self.unseal(one.sealed)
            except SealBroken as error:
                self._lost.setdefault(one.goal_number, []).append(one.name)
                problems.append(f"Goal {one.goal_number}, {one.name}: {error.public} It is asked for again.")
        return problems

    # -------------------------------------------------------------------------------------------------- giving them

    def environment(self, goal_number: int, spec: TaskSpec) -> dict[str, str]:
        """The variables of an attempt: what was given for its goal, and what its own text names of the configured."""
        used = {name: self._configured[name] for name in self.uses(spec)}
        return used | self._provided.get(goal_number, {})

    def uses(self, spec: TaskSpec) -> tuple[str, ...]:
        """The configured secrets that a task names: ``$NAME`` or ``${NAME}`` in a command, ``"NAME"`` in Python."""
        if not self._configured:
            return ()
        texts = _texts_of(spec)
        return tuple(name for name in self._configured if any(_names(text, name, spec.action) for text in texts))

    def lost(self, goal_number: int, spec: TaskSpec) -> Result | None:
        """The failure of an attempt whose task names a value that can't be read any more."""
        names = self._lost.get(goal_number, ())
        name = next((one for one in names if any(one in text for text in _texts_of(spec))), None)
        if name is None:
            return None
        error = f"The value of {name} can't be read any more: the key of this install was lost or is another one"
        return Result(success=False, error=error, metadata={MISSING_VALUE: name})

    # -------------------------------------------------------------------------------------------------- hiding them

    def hidden(self, outcome: Outcome) -> Outcome:
        """What an attempt brought back, without any value, whatever form it has."""
        if not self.hide:
            return outcome
        outcome = self.hide.everywhere(outcome)
        if isinstance(outcome, Succeeded | Stumbled | Blocked | Uncertain | GateClosed) and outcome.result is not None:
            return replace(outcome, result=_without_fragments(outcome.result, self.hide))
        return outcome

    def hidden_result(self, result: Result) -> Result:
        """As `hidden`, of a result that is still being judged."""
        return _without_fragments(self.hide.everywhere(result), self.hide) if self.hide else result


def _without_fragments(result: Result, hide: Masker) -> Result:
    """Output is kept in part, and a part may begin or end in the middle of a value."""
    stderr, tail = (str(result.metadata.get(name) or "") for name in ("stderr", "tail"))
    ends = {"stderr": hide.around_cut(stderr)} if stderr else {}
    if len(tail) >= TAIL_CHARACTERS:
        ends["tail"] = hide.after_cut(tail)
    return replace(result, output=hide.around_cut(result.output), metadata={**result.metadata, **ends})


def _texts_of(spec: TaskSpec) -> list[str]:
    parameters = {name: one for name, one in spec.parameters.items() if (spec.action, name) != ("http", "url")}
    return [*_texts(parameters), *(one.command for one in (spec.check, spec.when) if one is not None)]


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return []


def _names(text: str, name: str, action: str) -> bool:
    if name not in text:
        return False
    quoted = rf"|[\"']{name}[\"']" if action == "python" else ""
    return re.search(rf"\$\{{?{name}(?![A-Za-z0-9_]){quoted}", text) is not None
