"""Actions of this machine's owner ([actions.NAME]): a command that is configured, with parameters that are given.

A parameter never becomes program text. It arrives as an environment variable of its name, and, in a command that is a
list, in place of ``{name}`` inside one argument: no shell reads it there. One that may have an effect outside has the
network.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from executor.actions.ended import Command
from executor.actions.interpreters import program_at
from executor.actions.launcher import Launcher, harmless
from executor.actions.process import run
from executor.actions.shell import VARIABLE_BYTES_MAX, no_nul, shell_program
from executor.domain.errors import Unconfigured, WrongInput
from executor.domain.outcome import Result
from executor.domain.reach import Reach
from executor.domain.risk import Risk
from executor.ports import Ask, Context

_PLACEHOLDER = re.compile(r"(?<!\$)\{(\w+)\}")
RISKS: Mapping[str, frozenset[Risk]] = {
    "low": frozenset({Risk.WRITES}),
    "medium": frozenset({Risk.WRITES, Risk.OUTSIDE}),
    "high": frozenset({Risk.WRITES, Risk.OUTSIDE, Risk.IRREVERSIBLE}),
}
"""What ``risk`` of a table says about an action. What has an effect outside is never repeated without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One table. `command` is a line for the shell or a list; `parameters` have a text each that says what it is."""

    name: str
    command: str | tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    risk: Literal["low", "medium", "high"] = "medium"


class Own:
    """The Action port for one recipe. Raises Unconfigured where the recipe would make a parameter program text."""

    def __init__(self, recipe: Recipe, launcher: Launcher) -> None:
        self.name = recipe.name
        self._recipe = recipe
        self._launcher = launcher
        _check_places(recipe)
        if steering := sorted(recipe.parameters.keys() - harmless(recipe.parameters).keys()):
            raise Unconfigured(
                f"[actions.{recipe.name}]: the parameter {steering[0]} would decide what other programs load and run. "
                "Give it another name."
            )

    @property
    def line(self) -> str:
        """For the planner."""
        taken = ", ".join(f'"{name}": str' for name in self._recipe.parameters)
        about = "; ".join(f"{name}: {text}" for name, text in self._recipe.parameters.items() if text)
        return f"{self.name} {{{taken}}}: an action of this machine's owner{f' ({about})' if about else ''}"

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        known = self._recipe.parameters
        for name in parameters:
            if name not in known:
                raise WrongInput(f"{self.name}: {name} is not a parameter; known are {', '.join(known) or 'none'}.")
        for name, about in known.items():
            if name not in parameters:
                raise WrongInput(f"{self.name}: {name} is missing{f' ({about})' if about else ''}.")
        return {name: self._text(name, parameters[name]) for name in known}

    def describe(self, parameters: Mapping[str, Any]) -> str:
        command = self._recipe.command
        shown = command if isinstance(command, str) else shlex.join(command)
        return "\n".join([f"`{shown}`", *(f"{name} = {parameters[name]}" for name in parameters)])

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return Risk.OUTSIDE not in RISKS[self._recipe.risk]

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        return None

    def risk(self, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        return RISKS[self._recipe.risk]

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result:
        try:
            values = {name: str(value) for name, value in self.check(parameters).items()}
            command = Command(
                arguments=self._arguments(values),
                shown=" ".join([self.name, *(f"{name}={shlex.quote(value)}" for name, value in values.items())]),
                timeout_s=context.timeout_s,
                extra=values,
                reach=Reach(network=Risk.OUTSIDE in RISKS[self._recipe.risk]),
            )
            return (await run(command, context, self._launcher)).result()
        except WrongInput as error:  # an output that was filled in is too long for an argument
            return Result(success=False, error=error.public, metadata={"execution_time": 0.0})
        except OSError as error:
            said = f"can't start: {error.strerror or error}"
            return Result(success=False, result=said, error=said, metadata={"execution_time": 0.0})

    def _arguments(self, values: Mapping[str, str]) -> list[str]:
        command = self._recipe.command
        if isinstance(command, str):
            return [shell_program(), "-c", command]
        return [_PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), part) for part in command]

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise WrongInput(f"{self.name}: {name} is {value!r}; expected text.")
        try:
            text = no_nul(str(value))
        except ValueError as error:
            raise WrongInput(f"{self.name}: {name}: {error}.") from None
        if len(text.encode("utf-8", errors="replace")) > VARIABLE_BYTES_MAX:
            raise WrongInput(f"{self.name}: {name} is longer than {VARIABLE_BYTES_MAX:,} bytes.")
        return text


def _check_places(recipe: Recipe) -> None:
    where = f"[actions.{recipe.name}]"
    if isinstance(recipe.command, str):
        if named := [name for name in _PLACEHOLDER.findall(recipe.command) if name in recipe.parameters]:
            raise Unconfigured(f'{where}: a shell reads this command; write "${named[0]}" instead of {{{named[0]}}}.')
        return
    for index, part in enumerate(recipe.command):
        named = [name for name in _PLACEHOLDER.findall(part) if name in recipe.parameters]
        if not named:
            continue
        if index == 0:
            raise Unconfigured(f"{where}: {{{named[0]}}} can't be the program itself.")
        if reason := program_at(recipe.command[:index], part):
            raise Unconfigured(f'{where}: {{{named[0]}}} stands {reason}; write "${named[0]}" there.')
