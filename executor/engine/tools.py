"""What the attempts of this executor work with."""

from dataclasses import dataclass, field

from executor.domain.gate import Gates
from executor.domain.limits import Limits
from executor.engine.policy.policy import Policy
from executor.engine.secrecy.secrets import Secrets
from executor.engine.turns import Turns
from executor.ports import (
    Actions,
    Blind,
    Brake,
    Checks,
    Clock,
    CrashPoints,
    Forgetful,
    Handover,
    History,
    Mender,
    Mind,
    NoBrake,
    NoHandover,
    NoQuota,
    Project,
    Quota,
    Watches,
    Workspaces,
)
from executor.ports.survey import NoSurvey, Surveyor


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What attempts work with."""

    actions: Actions
    checks: Checks
    workspaces: Workspaces
    clock: Clock
    limits: Limits
    crash_points: CrashPoints
    project: Project
    mender: Mender
    secrets: Secrets = field(default_factory=Secrets)
    policy: Policy = field(default_factory=Policy)
    mind: Mind | None = None  # None: there is no model, and people judge
    watches: Watches = Blind()
    surveyor: Surveyor = NoSurvey()
    gates: Gates = Gates()
    brake: Brake = NoBrake()
    history: History = Forgetful()
    quota: Quota = NoQuota()
    handover: Handover = NoHandover()
    turns: Turns | None = None  # None: nothing is worked on in turns here
