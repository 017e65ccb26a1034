"""What every command on the façade takes and gives: who asks, and a value that says what came of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who gives a command. `via` is "chat", "shell", "http" or "python". Access was checked before this was built."""

    person_id: int
    name: str
    via: str = "chat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """It was carried out (or had been, under the same command id). `sentence` is for people, plain text."""

    sentence: str
    goal_number: int | None = None
    task_ref: str | None = None
    decision_number: int | None = None
    wants_text: bool = False  # the option needs a text: ask for it as a reply
    hidden: bool = False  # that text is a secret
    aloud: bool = False  # the sentence is what was asked for, and more than a button's short notice can hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing changed. `code` is stable (``no_such_goal``, ``already_decided``, ``superseded`` …); `sentence` says
    what to do instead."""

    code: str
    sentence: str


Reply = Accepted | Refused
