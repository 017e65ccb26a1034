"""Commands about versions of a plan: looking at one, comparing two, changing it, and going back."""

import re

from bot.telegram.commands import reading
from bot.telegram.commands.arguments import check_may_order, first_word, goal_number, meant_view, own_view
from bot.telegram.commands.changing import criterion, named_criterion
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.html import bold, code, escape, italic
from bot.telegram.message import Message, fit
from bot.telegram.planned import plan_lines
from bot.telegram.words import duration
from executor.domain.adaptation import PlanDiff
from executor.domain.envelope import same_action, shown, shown_check, time_limit_s
from executor.domain.errors import WrongInput
from executor.domain.goal import GoalState
from executor.domain.plan import Alternative, TaskSpec
from executor.domain.subtasks import IN_PARTS, newly_split
from executor.engine.replies import Refused

FORMS = "/plan 12, /plan 12 why, /plan 12 v3, /plan 12 diff 3 4, /plan 12 revert 3"
REWORK = "/rework 12 what should be different"
_VERSION = re.compile(r"[vV]?(\d{1,6})")


async def plan(request: Request) -> Said:
    """``/plan [12]``, ``/plan [12] v3``, ``/plan [12] diff 3 4``, ``/plan [12] revert 3``."""
    words = request.words.split()
    goal = words.pop(0) if words and goal_number(words[0]) is not None else ""
    match [word.lower() for word in words]:
        case []:
            return await reading.plan(request)
        case ["why"]:
            return await _reasons(request, goal)
        case ["diff", old, new]:
            return await _difference(request, goal, _version(old), _version(new))
        case ["revert", version]:
            return await _revert(request, goal, _version(version))
        case [version] if version.startswith("v"):
            return await _one(request, goal, _version(version))
        case _:
            raise WrongInput(f"Please write it like one of these: {FORMS}")


