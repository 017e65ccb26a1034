"""A plan that changes while it runs, as a person lives it in the chat: real commands, presses and restarts."""

from pathlib import Path

from bot.localchat import LocalChat
from tests.telegram.talk import Json, Talk, talking, words

QUICK: Json = {"executor": {"retry_first_s": 0.01, "attempts_max": 1}}
NO_CHANGES: Json = {"executor": {"retry_first_s": 0.01, "attempts_max": 1, "adaptations_max": 0}}
WRITE = "/goal Write it down\n1. Write: `echo hello > out/today.txt`"
MAKES = "until test -e go; do sleep 0.05; done; touch made.txt"
LATER = f"/goal Count\n1. Count: `test -f made.txt`\n2. Make: `{MAKES}`\n3. Look: `true` after 1,2"
LETTER = "/goal Send a letter\n1. Write it\n2. Print it after 1\n3. Post it after 2\n4. Buy stamps"


async def started(talk: Talk, text: str) -> Json:
    card = await talk.say(text, "Nothing runs before you press Start")
    await talk.press(card, "Start")
    return card


async def failed_too_early(talk: Talk) -> None:
    """LATER up to the failure of its first task, and then on."""
    await started(talk, LATER)
    await talk.hear("Blocked")
    (talk.house.settings.data_dir / "workspaces/1/go").touch()


def labels(message: Json) -> list[str]:
    return [button["text"] for row in message["reply_markup"]["inline_keyboard"] for button in row]


