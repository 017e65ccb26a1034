"""/doctor: the doctor's lines, short enough for a phone. For owners: they name files and services of this machine."""

from collections.abc import Sequence

from bot.telegram.desk import Request, Said
from bot.telegram.html import bold, clip, escape
from bot.telegram.message import Message, fit
from bot.telegram.ports import Checkup
from bot.telegram.words import count

_SIGNS = {"note": "💡", "wrong": "❌"}
SEEN_CHARACTERS = 300


async def doctor(request: Request) -> Said:
    return Said(message=doctor_message(await request.desk.examine()))


def doctor_message(found: Sequence[Checkup]) -> Message:
    """What is wrong first, each with its remedy; of what is well only the names."""
    wrong = [one for one in found if one.state == "wrong"]
    notes = [one for one in found if one.state == "note"]
    good = [one.check for one in found if one.state == "good"]
    head = f"❌ {count(len(wrong), 'thing')} to mend" if wrong else "🩺 Nothing is wrong"
    lines = [bold(head)]
    for one in (*wrong, *notes):
        lines += ["", f"{_SIGNS[one.state]} {bold(one.check)}: {escape(clip(one.seen, SEEN_CHARACTERS))}"]
        lines += [f"   → {escape(one.remedy)}"] if one.remedy else []
    if good:
        lines += ["", f"✅ {escape(', '.join(dict.fromkeys(good)))}"]
    return fit(Message(html="\n".join(lines)), "doctor.md")
