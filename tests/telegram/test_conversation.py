"""What a person can say and press, and what they hear."""

import re

import pytest
from telegram import Update

from tests.telegram.talk import Talk, words

GOAL = "Say hello\n- It was said: `test -s hello.txt`\n1. Say it: `echo hello > hello.txt`"
ASKING = "Find out\n1. Ask Ann for the number"


async def test_an_empty_chat_is_welcomed_with_goals_to_try_and_one_of_them_becomes_a_plan(talk: Talk) -> None:
    welcome = await talk.say("/start")

    toast = await talk.press(welcome, "A greeting")
    card = await talk.hear("Greet")

    assert toast["text"] == "Goal 1: Greet"
    assert "echo hello" in words(card)
    assert words(card).endswith("Nothing runs before you press Start.")


async def test_a_goal_typed_with_code_runs_after_start_and_ends_in_a_receipt(talk: Talk) -> None:
    card = await talk.say(GOAL)
    assert "echo hello > hello.txt" in words(card)

    toast = await talk.press(card, "Start")
    end = await talk.hear("Goal Complete")

    assert toast["text"] == "Goal 1 has started."
    assert not toast.get("show_alert")
    assert words(end).startswith(
        "🎯 Milestone Achieved\n\nGoal Complete\n\nGoal: Say hello\nProgress: 100%\n1 of 1 tasks done\n\nReceipt\n✅"
    )
    assert end["reply_to_message"]["message_id"] == card["message_id"]
    live = await talk.message(card["message_id"], "completed")
    assert "reply_markup" not in live


async def test_a_second_press_hears_who_decided_and_when(talk: Talk) -> None:
    card = await talk.say(GOAL)
    await talk.press(card, "Start")

    answer = await talk.press(card, "Cancel")

    assert re.fullmatch(r"Already decided: ✅ Start — Ann, \d\d:\d\d", answer["text"])
    assert answer["show_alert"]


async def test_a_button_that_nobody_issued_is_refused_with_a_reason(talk: Talk) -> None:
    card = await talk.say(GOAL)
    strange = [" ", "nonsense", "d:1:1", "d:1:1:.9", "x:9", "d:99:1:start", "d:1:7:start", "d:1:1:fly", "\u202e"]

    answers = [await talk.press_data(card, data) for data in strange]

    assert [answer["text"] for answer in answers] == [
        *["This button is not one of mine."] * 5,
        "There is no question 99. /status shows the open ones.",
        "Question 1 has changed since that button was made. Please look at it again.",
        "Question 1 takes: start, edit, cancel.",
        "This button is not one of mine.",
    ]
    assert all(answer["show_alert"] for answer in answers)
    assert [goal.state for goal in await talk.house.executor.goals()] == ["awaiting_start"]


WRONG_FORMS = {
    "/golas": "I don't know /golas. Did you mean /goals? /help lists what I know.",
    "/xyzzy": "I don't know /xyzzy. /help lists what I know.",
    "/goal": "Say what you want: /goal Back up my notes by 18:00. /help shows the whole form.",
    "/status": "There is no goal yet. Send me one as a message, or /help.",
    "/status 99": "There is no goal 99. /goals lists them.",
    "/pause x": "Please write it like this: /pause 12",
    "/retry 99.1": "There is no goal 99. /goals lists them.",
    "/approve 99": "There is no question 99.",
    "/approve": "No question is open here.",
    "/answer": "Please write it like this: /answer 17 your words",
    "/resume": "No goal is paused here.",
    "/task": "Please write it like this: /task Call Ann, or in a goal: /task 12 Call Ann. "
    "/task 12.3 and numbered lines below it do that task in parts.",
    "/note": "Please write it like this: /note 12 Ann is on holiday",
    "/goals": "No goal yet. Send me one as a message; /help shows how.",
    "/GOALS@milepost_local_bot": "No goal yet. Send me one as a message; /help shows how.",
}


async def test_a_wrong_command_gets_one_line_that_shows_the_right_form(talk: Talk) -> None:
    answers = {said: words(await talk.say(said)) for said in WRONG_FORMS}

    assert answers == WRONG_FORMS


async def test_every_reading_answers_in_an_empty_chat(talk: Talk) -> None:
    commands = ["/help", "/workflows", "/whoami", "/system", "/start", "/run nothing-like-it"]

    answers = [words(await talk.say(command)) for command in commands]

    assert all(answers)
    assert len(set(answers)) == len(commands)


