"""Commands that change nothing: how things are, what was planned, what was tried, and who somebody is."""

from bot.telegram.cards import goal_card, live_card
from bot.telegram.commands.arguments import check_has_task, first_word, meant_view, task_ref
from bot.telegram.commands.grants import given_now, grant_buttons, grant_lines, revoke
from bot.telegram.commands.records import log_message
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.html import bold, code, escape
from bot.telegram.message import Button, Message, fit, rows_of
from bot.telegram.planned import plan_lines
from bot.telegram.words import bar, clock_time, count
from executor.domain.goal import GoalState
from executor.domain.milestone import progress_of

EXAMPLE = """Back up my notes by 18:00
- The archive exists: `test -s notes.tgz`
1. Pack: `tar czf notes.tgz notes`"""


async def status(request: Request) -> Said:
    view = await meant_view(request, first_word(request.words)[0], "/status 12")
    scene = request.desk.scene()
    if view.goal.state is GoalState.AWAITING_START:
        return Said(message=goal_card(view, scene))
    return say(live_card(view, scene))


async def progress(request: Request) -> Said:
    """How far a goal is, and which milestones it has passed."""
    view = await meant_view(request, first_word(request.words)[0], "/progress 12")
    measured, scene = progress_of(view.tasks), request.desk.scene()
    lines = [f"{bold(view.goal.title)} #{view.goal.number}", bar(view.goal.percentage)]
    if view.tasks:
        lines.append(f"{measured.completed} of {count(measured.total, 'task')} done")
    for one in view.milestones:
        passed = clock_time(one.achieved_at, scene.now, scene.timezone) if one.achieved_at else "still ahead"
        lines.append(f"• {escape(one.title)} ({one.percentage} %): {passed}")
    return say("\n".join(lines))


async def plan(request: Request) -> Said:
    view = await meant_view(request, first_word(request.words)[0], "/plan 12")
    if view.plan is None:
        return say(f"Goal {view.goal.number} has no plan yet.")
    lines = plan_lines(view, view.plan, request.desk.scene())
    return Said(message=fit(Message(html="\n".join(lines)), f"plan-{view.goal.number}-v{view.plan.version}.md"))


async def why(request: Request) -> Said:
    """Of a goal, or with ``12.3`` of one task and what it waits for."""
    word, _ = first_word(request.words)
    ref = task_ref(word)
    view = await meant_view(request, ref.split(".")[0] if ref else word, "/why 12 or /why 12.3")
    if ref is not None:
        check_has_task(view, ref)
    found = await request.desk.engine.why(view.goal.number, task_ref=ref, zone=request.desk.scene().timezone)
    lines = [f"{bold(view.goal.title)} #{view.goal.number}"]
    lines += [f"• {escape(sentence)}" for sentence in (found.lines if found else ())]
    return Said(message=fit(Message(html="\n".join(lines)), f"why-{view.goal.number}.md"))


async def log(request: Request) -> Said:
    """Each attempt of a goal, or with ``12.3`` of one task: its command, exit code and last output lines."""
    word, _ = first_word(request.words)
    ref = task_ref(word)
    view = await meant_view(request, ref.split(".")[0] if ref else word, "/log 12 or /log 12.3")
    if ref is not None:
        check_has_task(view, ref)
    attempts = await request.desk.engine.attempts(view.goal.number, ref)
    turns = await request.desk.engine.turns(view.goal.number, ref)
    return Said(message=log_message(view.goal, attempts, request.desk.scene(), turns))


async def workflows(request: Request) -> Said:
    """Those that can be run, then the files that can't be read."""
    lines = []
    shelf = request.desk.workflows()
    for one in shelf.workflows:
        lines += [f"{bold(one.title)}", f"   {code(one.command)}"]
        lines += [f"   {escape(name)}: {escape(meaning)}" for name, meaning in one.parameters.items()]
    if shelf.problems:
        lines += [*([""] if lines else []), bold("Can't be read"), *(f"⚠️ {escape(one)}" for one in shelf.problems)]
    return Said(message=fit(Message(html="\n".join(lines) or "There are no workflows."), "workflows.md"))


async def whoami(request: Request) -> Said:
    return say(f"You are {bold(request.caller.name)}, id {code(request.caller.person_id)}, {request.role.word}.")


async def system(request: Request) -> Said:
    """How everything is, with what was granted; ``/system revoke 12 1a2b3c4d`` takes a grant back."""
    match request.words.split():
        case [verb, goal, key] if verb.lower() == "revoke":
            return say_reply(await revoke(request, goal.removeprefix("#"), key))
    lines, given = await request.desk.engine.system(), await given_now(request)
    now = request.desk.scene()
    shown = [*(escape(line) for line in lines), f"Now: {clock_time(now.now, now.now, now.timezone)}"]
    html = "\n".join([*shown, *grant_lines(request, given)])
    return Said(message=Message(html=html, buttons=rows_of(grant_buttons(request, given))))


async def grants(request: Request) -> Said:
    """What was said for the rest of a goal alone; ``/grants revoke 12 1a2b3c4d`` as in /system."""
    if request.words.lower().startswith("revoke"):
        return await system(request)
    given = await given_now(request)
    if not given:
        return say("Nothing is permitted beyond the plans that were started.")
    html = "\n".join(grant_lines(request, given)).strip()
    return Said(message=Message(html=html, buttons=rows_of(grant_buttons(request, given))))


def welcome(request: Request) -> Said:
    """The first words in a chat, with goals that are useful at once."""
    html = "\n".join(
        [
            f"👋 {bold('Milepost')}",
            "Tell me a goal. I show you a plan, work on it after you press Start, ask when I need you, "
            "and prove what I did.",
            "",
            "Write it in your own words:",
            code(EXAMPLE),
            "",
            "or try one of these. /help shows everything else.",
        ]
    )
    buttons = tuple((Button(one.label, f"x:{place}"),) for place, one in enumerate(request.desk.examples, start=1))
    return Said(message=Message(html=html, buttons=buttons))
