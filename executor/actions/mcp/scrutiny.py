"""What was noticed about the tools of all servers: in what they say they are, and in what they say when they fail."""

import asyncio
from collections.abc import Collection, Mapping

from executor.actions.mcp.definitions import Tool
from executor.actions.mcp.orders import CHARACTERS_MAX, orders
from executor.actions.mcp.suspicion import Suspicion, suspicions

KEPT_MAX = 4_096  # definitions whose reading is remembered


class Scrutiny:
    """A definition is read once, and again when the others' names change. What an error said stays until the end of
    this process."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, frozenset[str]], tuple[Suspicion, ...]] = {}
        self._heard: dict[tuple[str, str], tuple[Suspicion, ...]] = {}

    def of(self, server: str, tool: Tool, others: Collection[str]) -> tuple[Suspicion, ...]:
        """`others`: names of tools of other servers."""
        key = (tool.digest, frozenset(others))
        if key not in self._read:
            if len(self._read) >= KEPT_MAX:
                self._read.clear()
            self._read[key] = suspicions(tool, others)
        return self._read[key] + self._heard.get((server, tool.name), ())

    async def read(self, server: str, tools: Mapping[str, Tool], others: Collection[str]) -> None:
        """All of them beforehand, beside the loop: a stranger decides how long they are."""

        def all_of_them() -> None:
            for tool in tools.values():
                self.of(server, tool, others)

        await asyncio.to_thread(all_of_them)

    def heard(self, server: str, tool: str, error: str) -> list[str]:
        """What an error of the server's does besides saying what went wrong; from then on the tool counts as one that
        gives orders."""
        found = tuple(Suspicion("its error", one.kind, one.excerpt) for one in orders(error[:CHARACTERS_MAX]))
        if found:
            self._heard[server, tool] = found
        return [one.kind for one in found]


def in_data(text: str) -> list[str]:
    """The kinds of orders that an answer holds. Nobody is to blame for them but who wrote the page or the letter."""
    return [one.kind for one in orders(text[:CHARACTERS_MAX])]