async def test_a_workflow_file_that_cannot_be_read_is_named_with_its_reason(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        'name = "mine"\ntitle = "<Mine>"\n[[tasks]]\nkey = "a"\ntitle = "A"\naction = "fly"'
    )

    listed = words(await talk.say("/workflows"))
    refused = words(await talk.say("/run mine", "mine"))

    reason = "mine.toml, line 3: task 1 (a): parameters: Field required"
    assert "/run machine-health" in listed
    assert f"\n\nCan't be read\n⚠️ {reason}" in listed
    assert refused.startswith(f"The workflow mine can't be read: {reason}")


async def test_whoami_says_what_an_owner_needs_to_know(talk: Talk) -> None:
    assert words(await talk.say("/whoami")) == f"You are Ann, id {talk.chat.operator_id}, owner."


async def test_a_question_is_answered_by_a_reply_and_a_plain_message_is_not_one(talk: Talk) -> None:
    await talk.press(await talk.say(ASKING), "Start")
    question = await talk.hear("1.1")

    told = await talk.say("done", "1.1 is done", reply_to=question["message_id"])
    decided = await talk.message(question["message_id"], "✅ Done — Ann")
    asks_nothing = await talk.say("hello?", "asks nothing", reply_to=told["message_id"])

    assert "reply_markup" not in decided
    assert words(asks_nothing) == "That message asks nothing. A new goal needs no reply: just write it, or use /goal."


async def test_every_button_has_a_text_twin(talk: Talk) -> None:
    await talk.say(GOAL)

    await talk.say("/reject 1", "Goal 1 is cancelled; nothing was run.")
    await talk.hear("🚫 Goal Cancelled")
    await talk.say(GOAL, "#2")
    await talk.say("/answer 2 start", "Goal 2 has started.")
    end = await talk.hear("Goal Complete")

    assert "hello.txt" in words(end)


async def test_edit_asks_for_the_new_text_and_its_reply_replaces_the_proposal(talk: Talk) -> None:
    card = await talk.say(GOAL)
    toast = await talk.press(card, "Edit")
    prompt = await talk.hear()

    told = await talk.say("Say bye\n1. Say it: `echo bye`", reply_to=prompt["message_id"])

    assert toast["text"] == words(prompt)
    assert words(told) == "Goal 1 now reads: Say bye"
    assert "echo bye" in words(await talk.message(card["message_id"], "Say bye"))


async def test_an_edited_message_replaces_the_proposal_until_start(talk: Talk) -> None:
    said = talk.chat.say("/goal " + GOAL)["message"]
    card = await talk.hear()

    talk.chat.edit(said["message_id"], "/goal Say bye\n1. Say it: `echo bye`")
    told = await talk.hear("now reads")
    again = await talk.message(card["message_id"], "echo bye")
    await talk.press(again, "Start")
    talk.chat.edit(said["message_id"], "/goal Something else")
    refused = await talk.hear("can't be changed")

    assert words(told) == "Goal 1 now reads: Say bye"
    assert "Goal 1 is" in words(refused)


async def test_a_task_by_hand_stands_alone_and_is_done_by_a_word(talk: Talk) -> None:
    talk.chat.say("/task Call <Ann>")
    await talk.hear("Task 1.1: Call <Ann>")
    question = await talk.hear("👤 1.1 Call <Ann>\n\nThis one is for you. Press Done when it is done.\n\nor /answer")

    talk.chat.say("/done")
    await talk.hear("Goal Complete")

    decided = await talk.message(question["message_id"], "✅ Done — Ann")
    assert "Call <Ann>" in words(decided)


async def test_the_log_shows_command_exit_code_and_last_lines(talk: Talk) -> None:
    card = await talk.say("Count\n1. Count: `seq 1 30`")
    await talk.press(card, "Start")
    await talk.hear("Goal Complete")

    text = words(await talk.say("/log 1", "attempt 1 ·"))

    assert "1.1 · attempt 1 · exit 0" in text
    assert "seq 1 30" in text
    assert "… 22 lines before\n23\n" in text
    assert "\n30\n" in text
    assert words(await talk.say("/log 1.9", "no task")) == "Goal 1 has no task 1.9. /status 1 shows them."


async def test_a_long_log_comes_as_a_document(talk: Talk) -> None:
    lines = "\n".join(f"{n}. Print {n}: `seq 1 30; echo {'x' * 300}`" for n in range(1, 11))
    card = await talk.say(f"Print much\n{lines}")
    await talk.press(card, "Start")
    await talk.hear("Goal Complete")

    log = await talk.say("/log", "the newest")

    assert log["document"]["file_name"] == "log-1.md"
    assert words(log).startswith("Print much #1\n10 attempts; the newest:\n")


