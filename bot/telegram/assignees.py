"""Whose a task is, in a message: a name that rings on that person's phone."""

from bot.telegram.html import escape
from executor.domain.decision import Decision, DecisionState


def for_whom(decision: Decision) -> list[str]:
    """The lines that name whoever an open question is meant for; none where nobody is named."""
    assignee = decision.facts.get("assignee")
    if not isinstance(assignee, str) or not assignee or decision.state is not DecisionState.OPEN:
        return []
    return ["", f"👤 For {mention(assignee)}"]


def mention(assignee: str) -> str:
    """As HTML: Telegram rings for ``@name`` by itself, and for an id through a link."""
    if assignee.isdecimal():
        return f'<a href="tg://user?id={assignee}">{named(assignee)}</a>'
    return escape(assignee)


def named(assignee: str) -> str:
    """For a line that rings for nobody."""
    return f"id {assignee}" if assignee.isdecimal() else assignee
