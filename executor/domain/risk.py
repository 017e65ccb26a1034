"""What running an action may do, as facts of the action and its parameters, never as a model's opinion."""

from enum import StrEnum


class Risk(StrEnum):
    WRITES = "writes in the goal's folder"
    INSTALLS = "installs packages"
    NETWORK = "reads from the network"
    OUTSIDE = "has an effect outside"
    SPENDS = "spends money"
    IRREVERSIBLE = "can't be undone"
    MACHINE = "changes this machine for everybody"
    UNCONFINED = "runs without a sandbox"
    REACHES = "reaches beyond the goal's folder"
    CHANGED = "is not what it was when it was accepted"
    ORDERS = "describes itself with orders"


ASKED_WHEN_RISKY = frozenset({Risk.SPENDS, Risk.OUTSIDE, Risk.IRREVERSIBLE})
"""Under ``autonomy = "risky"`` these ask (contract section 2)."""
WITHIN_THE_FOLDER = frozenset({Risk.WRITES})
"""What the single calls of an agent may do without a word, once its task was accepted: nobody has seen them when Start
is pressed, so the task's card covers reading and writing in the goal's folder, and commands where a sandbox keeps them
in there. Whatever else a call does has to be asked about by itself, under the goal's autonomy."""


def covered_by_agent(risk: frozenset[Risk]) -> bool:
    """A call with this risk is part of what was accepted with its agent's task."""
    return risk <= WITHIN_THE_FOLDER
