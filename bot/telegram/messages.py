"""Every notice that is neither a card nor a decision, as a message: milestones, the end with its receipt, texts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from bot.telegram.decisions import decision_buttons, hint, outcome
from bot.telegram.html import bold, code, escape, evidence, italic, with_code
from bot.telegram.message import Button, Document, Message, fit
from bot.telegram.words import GOAL_SIGNS, TASK_SIGNS, count, duration
from executor.domain.decision import Decision, DecisionState
from executor.domain.goal import GoalState
from executor.domain.notice import Notice
from executor.domain.task import TaskState

_MET = {True: "✅", False: "❌", None: "▫️"}


def milestone_message(facts: Mapping[str, Any]) -> Message:
    """Contract section 3, word for word."""
    return Message(html="\n".join(_milestone(facts)))


def _milestone(facts: Mapping[str, Any]) -> list[str]:
    return [
        "🎯 " + bold("Milestone Achieved"),
        "",
        bold(facts["title"]),
        "",
        f"Goal: {escape(facts['goal_title'])}",
        f"Progress: {facts['percentage']}%",
        escape(facts["note"]),
    ]


def end_message(facts: Mapping[str, Any]) -> Message:
    """How a goal ended, with the receipt: every criterion and every gate with what was really seen."""
    buttons = ((Button("Take up again", f"t:{facts['number']}"),),) if facts.get("can_be_taken_up") else ()
    return fit(Message(html="\n".join(_end(facts)), buttons=buttons), f"receipt-{facts['number']}.md")


def result_message(facts: Mapping[str, Any], decision: Decision | None, now: datetime, timezone: tzinfo) -> Message:
    """The end of a completed goal, with the question whether its result is good: buttons while it is open, afterwards
    what was said."""
    lines, buttons = _end(facts), decision_buttons(decision) if decision else ()
    if decision is not None and decision.state is not DecisionState.WITHDRAWN:
        is_open = decision.state is DecisionState.OPEN
        lines += ["", hint(decision) if is_open else outcome(decision, now, timezone)]
    return fit(Message(html="\n".join(lines), buttons=buttons), f"receipt-{facts['number']}.md")


def _end(facts: Mapping[str, Any]) -> list[str]:
    state = GoalState(facts["state"])
    if state is GoalState.COMPLETED:
        lines = _milestone(facts)
    else:
        lines = [f"{GOAL_SIGNS[state]} {bold(facts['title'])}", "", f"Goal: {escape(facts['goal_title'])}"]
        lines += [f"Progress: {facts['percentage']}%", escape(facts["note"])]
    if facts.get("reason"):
        lines += ["", escape(facts["reason"])]
    if criteria := facts.get("criteria"):
        lines += ["", bold("Receipt"), *(line for one in criteria for line in _criterion(one))]
    if gates := facts.get("gates"):
        lines += ["", bold("Checks before the end"), *(line for one in gates for line in _criterion(one))]
    if tasks := facts.get("tasks"):
        lines += ["", bold("Tasks"), *(line for one in tasks for line in _task(one))]
    lines += ["", f"⏱ {duration(float(facts.get('duration_s') or 0))} · {count(int(facts['attempts']), 'attempt')}"]
    if facts.get("branch"):
        lines.append(f"🌿 Branch {code(facts['branch'])}")
    if facts.get("folder"):
        lines.append(f"📁 {code(facts['folder'])}")
    return lines


def _criterion(facts: Mapping[str, Any]) -> list[str]:
    lines = [f"{_MET[facts.get('met')]} {escape(facts['text'])}"]
    if facts.get("evidence"):
        lines.append(f"   {evidence(str(facts['evidence']))}")
    return lines


def _task(facts: Mapping[str, Any]) -> list[str]:
    attempts = int(facts.get("attempts") or 0)
    again = f" · {count(attempts, 'attempt')}" if attempts > 1 else ""
    lines = [f"{TASK_SIGNS[TaskState(facts['state'])]} {escape(facts['ref'])} {escape(facts['title'])}{again}"]
    return lines + ([f"   {evidence(str(facts['evidence']))}"] if facts.get("evidence") else [])


def text_message(facts: Mapping[str, Any]) -> Message:
    """What the notify action says, or what we say by ourselves."""
    ref = f"💬 {bold(facts['ref'])} " if facts.get("ref") else ""
    body = str(facts["html"]) if "html" in facts else escape(facts.get("text", ""))
    return fit(Message(html=ref + body), "message.md")


def adaptation_message(facts: Mapping[str, Any]) -> Message:
    """What a new version of the plan does otherwise, and why."""
    lines = [f"🔧 {escape(facts['line'])}"]
    lines += [f"+ {escape(title)}" for title in facts.get("added") or ()]
    lines += [f"− {escape(title)}" for title in facts.get("removed") or ()]
    lines += [f"~ {escape(title)}" for title in facts.get("changed") or ()]
    return fit(Message(html="\n".join(lines)), f"adaptation-{facts['number']}.md")


def flood_message(facts: Mapping[str, Any]) -> Message:
    """A goal said too much. What it still wanted to say comes as a document."""
    number, texts = facts["flood"], facts["texts"]
    lines = [f"🌊 {bold(facts['title'])} #{number}"]
    if facts["paused"]:
        lines.append("It sends one message after the other, so I have paused it. What runs now finishes first.")
    else:
        lines.append("It sent more messages at once than this chat should get.")
    if texts:
        lines.append(f"📄 {count(len(texts), 'more message')} from it: messages-{number}.md")
    lines += ["", italic("or") + f" /resume {number} {italic('·')} /cancel {number} {italic('·')} /why {number}"]
    document = Document(f"messages-{number}.md", "\n\n---\n\n".join(texts) + "\n") if texts else None
    return Message(html="\n".join(lines), buttons=((Button("▶️ Resume", f"r:{number}"),),), document=document)


def left_message(facts: Mapping[str, Any]) -> Message:
    """Somebody was taken off the lists, and their goal has another owner."""
    number = facts["number"]
    lines = [f"👋 {bold(facts['title'])} #{number}", f"{escape(facts['left'])} is no longer on the lists."]
    lines.append("I have paused their goal, and it is yours now." if facts["paused"] else "Their goal is yours now.")
    if questions := facts["questions"]:
        lines.append(f"{count(len(questions), 'open question')}: {', '.join(map(str, questions))}")
    lines += ["", italic("or") + f" /resume {number} {italic('·')} /cancel {number} {italic('·')} /status {number}"]
    buttons = ((Button("▶️ Resume", f"r:{number}"),),) if facts["paused"] else ()
    return Message(html="\n".join(lines), buttons=buttons)


def outage_message(facts: Mapping[str, Any]) -> Message:
    """What is gone, what happens next without anybody, and what a person could do."""
    if "flood" in facts:
        return flood_message(facts)
    if "left" in facts:
        return left_message(facts)
    if "what" not in facts:
        return text_message(facts)
    sign, gone = ("⏸", facts["reason"]) if facts["local"] else ("📡", f"{facts['what']} does not work")
    lines = [f"{sign} {bold(gone)}"]
    if not facts["local"]:
        lines.append(with_code(str(facts["reason"])))
    steady = facts["longest_s"] <= facts["look_s"]
    longest = "" if steady else f", then less often (every {duration(facts['longest_s'])} at most)"
    lines += ["", f"{escape(facts['ref'])} {escape(facts['title'])} waits for it."]
    over = "that is over" if facts["local"] else "it is back"
    lines.append(f"I look again in {duration(facts['look_s'])}{longest}, and go on by myself when {over}.")
    if facts["advice"]:
        lines += ["", escape(facts["advice"])]
    lines.append(italic(f"/skip {facts['ref']} goes on without it, /retry {facts['ref']} tries it at once"))
    return Message(html="\n".join(lines))


def answer_message(facts: Mapping[str, Any]) -> Message:
    """The reply to a command, as its handler made it."""
    document = facts.get("document")
    message = Message(
        html=str(facts.get("html", "")),
        buttons=tuple(tuple(_button(one) for one in row) for row in facts.get("buttons") or ()),
        document=Document(str(document["name"]), str(document["text"])) if document else None,
        force_reply=facts.get("force_reply"),
        protect=bool(facts.get("protect")),
    )
    return fit(message, "answer.md")


def _button(facts: Mapping[str, Any] | Sequence[Any]) -> Button:
    if isinstance(facts, Mapping):
        return Button(str(facts["label"]), str(facts["data"]), facts.get("style"))
    return Button(*facts)


def repeated_message(message: Message) -> Message:
    """The same message, honest about what nobody can know."""
    return replace(message, html=f"{message.html}\n\n{italic('(possibly repeated)')}")


def notice_message(notice: Notice) -> Message:
    """A notice whose whole content is in its facts. Cards and decisions are not among them."""
    return _FORMS[notice.kind](notice.facts)


_FORMS = {
    "milestone": milestone_message,
    "end": end_message,
    "text": text_message,
    "adaptation": adaptation_message,
    "failure": outage_message,
    "answer": answer_message,
}