async def test_a_goal_is_paused_shown_explained_noted_and_ended_by_words(talk: Talk) -> None:
    await talk.press(await talk.say(ASKING), "Start")
    await talk.hear("1.1")

    await talk.say("/note Ann is away", "Noted in goal 1.")
    await talk.say("/pause", "Goal 1 is paused.")
    await talk.say("/status", "#1 · paused")
    await talk.say("/why 1", "• ")
    await talk.say("/plan", "Ask Ann for the number")
    await talk.say("/resume", "Goal 1 goes on.")
    await talk.say("/fail 1 no money", "counts as failed")
    end = await talk.hear("Goal Failed")

    assert "no money" in words(end)


async def test_hostile_titles_harm_nothing(talk: Talk) -> None:
    title = "<b>x</b> & </pre> 👩‍👩‍👧 مرحبا \u202eabc"

    card = await talk.say(f"{title}\n1. Run: `echo '<i>' && true`", markdown=True)

    assert "<b>x</b> & </pre> 👩‍👩‍👧 مرحبا" in words(card)
    assert "echo '<i>' && true" in words(card)


@pytest.mark.parametrize(
    "text", ["x" * 4096, "\n".join(f"{n}. Go" for n in range(1, 500)), "Circle\n1. A after 2\n2. B after 1"]
)
async def test_a_goal_that_cannot_be_meant_gets_one_clear_line(talk: Talk, text: str) -> None:
    answer = words(await talk.say(text))

    assert "\n" not in answer
    assert await talk.house.executor.goals() == []


async def test_a_file_without_words_is_no_goal(talk: Talk) -> None:
    talk.chat.upload(b"x", "x.txt")

    assert (
        words(await talk.hear())
        == "I read text only. Write your goal as a message, or send it as a .txt or .md file with the caption /goal."
    )


async def test_a_stranger_gets_one_polite_line_and_nothing_else(talk: Talk) -> None:
    bob = talk.chat.add_user("Bob")["id"]
    card = await talk.say(GOAL)

    line = await talk.say("hello", user=bob, chat=bob)
    talk.chat.say("/goal Take over", user=bob, chat=bob)
    pressed = await talk.press(card, "Start", user=bob, chat=talk.chat.operator_id)
    await talk.quiet()

    polite = f"This bot is private. Your id is {bob}; an owner can add it."
    assert words(line) == polite
    assert (pressed["text"], pressed["show_alert"]) == (polite, True)
    assert [words(message) for message in talk.chat.messages(bob)] == ["hello", polite, "/goal Take over"]
    assert [goal.state for goal in await talk.house.executor.goals()] == ["awaiting_start"]


async def test_roles_are_kept_in_a_group(talk: Talk) -> None:
    people = {name: talk.chat.add_user(name)["id"] for name in ("Vera", "Rob", "Ada", "Stranger")}
    talk.people.viewers, talk.people.requesters = [people["Vera"]], [people["Rob"]]
    talk.people.approvers = [people["Ada"]]
    group = talk.chat.add_group("Team", users=people.values())["id"]

    denied = await talk.say("/goal Mine", user=people["Vera"], chat=group)
    card = await talk.say("/goal " + GOAL, user=people["Rob"], chat=group)
    talk.chat.say("/goals", user=people["Stranger"], chat=group)
    talk.chat.say("/goals@other_bot", user=people["Ada"], chat=group)
    own_start = await talk.press(card, "Start", user=people["Rob"], chat=group)
    start = await talk.press(card, "Start", user=people["Ada"], chat=group)
    await talk.hear("Goal Complete", chat=group)
    listed = await talk.say("/goals", "Say hello · 100 %", user=people["Vera"], chat=group)

    assert words(denied) == "/goal needs the role requester or higher; yours is viewer."
    assert own_start == own_start | {"text": "Only an approver or an owner may decide this.", "show_alert": True}
    assert start["text"] == "Goal 1 has started."
    assert words(listed) == "🏁 1 Say hello · 100 %"
    assert listed["reply_to_message"]["text"] == "/goals"


async def test_a_mention_in_a_group_is_told_how_to_ask(talk: Talk) -> None:
    group = talk.chat.add_group("Team")["id"]
    name = talk.chat.room.bot["username"]

    answer = await talk.say(f"@{name} pack my notes", chat=group)

    assert words(answer) == ("In a group I listen to commands: /goal Back up my notes by 18:00. /help lists them all.")


