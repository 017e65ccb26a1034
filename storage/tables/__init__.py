"""Every table, one concern a module. Importing this package fills `metadata`."""

from storage.tables.adaptations import adaptations
from storage.tables.allowances import allowances
from storage.tables.attempts import attempts
from storage.tables.base import metadata
from storage.tables.blockages import blockages
from storage.tables.brain_calls import brain_calls
from storage.tables.chats import chats
from storage.tables.circuits import circuits
from storage.tables.commands import commands
from storage.tables.decisions import decisions
from storage.tables.effects import effects
from storage.tables.execution_log import execution_log
from storage.tables.goals import goals
from storage.tables.habits import habits
from storage.tables.inbox import inbox
from storage.tables.lessons import lessons
from storage.tables.milestones import milestones
from storage.tables.notices import notices
from storage.tables.people import api_keys, people
from storage.tables.plans import plans
from storage.tables.progress import progress
from storage.tables.secrets import secrets
from storage.tables.tasks import tasks
from storage.tables.turns import turns
from storage.tables.workers import workers

__all__ = [
    "adaptations",
    "allowances",
    "api_keys",
    "attempts",
    "blockages",
    "brain_calls",
    "chats",
    "circuits",
    "commands",
    "decisions",
    "effects",
    "execution_log",
    "goals",
    "habits",
    "inbox",
    "lessons",
    "metadata",
    "milestones",
    "notices",
    "people",
    "plans",
    "progress",
    "secrets",
    "tasks",
    "turns",
    "workers",
]
