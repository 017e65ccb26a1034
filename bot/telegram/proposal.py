"""The card before Start: the whole plan, what Start accepts, and the buttons; as a document where it is long."""

from collections.abc import Sequence

from bot.telegram.decisions import decision_buttons
from bot.telegram.forecast import look_first
from bot.telegram.html import escape, italic, plain
from bot.telegram.message import Document, Message, fit
from bot.telegram.planned import plan_lines
from bot.telegram.scene import Scene
from bot.telegram.words import count, duration
from executor.domain.decision import DecisionKind, DecisionState
from executor.domain.envelope import Envelope, envelope_of
from executor.domain.plan import Plan
from executor.ports import GoalView

NOTHING_RUNS = "Nothing runs before you press Start."
ACCEPTED = "Start accepts exactly these actions, within budget and deadline."
REPAIRS = "I may repair: missing packages, folders and imports in the goal's folder, another port, more time"
ELSE_ASKS = "Anything else asks you first."


def proposal(view: GoalView, plan: Plan, scene: Scene) -> Message:
    """The plan as it is proposed. Too long for a message, it is told in brief, and whole in a document beside it."""
    start = next((d for d in view.decisions if d.kind is DecisionKind.START and d.state is DecisionState.OPEN), None)
    buttons = decision_buttons(start) if start else ()
    accepted = envelope_lines(envelope_of(plan, scene.limits))
    whole = Message(
        html=_proposed([*plan_lines(view, plan, scene), *look_first(view.goal, scene)], accepted), buttons=buttons
    )
    if whole.fits:
        return whole
    name = f"plan-{view.goal.number}-v{plan.version}.md"
    brief = plan_lines(view, plan, scene, brief=True)
    short = Message(
        html=_proposed(
            [*brief, *look_first(view.goal, scene), "", f"📄 Every command in full: {escape(name)}"], accepted
        ),
        buttons=buttons,
        document=Document(name, plain(whole.html) + "\n"),
    )
    return short if short.fits else fit(whole, name, last_line=NOTHING_RUNS)


def _proposed(lines: Sequence[str], accepted: Sequence[str]) -> str:
    return "\n".join([*lines, "", *(italic(line) for line in (*accepted, NOTHING_RUNS))])


def envelope_lines(envelope: Envelope) -> list[str]:
    """What Start accepts: the envelope of the plan. Its budget and deadline stand above, as they were understood."""
    extra = count(envelope.extra_tasks, "more task") if envelope.extra_tasks else "no more tasks"
    repairs = f"{REPAIRS} (up to {duration(envelope.timeout_s_max)}), {extra} at most."
    return [ACCEPTED, repairs, ELSE_ASKS]
