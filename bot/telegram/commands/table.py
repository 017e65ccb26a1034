"""Every command in one table: who may, its right form, what it does. /help, the menu and refusals are made of it."""

import difflib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bot.telegram.access import Role
from bot.telegram.commands import (
    changing,
    deciding,
    doctor,
    goals,
    habits,
    history,
    lessons,
    letters,
    money,
    plans,
    reading,
    stopping,
    tasks,
)
from bot.telegram.desk import Request, Said, say
from bot.telegram.html import bold, escape

Handler = Callable[[Request], Awaitable[Said | None]]


@dataclass(frozen=True, slots=True)
class Command:
    """`role` is the least that may use it; what it is used on may ask for more."""

    name: str
    role: Role
    form: str
    about: str
    run: Handler


async def start(request: Request) -> Said:
    """The welcome in a chat without goals, else where things stand."""
    if await request.desk.engine.newest(request.chat_id) is None:
        return reading.welcome(request)
    return await goals.goals(request)


async def help(request: Request) -> Said:
    """What this person may use."""
    usable = [command for command in COMMANDS.values() if request.role >= command.role]
    lines = [f"{escape(command.form)} — {escape(command.about)}" for command in usable]
    shape = "A goal in one message: the title, then bullets for what must be true, then numbered steps."
    return say(
        "\n".join([bold("What you can write"), *lines, "", shape, "Without a number, the newest goal is meant."])
    )


_TABLE = (
    Command("goal", Role.REQUESTER, "/goal Back up my notes by 18:00", "sets a goal", goals.goal),
    Command("run", Role.REQUESTER, "/run machine-health", "sets a goal from a workflow", goals.run),
    Command("workflows", Role.VIEWER, "/workflows", "lists the workflows", reading.workflows),
    Command("goals", Role.VIEWER, "/goals", "lists the goals", goals.goals),
    Command("status", Role.VIEWER, "/status 12", "shows a goal", reading.status),
    Command("progress", Role.VIEWER, "/progress 12", "how far it is", reading.progress),
    Command("plan", Role.VIEWER, "/plan 12", "shows what it runs; why, v3, diff 3 4, revert 3", plans.plan),
    Command("why", Role.VIEWER, "/why 12", "says why it is where it is", reading.why),
    Command("log", Role.VIEWER, "/log 12.3", "shows what ran, with its output", reading.log),
    Command("diff", Role.VIEWER, "/diff 12", "what changed in its folder; 12.3: by one task", history.diff),
    Command("cost", Role.VIEWER, "/cost 12", "what the model has cost", money.cost),
    Command("budget", Role.VIEWER, "/budget 12 $2", "what it may cost; with an amount: sets that", money.budget),
    Command("approve", Role.REQUESTER, "/approve 17", "says yes to a question", deciding.approve),
    Command("reject", Role.REQUESTER, "/reject 17", "says no to it", deciding.reject),
    Command("answer", Role.REQUESTER, "/answer 17 your words", "answers it", deciding.answer),
    Command("retry", Role.REQUESTER, "/retry 12.3", "tries a task again; 12: a goal that ended", letters.retry),
    Command("skip", Role.REQUESTER, "/skip 12.3", "goes on without it", tasks.skip),
    Command("takeover", Role.REQUESTER, "/takeover 12.3", "you do it yourself", tasks.takeover),
    Command("done", Role.REQUESTER, "/done 12.3", "you did it", tasks.done),
    Command("handback", Role.REQUESTER, "/handback 12.3", "gives it back", tasks.handback),
    Command("pause", Role.REQUESTER, "/pause 12", "starts nothing new", goals.pause),
    Command("resume", Role.REQUESTER, "/resume 12", "goes on; without a number it lifts a STOP", goals.resume),
    Command("stop", Role.REQUESTER, "/stop", "stops everything at once", stopping.stop),
    Command("cancel", Role.REQUESTER, "/cancel 12", "ends a goal, or with 12.3 a task", goals.cancel),
    Command("adapt", Role.REQUESTER, "/adapt 12 the reason", "tries again what is stuck; c1: a criterion", plans.adapt),
    Command(
        "deadline", Role.REQUESTER, "/deadline 12 tomorrow 18:00", "moves the deadline; none ends it", changing.deadline
    ),
    Command("priority", Role.REQUESTER, "/priority 12 p8", "p10 goes first", changing.priority),
    Command("rework", Role.REQUESTER, "/rework 12 what should be different", "takes up a result again", plans.rework),
    Command("undo", Role.REQUESTER, "/undo 12", "puts its folder back; 12.3: to before a task", history.undo),
    Command("task", Role.REQUESTER, "/task 12 Call Ann", "adds a task by hand; 12.3: does it in parts", tasks.task),
    Command("assign", Role.REQUESTER, "/assign 12.3 @ann", "says whose it is; who may answer stays", tasks.assign),
    Command("note", Role.REQUESTER, "/note 12 Ann is on holiday", "keeps a remark", goals.note),
    Command("fail", Role.REQUESTER, "/fail 12 the reason", "declares a goal failed", goals.fail),
    Command("failed", Role.VIEWER, "/failed", "what ended without being done", letters.failed),
    Command("lessons", Role.VIEWER, "/lessons", "what was learned; revoke 3 takes it back", lessons.lessons),
    Command("digest", Role.VIEWER, "/digest", "all goals at a glance; 18:00: every day; off", habits.digest),
    Command("quiet", Role.VIEWER, "/quiet 22:00-07:00", "when nothing rings; 2h; off", habits.quiet),
    Command("system", Role.VIEWER, "/system", "how everything is", reading.system),
    Command("grants", Role.VIEWER, "/grants", "what was said for the rest of a goal; takes it back", reading.grants),
    Command("doctor", Role.OWNER, "/doctor", "looks for what is wrong, with a remedy", doctor.doctor),
    Command("whoami", Role.VIEWER, "/whoami", "your id and role", reading.whoami),
    Command("help", Role.VIEWER, "/help", "this list", help),
    Command("start", Role.VIEWER, "/start", "begins here", start),
)
COMMANDS: Mapping[str, Command] = {command.name: command for command in _TABLE}


def unknown(name: str) -> str:
    """One line for a command that does not exist."""
    near = difflib.get_close_matches(name.lower(), COMMANDS, n=1, cutoff=0.6)
    meant = f" Did you mean /{near[0]}?" if near else ""
    return f"I don't know /{name}.{meant} /help lists what I know."


def forbidden(command: Command, role: Role) -> str:
    return f"/{command.name} needs the role {command.role.word} or higher; yours is {role.word}."
