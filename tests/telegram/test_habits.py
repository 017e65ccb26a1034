"""/digest and /quiet, as a person on a phone meets them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.telegram.access import Role
from bot.telegram.digest import Digests
from executor.domain.habits import Habits
from executor.domain.notice import Notice, NoticeKind
from storage.habits import HabitRows
from storage.store import Database
from tests.fakes import CrashAt, Crashed, ManualClock
from tests.telegram.talk import Talk, words

WORK = "Say hello\n1. Say it: `echo hello`"
ASKS = "Ask around\n1. Call Ann"


async def test_the_digest_shows_what_waits_what_goes_on_and_what_ended(talk: Talk) -> None:
    assert words(await talk.say("/digest", "Digest")).splitlines()[1:] == [
        "",
        "Nothing is under way, and nothing ended today.",
    ]
    await talk.press(await talk.say(WORK, "#1"), "Start")
    await talk.hear("Goal Complete")
    await talk.press(await talk.say(ASKS, "#2"), "Start")
    await talk.hear("This one is for you")
    await talk.say("Later\n1. `true`", "#3")

    lines = words(await talk.say("/digest", "Digest")).splitlines()

    assert lines[1:] == [
        "",
        "Waits for you",
        "❓ 4 · 2.1 Call Ann",
        "❓ 5 · Start “Later”?",
        "",
        "Under way",
        "📋 3 Later",
        "⛔ 2 Ask around · 10 %",
        "",
        "Ended since yesterday",
        "🏁 1 Say hello",
    ]


async def test_a_daily_digest_comes_once_a_day_and_can_be_ended(talk: Talk) -> None:
    at = f"{talk.house.clock.now() + timedelta(hours=12):%H:%M}"  # the program's own clock does not get there
    said = words(await talk.say(f"/digest {at}", "every day"))
    rows, engine = talk.house.database.habits, talk.house.executor
    kept = await rows.habits(talk.chat.operator_id)
    assert kept.digest_due_at is not None
    clock = ManualClock(kept.digest_due_at - timedelta(seconds=1))
    zone = talk.house.timezone
    digests = Digests(engine, rows, clock, lambda: zone, talk.bot.courier.wake)
    await digests.round()
    await talk.quiet()
    early = [m for m in talk.chat.messages() if "🗞" in words(m)]
    clock.advance(3 * 86_400)

    await digests.round()
    await digests.round()

    assert said.startswith(f"A digest comes every day at {at}, the first one ")
    assert (early, (await rows.habits(talk.chat.operator_id)).digest_due_at) == (
        [],
        kept.digest_due_at + timedelta(days=3),
    )
    waiting = await talk.house.database.outbox.pending(clock.now())
    assert [str(one.facts["html"]).startswith("🗞") for one in waiting if one.key.startswith("digest/")] == [True]
    assert words(await talk.say("/digest off", "No digest")) == (
        "No digest comes by itself any more. /digest still shows one."
    )
    assert await rows.digests_due(clock.now() + timedelta(days=9)) == []


async def test_quiet_hours_are_set_told_and_ended(talk: Talk) -> None:
    assert words(await talk.say("/quiet", "quiet hours")) == (
        "🔔 This chat has no quiet hours. /quiet, /quiet 2h, /quiet 22:00-07:00 or /quiet off"
    )
    assert words(await talk.say("/quiet 22:00-7:00", "every day")) == (
        "🔕 Quiet every day from 22:00 to 07:00.\n"
        "Everything still arrives, without a sound; only questions and answers ring. /quiet off ends that."
    )
    assert words(await talk.say("/quiet 2h", "until")).startswith("🔕 Quiet until ")
    assert words(await talk.say("/quiet off", "no quiet")).startswith("🔔 This chat has no quiet hours.")


async def test_in_quiet_hours_the_end_makes_no_sound_and_a_question_does(talk: Talk) -> None:
    await talk.say("/quiet 2h", "until")
    await talk.press(await talk.say(WORK, "#1"), "Start")
    await talk.hear("Goal Complete")
    await talk.press(await talk.say(ASKS, "#2"), "Start")
    await talk.hear("This one is for you")
    await talk.say("/quiet off", "no quiet")
    await talk.press(await talk.say(WORK, "#3"), "Start")
    await talk.hear("Goal Complete")

    def rang(text: str) -> list[bool]:
        sent = [one.params for one in talk.chat.requests if one.method == "sendMessage"]
        return [str(one.get("disable_notification")).lower() != "true" for one in sent if text in one.get("text", "")]

    assert (rang("Goal Complete"), rang("This one is for you")) == ([False, True], [True])


@pytest.mark.parametrize("said", ["/digest at noon", "/digest 25:00", "/quiet 99", "/quiet 22:00", "/quiet 1:00-x"])
async def test_a_wrong_form_gets_the_right_one(talk: Talk, said: str) -> None:
    form = (
        "/digest, /digest 18:00 or /digest off"
        if "digest" in said
        else "/quiet, /quiet 2h, /quiet 22:00-07:00 or /quiet off"
    )

    assert words(await talk.say(said, "Please")) == f"Please write it like this: {form}"


async def test_who_only_reads_changes_neither(talk: Talk) -> None:
    talk.people.owners, talk.people.viewers = [], [talk.chat.operator_id]
    assert talk.people.role(talk.chat.operator_id) is Role.VIEWER

    for command in ("/digest 18:00", "/quiet 2h"):
        assert words(await talk.say(command, "need")) == (
            "To change that you need the role requester or higher; yours is viewer."
        )


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_a_digest_is_neither_lost_nor_doubled_by_a_crash(moment: str, tmp_path: Path) -> None:
    clock = ManualClock()
    due = Habits(chat_id=1, digest_at="18:00", digest_due_at=clock.now())
    later = replace(due, digest_due_at=clock.now() + timedelta(days=1))
    notice = Notice(
        key="digest/1/1", kind=NoticeKind.ANSWER, chat_id=1, facts={}, due_at=clock.now(), created_at=clock.now()
    )
    for label in ("habits.keep", "habits.told"):
        database = await Database.open(tmp_path / label, clock, CrashAt(f"storage.{label}.{moment}"))

        async def both(rows: HabitRows) -> None:
            await rows.keep(due)
            await rows.told(later, [notice])

        with pytest.raises(Crashed):
            await both(database.habits)
        await database.close()
        again = await Database.open(tmp_path / label, clock)
        if not await again.habits.digests_due(clock.now()) and not await again.outbox.pending(clock.now()):
            await again.habits.keep(due)  # whoever asked for it hears nothing, and asks again
        for one in await again.habits.digests_due(clock.now()):
            await again.habits.told(replace(one, digest_due_at=later.digest_due_at), [notice])

        assert [one.key for one in await again.outbox.pending(clock.now())] == ["digest/1/1"]
        assert await again.habits.digests_due(clock.now()) == []
        await again.close()
