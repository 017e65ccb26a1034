"""Every action of this place: the standard ones, tool servers, the owner's own, and those of installed packages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from executor.actions.agent import Agent
from executor.actions.installed import installed_actions
from executor.actions.launcher import Launcher
from executor.actions.mcp.action import Mcp
from executor.actions.mcp.servers import Servers
from executor.actions.own import RISKS, Own, Recipe
from executor.actions.reaching import Reaching
from executor.actions.registry import Registry
from executor.actions.send_draft import SendDraft
from executor.domain.errors import Unconfigured
from executor.domain.mail import SendTool
from executor.domain.risk import Risk
from executor.ports import Action

RESERVED = frozenset({"agent", "goal", "workflow", "criterion", "gate"})
"""Names that mean something to the engine, whether or not an action of that name is in the registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """`problems`: a sentence about each installed action that can't be used."""

    actions: Registry
    servers: Servers
    own: tuple[str, ...]
    installed: tuple[str, ...]
    problems: tuple[str, ...]

    async def report(self) -> dict[str, Any]:
        """For the doctor; every server is asked now."""
        return {
            "servers": await self.servers.report(),
            "own": list(self.own),
            "installed": list(self.installed),
            "problems": list(self.problems),
        }


def outfit(
    standard: Iterable[Action],
    servers: Servers,
    recipes: Iterable[Recipe],
    launcher: Launcher,
    reaching: Reaching | None = None,
    *,
    networked: bool = False,
    letters: SendTool | None = None,
) -> Outfit:
    """A recipe without a command says what the owner thinks of an installed action. `reaching`, `networked`: see
    Registry. `letters`: the tool that sends them. Raises Unconfigured."""
    recipes = list(recipes)
    mcp = Mcp(servers)
    known: list[Action] = [*standard, mcp]
    if letters is not None:
        if letters.server not in servers.names:
            raise Unconfigured(f"drafts.mcp names {letters.server}, and there is no [mcp.{letters.server}]. Add it.")
        known.append(SendDraft(mcp, letters))
    taken = {action.name for action in known} | RESERVED
    for recipe in recipes:
        if recipe.name in taken:
            raise Unconfigured(f"[actions.{recipe.name}]: the name is taken by an action of Milepost. Choose another.")
    own: list[Action] = [Own(recipe, launcher) for recipe in recipes if recipe.command]
    installed, problems = installed_actions([*taken, *(action.name for action in own)])
    names = {action.name for action in installed}
    for recipe in recipes:
        if not recipe.command and recipe.name not in names:
            raise Unconfigured(
                f"[actions.{recipe.name}] has no command, and no installed package brings an action of that name. "
                'Add its command, like command = ["/usr/local/bin/deploy", "{target}"].'
            )
    risks: Mapping[str, frozenset[Risk]] = {one.name: RISKS[one.risk] for one in recipes if not one.command}
    others = [*known, *own, *installed]
    return Outfit(
        actions=Registry(
            [*others, Agent(action.name for action in others)],
            risks,
            confined=launcher.confined,
            networked=networked,
            reaching=reaching,
        ),
        servers=servers,
        own=tuple(action.name for action in own),
        installed=tuple(sorted(names)),
        problems=tuple(problems),
    )
