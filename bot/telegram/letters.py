"""Dead letters as messages: what ended for good, why, and one button each to take it up again. Pure functions.

Button data is ``t:<goal>`` to take a goal up, ``t:<task>`` to try a task again, ``l:<offset>`` for another page; a page
of all chats' goals says ``l:<offset>:all``.
"""

from collections.abc import Sequence

from bot.telegram.html import bold, clip, escape, italic, pre
from bot.telegram.message import Button, Message
from bot.telegram.printed import last_lines
from bot.telegram.scene import Scene
from bot.telegram.words import GOAL_SIGNS, TASK_SIGNS, clock_time
from executor.domain.letter import DeadLetter
from executor.domain.task import TaskState

PAGE = 4  # about one phone screen
LINES = 4
TITLE_CHARACTERS = 80
CAUSE_CHARACTERS = 300
NONE_LEFT = "Nothing has failed for good."


def letters_message(letters: Sequence[DeadLetter], scene: Scene, *, offset: int, everywhere: bool) -> Message:
    """A page of them; `letters` holds one more than a page where there is another page."""
    shown, more = letters[:PAGE], len(letters) > PAGE
    if not shown:
        return Message(html="There are no more." if offset else NONE_LEFT)
    lines = [f"📮 {bold('What ended without being done')}"]
    for letter in shown:
        lines += ["", *_letter(letter, scene)]
    names = [_name(letter) for letter in shown if letter.can_be_taken_up]
    rows: list[tuple[Button, ...]] = [(Button(f"Take up {name} again", f"t:{name}"),) for name in names]
    if more or offset:
        rows.append(_pages(offset, more=more, scope=":all" if everywhere else ""))
    if names:
        lines += ["", f"{italic('or')} /retry {names[0]}"]
    return Message(html="\n".join(lines), buttons=tuple(rows))


def _pages(offset: int, *, more: bool, scope: str) -> tuple[Button, ...]:
    newer = (Button("‹ Newer", f"l:{max(offset - PAGE, 0)}{scope}"),) if offset else ()
    older = (Button("Older ›", f"l:{offset + PAGE}{scope}"),) if more else ()
    return newer + older


def _name(letter: DeadLetter) -> str:
    return letter.task.ref if letter.task else str(letter.goal.number)


def _letter(letter: DeadLetter, scene: Scene) -> list[str]:
    goal, task, attempt = letter.goal, letter.task, letter.attempt
    at = clock_time(letter.at, scene.now, scene.timezone)
    title = escape(clip(task.spec.title if task else goal.title, TITLE_CHARACTERS))
    if task is not None:
        lines = [f"{TASK_SIGNS[TaskState.FAILED]} {bold(task.ref)} {title} · {at}"]
        lines += [f"in {escape(clip(goal.title, TITLE_CHARACTERS))}, which went on without it"]
        cause = task.summary
    else:
        lines = [f"{GOAL_SIGNS[goal.state]} {bold(f'#{goal.number}')} {title} · {goal.percentage} % · {at}"]
        cause = goal.reason
    lines += [escape(clip(cause, CAUSE_CHARACTERS))] if cause else []
    if attempt is not None:
        error = str((attempt.result or {}).get("error") or attempt.evidence or "it failed")
        lines.append(f"{escape(attempt.task_ref)}: {escape(clip(error, CAUSE_CHARACTERS))}")
        if said := last_lines(attempt.result, LINES):
            lines.append(pre(said))
    return lines
