"""What running an action may do, as facts of the action and its parameters, never as a model's opinion."""

from enum import StrEnum


class Risk(StrEnum):
    WRITES = "writes in the goal's folder"
    INSTALLS = "installs packages"
    NETWORK = "reads from the network"
    OUTSIDE = "has an effect outside"
    SPENDS = "spends money"
    IRREVERSIBLE = "can't be undone"
    UNCONFINED = "runs without a sandbox"
    CHANGED = "is not what it was when it was accepted"


ASKED_WHEN_RISKY = frozenset({Risk.SPENDS, Risk.OUTSIDE, Risk.IRREVERSIBLE})
"""Under ``autonomy = "risky"`` these ask (contract section 2)."""
