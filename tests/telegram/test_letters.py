"""/failed and taking up again, as a person on a phone meets them."""

import pytest

from tests.telegram.talk import Talk, words

BROKEN = "Fetch it\n1. Prepare: `echo ready`\n2. Fetch: `cat gift` after 1"


async def failed_goal(talk: Talk, text: str = BROKEN, number: int = 1) -> None:
    card = await talk.say(text, f"#{number} · 2 tasks")
    await talk.press(card, "Start")
    await talk.hear(f"⛔ {number}.2")
    await talk.say(f"/fail {number} no way", f"Goal {number} counts as failed")
    await talk.hear("Goal Failed")


async def test_nothing_failed_yet(talk: Talk) -> None:
    assert words(await talk.say("/failed")) == "Nothing has failed for good."
    assert words(await talk.say("/failed what")) == "Please write it like this: /failed, or /failed all for every chat."


async def test_what_ended_is_listed_with_its_evidence_and_taken_up_by_one_press(talk: Talk) -> None:
    await failed_goal(talk)

    letters = await talk.say("/failed", "📮")
    at = words(letters).splitlines()[2].rsplit(" · ", 1)[1]
    assert words(letters).splitlines() == [
        "📮 What ended without being done",
        "",
        f"❌ #1 Fetch it · 50 % · {at}",
        "Declared failed by Ann: no way",
        "1.2: exit code 1",
        "cat: gift: No such file or directory",
        "",
        "or /retry 1",
    ]
    (talk.house.settings.data_dir / "workspaces/1/gift").touch()
    toast = await talk.press(letters, "Take up 1 again")

    assert toast["text"] == "Goal 1 goes on: 1 task(s) begin again; what was done stays done."
    assert "Plan v1 → v2: +0 −0 ~0, Ann took it up again" in words(await talk.hear("🔧"))
    end = await talk.hear("Goal Complete")
    assert "2 of 2 tasks done" in words(end)
    assert words(await talk.say("/failed", "Nothing has")) == "Nothing has failed for good."
    again = await talk.press(letters, "Take up 1 again")
    assert again["text"] == "Goal 1 can't be taken up again. It is complete."
    assert again["show_alert"]


async def test_the_end_itself_offers_it_and_so_does_the_text_twin(talk: Talk) -> None:
    card = await talk.say(BROKEN)
    await talk.press(card, "Start")
    await talk.hear("⛔ 1.2")
    await talk.say("/cancel 1", "Goal 1 is cancelled")
    end = await talk.hear("Goal Cancelled")

    await talk.press(end, "Take up again")
    await talk.hear("⛔ 1.2")
    await talk.say("/cancel 1", "Goal 1 is cancelled")
    second = await talk.hear("Goal Cancelled")
    answer = await talk.say("/retry 1", "goes on")

    assert second["message_id"] != end["message_id"]
    assert words(answer) == "Goal 1 goes on: 1 task(s) begin again; what was done stays done."


async def test_a_goal_that_never_began_is_no_dead_letter(talk: Talk) -> None:
    card = await talk.say(BROKEN)
    await talk.press(card, "Cancel")
    end = await talk.hear("Goal Cancelled")

    assert "reply_markup" not in end
    assert words(await talk.say("/failed", "Nothing has")) == "Nothing has failed for good."
    assert words(await talk.say("/retry 1", "never")) == "Goal 1 never started. Send it again as a new goal."


async def test_many_are_shown_in_pages(talk: Talk) -> None:
    for number in range(1, 7):
        await failed_goal(talk, number=number)

    first = await talk.say("/failed", "📮")
    await talk.press(first, "Older ›")
    second = await talk.hear("📮")
    await talk.press(second, "‹ Newer")
    third = await talk.hear("📮")

    assert [f"#{n} " in words(first) for n in range(1, 7)] == [False, False, True, True, True, True]
    assert [f"#{n} " in words(second) for n in range(1, 7)] == [True, True, False, False, False, False]
    assert words(third) == words(first)


@pytest.mark.parametrize("data", ["t:", "t:x", "t:1;2", "l:", "l:x", "l:-4", "l:4:none", "l:99999999999"])
async def test_data_that_nobody_issued_is_refused(talk: Talk, data: str) -> None:
    message = await talk.say("/help")

    answer = await talk.press_data(message, data)

    assert answer["text"] == "This button is not one of mine."
