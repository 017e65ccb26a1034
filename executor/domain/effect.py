"""An effect: something outside that can't be repeated at will. Intent before, receipt after; else it is unknown."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EffectState(StrEnum):
    INTENDED = "intended"
    DONE = "done"  # a receipt was stored
    FAILED = "failed"  # seen to have failed
    UNKNOWN = "unknown"  # begun, and nobody saw the end
    HAPPENED = "happened"  # a person said so
    DID_NOT_HAPPEN = "did_not_happen"


EFFECT_MOVES: Mapping[EffectState, frozenset[EffectState]] = {
    EffectState.INTENDED: frozenset({EffectState.DONE, EffectState.FAILED, EffectState.UNKNOWN}),
    EffectState.UNKNOWN: frozenset({EffectState.HAPPENED, EffectState.DID_NOT_HAPPEN}),
    EffectState.DONE: frozenset(),
    EffectState.FAILED: frozenset(),
    EffectState.HAPPENED: frozenset(),
    EffectState.DID_NOT_HAPPEN: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """`id` is ``<task_ref>#<attempt>``; `what` is the effect in one line for people."""

    id: str
    goal_number: int
    task_ref: str
    attempt: int
    what: str
    state: EffectState = EffectState.INTENDED
    receipt: str = ""
    intended_at: datetime
    settled_at: datetime | None = None
