"""Answers to decisions: by command, by a reply with text, and the common end of both."""

from bot.telegram.access import may_decide
from bot.telegram.commands.arguments import check_may_order, first_word, goal_number, meant_decision, named_decision
from bot.telegram.decisions import outcome
from bot.telegram.desk import Request, Said, say, say_reply
from bot.telegram.gathered import Together, read_range
from bot.telegram.html import escape, plain
from executor.domain.decision import PROVIDE_VALUE, Decision, DecisionKind, DecisionState, Option
from executor.domain.errors import WrongInput
from executor.domain.gathered import waiting
from executor.engine.replies import Refused, Reply


async def approve(request: Request) -> Said:
    """The first option; ``17-22``: of all that one card shows."""
    if (together := await _range(request, yes=True)) is not None:
        return together
    decision = await named_decision(request, first_word(request.words)[0], "/approve 17")
    await check_may_decide(request, decision, decision.options[0].name if decision.options else None)
    engine = request.desk.engine
    reply = await engine.approve(decision.number, caller=request.caller, command_id=request.command_id)
    return await _came_of_it(request, decision.number, reply)


async def reject(request: Request) -> Said:
    """The refusing option; ``17-22`` as in `approve`."""
    if (together := await _range(request, yes=False)) is not None:
        return together
    decision = await named_decision(request, first_word(request.words)[0], "/reject 17")
    refusing = next((option.name for option in decision.options if option.refuses), None)
    await check_may_decide(request, decision, refusing)
    engine = request.desk.engine
    reply = await engine.reject(decision.number, caller=request.caller, command_id=request.command_id)
    return await _came_of_it(request, decision.number, reply)


async def _range(request: Request, *, yes: bool) -> Said | None:
    if (meant := read_range(request.words)) is None:
        return None
    decision = await named_decision(request, str(meant[0]), "/approve 17")
    return say_reply(await answer_together(request, Together(yes, decision.goal_number, *meant)))


async def answer_together(request: Request, meant: Together) -> Reply:
    """Raises WrongInput where this person may not."""
    view = await request.desk.engine.view(meant.goal_number)
    if view is None:
        return Refused(code="no_such_goal", sentence=f"There is no goal {meant.goal_number}.")
    for decision in waiting(view.decisions):
        option = "approve" if meant.yes else "reject"
        if refusal := may_decide(request.role, request.caller.person_id, decision, view.goal, option):
            raise WrongInput(refusal)
    return await request.desk.engine.answer_together(
        meant.goal_number,
        meant.first,
        meant.last,
        yes=meant.yes,
        caller=request.caller,
        command_id=request.command_id,
    )


async def answer(request: Request) -> Said:
    """``/answer 17 words``; where only one question is open, its number may be left out."""
    word, rest = first_word(request.words)
    if not word:
        raise WrongInput("Please write it like this: /answer 17 your words")
    if goal_number(word) is not None and rest:
        decision = await meant_decision(request, word, "/answer 17 your words")
        return await decide(request, decision, rest)
    decision = await meant_decision(request, "", "/answer 17 your words")
    return await decide(request, decision, request.words.strip())


async def provide(request: Request, decision: Decision | None, value: str) -> Said:
    """A value for the question that wants one."""
    if decision is None:
        waiting = await request.desk.engine.open_decisions(request.chat_id)
        if not any(one.wants_value for one in waiting):
            raise WrongInput("Nothing asks for a value now, so I kept none. When a question does, reply to it.")
        raise WrongInput("Which question? Several are open: /answer 17 and then the value.")
    await check_may_decide(request, decision, PROVIDE_VALUE.name)
    reply = await request.desk.engine.answer(
        decision.number,
        option=PROVIDE_VALUE.name,
        text=value,
        revision=None,
        caller=request.caller,
        command_id=request.command_id,
    )
    return say_reply(reply)


async def decide(request: Request, decision: Decision, words: str) -> Said:
    """Give these words to a decision: as the name of an option, as the text that an option wants, or as the answer."""
    option, text = read_answer(decision, words)
    await check_may_decide(request, decision, option.name if option else None)
    if text is not None and decision.find("rework") is not None and decision.kind is not DecisionKind.DRAFT:
        check_may_order(request, text)
    if decision.kind is DecisionKind.START and text is not None:
        return await replace_proposal(request, decision.goal_number, text)
    reply = await request.desk.engine.answer(
        decision.number,
        option=option.name if option else None,
        text=text,
        revision=None,
        caller=request.caller,
        command_id=request.command_id,
    )
    return await _came_of_it(request, decision.number, reply)


async def _came_of_it(request: Request, number: int, reply: Reply) -> Said:
    if isinstance(reply, Refused):
        return say(escape(await refusal(request, number, reply)))
    return say_reply(reply)


async def refusal(request: Request, number: int, reply: Refused) -> str:
    """Who decided and when, in the chat's own time; else the engine's reason."""
    decision = await request.desk.decisions.decision(number)
    if reply.code == "already_decided" and decision is not None and decision.state is DecisionState.ANSWERED:
        scene = request.desk.scene()
        return f"Already decided: {plain(outcome(decision, scene.now, scene.timezone))}"
    return reply.sentence


def read_answer(decision: Decision, words: str) -> tuple[Option | None, str | None]:
    """(option, text). Raises WrongInput where the words are neither."""
    exact = decision.find(words)
    if exact is not None:
        return exact, None
    head, rest = first_word(words)
    named = decision.find(head)
    if named is not None and named.wants_text and rest:
        return named, rest
    if decision.free_text:
        return None, words
    wanting = [option for option in decision.options if option.wants_text]
    if len(wanting) == 1:
        return wanting[0], words
    names = ", ".join(option.name for option in decision.options)
    raise WrongInput(f"Question {decision.number} takes one of: {names}.")


async def replace_proposal(request: Request, number: int, text: str) -> Said:
    """A new text for a goal that has not started."""
    draft = request.desk.read_goal(text)
    reply = await request.desk.engine.replace_draft(number, draft, caller=request.caller, command_id=request.command_id)
    return say_reply(reply)


async def check_may_decide(request: Request, decision: Decision, option: str | None) -> None:
    """Raises WrongInput where this person may not give this answer."""
    view = await request.desk.engine.view(decision.goal_number)
    goal = view.goal if view else None
    if refusal := may_decide(request.role, request.caller.person_id, decision, goal, option):
        raise WrongInput(refusal)
