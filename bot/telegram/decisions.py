"""Decisions as messages: what is asked, why, the buttons and their text twins; afterwards who decided. Pure functions.

Button data is ``d:<number>:<revision>:<option>``; the option is its name, or ``.<place>`` where a name may be anything
(a question's choices) or is too long for Telegram's 64 bytes.
"""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from bot.telegram.assignees import for_whom
from bot.telegram.decision_bodies import body
from bot.telegram.html import bold, clip, escape, italic
from bot.telegram.message import Button, Message, fit, rows_of
from bot.telegram.words import LABEL_CHARACTERS_MAX, clock_time
from executor.domain.decision import SEND, Decision, DecisionKind, DecisionState, Option

DATA_BYTES_MAX = 64
PLACEHOLDER_CHARACTERS_MAX = 64
_GREEN = frozenset({"start", "approve", "retry", "done", "accept", "looks-good", "it-happened", "do-it"})
_RED = frozenset({"cancel", "reject", "never", "revert", "stop"})


@dataclass(frozen=True, slots=True)
class Press:
    """Button data that this program issued. `option` is a name, or the option's place from 1."""

    number: int
    revision: int
    option: str | int


def data_of(decision: Decision, place: int, option: Option) -> str:
    head = f"d:{decision.number}:{decision.revision}:"
    data = head + option.name
    named = decision.kind is not DecisionKind.QUESTION and not option.name.startswith(".")
    return data if named and len(data.encode()) <= DATA_BYTES_MAX else f"{head}.{place}"


def read_data(data: str) -> Press | None:
    """None for data that was not issued by `data_of`."""
    parts = data.split(":", 3)
    if len(parts) != 4 or parts[0] != "d" or not _number(parts[1]) or not _number(parts[2]) or not parts[3]:
        return None
    option = parts[3]
    if option.startswith("."):
        return Press(int(parts[1]), int(parts[2]), int(option[1:])) if _number(option[1:]) else None
    return Press(int(parts[1]), int(parts[2]), option)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def decision_buttons(decision: Decision) -> tuple[tuple[Button, ...], ...]:
    """None for a decision that is closed."""
    if decision.state is not DecisionState.OPEN:
        return ()
    return rows_of(
        [
            Button(clip(option.label, LABEL_CHARACTERS_MAX), data_of(decision, place, option), _style(option, decision))
            for place, option in enumerate(decision.options, start=1)
        ]
    )


def _style(option: Option, decision: Decision) -> str | None:
    if decision.wants_value and option.name in ("retry", "provide-value"):  # the same again would lack it again
        return "success" if option.name == "provide-value" else None
    return "success" if option.name in _GREEN else "danger" if option.name in _RED else None


def decision_message(decision: Decision, now: datetime, timezone: tzinfo) -> Message:
    """Open: the question with its buttons and text twins. Closed: the same text, the outcome, and no buttons."""
    lines = body(decision, now, timezone)
    lines += for_whom(decision)
    lines += ["", hint(decision) if decision.state is DecisionState.OPEN else outcome(decision, now, timezone)]
    message = Message(html="\n".join(lines), buttons=decision_buttons(decision), protect=decision.wants_value)
    return fit(message, f"question-{decision.number}.md", last_line=f"Question {decision.number}")


def outcome(decision: Decision, now: datetime, timezone: tzinfo) -> str:
    """``✅ Retry — Ann, 14:02``, as HTML; for a withdrawn one why nobody's answer is needed any more."""
    at = f", {clock_time(decision.closed_at, now, timezone)}" if decision.closed_at else ""
    if decision.state is DecisionState.WITHDRAWN:
        return f"▫️ {escape(decision.note or 'No longer needed')}{at}"
    option = decision.find(decision.option) if decision.option else None
    said = escape(option.label if option else decision.option or "")
    if decision.text:
        said = f"{said}: {escape(decision.text)}" if said else escape(decision.text)
    sign = "🚫" if option is not None and option.refuses else "✅"
    via = "" if decision.answered_via in ("", "chat") else f" ({escape(decision.answered_via)})"
    return f"{sign} {said} — {bold(decision.answered_by_name or 'somebody')}{at}{via}"


def hint(decision: Decision) -> str:
    """The text twins, for those who type and for buttons that can't be pressed any more."""
    number = decision.number
    if decision.kind is DecisionKind.DRAFT:
        send = " or send" if SEND in decision.options else ""
        return f"Reply with what should be different or with the whole text, or /answer {number} looks-good{send}"
    if decision.kind is DecisionKind.QUESTION and (decision.free_text or not decision.options):
        return f"Reply to this message, or /answer {number} <i>your words</i>"
    words = [option.name for option in decision.options]
    if decision.kind is DecisionKind.DEADLINE:
        other = italic("or reply with another time, like")
        return f"{italic('or')} /answer {number} {italic(' | '.join(words))}\n{other} 21:00"
    if any(option.name.isdecimal() for option in decision.options):  # a question's own choices have numbers only
        words = [f"{option.name} {option.label}" for option in decision.options]
    return italic("or") + f" /answer {number} " + italic(" | ".join(words))
