"""What is foreseen of a goal: what later tasks will miss, and whether it is ready by its deadline."""

from collections.abc import Sequence

from bot.telegram.html import bold, escape
from bot.telegram.scene import Scene
from bot.telegram.words import STANDING_WORDS, clock_time
from executor.domain.goal import Goal, GoalState
from executor.domain.outlook import Standing

FINDINGS_MAX = 8


def look_first(goal: Goal, scene: Scene) -> list[str]:
    """What later tasks will miss, and a deadline that the plan may not meet; nothing where all is well."""
    outlook = goal.outlook
    if outlook is None:
        return []
    found = [
        f"• {escape(one.sentence)}{f' ({escape(one.remedy)})' if one.remedy else ''}{_refs(one.refs)}"
        for one in outlook.findings[:FINDINGS_MAX]
    ]
    more = len(outlook.findings) - len(found)
    found += [f"• and {more} more"] if more > 0 else []
    if outlook.standing not in (None, Standing.ON_TRACK):
        found.append(f"• the deadline{forecast_words(goal, scene).replace(' ·', ':', 1)}")
    return ["", f"⚠️ {bold('Look first')}", *found] if found else []


def _refs(refs: Sequence[str]) -> str:
    return f": {', '.join(refs)}" if refs else ""


def forecast_words(goal: Goal, scene: Scene) -> str:
    """`` · at risk: ready by 18:20``; the moment by which it is ready four times in five."""
    outlook = goal.outlook
    if outlook is None or outlook.standing is None or goal.state is GoalState.PAUSED:
        return ""
    by = f", ready by {clock_time(outlook.sure_at, scene.now, scene.timezone)}" if outlook.sure_at else ""
    return f" · {STANDING_WORDS[outlook.standing]}{by}"
