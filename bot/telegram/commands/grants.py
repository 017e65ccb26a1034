"""What people have said for the rest of a goal, always or never, with a button each to take it back.

It stands in /system; button data is ``g:<goal>:<key>``.
"""

from collections.abc import Sequence

from bot.telegram.access import Role
from bot.telegram.desk import Request
from bot.telegram.html import bold, clip, code, escape, unquoted
from bot.telegram.message import Button
from bot.telegram.words import clock_time
from executor.domain.errors import WrongInput
from executor.engine.casework.granting import Given, listed
from executor.engine.replies import Reply

SHOWN = 8  # about one phone screen; the newest ones
TEXT_CHARACTERS = 120


async def given_now(request: Request) -> list[Given]:
    """Of every open goal, the newest last."""
    return listed(await request.desk.engine.goals(None, open_only=True))


async def revoke(request: Request, goal: str, key: str) -> Reply:
    if request.role < Role.APPROVER:
        raise WrongInput("Taking back a grant needs the role approver or higher.")
    if not (goal.isascii() and goal.isdigit() and len(goal) <= 9):
        raise WrongInput("Please write it like this: /system revoke 12 1a2b3c4d")
    return await request.desk.engine.revoke_grant(
        int(goal), key.lower(), caller=request.caller, command_id=request.command_id
    )


def grant_lines(request: Request, given: Sequence[Given]) -> list[str]:
    if not given:
        return []
    shown, scene = given[-SHOWN:], request.desk.scene()
    lines = ["", f"🔐 {bold('Said for the rest of a goal')}"]
    for one in shown:
        grant = one.grant
        said = "always" if grant.allowed else "never"
        by = f", {escape(grant.by)}" if grant.by else ""
        at = f" {clock_time(grant.at, scene.now, scene.timezone)}" if grant.at else ""
        what = code(clip(unquoted(" ".join(grant.what.split())), TEXT_CHARACTERS)) if grant.what else escape(one.key)
        lines.append(f"#{one.goal_number} {said}: {what} ({one.key}{by}{at})")
    if len(given) > len(shown):
        lines.append(f"… and {len(given) - len(shown)} before")
    return [*lines, f"/system revoke {shown[-1].goal_number} {shown[-1].key} takes that back."]


def grant_buttons(request: Request, given: Sequence[Given]) -> list[Button]:
    if request.role < Role.APPROVER:
        return []
    return [
        Button(f"Revoke {one.key} of {one.goal_number}", f"g:{one.goal_number}:{one.key}") for one in given[-SHOWN:]
    ]
