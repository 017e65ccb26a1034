"""/failed, its pages, and taking up again what had ended."""

from bot.telegram.commands.arguments import first_word, goal_number, own_task, own_view, task_ref
from bot.telegram.desk import Request, Said, say_reply
from bot.telegram.letters import PAGE, letters_message
from executor.domain.decision import DecisionKind
from executor.domain.errors import WrongInput
from executor.engine.replies import Reply

OFFSET_MAX = 10_000


async def failed(request: Request) -> Said:
    """This chat's; ``/failed all`` of every chat."""
    word, _ = first_word(request.words)
    if word and word.lower() != "all":
        raise WrongInput("Please write it like this: /failed, or /failed all for every chat.")
    return await page(request, 0, everywhere=bool(word))


async def page(request: Request, offset: int, *, everywhere: bool) -> Said:
    chat_id = None if everywhere else request.chat_id
    found = await request.desk.engine.dead_letters(chat_id, offset=offset, limit=PAGE + 1)
    return Said(message=letters_message(found, request.desk.scene(), offset=offset, everywhere=everywhere))


async def retry(request: Request) -> Said:
    """``/retry 12.3`` tries a task again; ``/retry 12`` takes a goal up again that had ended."""
    return say_reply(await again(request))


async def again(request: Request) -> Reply:
    word, _ = first_word(request.words)
    form, engine = "/retry 12.3", request.desk.engine
    named = task_ref(word) or ""
    number = named.split(".")[0] or (word if goal_number(word) is not None else "")
    if number:
        view = await own_view(request, number, form)
        if view.goal.final:
            return await engine.take_up(view.goal.number, caller=request.caller, command_id=request.command_id)
    ref = await own_task(request, form, DecisionKind.BLOCKAGE)
    return await engine.retry(ref, caller=request.caller, command_id=request.command_id)


def read_page(data: str) -> tuple[int, bool] | None:
    """(offset, every chat) of button data after ``l:``; None where it was not issued here."""
    offset, colon, scope = data.partition(":")
    if not (offset.isascii() and offset.isdigit() and int(offset) <= OFFSET_MAX) or (colon and scope != "all"):
        return None
    return int(offset), bool(colon)
