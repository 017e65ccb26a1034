"""Commands about whole goals: setting, running a workflow, pausing, resuming, ending, noting."""

from bot.telegram.commands.arguments import check_may_act, first_word, goal_number, meant_view, own_view, task_ref
from bot.telegram.commands.stopping import lift
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.html import bold, escape
from bot.telegram.words import GOAL_SIGNS
from executor.domain.errors import WrongInput
from executor.domain.goal import GoalState
from executor.domain.plan import GoalDraft
from executor.engine.replies import Accepted

GOALS_MAX = 20


async def goal(request: Request) -> Said | None:
    if not request.words.strip():
        raise WrongInput("Say what you want: /goal Back up my notes by 18:00. /help shows the whole form.")
    return await propose(request, request.desk.read_goal(request.words))


async def run(request: Request) -> Said | None:
    return await propose(request, request.desk.read_run(request.words))


async def propose(request: Request, draft: GoalDraft) -> Said | None:
    """The goal's card is the answer; words are needed only where there is none."""
    reply = await request.desk.engine.set_goal(
        draft, origin=request.origin, caller=request.caller, command_id=request.command_id
    )
    return None if isinstance(reply, Accepted) else say_reply(reply)


async def goals(request: Request) -> Said:
    """This chat's open goals and its newest others; ``/goals all`` of every chat."""
    everywhere = request.words.strip().lower() == "all"
    found = await request.desk.engine.goals(None if everywhere else request.chat_id, open_only=False)
    if not found:
        return say("No goal yet. Send me one as a message; /help shows how.")
    shown = ([one for one in found if not one.final] + [one for one in found if one.final])[:GOALS_MAX]
    lines = [f"{GOAL_SIGNS[one.state]} {bold(one.number)} {escape(one.title)} · {one.percentage} %" for one in shown]
    rest = len(found) - len(shown)
    return say("\n".join(lines + ([f"… and {rest} older"] if rest else [])))


async def pause(request: Request) -> Said:
    view = await own_view(request, first_word(request.words)[0], "/pause 12")
    engine = request.desk.engine
    return say_reply(await engine.pause(view.goal.number, caller=request.caller, command_id=request.command_id))


async def resume(request: Request) -> Said:
    """Without a number: a STOP is lifted; where there is none, the newest paused goal of this chat goes on."""
    word, _ = first_word(request.words)
    if not word:
        if (lifted := lift(request)) is not None:
            return say(escape(lifted))
        found = await request.desk.engine.goals(request.chat_id, open_only=True)
        paused = next((one for one in found if one.state is GoalState.PAUSED), None)
        if paused is None:
            raise WrongInput("No goal is paused here.")
        word = str(paused.number)
    view = await own_view(request, word, "/resume 12")
    engine = request.desk.engine
    return say_reply(await engine.resume(view.goal.number, caller=request.caller, command_id=request.command_id))


async def cancel(request: Request) -> Said:
    """A goal, or with ``12.3`` one task of it."""
    word, _ = first_word(request.words)
    engine, ref = request.desk.engine, task_ref(word)
    view = await own_view(request, ref.split(".")[0] if ref else word, "/cancel 12 or /cancel 12.3")
    if ref is not None:
        return say_reply(await engine.cancel_task(ref, caller=request.caller, command_id=request.command_id))
    return say_reply(await engine.cancel(view.goal.number, caller=request.caller, command_id=request.command_id))


async def fail(request: Request) -> Said:
    word, reason = first_word(request.words)
    if goal_number(word) is None:
        word, reason = "", request.words.strip()
    view = await own_view(request, word, "/fail 12 the supplier is gone")
    reply = await request.desk.engine.fail(
        view.goal.number, reason=reason, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)


async def note(request: Request) -> Said:
    word, text = first_word(request.words)
    if goal_number(word) is None:
        word, text = "", request.words.strip()
    if not text:
        raise WrongInput("Please write it like this: /note 12 Ann is on holiday")
    view = await meant_view(request, word, "/note 12 Ann is on holiday")
    check_may_act(request, view.goal)
    reply = await request.desk.engine.note(
        view.goal.number, text=text, caller=request.caller, command_id=request.command_id
    )
    return say_reply(reply)