async def adapt(request: Request) -> Said:
    """``/adapt [12] why``: what failed or is blocked begins afresh under a new version. ``/adapt [12] c1 text``:
    another criterion."""
    if (edit := named_criterion(request.words)) is not None:
        return await criterion(request, *edit)
    head, rest = first_word(request.words)
    named = goal_number(head) is not None
    reason = rest if named else request.words.strip()
    view = await own_view(request, head if named else "", "/adapt 12 the reason")
    reply = await request.desk.engine.adapt(
        view.goal.number, reason=reason, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


async def rework(request: Request) -> Said:
    """``/rework [12] what should be different``; without a number this chat's newest completed goal."""
    head, rest = first_word(request.words)
    named = goal_number(head) is not None
    feedback = rest if named else request.words.strip()
    if not feedback:
        raise WrongInput(f"Please write it like this: {REWORK}")
    view = await own_view(request, head if named else await _newest_completed(request), REWORK)
    check_may_order(request, feedback)
    reply = await request.desk.engine.rework(
        view.goal.number, feedback=feedback, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


async def _newest_completed(request: Request) -> str:
    found = await request.desk.engine.goals(request.chat_id, open_only=False)
    number = next((goal.number for goal in found if goal.state is GoalState.COMPLETED), None)
    if number is None:
        raise WrongInput("No goal is completed here yet, so there is nothing to rework.")
    return str(number)


def _version(word: str) -> int:
    found = _VERSION.fullmatch(word)
    if found is None:
        raise WrongInput(f"“{word}” is no version of a plan. Please write it like one of these: {FORMS}")
    return int(found[1])


async def _one(request: Request, goal: str, version: int) -> Said:
    view = await meant_view(request, goal, FORMS)
    plan = await request.desk.engine.plan(view.goal.number, version)
    if plan is None:
        raise WrongInput(f"Goal {view.goal.number} has no plan v{version}; the newest is v{view.goal.plan_version}.")
    now = view.goal.plan_version
    runs = "the one that runs" if version == now else f"v{now} runs now"
    runs = f"proposed, and waits for your word; {runs}" if version > now else runs
    lines = [f"Plan v{version} · {runs}", *([italic(plan.reason)] if plan.reason else [])]
    lines += plan_lines(view, plan, request.desk.scene())
    return Said(message=fit(Message(html="\n".join(lines)), f"plan-{view.goal.number}-v{version}.md"))


async def _reasons(request: Request, goal: str) -> Said:
    """How the plan came about: what was weighed, and what was chosen."""
    view = await meant_view(request, goal, FORMS)
    plan = view.plan
    if plan is None:
        return say(f"Goal {view.goal.number} has no plan yet.")
    lines = [f"{bold(view.goal.title)} #{view.goal.number}", f"Plan v{plan.version} by {escape(plan.made_by)}"]
    lines += [escape(plan.reason)] if plan.reason else []
    lines += [escape(plan.summary)] if plan.summary else []
    for way in plan.alternatives:
        lines += ["", *_way(way, chosen=way.name == plan.chosen)]
    if not plan.alternatives:
        lines += ["", *(f"• {escape(line)}" for line in plan.reading)]
    return Said(message=fit(Message(html="\n".join(lines)), f"plan-{view.goal.number}-why.md"))


def _way(way: Alternative, *, chosen: bool) -> list[str]:
    """``✅ Name (chosen)``, its figures as the model guesses them, and why."""
    figures = [
        f"{way.probability:.0%} likely" if way.probability is not None else "",
        f"{way.estimated_minutes:g} min" if way.estimated_minutes is not None else "",
        f"${way.estimated_usd:.2f}" if way.estimated_usd is not None else "",
    ]
    head = f"{'✅' if chosen else '▫️'} {bold(way.name)}{' (chosen)' if chosen else ''}"
    guessed = ", ".join(figure for figure in figures if figure)
    lines = [head, *([f"Guessed: {guessed}"] if guessed else [])]
    return [*lines, escape(way.rationale)] if way.rationale else lines


async def _difference(request: Request, goal: str, old: int, new: int) -> Said:
    view = await meant_view(request, goal, FORMS)
    change = await request.desk.engine.compare(view.goal.number, old, new)
    if isinstance(change, Refused):
        return say_reply(change)
    return say("\n".join([f"{bold(view.goal.title)} #{view.goal.number}", *difference_lines(change)]))


async def _revert(request: Request, goal: str, version: int) -> Said:
    view = await own_view(request, goal, FORMS)
    reply = await request.desk.engine.revert(
        view.goal.number, version, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


def difference_lines(change: PlanDiff) -> list[str]:
    """The difference, with what would run."""
    lines = [escape(change.line)]
    for spec in change.added:
        lines += [f"+ {bold(spec.title)}", f"   {code(shown(spec))}"]
    lines += [f"− {escape(spec.title)}" for spec in change.removed]
    for before, after in change.changed:
        lines += [f"~ {bold(after.title)}", *_changes(before, after)]
    for was, now in change.criteria:
        renamed = f" (was: {escape(was.text)})" if was else ""
        lines.append(f"{'~' if was else '+'} Done when: {bold(now.text)}{renamed}")
    return lines if len(lines) > 1 else [*lines, "Both want the same tasks."]


def _changes(before: TaskSpec, after: TaskSpec) -> list[str]:
    """A line for each thing that is otherwise."""
    lines = [f"   was: {escape(before.title)}"] if before.title != after.title else []
    if newly_split(before, after):
        return [*lines, f"   ran: {code(shown(before))}", f"   {IN_PARTS}"]
    if not same_action(before, after):
        lines += [f"   ran: {code(shown(before))}", f"   runs: {code(shown(after))}"]
    if time_limit_s(before) != time_limit_s(after):
        limit = time_limit_s(after)
        lines.append(f"   may take: {duration(limit) if limit else 'the usual time'}")
    if before.depends_on != after.depends_on:
        lines.append("   waits for other tasks than before" if after.depends_on else "   waits for nothing")
    if before.check != after.check:
        lines.append(f"   is checked by: {code(shown_check(after.check))}")
    return lines
