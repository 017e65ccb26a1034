"""What every handler works with: the desk (the same for all), and one request (who asks for what, and where)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.brake import FileBrake
from bot.telegram.access import Access, Role
from bot.telegram.html import escape
from bot.telegram.message import Message
from bot.telegram.ports import (
    ChatOutbox,
    Decisions,
    Engine,
    Examine,
    Example,
    Fetch,
    HabitRows,
    ReadGoal,
    ReadRun,
    Workflows,
    nobody_looks,
)
from bot.telegram.scene import Scene
from executor.domain.goal import Origin
from executor.domain.habits import Hours
from executor.domain.notice import Notice, NoticeKind
from executor.engine.replies import Accepted, Caller, Reply
from executor.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that is plugged in. `scene` gives the present moment for rendering."""

    engine: Engine
    decisions: Decisions
    outbox: ChatOutbox
    access: Access
    clock: Clock
    scene: Callable[[], Scene]
    read_goal: ReadGoal
    workflows: Workflows
    read_run: ReadRun
    fetch: Fetch
    brake: FileBrake
    habits: HabitRows
    quiet_hours: Hours = Hours()  # of a chat that did not choose its own
    examine: Examine = nobody_looks
    examples: Sequence[Example] = ()


def command_id(update_id: int) -> str:
    """Of what a person wants with this update."""
    return f"tg:{update_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing that a person wants. `words` is the text after the command, code in backticks. `command_id` makes
    handling it twice harmless."""

    desk: Desk
    update_id: int
    chat_id: int
    thread_id: int | None
    message_id: int | None
    private: bool
    caller: Caller
    role: Role
    words: str = ""

    @property
    def command_id(self) -> str:
        return command_id(self.update_id)

    @property
    def origin(self) -> Origin:
        return Origin(
            chat_id=self.chat_id,
            thread_id=self.thread_id,
            message_id=self.message_id,
            person_id=self.caller.person_id,
            person_name=self.caller.name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer. `decision_number`: a reply to it answers that decision."""

    message: Message
    decision_number: int | None = None


def say(html: str) -> Said:
    return Said(message=Message(html=html))


def say_reply(reply: Reply) -> Said:
    """What came of a command, as its one sentence. Where a text is still wanted, the chat opens a reply for it."""
    if isinstance(reply, Accepted) and reply.wants_text:
        lines, placeholder = [escape(reply.sentence)], "Write it here"
        if reply.hidden:  # the number must stand there: the reply may come before the message's id is noted
            lines.append(f"Reply to this message, or /answer {reply.decision_number} <i>the value</i>")
            placeholder = "The value, and nothing else"
        message = Message(html="\n".join(lines), force_reply=placeholder, protect=reply.hidden)
        return Said(message=message, decision_number=reply.decision_number)
    return say(escape(reply.sentence))


def notice_of(request: Request, said: Said, place: int) -> Notice:
    """An answer as a notice, under a key that a repeated handling writes again without effect. In a group it replies to
    the command, so that everybody sees whose question it answers."""
    message, now = said.message, request.desk.clock.now()
    facts: dict[str, object] = {"html": message.html}
    if message.buttons:
        facts["buttons"] = [
            [{"label": b.label, "data": b.data, "style": b.style} for b in row] for row in message.buttons
        ]
    if message.document is not None:
        facts["document"] = {"name": message.document.name, "text": message.document.text}
    if message.force_reply is not None:
        facts["force_reply"] = message.force_reply
    if message.protect:
        facts["protect"] = True
    if not request.private and request.message_id is not None:
        facts["reply_to"] = request.message_id
    return Notice(
        key=f"answer/{request.update_id}/{place}",
        kind=NoticeKind.ANSWER,
        chat_id=request.chat_id,
        thread_id=request.thread_id,
        decision_number=said.decision_number,
        facts=facts,
        due_at=now,
        created_at=now,
    )
