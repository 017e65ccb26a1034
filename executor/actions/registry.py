"""The registry: every action by its name."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from executor.actions import references
from executor.actions.fingerprint import fingerprint
from executor.actions.named_values import DOLLARS, GIVEN
from executor.actions.python import sound
from executor.actions.reaching import Reaching, join, parameters_of
from executor.actions.shell import OUTPUTS
from executor.domain.errors import WrongInput
from executor.domain.mail import SEND_DRAFT
from executor.domain.outcome import Result, Waiting
from executor.domain.reach import NOWHERE, Reach
from executor.domain.risk import Risk
from executor.domain.subtasks import SUBTASKS
from executor.ports import Action

PROGRAMS: Mapping[str, frozenset[str]] = {
    "shell": frozenset({"command"}),
    "python": frozenset({"code"}),
    "wait": frozenset({"command"}),
}
"""The parameters that are program text: a reference in them is replaced as data, by the action itself."""

NAMING = frozenset({"http", "mcp"})
"""Actions that put the values of secrets in the place of their names."""
NEVER_PLANNED = frozenset({SUBTASKS, SEND_DRAFT})
"""What the engine alone puts on a plan."""


class Registry:
    """The Actions port. `confined`: programs run in a sandbox; `networked`: one that lets all of them use the
    network."""

    def __init__(
        self,
        actions: Iterable[Action],
        risks: Mapping[str, frozenset[Risk]] | None = None,
        *,
        confined: bool = False,
        networked: bool = False,
        reaching: Reaching | None = None,
    ) -> None:
        """`risks` are what the owner says of single actions; it counts more than what they say of themselves.
        `reaching` knows what commands need beyond a sandbox."""
        self._actions = {action.name: action for action in actions}
        self._risks = dict(risks or {})
        self._confined = confined
        self._networked = networked
        self._reaching = reaching

    def get(self, name: str) -> Action:
        action = self._actions.get(name)
        if action is None:
            raise WrongInput(f"There is no action {name!r}; known are {', '.join(self.names())}.")
        return action

    def names(self) -> list[str]:
        return sorted(self._actions.keys() - NEVER_PLANNED)

    def fill(self, parameters: Mapping[str, Any], action: str, outputs: Mapping[str, str]) -> Mapping[str, Any]:
        """In program text the references stay, and their outputs go with them in a hidden parameter. Raises
        WrongInput where an output would be evaluated and is no whole number."""
        programs = PROGRAMS.get(action, frozenset())
        cleaned = {key: references.clean(text) for key, text in outputs.items()}
        if action == "goal":  # in a goal's text a line is a step and a backtick begins a command
            cleaned = {key: " ".join(text.replace("`", "'").split()) for key, text in cleaned.items()}
        filled = {
            name: value if name in programs else references.fill_text(value, cleaned)
            for name, value in parameters.items()
        }
        if action in NAMING:
            used = [cleaned[key] for key in references.keys_used(parameters) if key in cleaned]
            texts = [text for text in used if any(dollar in text for dollar in DOLLARS)]
            return filled | ({GIVEN: texts} if texts else {})
        used = [key for name in sorted(programs) for key in references.keys_used(parameters.get(name))]
        hidden = {key: cleaned[key] for key in used if key in cleaned}
        if not hidden:
            return filled
        for name in programs & parameters.keys():
            _check_places(action, str(parameters[name]), hidden)
        return filled | {OUTPUTS: hidden}

    def risk(self, name: str, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        """From the action's kind and its parameters. One that says nothing about itself may do anything outside."""
        action = self.get(name)
        if name in self._risks:
            return self._risks[name]
        own = getattr(action, "risk", None)
        if callable(own):
            return frozenset(own(parameters))
        known = risk_of(name, parameters)
        if Risk.UNCONFINED not in known or not self._confined:
            return known
        return known - {Risk.UNCONFINED} | ({Risk.NETWORK} if self._networked else set())

    def look(self, command: str, reach: Reach) -> Mapping[str, Any]:
        own = NOWHERE if self._reaching is None else self._reaching.of(command)
        return {"command": command, **parameters_of(join((reach, own)))}

    def fingerprint(self, name: str, parameters: Mapping[str, Any], workspace: Path) -> str:
        return fingerprint(name, parameters, workspace)

    async def ready(self, name: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Result | Waiting:
        """Actions that have nothing to look up have no such method."""
        look = getattr(self.get(name), "ready", None)
        if look is None:
            return parameters
        found: Mapping[str, Any] | Result | Waiting = await look(parameters)
        return found

    def line(self, name: str) -> str:
        return str(getattr(self.get(name), "line", ""))

    async def offers(self) -> Mapping[str, Any]:
        asked = {name: getattr(action, "offer", None) for name, action in self._actions.items()}
        found = {name: await ask() for name, ask in asked.items() if ask is not None}
        return {name: offer for name, offer in found.items() if offer}

    def keys_used(self, parameters: Mapping[str, Any]) -> list[str]:
        return references.keys_used(parameters)


def _check_places(action: str, program: str, outputs: Mapping[str, str]) -> None:
    """Raises WrongInput where one of the outputs would be evaluated."""
    if action != "python":
        references.rewrite(program, outputs)
        return
    try:
        sound(program, dict(outputs))
    except ValueError as error:
        raise WrongInput(f"{error}.") from None


_RISKS: Mapping[str, frozenset[Risk]] = {
    "read": frozenset(),
    "wait": frozenset({Risk.WRITES}),
    "ask": frozenset(),
    "manual": frozenset(),
    "workflow": frozenset(),
    "goal": frozenset(),
    SUBTASKS: frozenset(),
    "notify": frozenset(),
    "write": frozenset({Risk.WRITES}),
    "draft": frozenset({Risk.WRITES}),
    "install": frozenset({Risk.WRITES, Risk.INSTALLS, Risk.NETWORK}),
    "shell": frozenset({Risk.WRITES}),
    "python": frozenset({Risk.WRITES}),
}
_READING = frozenset({"GET", "HEAD"})


def risk_of(name: str, parameters: Mapping[str, Any]) -> frozenset[Risk]:
    """What the built-in actions may do (contract section 5 says which of them are repeatable)."""
    if name == "http":
        outside = str(parameters.get("method") or "GET").upper() not in _READING
        return frozenset({Risk.NETWORK, *([Risk.OUTSIDE] if outside else [])})
    if name == "install" and parameters.get("manager") == "apt":
        return _RISKS["install"] | {Risk.MACHINE, Risk.UNCONFINED}
    outside_effect = {Risk.OUTSIDE} if parameters.get("repeatable") is False else set()
    unconfined = {Risk.UNCONFINED} if name in CONFINED or (name == "wait" and parameters.get("command")) else set()
    if name in ("write", "draft") and _STEERS.search(f"/{parameters.get('path', '')}"):  # programs do what it says
        unconfined = {Risk.UNCONFINED}
    reaches = {Risk.REACHES} if parameters.get("machine") or parameters.get("writes") else set()
    network = {Risk.NETWORK, Risk.OUTSIDE} if parameters.get("network") else set()
    beyond = reaches | network if name in PROGRAMS else set()
    return _RISKS.get(name, frozenset({Risk.OUTSIDE})) | unconfined | outside_effect | beyond


_STEERS = re.compile(
    r"/(?:\.(?:git|venv|config|local|ssh|husky|cargo|npm|gem|bundle|vim|emacs\.d)|node_modules|site-packages|venv)/"
    r"|/\.(?:gitconfig|gitmodules|gitattributes|netrc|npmrc|yarnrc|curlrc|wgetrc|pythonrc|pypirc|bash\w*|z\w*rc|zshenv"
    r"|profile|inputrc|vimrc|exrc|nanorc|envrc|editorrc|gdbinit|lldbinit|perltidyrc|irbrc|pryrc|Rprofile|psqlrc"
    r"|sqliterc|screenrc|tmux\.conf|mailrc|pdbrc|my\.cnf)(?:$|[./])"
    r"|/(?:sitecustomize|usercustomize)\.py$|\.pth$",
    re.IGNORECASE,
)
"""Files that programs take orders from unasked; the goal's folder is their home."""
CONFINED = frozenset({"shell", "python", "install"})
"""Actions that run programs: they belong into a sandbox."""
