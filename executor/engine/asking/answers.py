"""What each answer to a decision does. One function per kind; every way in (button, text, shell) ends here."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from executor.domain.attempt import AttemptState
from executor.domain.blockage import BlockageType
from executor.domain.decision import PROVIDE_VALUE, Decision, DecisionKind, DecisionState, Option
from executor.domain.effect import EffectState
from executor.domain.goal import GoalState
from executor.domain.task import Task, TaskKind, TaskState
from executor.engine.asking.asking import allow, approve, review
from executor.engine.asking.intervening import done, hand_back, retry, say, skip, take_over
from executor.engine.asking.unplanned import decide_about_plan, plan_now
from executor.engine.blockages.beforehand import answer_beforehand, provided
from executor.engine.blockages.blocking import ask_again, block_task
from executor.engine.blockages.lessons import person_tries
from executor.engine.blockages.providing import asks_for, read_value
from executor.engine.casework.case import Case
from executor.engine.casework.showing import reasons
from executor.engine.correction.repairing import apply_fix
from executor.engine.deadlines import answer_deadline
from executor.engine.flow import close_parked_attempt, end, fresh, start
from executor.engine.gates import answer_gate, mend
from executor.engine.planning.steering import apply
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.engine.turns import about_effect, works_in_turns


def answer(
    case: Case, decision: Decision, caller: Caller, *, option: str | None, text: str | None, revision: int | None
) -> Reply:
    """Give `option` (by name, label or number) or a free `text` to a decision; the first valid answer wins."""
    if decision.state is not DecisionState.OPEN:
        return closed(decision, case.now)
    if revision is not None and revision != decision.revision:
        return Refused(
            code="superseded",
            sentence=f"Question {decision.number} has changed since that button was made. Please look at it again.",
        )
    chosen = decision.find(option) if option else None
    if chosen is None and (text is None and option is not None) and decision.free_text:
        text = option  # `/answer 17 blue`: the words are the answer
    if chosen is None and (text is None or not decision.free_text):
        return Refused(code="no_such_option", sentence=which(decision))
    if chosen is not None and chosen.wants_text and text is None:
        return _wants_text(decision, chosen)
    return _EFFECTS[decision.kind](case, decision, caller, chosen, (text or "").strip() or None)


def _wants_text(decision: Decision, chosen: Option) -> Accepted:
    hidden = chosen == PROVIDE_VALUE
    sentence = asks_for(decision) if hidden else _WANTED.get(decision.kind, _DIFFERENT)
    return Accepted(sentence=sentence, decision_number=decision.number, wants_text=True, hidden=hidden)


_DIFFERENT = "Say what should be different, as a reply."
_WANTED = {DecisionKind.START: "Send the new text of the goal as a reply."}
"""What is asked for after an option that wants a text."""


def closed(decision: Decision, now: datetime) -> Refused:
    """Why a decision takes no more answers. Fronts that know a time zone say the moment in it."""
    if decision.state is DecisionState.WITHDRAWN:
        return Refused(code="withdrawn", sentence=f"Question {decision.number} is no longer open: {decision.note}.")
    at = f" {_moment(decision.closed_at, now)}" if decision.closed_at else ""
    label = next((o.label for o in decision.options if o.name == decision.option), decision.text or "")
    who = decision.answered_by_name or "somebody"
    return Refused(
        code="already_decided", sentence=f"Question {decision.number} was already decided by {who}{at}: {label}."
    )


def _moment(at: datetime, now: datetime) -> str:
    day = "" if at.date() == now.date() else f"on {at.day} {at:%b}{'' if at.year == now.year else f' {at.year}'} "
    return f"{day}at {at:%H:%M} UTC"


def which(decision: Decision) -> str:
    """The answers that a decision takes, in a sentence."""
    names = [option.name for option in decision.options]
    if decision.free_text:
        names.append("your own words")
    return f"Question {decision.number} takes: {', '.join(names)}."


def _accepted(case: Case, decision: Decision, sentence: str) -> Accepted:
    return Accepted(
        sentence=sentence,
        goal_number=case.goal.number,
        task_ref=decision.task_ref,
        decision_number=decision.number,
    )


def _task(case: Case, decision: Decision) -> Task:
    return case.tasks[decision.task_ref or ""]


def _start(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    if option is not None and option.wants_text:  # the new text is read outside, and comes as replace_draft
        return Refused(
            code="wants_goal", sentence=f"Send the new goal as /goal, or reply to the card of {case.goal.number}."
        )
    case.decide(decision.number, caller, option=option.name if option else None, text=text)
    if option is not None and option.name == "start":
        start(case)
        return _accepted(case, decision, f"Goal {case.goal.number} has started.")
    end(case, GoalState.CANCELLED, reason=f"Cancelled by {caller.name} before it started.")
    return _accepted(case, decision, f"Goal {case.goal.number} is cancelled; nothing was run.")


def _blockage(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    name = option.name if option else ""
    if decision.task_ref is None and case.goal.state in (GoalState.PENDING, GoalState.PLANNING):
        return _accepted(case, decision, decide_about_plan(case, decision, caller, name))
    if decision.task_ref is None:
        return _impasse(case, decision, caller, name)
    task = _task(case, decision)
    if option == PROVIDE_VALUE:
        return _provide(case, decision, caller, text or "")
    case.decide(decision.number, caller, option=name, text=text)
    match name:
        case "retry":
            return _accepted(case, decision, retry(case, task, caller))
        case "retry-with-fix" if (known := case.blockages[task.ref].amendment) is not None:
            case.set_task(person_tries(task, f"Retry with fix: {known.reason.partition(' (lesson ')[0]}"))
            agreed = mend if task.kind is TaskKind.GATE else apply_fix
            return _accepted(case, decision, agreed(case, task, known))
        case "skip":
            return _accepted(case, decision, skip(case, task, caller))
        case "take-over":
            return _accepted(case, decision, take_over(case, task, caller))
        case _:
            case.move_goal(GoalState.PAUSED, reason=f"Paused by {caller.name}")
            return _accepted(case, decision, f"Goal {case.goal.number} is paused. /resume {case.goal.number} goes on.")


def _provide(case: Case, decision: Decision, caller: Caller, text: str) -> Reply:
    """The value itself goes its own way (Case.provided): neither the decision nor its event ever holds it."""
    given = read_value(decision, text)
    if isinstance(given, Refused):
        return given
    case.provided.append(given)
    provided(case, [given.name])
    case.decide(decision.number, caller, option=PROVIDE_VALUE.name, text=given.shown)
    tried = retry(case, _task(case, decision), caller, how=f"Provide value: {given.name}")
    return _accepted(case, decision, f"{given.name} is set for this goal. {tried}")


def _impasse(case: Case, decision: Decision, caller: Caller, name: str) -> Reply:
    """About every blocked task at once."""
    case.decide(decision.number, caller, option=name, text=None)
    blocked = [task for task in case.tasks.values() if task.state is TaskState.BLOCKED]
    names = ", ".join(task.ref for task in blocked)
    match name:
        case "retry" | "skip":
            act, said = (retry, "Trying again") if name == "retry" else (skip, "Skipped")
            for task in blocked:
                case.withdraw(task.ref, note=f"{caller.name} decided about all of them")
                act(case, case.tasks[task.ref], caller)
            return _accepted(case, decision, f"{said}: {names}.")
        case "stop":
            end(case, GoalState.FAILED, reason=f"Given up by {caller.name}; blocked: {names}")
            return _accepted(case, decision, f"Goal {case.goal.number} counts as failed.")
        case _:
            case.move_goal(GoalState.PAUSED, reason=f"Paused by {caller.name}")
            return _accepted(case, decision, f"Goal {case.goal.number} is paused. /resume {case.goal.number} goes on.")


def _adaptation(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    name, amendment = (option.name if option else ""), decision.amendment
    assert amendment is not None  # every question of this kind is opened with one
    if name == "ask-why":
        return replace(_accepted(case, decision, reasons(case, amendment)), aloud=True)
    case.decide(decision.number, caller, option=name, text=text)
    if name == "accept":
        return _accepted(case, decision, f"{apply(case, amendment).line}.")
    ask_again(case)
    return _accepted(case, decision, f"Plan v{case.goal.plan_version} stays.")


def _manual(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    task = _task(case, decision)
    case.decide(decision.number, caller, option=option.name if option else None, text=text)
    if option is not None and option.name == "hand-back":
        return _accepted(case, decision, hand_back(case, task, caller))
    return _accepted(case, decision, done(case, task, caller, text))


def _question(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    task = _task(case, decision)
    if task.kind is TaskKind.GATE:
        return _accepted(case, decision, answer_gate(case, decision, task, caller, option, text or ""))
    said = option.label if option else (text or "")
    case.decide(decision.number, caller, option=option.name if option else None, text=None if option else said)
    if task.kind is TaskKind.CRITERION and option is not None and option.refuses:
        close_parked_attempt(case, task.ref)
        block_task(case, task, BlockageType.EXTERNAL, cause=f"{caller.name} says that this is not so")
        return _accepted(case, decision, "Noted: this criterion is not met.")
    say(case, task, caller, said)
    return _accepted(case, decision, "Thank you, noted.")


def _result(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    """Looks good; a rework is thought about outside, and comes as a command of its own."""
    case.decide(decision.number, caller, option=option.name if option else None, text=text)
    return _accepted(case, decision, "Thank you, noted.")


def _effect(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    task = _task(case, decision)
    name = option.name if option else ""
    if name == "check" and task.spec.check is None:
        return Refused(
            code="nothing_to_check",
            sentence="There is nothing that I could look at. Please look yourself, then say what happened.",
        )
    case.decide(decision.number, caller, option=name, text=text)
    if works_in_turns(task):  # what is in doubt is one call of it, and not the whole
        return _accepted(case, decision, about_effect(case, task, caller, happened=name == "it-happened"))
    match name:
        case "check":
            case.set_task(replace(case.move_task(task.ref, TaskState.QUEUED), verify_only=True))
            return _accepted(case, decision, "Looking.")
        case "it-happened":
            evidence = f"{caller.name} says that it happened"
            case.settle_effect(task.ref, EffectState.HAPPENED, evidence)
            case.end_attempt(task.ref, AttemptState.SUCCEEDED)
            case.move_task(task.ref, TaskState.COMPLETED, summary=evidence)
            return _accepted(case, decision, f"{task.ref} counts as done.")
        case _:
            case.settle_effect(task.ref, EffectState.DID_NOT_HAPPEN, f"{caller.name} says that it did not happen")
            case.end_attempt(task.ref, AttemptState.FAILED)
            case.set_task(fresh(case.move_task(task.ref, TaskState.QUEUED)))
            return _accepted(case, decision, f"Doing {task.ref} now.")


def _allowance(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    if option is None:
        return Refused(code="no_such_option", sentence=which(decision))
    case.decide(decision.number, caller, option=option.name, text=text)
    said = allow(case, decision, caller, option)
    if case.goal.plan_due_at is not None:
        plan_now(case)
    return _accepted(case, decision, said)


def _approval(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    if option is None:
        return Refused(code="no_such_option", sentence=which(decision))
    case.decide(decision.number, caller, option=option.name, text=text)
    return _accepted(case, decision, approve(case, decision, caller, option))


def _draft(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    case.decide(decision.number, caller, option=option.name if option else "rework", text=text)
    return _accepted(case, decision, review(case, decision, caller, option, text))


_EFFECTS: dict[DecisionKind, Callable[[Case, Decision, Caller, Option | None, str | None], Reply]] = {
    DecisionKind.START: _start,
    DecisionKind.BLOCKAGE: _blockage,
    DecisionKind.ADAPTATION: _adaptation,
    DecisionKind.MANUAL: _manual,
    DecisionKind.QUESTION: _question,
    DecisionKind.EFFECT: _effect,
    DecisionKind.APPROVAL: _approval,
    DecisionKind.BUDGET: _allowance,
    DecisionKind.CYCLES: _allowance,
    DecisionKind.DRAFT: _draft,
    DecisionKind.DEADLINE: answer_deadline,
    DecisionKind.RESULT: _result,
    DecisionKind.PROPOSAL: answer_beforehand,
}
