"""One turn of a task as a conversation: what is stable comes first, so that providers can keep it; results are data.

Older turns are told in a line each, and which ones those are moves on in steps: between two steps every request begins
with the whole one before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from executor.domain.errors import WrongInput
from executor.domain.turn import Act, Call, Finish, Turn, TurnKind
from executor.planner.models.messages import Message
from executor.planner.models.prompts import compact, fenced
from executor.planner.models.shapes import ActReply, read_as
from executor.ports import Acting, Actions

ACT_TOKENS = 8_192  # of one reply, thinking included
WHOLE_TURNS = 6  # at least so many of the newest are shown with their output
STEP = 4  # by which the border moves
EARLIER_MAX = 60  # older turns that are told at all
LINE_CHARACTERS = 200
OUTPUT_CHARACTERS = 4_000  # of one turn: its head and, most of it, its end
HEAD_CHARACTERS = 1_000
_METADATA = ("exit_code", "status", "url", "file_path", "file_size", "execution_time", "timed_out", "refused_by")


def conversation(acting: Acting, offers: Mapping[str, Any] | None = None) -> tuple[Message, ...]:
    """Ends with a message of the user's. `offers`: what there is beyond names, see Actions."""
    border = max(len(acting.turns) - WHOLE_TURNS, 0) // STEP * STEP
    earlier, whole = acting.turns[:border], acting.turns[border:]
    first = [fenced("TASK", acting.facts), *([fenced("TOOLS", offers)] if offers else [])]
    if earlier:
        first.append(fenced("EARLIER TURNS", [_line(turn) for turn in earlier[-EARLIER_MAX:]]))
    messages = [Message("user", "\n".join(first))]
    for turn in whole:
        if turn.kind is not TurnKind.NOTE:
            messages.append(Message("model", compact(_said(turn))))
        messages = _heard(messages, fenced(_name(turn), _came(turn)))
    last = f"Turn {acting.turn} of {acting.turns_max}: send one call or finish."
    return tuple(_heard(messages, "\n".join(filter(None, (acting.warning, last)))))


def read_act(raw: Any, acting: Acting, actions: Actions) -> Act:
    """Raises WrongInput with the reason: both or neither of call and finish, an action that is not among the tools,
    parameters that it does not take."""
    reply, _ = read_as(ActReply, raw)
    if (reply.call is None) == (reply.finish is None):
        raise WrongInput("Send either call or finish, and not both.")
    if reply.finish is not None:
        end = reply.finish
        return Finish(success=end.success, summary=end.summary, insights=tuple(end.insights), thought=reply.thought)
    assert reply.call is not None
    name = reply.call.action
    if name not in acting.tools:
        raise WrongInput(f"call.action is {name!r}; this task may use {', '.join(acting.tools)}.")
    return Call(action=name, parameters=actions.get(name).check(reply.call.parameters), thought=reply.thought)


def _heard(messages: Sequence[Message], text: str) -> list[Message]:
    """With one more thing that the user says; two in a row are one message."""
    *before, last = messages
    if last.role == "user":
        return [*before, Message("user", f"{last.text}\n{text}")]
    return [*messages, Message("user", text)]


def _name(turn: Turn) -> str:
    return "A PERSON SAYS" if turn.kind is TurnKind.NOTE else "RESULT"


def _said(turn: Turn) -> Mapping[str, object]:
    if turn.kind is TurnKind.FINISH:
        return {"thought": turn.thought, "finish": dict(turn.parameters)}
    return {"thought": turn.thought, "call": {"action": turn.action, "parameters": dict(turn.parameters)}}


def _came(turn: Turn) -> Mapping[str, object]:
    if turn.kind is TurnKind.NOTE:
        return dict(turn.parameters)
    record = turn.result or {}
    metadata = record.get("metadata") or {}
    return {
        "success": turn.succeeded,
        "result": record.get("result") or "",
        "error": record.get("error"),
        "output": _clipped(str(record.get("output") or "")),
        "stderr": _clipped(str(metadata.get("stderr") or "")),
        "metadata": {name: metadata[name] for name in _METADATA if name in metadata},
    }


def _line(turn: Turn) -> str:
    record = turn.result or {}
    came = str(record.get("result") or "done") if turn.succeeded else f"failed: {record.get('error')}"
    return f"{turn.number}. {turn.does} → {' '.join(came.split())}"[:LINE_CHARACTERS]


def _clipped(text: str) -> str:
    if len(text) <= OUTPUT_CHARACTERS:
        return text
    tail = OUTPUT_CHARACTERS - HEAD_CHARACTERS
    left_out = len(text) - OUTPUT_CHARACTERS
    return f"{text[:HEAD_CHARACTERS]}\n… {left_out:,} characters left out …\n{text[-tail:]}"
