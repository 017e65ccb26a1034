"""/lessons: what was learned, a button each to take it back, and how sure plans were against how it went.

Button data is ``v:<number>``.
"""

from collections.abc import Sequence

from bot.telegram.access import Role
from bot.telegram.commands.arguments import goal_number
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.html import bold, clip, escape, italic
from bot.telegram.message import Button, Message, rows_of
from bot.telegram.words import count
from executor.domain.errors import WrongInput
from executor.domain.lesson import WORKED_MIN, Calibration, Lesson
from executor.engine.classification.verdict import CAUSES
from executor.engine.replies import Reply

SHOWN = 8  # about one phone screen; the last used ones
TEXT_CHARACTERS = 160
FORM = "/lessons, or /lessons revoke 3"
NONE_YET = "Nothing was learned yet. When something helps against a failure, it is remembered here."


async def lessons(request: Request) -> Said:
    """``/lessons`` lists, ``/lessons revoke 3`` takes one back."""
    match request.words.split():
        case []:
            engine = request.desk.engine
            message = lessons_message(await engine.lessons(), await engine.calibrations(), request.role)
            return Said(message=message)
        case [verb, number] if verb.lower() == "revoke" and goal_number(number) is not None:
            return say_reply(await revoke(request, number))
        case _:
            raise WrongInput(f"Please write it like this: {FORM}")


async def revoke(request: Request, number: str) -> Reply:
    """A lesson is everybody's: whoever may let things run may take it back."""
    if request.role < Role.APPROVER:
        raise WrongInput("Revoking a lesson needs the role approver or higher.")
    return await request.desk.engine.revoke_lesson(
        goal_number(number) or 0, caller=request.caller, command_id=request.command_id
    )


def lessons_message(found: Sequence[Lesson], sure: Sequence[Calibration], role: Role) -> Message:
    if not found and not sure:
        return say(NONE_YET).message
    shown = found[:SHOWN]
    lines = [f"🎓 {bold('What was learned')}"] if found else [NONE_YET]
    for lesson in shown:
        lines += ["", *_lesson(lesson)]
    if len(found) > SHOWN:
        lines += ["", f"… and {len(found) - SHOWN} used longer ago"]
    if sure:
        lines += ["", bold("How sure plans were, and how it went"), *(_sure(one) for one in sure[:SHOWN])]
    if role < Role.APPROVER or not shown:
        return Message(html="\n".join(lines))
    lines += ["", italic("or") + f" /lessons revoke {shown[0].number}"]
    return Message(
        html="\n".join(lines), buttons=rows_of([Button(f"Revoke {one.number}", f"v:{one.number}") for one in shown])
    )


def _lesson(lesson: Lesson) -> list[str]:
    remedy = lesson.remedy
    cause = CAUSES[remedy.cause].text if remedy.cause in CAUSES else remedy.cause
    about = f"{cause}: {remedy.subject}" if remedy.subject else cause
    return [
        f"{bold(f'{lesson.number}.')} {escape(clip(remedy.text, TEXT_CHARACTERS))}",
        f"   {escape(lesson.score)}, {_standing(lesson)}",
        f"   against: {escape(clip(about, TEXT_CHARACTERS))} ({escape(remedy.action)})",
    ]


def _standing(lesson: Lesson) -> str:
    if not lesson.remedy.recipe.automatic:
        return "told to whoever is asked"
    if lesson.tried_first:
        return "tried first"
    return "not tried first any more" if lesson.successes >= WORKED_MIN else "tried first after one more success"


def _sure(one: Calibration) -> str:
    role = f" as {escape(one.role)}" if one.role else ""
    ends = f"{round(one.expected * 100)} % sure, {round(one.succeeded * 100)} % of {count(one.count, 'task')} succeeded"
    return f"{escape(one.action)}{role}: {ends}"