async def test_a_requester_acts_on_their_own_goals_only(talk: Talk) -> None:
    rob = talk.chat.add_user("Rob")["id"]
    talk.people.requesters = [rob]
    await talk.say(GOAL)

    refused = await talk.say("/cancel 1", user=rob, chat=rob)
    own = talk.chat.say("Mine\n1. Run: `true`", user=rob, chat=rob)
    await talk.hear("Mine", chat=rob)
    cancelled = await talk.say("/reject 2", "nothing was run", user=rob, chat=rob)

    assert own
    assert words(refused) == "Goal 1 belongs to Ann; only they or an owner may."
    assert words(cancelled) == "Goal 2 is cancelled; nothing was run."


async def test_an_update_that_comes_twice_acts_once(talk: Talk) -> None:
    update = talk.chat.say("/task Call Ann")
    await talk.hear("Task 1.1")
    store = talk.house.database.inbox
    before = len(talk.chat.messages())

    known = await store.put([(update["update_id"], talk.chat.operator_id, update)])
    dispatcher = talk.bot.front._dispatcher
    parsed = Update.de_json(update, talk.bot.front._bot)
    await store.done(update["update_id"], await dispatcher.handle(parsed))
    talk.bot.courier.wake()
    await talk.say("/whoami")

    assert known == []
    assert [goal.number for goal in await talk.house.executor.goals()] == [1]
    texts = [words(message) for message in talk.chat.messages()[before:] if "Task 1.1" in words(message)]
    assert texts == []


async def test_a_command_without_a_number_that_is_repeated_after_a_crash_hears_its_first_answer(talk: Talk) -> None:
    await talk.say("First\n1. Ask Ann")
    await talk.say("Second\n1. Ask Ann")
    update = talk.chat.say("/cancel")
    await talk.hear("Goal 2 is cancelled.")

    dispatcher, parsed = talk.bot.front._dispatcher, Update.de_json(update, talk.bot.front._bot)
    [again] = await dispatcher.handle(parsed)

    assert again.facts["html"] == "Goal 2 is cancelled."
    assert [str(goal.state) for goal in await talk.house.executor.goals()] == ["cancelled", "awaiting_start"]


async def test_the_answer_comes_before_what_the_command_causes(talk: Talk) -> None:
    await talk.press(await talk.say(ASKING), "Start")
    await talk.hear("👤")
    await talk.say("/pause", "Goal 1 is paused.")
    talk.chat.say("/cancel 1")
    await talk.hear("Goal Cancelled")

    texts = [words(message) for message in talk.chat.messages()]

    assert texts.index("Goal 1 is cancelled.") < next(at for at, text in enumerate(texts) if "Goal Cancelled" in text)


async def test_a_second_answer_in_words_hears_who_decided_in_the_chats_own_time(talk: Talk) -> None:
    await talk.press(await talk.say(GOAL), "Start")

    answer = words(await talk.say("/answer 1 cancel", "lready decided"))

    assert re.fullmatch(r"Already decided: ✅ Start — Ann, \d\d:\d\d", answer)


async def test_something_unexpected_costs_one_line_and_no_lane(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> list[str]:
        raise ZeroDivisionError(f"bot{talk.chat.bot_token}")

    monkeypatch.setattr(type(talk.house.executor), "system", broken)

    sorry = await talk.say("/system")
    talk.chat.say("/system")
    after = await talk.say("/whoami")

    assert words(sorry) == "Something went wrong on my side; it is in the log. Please try again."
    assert words(after).startswith("You are Ann")


async def test_cost_and_reasons_are_told_of_a_goal_without_a_model(talk: Talk) -> None:
    await talk.say(GOAL)

    cost = await talk.say("/cost")
    reasons = await talk.say("/plan why")

    assert words(cost) == "Say hello #1\nNo model was asked; it has cost nothing."
    assert words(reasons).startswith("Say hello #1\nPlan v1 by offline\n1 step, as you wrote it\n")


async def test_progress_says_how_far_a_goal_is_and_which_milestones_it_has_passed(talk: Talk) -> None:
    card = await talk.say(GOAL)
    await talk.press(card, "Start")
    await talk.hear("Goal Complete")

    said = words(await talk.say("/progress 1", "of 1 task done"))

    first, second, third, *milestones = said.splitlines()
    assert (first, third) == ("Say hello #1", "1 of 1 task done")
    assert second.endswith(" 100 %")
    assert re.fullmatch(r"• Planning Complete \(10 %\): \d\d:\d\d", milestones[0])
    assert re.fullmatch(r"• Goal Complete \(100 %\): \d\d:\d\d", milestones[-1])
