"""Values that later tasks lack, asked for in one question before they are needed.

It holds nothing up: Start stays possible, and a task that comes to its turn without its value asks by itself. There is
at most one such question per goal. It is open while something is missing that nobody has declined to give, and it
closes by itself.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from executor.domain.blockage import Blockage
from executor.domain.decision import NOT_NOW, PROVIDE_VALUE, Decision, DecisionKind, DecisionState, Option
from executor.domain.goal import GOAL_RUNNING, Goal, GoalState
from executor.domain.notice import NoticeKind
from executor.domain.outlook import Finding, FindingKind, Outlook
from executor.domain.secret import why_no_name
from executor.domain.task import Task
from executor.engine.blockages.foresight import ahead_of
from executor.engine.blockages.providing import given, read_values, wanted_together
from executor.engine.casework.case import Case
from executor.engine.replies import Accepted, Caller, Refused, Reply
from executor.ports import CaseRows

Lacking = Mapping[str, tuple[str, ...]]
"""Names of variables without a value, with the tasks that need them."""

_IN_TIME = GOAL_RUNNING | {GoalState.AWAITING_START}


def asked_for(finding: Finding) -> bool:
    """Whether this question speaks of it."""
    return finding.kind is FindingKind.CREDENTIAL and not why_no_name(finding.what)


def worth_asking(rows: CaseRows, outlook: Outlook) -> bool:
    """Whether there is something to ask, or a question that is about something else by now."""
    asked, lacking = _question(rows.decisions), _lacking(outlook, rows.tasks, rows.blockages)
    return _differs(rows.goal, asked, lacking, outlook)


def given_since(before: Goal, now: Goal) -> set[str]:
    """What the goal did not lack any more when it was read again."""
    was, still = ({one.what for one in goal.outlook.findings} if goal.outlook else set() for goal in (before, now))
    return was - still


def look_at_values(case: Case, outlook: Outlook, known: Collection[str]) -> Outlook:
    """Ask, change the question, or close it; the outlook as it is now. A value that was given, and a word that was
    said, while it was being looked ahead count."""
    current = _without(replace(outlook, declined=(case.goal.outlook or outlook).declined), known)
    asked = _question(case.decisions.values())
    lacking = _lacking(current, case.tasks.values(), case.blockages.values())
    if not _differs(case.goal, asked, lacking, current):
        return current
    if asked is not None:
        _revise(case, asked, lacking, "No later task lacks a value any more")
        return current
    case.ask(
        DecisionKind.PROPOSAL,
        task_ref=None,
        question=_words(lacking),
        facts=_facts(case.goal, lacking, ()),
        options=(PROVIDE_VALUE, NOT_NOW),
    )
    return current


def met(case: Case) -> None:
    """A task has come to lack its value: it asks for that itself, and the question goes on about the others."""
    if (asked := _question(case.decisions.values())) is not None:
        lacking = _still(wanted_together(asked), case.tasks.values(), case.blockages.values())
        _revise(case, asked, lacking, "It is asked for where it is needed")


def provided(case: Case, names: Collection[str]) -> None:
    """These have a value from now on, wherever it was given."""
    _note(case, names)
    if (asked := _question(case.decisions.values())) is not None:
        lacking = {name: refs for name, refs in wanted_together(asked).items() if name not in names}
        _revise(case, asked, lacking, "The value was given")


def answer_beforehand(case: Case, decision: Decision, caller: Caller, option: Option | None, text: str | None) -> Reply:
    """Values go their own way (Case.provided): neither the decision nor its event ever holds one."""
    wanted = wanted_together(decision)
    if option != PROVIDE_VALUE:
        case.decide(decision.number, caller, option=option.name if option else None, text=None)
        if (outlook := case.goal.outlook) is not None:
            declined = tuple(sorted({*outlook.declined, *wanted}))
            case.set_goal(replace(case.goal, outlook=replace(outlook, declined=declined)))
        return _accepted(case, decision, "All right. I ask when a task needs it.")
    found = read_values(decision, text or "")
    if isinstance(found, Refused):
        return found
    case.provided.extend(found)
    names = [one.name for one in found]
    _note(case, names)
    shown = (*given(decision), *(one.shown for one in found))
    are = f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} set for this goal."
    if rest := {name: refs for name, refs in wanted.items() if name not in names}:
        _revise(case, decision, rest, "", shown=shown)
        return _accepted(case, decision, f"{are} Question {decision.number} goes on about {', '.join(rest)}.")
    case.decide(decision.number, caller, option=PROVIDE_VALUE.name, text=", ".join(shown))
    return _accepted(case, decision, are)


# ---------------------------------------------------------------------------------------------------------- inside


def _question(decisions: Iterable[Decision]) -> Decision | None:
    return next(
        (
            one
            for one in decisions
            if one.kind is DecisionKind.PROPOSAL and one.wants_value and one.state is DecisionState.OPEN
        ),
        None,
    )


def _lacking(outlook: Outlook, tasks: Iterable[Task], blockages: Iterable[Blockage]) -> Lacking:
    return _still({one.what: one.refs for one in outlook.findings if asked_for(one)}, tasks, blockages)


def _still(wanted: Lacking, tasks: Iterable[Task], blockages: Iterable[Blockage]) -> Lacking:
    """What a task that has not begun lacks, and no blockage asks for."""
    ahead = {task.ref for task in ahead_of(list(tasks))}
    elsewhere = {one.missing for one in blockages if one.resolved_at is None}
    found = {name: tuple(ref for ref in refs if ref in ahead) for name, refs in wanted.items()}
    return {name: refs for name, refs in found.items() if refs and name not in elsewhere}


def _differs(goal: Goal, asked: Decision | None, lacking: Lacking, outlook: Outlook) -> bool:
    if goal.state not in _IN_TIME:
        return False
    if asked is not None:
        return wanted_together(asked).keys() != lacking.keys()
    return not lacking.keys() <= set(outlook.declined)


def _without(outlook: Outlook, names: Collection[str]) -> Outlook:
    left = tuple(one for one in outlook.findings if one.kind is not FindingKind.CREDENTIAL or one.what not in names)
    return outlook if left == outlook.findings else replace(outlook, findings=left)


def _note(case: Case, names: Collection[str]) -> None:
    """The card does not miss them any more."""
    outlook = case.goal.outlook
    if outlook is not None and (left := _without(outlook, names)) is not outlook:
        case.set_goal(replace(case.goal, outlook=left))


def _revise(case: Case, asked: Decision, lacking: Lacking, note: str, *, shown: tuple[str, ...] | None = None) -> None:
    """The same question about what is lacking now, in its old message; closed with `note` where nothing is."""
    if lacking.keys() == wanted_together(asked).keys():
        return
    if not lacking:
        case.close(asked, note)
        return
    facts = _facts(case.goal, lacking, given(asked) if shown is None else shown)
    changed = replace(asked, revision=asked.revision + 1, question=_words(lacking), facts=facts)
    case.decisions[asked.number] = changed
    case.event("decision.revised", None, decision=asked.number, question=changed.question)
    case.tell(NoticeKind.DECISION, f"{asked.number}/decision", {}, decision_number=asked.number)


def _words(lacking: Lacking) -> str:
    return f"Later tasks need {', '.join(lacking)}"


def _facts(goal: Goal, lacking: Lacking, shown: tuple[str, ...]) -> Mapping[str, object]:
    values = [{"name": name, "refs": list(refs)} for name, refs in lacking.items()]
    facts: dict[str, object] = {"title": goal.title, "number": goal.number, "values": values}
    if shown:
        facts["given"] = list(shown)
    if len(lacking) == 1:
        facts["missing"] = next(iter(lacking))
    return facts


def _accepted(case: Case, decision: Decision, sentence: str) -> Accepted:
    return Accepted(sentence=sentence, goal_number=case.goal.number, decision_number=decision.number)
