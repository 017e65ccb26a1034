"""A grant: what a person said once about an action for the rest of a goal, always or never."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`allowed`: it runs without being asked about; else it never runs. It stands under the digest of exactly that
    action. `what` is its text for people, and empty where it was given before that was kept, as is the rest."""

    allowed: bool
    what: str = ""
    by: str = ""
    at: datetime | None = None