async def test_the_card_says_what_start_accepts(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        card = await talk.say(WRITE, "Write it down")

        assert words(card).endswith(
            "Start accepts exactly these actions, within budget and deadline.\n"
            "I may repair: missing packages, folders and imports in the goal's folder, another port, more time"
            " (up to 10 min), 3 more tasks at most.\n"
            "Anything else asks you first.\n"
            "Nothing runs before you press Start."
        )


async def test_a_repair_inside_what_was_accepted_is_reported_and_asks_nothing(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=QUICK) as talk:
        await started(talk, WRITE)

        told = await talk.hear("Plan v1 → v2")
        await talk.hear("Goal Complete")

        assert words(told) == (
            "🔧 Plan v1 → v2: +1 −0 ~1, The folder out is missing: making it\n+ Make the folder out\n~ Write"
        )


async def test_a_repair_beyond_the_limit_is_a_button_and_works_after_a_restart(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=NO_CHANGES) as talk:
        await started(talk, WRITE)
        card = await talk.hear("Known fix")

    async with talking(tmp_path / "data", room, chosen=NO_CHANGES) as talk:
        pressed = await talk.press(card, "Retry with fix")
        await talk.hear("Goal Complete")

        assert labels(card) == ["Retry", "Retry with fix", "Skip", "Take over", "Pause"]
        assert (
            "Known fix\n"
            "The folder out is missing: making it\n"
            "   mkdir -p -- out\n"
            "   echo hello > out/today.txt\n"
            "• I may not change a plan by myself\n"
        ) in words(card)
        assert pressed["text"] == "Trying 1.1 again: The folder out is missing: making it."


async def test_what_failed_too_early_is_tried_again_behind_what_it_needed(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=QUICK) as talk:
        await failed_too_early(talk)

        told = await talk.hear("Plan v1 → v2")
        await talk.hear("Goal Complete")

        assert words(told) == (
            "🔧 Plan v1 → v2: +0 −0 ~1, 1.1 is tried again behind 1.2, finished since it failed\n~ Count"
        )


async def test_a_change_that_needs_a_word_explains_itself_and_is_accepted_after_a_restart(
    tmp_path: Path, room: LocalChat
) -> None:
    async with talking(tmp_path / "data", room, chosen=NO_CHANGES) as talk:
        await failed_too_early(talk)
        card = await talk.hear("Why I ask")
        await talk.press(card, "Ask why")
        why = await talk.hear("I ask because")

    async with talking(tmp_path / "data", room, chosen=NO_CHANGES) as talk:
        accepted = await talk.press(card, "Accept")
        again = await talk.press_data(card, card["reply_markup"]["inline_keyboard"][0][0]["callback_data"])
        await talk.hear("Goal Complete")
        decided = await talk.message(card["message_id"], "✅ Accept")

        assert labels(card) == ["Accept", "Revert", "Ask why"]
        assert words(card).split("\n")[:-2] == [
            "🔧 Plan v1 → v2: +0 −0 ~1",
            "Count #1",
            "",
            "1.1 is tried again behind 1.2, finished since it failed",
            "",
            "~ Count",
            "   waits for: 1.2",
            "",
            "Begins afresh: 1.1",
            "",
            "Why I ask",
            "• I may not change a plan by myself",
            "",
            "Until then plan v1 stays.",
        ]
        assert "50% of what was tried has failed, by weight; more than the 30% allowed.\n" in words(why)
        assert accepted["text"] == "Plan v1 → v2: +0 −0 ~1."
        assert again["text"].startswith("Already decided: ✅ Accept — Ann")
        assert "reply_markup" not in decided


async def test_revert_brings_the_task_back_with_its_ways_out(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=NO_CHANGES) as talk:
        await failed_too_early(talk)
        card = await talk.hear("Why I ask")
        why = await talk.say("/why", "Count")
        version = words(await talk.say("/plan 1 v2", "Plan v2"))
        difference = words(await talk.say("/plan 1 diff 1 2", "v1 → v2"))

        await talk.say("/reject " + words(card).rpartition("/answer ")[2].split()[0], "Plan v1 stays.")
        blocked = await talk.hear("Blocked")

        assert "stands still" not in words(why)
        assert version.startswith("Plan v2 · proposed, and waits for your word; v1 runs now\n1.1 is tried again behind")
        assert "~ Count" in difference
        assert words(blocked).startswith("⛔ 1.1 Count\n")
        assert labels(blocked) == ["Retry", "Skip", "Take over", "Pause"]


async def test_what_only_served_a_skipped_task_is_offered_and_a_newer_plan_takes_the_offer_away(
    tmp_path: Path, room: LocalChat
) -> None:
    async with talking(tmp_path / "data", room) as talk:
        await started(talk, LETTER)
        await talk.hear("4 Buy stamps")
        await talk.say("/skip 1.3", "Skipped 1.3")
        offer = await talk.hear("only served")

        await talk.say("/task 1 Call Ann", "Task 1.5")
        closed = await talk.message(offer["message_id"], "▫️")
        late = await talk.press_data(offer, offer["reply_markup"]["inline_keyboard"][0][0]["callback_data"])

        assert "− Write it\n− Print it\n" in words(offer)
        assert "▫️ The plan has changed meanwhile; it is v2 now" in words(closed)
        assert late["text"].startswith(
            f"Question {words(offer).rpartition('/answer ')[2].split()[0]} is no longer open"
        )


async def test_a_goal_in_which_nothing_moves_asks_once_as_a_whole(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room, chosen=QUICK) as talk:
        await started(talk, "/goal Two\n1. One: `false`\n2. Two: `exit 3`\n3. Rest after 1,2")
        whole = await talk.hear("every way is blocked")

        pressed = await talk.press(whole, "Stop")
        ended = await talk.hear("Goal Failed")

        assert labels(whole) == ["Retry", "Skip", "Pause", "Stop"]
        assert pressed["text"] == "Goal 1 counts as failed."
        assert "Given up by Ann; blocked: 1.1, 1.2" in words(ended)


async def test_versions_are_read_compared_and_taken_back(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        await started(talk, "/goal Tidy\n- It is tidy: `true`\n1. Sweep")
        await talk.say("/task 1 Call Ann", "Task 1.2")

        old = await talk.say("/plan 1 v1", "runs now")
        change = await talk.say("/plan 1 diff 1 2", "Tidy #1")
        back = await talk.say("/plan 1 revert 1", "as in v1")

        assert words(old).startswith("Plan v1 · v2 runs now\n📋 Tidy\n#1 · 1 task\n")
        assert words(change) == "Tidy #1\nPlan v1 → v2: +1 −0 ~0\n+ Call Ann\n   manual Call Ann"
        assert words(back) == "Plan v2 → v3: +0 −1 ~0, as in v1."


async def test_a_deadline_a_priority_and_a_criterion_are_changed_by_their_commands(
    tmp_path: Path, room: LocalChat
) -> None:
    async with talking(tmp_path / "data", room) as talk:
        await started(talk, "/goal Tidy\n- It is tidy\n1. Sweep")

        due = await talk.say("/deadline 1 2060-12-24 18:00", "is due")
        wrong = await talk.say("/deadline 1 whenever", "no time")
        none = await talk.say("/deadline none", "no deadline")
        priority = await talk.say("/priority 1 p8", "priority")
        form = await talk.say("/priority 1 high", "like this")
        edited = await talk.say("/adapt 1 c1 It is clean: `test -d .`", "Plan v1 → v2: +0 −0 ~1.")
        reason = await talk.say("/adapt 1 because", "stays")

        assert words(due) == (
            "Goal 1 is due Friday 24 Dec 2060, 18:00 (UTC). Plan v1 stays: nothing in it depends on that."
        )
        assert words(wrong).startswith(
            "“whenever” is no time that I know. Please write it like this: /deadline 12 18:00"
        )
        assert words(none) == "Goal 1 has no deadline any more."
        assert words(priority) == "Goal 1 has priority 8 of 10."
        assert words(form) == "Please write it like this: /priority 12 p8"
        assert words(edited).endswith("Checked at the end by `test -d .`.")
        assert words(reason).startswith("Plan v2 stays: nothing has failed, and I know no other way.")


async def test_a_requester_may_not_accept_a_change_but_may_ask_why(tmp_path: Path, room: LocalChat) -> None:
    async with talking(tmp_path / "data", room) as talk:
        await started(talk, "/goal Tidy\n- It is tidy\n1. Sweep")
        talk.people.owners, talk.people.requesters = [], [room.operator_id]

        await talk.say("/adapt 1 c1 It is gone: `rm -rf .`", "asks somebody who may accept it")
        card = await talk.hear("Why I ask")
        refused = await talk.press(card, "Accept")
        await talk.press(card, "Ask why")
        why = await talk.hear("I ask because")

        assert "~ Done when: It is gone\n   checked by rm -rf .\n   was: It is tidy\n" in words(card)
        assert refused["text"] == "Only an approver or an owner may decide this."
        assert "may not change by themselves what is checked" in words(why)
