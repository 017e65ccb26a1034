"""What a decision is about, as lines for its message: one form for each kind. Pure functions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from bot.telegram.changes import change_lines, fix_lines
from bot.telegram.html import bold, code, escape, evidence, pre, unquoted, with_code
from bot.telegram.words import LABEL_CHARACTERS_MAX, clock_time
from executor.domain.decision import Decision, DecisionKind, DecisionState
from executor.engine.blockages.providing import given, wanted_together

WAITS_SHOWN = 5


def body(decision: Decision, now: datetime, timezone: tzinfo) -> list[str]:
    """All but how it may be answered, as HTML lines; open or closed."""
    if decision.kind is DecisionKind.DEADLINE:
        return _deadline(decision, now, timezone)
    if decision.kind is DecisionKind.EFFECT:
        return _effect(decision, now, timezone)
    return _FORMS.get(decision.kind, _anything)(decision)


def _start(decision: Decision) -> list[str]:
    return [f"📋 {bold(decision.question or 'Start this plan?')}"]


def _money(decision: Decision) -> list[str]:
    return [f"💰 {bold(str(decision.facts.get('title', '')))}", f"It waits. {escape(decision.question)}"]


def _blockage(decision: Decision) -> list[str]:
    """Of a task, of the whole goal, or of a goal that has no plan yet."""
    if decision.task_ref is not None:
        return _blocked(decision.facts)
    return _impasse(decision) if "blocked" in decision.facts else [f"⛔ {escape(decision.question)}"]


def _blocked(facts: Mapping[str, object]) -> list[str]:
    lines = [f"⛔ {bold(_name(facts))}", f"Blocked ({escape(facts.get('type', ''))}): {escape(facts.get('cause', ''))}"]
    detail = str(facts.get("detail") or "").strip("\n")
    if detail and detail.strip() != str(facts.get("cause", "")).strip():
        lines += ["", pre(detail)]
    if "missing" in facts:
        lines += ["", _wanted(str(facts["missing"]))]
    if tried := _texts(facts.get("tried")):
        lines += ["", bold("Tried"), *(f"• {escape(one)}" for one in tried)]
    if isinstance(fix := facts.get("fix"), Mapping):
        lines += fix_lines(fix)
    if facts.get("critical"):
        lines += ["", "It is critical: the goal can't succeed without it. /fail gives the goal up."]
    if waits := _texts(facts.get("waits")):
        more = len(waits) - WAITS_SHOWN
        lines += ["", bold("Waits for it"), *(f"• {escape(one)}" for one in waits[:WAITS_SHOWN])]
        lines += [f"• and {more} more"] if more > 0 else []
    return lines


def _impasse(decision: Decision) -> list[str]:
    """Each blocked task has a question of its own; this one is about all of them."""
    facts = decision.facts
    lines = [
        f"⛔ {bold(facts.get('title', ''))} #{facts.get('number', '')}",
        "Nothing can go on: every way is blocked.",
    ]
    lines += ["", *(f"• {escape(one)}" for one in _texts(facts.get("blocked")))]
    if critical := _texts(facts.get("critical")):
        lines += ["", f"Critical: {escape(', '.join(critical))}"]
    lines += ["", f"{facts.get('done', 0)} done, {facts.get('waiting', 0)} waiting for these."]
    return [*lines, "Your answer is about all of them. Stop gives the goal up: it counts as failed."]


def _wanted(name: str) -> str:
    """What a reply to the question gives, and what becomes of it."""
    kept = "I take it out of the chat and keep it encrypted until this goal ends."
    if not name:
        return f"🔑 If you know which value is missing, reply with {code('NAME=value')}. {kept}"
    return f"🔑 You can reply with the value of {code(name)}, for this goal's commands only. {kept}"


def _beforehand(decision: Decision) -> list[str]:
    """Values that later tasks need, with those tasks."""
    facts, wanted = decision.facts, wanted_together(decision)
    head = f"🔑 {bold(facts.get('title', ''))} #{facts.get('number', '')}"
    lines = [head, "Later tasks need this, and it is not set. Nothing waits for it yet.", ""]
    lines += [f"• {code(name)}: {', '.join(refs)}" for name, refs in wanted.items()]
    if shown := given(decision):
        lines += ["", f"Given: {escape(', '.join(shown))}"]
    if decision.state is DecisionState.OPEN:
        form = "with its value" if len(wanted) == 1 else f"with one {code('NAME=value')} per line"
        lines += ["", f"Reply {form}. I take it out of the chat and keep it encrypted until this goal ends."]
    return lines


def _manual(decision: Decision) -> list[str]:
    facts = decision.facts
    lines = [f"👤 {bold(_name(facts))}"]
    instructions = str(facts.get("instructions") or "").strip().splitlines()
    if instructions and instructions[0] == facts.get("title"):
        del instructions[0]
    if instructions:
        lines += ["", with_code("\n".join(instructions))]
    problem = str(facts.get("problem") or "").strip()
    if problem:
        lines += ["", f"Not done yet: {evidence(problem)}"]
    if (check := str(facts.get("check") or "").strip()) and check not in problem:
        lines += ["", f"Done is checked by {code(check)}"]
    if decision.state is DecisionState.OPEN and not problem:
        whose = "Press Done" if "assignee" in facts else "This one is for you. Press Done"
        lines += ["", f"{whose} when it is done."]
    return lines


def _approval(facts: Mapping[str, object]) -> list[str]:
    what = unquoted(str(facts.get("what") or ""))
    lines = [f"🔐 {bold(_name(facts))}", escape(str(facts.get("why") or "")), ""]
    lines += [pre(what)] if what else []
    for one in _texts(facts.get("beside")):
        role, _, text = one.partition(": ")
        lines += [f"{escape(role)}:", pre(text)]
    return [*lines, "", "It runs exactly as shown, or not at all."]


def _draft(decision: Decision) -> list[str]:
    facts = decision.facts
    lines = [f"✍️ {bold(_name(facts))}", "", escape(str(facts.get("preview") or "").strip())]
    if file := str(facts.get("file") or ""):
        lines += ["", f"The whole text: {code(file)}"]
    if sends := str(facts.get("sends") or ""):
        lines += ["", "Send runs:", pre(sends)]
    if why_not := str(facts.get("not_sent") or ""):
        lines += ["", escape(f"It can't be sent from here: {why_not}.")]
    return lines


def _effect(decision: Decision, now: datetime, timezone: tzinfo) -> list[str]:
    facts = decision.facts
    seen = str(facts.get("note") or "It was begun, and nobody saw how it ended")
    lines = [f"⚠️ {bold(_name(facts))}", f"{escape(seen.rstrip('.'))}."]
    if what := str(facts.get("what") or ""):
        lines += ["", code(what)]
    if when := str(facts.get("when") or ""):
        lines.append(f"Begun {clock_time(datetime.fromisoformat(when), now, timezone)}")
    return [*lines, "", "Did it happen?"]


def _deadline(decision: Decision, now: datetime, timezone: tzinfo) -> list[str]:
    """What is late, by how much, and what each way out does."""
    facts = decision.facts

    def told(name: str) -> str:
        moment = str(facts.get(name) or "")
        return clock_time(datetime.fromisoformat(moment), now, timezone) if moment else "?"

    verdict = "has missed its deadline" if facts.get("passed") else "will miss its deadline"
    lines = [f"⏰ {bold(facts.get('title', ''))} {verdict}"]
    lines.append(f"Due {told('deadline_at')}; ready about {told('likely_at')}, almost surely by {told('sure_at')}.")
    if names := _texts(facts.get("open")):
        more = int(str(facts.get("open_count") or len(names))) - len(names)
        lines += ["", bold("Still open"), *(f"• {escape(name)}" for name in names)]
        lines += [f"• and {more} more"] if more > 0 else []
    if decision.state is DecisionState.OPEN:
        lines += ["", f"Extend: due {told('suggested_at')} instead"]
        if optional := _texts(facts.get("optional")):
            lines.append(f"Drop optional: without {escape(', '.join(optional))}")
        lines.append("Stop: the goal ends as failed, and its record is kept")
    return lines


def _question(decision: Decision) -> list[str]:
    """The choices in full where a button can't hold them."""
    lines = [f"❓ {bold(_name(decision.facts))}"] if decision.facts.get("title") else []
    asked = decision.question
    if lines:  # a criterion's question ends with what stands above already
        asked = asked.removesuffix(str(decision.facts["title"])).rstrip() or asked
    lines += [("" if lines else "❓ ") + escape(asked)]
    if problem := str(decision.facts.get("problem") or "").strip():
        lines += ["", f"That did not fit: {escape(problem)}"]
    if any(len(option.label) > LABEL_CHARACTERS_MAX for option in decision.options):
        lines += ["", *(f"{place}. {escape(o.label)}" for place, o in enumerate(decision.options, start=1))]
    return lines


