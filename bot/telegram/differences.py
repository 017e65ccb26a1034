"""What changed in a goal's folder, as messages. Pure functions.

Button data is ``u:<what>`` for a look at what undoing would do, ``u:<what>:<state>`` to do it; `what` is a goal, a
task, or a goal and a kept state with an @ between them.
"""

from collections.abc import Sequence

from bot.telegram.html import TEXT_UNITS_MAX, bold, clip, code, escape, italic, plain, pre, units
from bot.telegram.message import Button, Document, Message, fit
from bot.telegram.words import count
from executor.domain.change import Difference, FileChange, Undoing
from executor.domain.goal import Goal
from executor.domain.secret import MASK
from executor.engine.commands.history import STATE_CHARACTERS

FILES_SHOWN = 15
LEFT_OUT_SHOWN = 5
OTHERS_SHOWN = 5
PATH_CHARACTERS = 60
INLINE_LINES_MAX = 60  # about two phone screens; a longer patch is a document
DOCUMENT_CHARACTERS_MAX = 2_000_000


def difference_message(goal: Goal, found: Difference, task_ref: str | None) -> Message:
    """The files, and the patch itself where it is short; else as a document."""
    name = task_ref or str(goal.number)
    lines = [f"{bold(goal.title)} #{goal.number}", *_head(found, task_ref), *_files(found.files), *_left_out(found)]
    patch = readable_patch(found.patch)
    whole = "\n".join([*lines, "", pre(patch.rstrip("\n"))])
    short = len(patch.splitlines()) <= INLINE_LINES_MAX and units(plain(whole)) <= TEXT_UNITS_MAX
    if short or not patch:
        return Message(html=whole if patch else "\n".join(lines))
    if found.cut or len(patch) > DOCUMENT_CHARACTERS_MAX:
        patch = patch[:DOCUMENT_CHARACTERS_MAX]
        lines += ["", f"The patch is longer than what fits here: milepost export {goal.number} --patch FILE has all."]
    return fit(Message(html="\n".join(lines), document=Document(f"diff-{name}.patch", patch)), f"diff-{name}.md")


def _head(found: Difference, task_ref: str | None) -> list[str]:
    files = count(len({one.path for one in found.files}), "file")
    what = f"{task_ref} changed {files}" if task_ref else f"{files} changed in its folder"
    lines = [f"{what}: {_counted(found.files)}"] if found.files else ["Nothing is different in its folder."]
    others = [ref for ref in found.others if ref.partition("#")[0] != task_ref]
    if task_ref and others:
        refs = dict.fromkeys(ref.partition("#")[0] for ref in others)
        told = ", ".join(list(refs)[:OTHERS_SHOWN])
        lines.append(f"{escape(told)} ran at the same time: some of it may be theirs.")
    return lines


def _counted(files: Sequence[FileChange]) -> str:
    added, removed = sum(one.added or 0 for one in files), sum(one.removed or 0 for one in files)
    return f"+{added} −{removed} {'line' if added + removed == 1 else 'lines'}"


def _files(files: Sequence[FileChange]) -> list[str]:
    lines = [_file(one) for one in files[:FILES_SHOWN]]
    rest = len(files) - FILES_SHOWN
    return lines + ([f"… and {rest} more"] if rest > 0 else [])


def _file(one: FileChange) -> str:
    sign = "−" if one.gone else "+" if one.new else "~"
    if one.added is None or one.removed is None:
        return f"{sign} {code(clip(one.path, PATH_CHARACTERS))} · no text"
    return f"{sign} {code(clip(one.path, PATH_CHARACTERS))} · +{one.added} −{one.removed}"


def _left_out(found: Difference) -> list[str]:
    names = found.changes[-1].left_out if found.changes else ()
    masked = list(dict.fromkeys(path for change in found.changes for path in change.masked))
    parts = (("Not kept", names), (f"Kept with {MASK} in place of secrets", masked))
    lines = [f"{what}: {escape(_some(some))}" for what, some in parts if some]
    return ["", *lines] if lines else []


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - LEFT_OUT_SHOWN} more" if len(names) > LEFT_OUT_SHOWN else ""
    return ", ".join(names[:LEFT_OUT_SHOWN]) + more


def readable_patch(patch: str) -> str:
    return patch.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def undoing_message(goal: Goal, found: Undoing, what: str) -> Message:
    """What would become of the folder, and the button that does it."""
    seen = found.now[:STATE_CHARACTERS]
    lines = [f"↩️ {bold(f'Undo {_words(what)}?')}", f"{escape(goal.title)} #{goal.number}", "", _back(what)]
    lines += _files(found.files)
    if found.lost:
        lines += ["", f"⚠️ Gone for good, it is kept nowhere: {escape(', '.join(found.lost[:FILES_SHOWN]))}"]
    if found.masked:
        lines += ["", f"⚠️ Comes back with {MASK} in place of its secrets: {escape(_some(found.masked))}"]
    lines += ["", "Only files in the goal's folder: what was sent or done elsewhere stays."]
    lines.append("The folder as it is now is kept, so this can be undone as well.")
    lines += ["", f"{italic('or')} /undo {escape(what.replace('@', ' '))} yes {seen}"]
    button = Button("Undo it", f"u:{what}:{seen}", "danger")
    return fit(Message(html="\n".join(lines), buttons=((button,),)), f"undo-{goal.number}.md")


def undone_message(sentence: str, number: int, before: str) -> Message:
    """It is done; the way back."""
    html = f"↩️ {escape(sentence)}"
    return Message(html=html, buttons=((Button("Put it back", f"u:{number}@{before}"),),))


def _words(what: str) -> str:
    number, at, state = what.partition("@")
    return f"to {state}" if at else what if "." in what else f"goal {number}"


def _back(what: str) -> str:
    _, at, state = what.partition("@")
    before = f"at {state}" if at else f"before {what}" if "." in what else "before the goal"
    return f"Its folder becomes what it was {escape(before)}:"
