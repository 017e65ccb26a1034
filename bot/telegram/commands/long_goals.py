"""Goals that are longer than one message: a rest that comes late, an edit of one piece, and a text in a file."""

from telegram import Document

from bot.telegram.commands.deciding import replace_proposal
from bot.telegram.desk import Request, Said, say
from bot.telegram.html import escape
from bot.telegram.ports import Fetch
from executor.domain.errors import WrongInput
from executor.domain.goal import Goal, GoalState
from executor.domain.limits import TEXT_CHARACTERS_MAX

CUT_IN_A_GROUP = (
    "This message is as long as Telegram allows, and in a group I may not see the rest of it. Write to me in private, "
    "or send the text as a .txt file with the caption /goal."
)
NOTHING_BEGUN = (
    "This looks like the rest of the long message before it, which set no goal that still waits for Start, so I take "
    "no goal from it. Please send the whole text again, or as a .txt file with the caption /goal."
)
FILES = (".txt", ".md")
BYTES_MAX = 4 * TEXT_CHARACTERS_MAX  # a character has at most four
_NOT_STARTED = frozenset({GoalState.PENDING, GoalState.PLANNING, GoalState.AWAITING_START})


async def set_by(request: Request, message_id: int) -> Goal | None:
    """The open goal that this person set in this message."""
    found = await request.desk.engine.goals(request.chat_id, open_only=True)
    mine = next((goal for goal in found if goal.origin.message_id == message_id), None)
    return mine if mine is not None and mine.origin.person_id == request.caller.person_id else None


async def rest(request: Request, begun_by: int) -> Said | None:
    """The whole text of a goal whose first pieces were taken already: it replaces the proposal. What can't be taken
    whole is withdrawn, for half a goal must never be started."""
    goal = await set_by(request, begun_by)
    if goal is None or goal.state not in _NOT_STARTED:
        return say(escape(NOTHING_BEGUN)) if request.private else None
    try:
        return await replace_proposal(request, goal.number, request.words)
    except WrongInput as error:
        await request.desk.engine.cancel(goal.number, caller=request.caller, command_id=request.command_id)
        return say(escape(f"{error.public} Goal {goal.number}, made of its first part, is cancelled."))


async def edited_piece(request: Request, begun_by: int) -> Said | None:
    """One piece alone says nothing about the whole."""
    goal = await set_by(request, begun_by)
    if goal is None or goal.state not in _NOT_STARTED:
        return None
    return say(
        f"Goal {goal.number} came in several messages, so an edit of one of them changes nothing. Press Edit under its "
        "plan and send the whole text again."
    )


async def with_file(fetch: Fetch, words: str, document: Document) -> str:
    """What stands after /goal in a file's caption, then the file. A file that is no text only illustrates the words.
    Raises WrongInput."""
    name = document.file_name or ""
    if not name.lower().endswith(FILES):
        return words
    if (document.file_size or 0) > BYTES_MAX:
        raise WrongInput(
            f"A goal may have {TEXT_CHARACTERS_MAX:,} characters at most; {name} has {document.file_size:,} bytes. "
            "Shorten it."
        )
    try:
        text = (await fetch(document.file_id)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongInput(f"{name} is not plain text in UTF-8. Save it as such, or paste its text.") from None
    return "\n".join(part for part in (words.strip(), text.strip()) if part)