def _anything(decision: Decision) -> list[str]:
    """A kind without a form of its own: its question, and its facts one a line."""
    facts = [f"{escape(key)}: {escape(value)}" for key, value in decision.facts.items() if key not in ("ref", "title")]
    return [f"❓ {bold(_name(decision.facts) or 'A question')}", escape(decision.question), *facts]


def _name(facts: Mapping[str, object]) -> str:
    """A task with its number; a criterion without: its number is nothing that people use."""
    ref = str(facts.get("ref", ""))
    return f"{'' if '.c' in ref else ref} {facts.get('title', '')}".strip()


def _texts(value: object) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


_FORMS: Mapping[DecisionKind, Callable[[Decision], list[str]]] = {
    DecisionKind.START: _start,
    DecisionKind.APPROVAL: lambda decision: _approval(decision.facts),
    DecisionKind.BLOCKAGE: _blockage,
    DecisionKind.ADAPTATION: lambda decision: change_lines(decision.facts),
    DecisionKind.QUESTION: _question,
    DecisionKind.MANUAL: _manual,
    DecisionKind.DRAFT: _draft,
    DecisionKind.BUDGET: _money,
    DecisionKind.CYCLES: _money,
    DecisionKind.PROPOSAL: _beforehand,
}
"""What each kind shows; any other shows its question and its facts."""
