"""What the engine needs from the outside. Each docstring is the contract that every adapter keeps.

Adapters live in `storage`, `executor.planner`, `executor.actions`, `executor.workers` and `bot`; only the composition
root names them.
"""

from executor.ports.actions import Action, Actions, Ask, Checks, Context, Seen, Workspaces
from executor.ports.brain import (
    CYCLES,
    PASSING,
    About,
    Acting,
    Adapting,
    Brain,
    BrainFailed,
    Call,
    Failure,
    Mind,
    Opinion,
    Purpose,
    Purse,
    Receipt,
    Rethought,
)
from executor.ports.brake import Brake, NoBrake
from executor.ports.changes import CaseRows, Changes, ProgressRow
from executor.ports.gates import GateFailure, Mender, Project
from executor.ports.handover import HandedOver, Handover, NoHandover, NotGiven
from executor.ports.history import REPOSITORY, Forgetful, History, NoHistory
from executor.ports.outbox import Outbox
from executor.ports.quota import NoQuota, Quota, Room
from executor.ports.record import GoalRecord
from executor.ports.secrets import Seal
from executor.ports.sender import (
    ChatMoved,
    Delivered,
    Delivery,
    MaybeDelivered,
    MessageGone,
    NotDelivered,
    Sender,
    Undeliverable,
)
from executor.ports.store import GoalView, Pulse, Spent, Store
from executor.ports.time import Clock, CrashPoints, Ids, Mark, NoMark
from executor.ports.transaction import Due, Transaction
from executor.ports.turning import TurnsBack
from executor.ports.watches import Blind, Watches
from executor.ports.workers import Assignment, Report, Workers

__all__ = [
    "CYCLES",
    "PASSING",
    "REPOSITORY",
    "About",
    "Acting",
    "Adapting",
    "Action",
    "Actions",
    "Ask",
    "Assignment",
    "Blind",
    "Brain",
    "Brake",
    "BrainFailed",
    "Call",
    "CaseRows",
    "Changes",
    "ChatMoved",
    "Checks",
    "Clock",
    "Context",
    "CrashPoints",
    "Delivered",
    "Delivery",
    "Due",
    "Failure",
    "Forgetful",
    "GateFailure",
    "GoalRecord",
    "GoalView",
    "HandedOver",
    "Handover",
    "History",
    "Ids",
    "Mark",
    "MaybeDelivered",
    "Mender",
    "MessageGone",
    "NoBrake",
    "NoHandover",
    "NotGiven",
    "NoHistory",
    "NoMark",
    "Mind",
    "NoQuota",
    "NotDelivered",
    "Opinion",
    "Outbox",
    "ProgressRow",
    "Project",
    "Pulse",
    "Purpose",
    "Purse",
    "Quota",
    "Receipt",
    "Rethought",
    "Report",
    "Room",
    "Seal",
    "Seen",
    "Sender",
    "Spent",
    "Store",
    "Transaction",
    "TurnsBack",
    "Undeliverable",
    "Watches",
    "Workers",
    "Workspaces",
]
