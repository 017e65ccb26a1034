"""Values that later tasks need are given in the chat before Start, and are seen nowhere afterwards."""

from pathlib import Path

from tests.telegram.talk import Json, Talk, words
from tests.telegram.test_secrets import holding, labels

ONE, TWO = "c4n4ry/9f2K+x==", "d3ploy c4n4ry 77"
GOAL = (
    'Push\n1. Push it: `printf "%s" "$GITHUB_TOKEN" | wc -c`\n2. Deploy: `printf "%s %s" "$GITHUB_TOKEN" "$DEPLOY_KEY"`'
)


async def proposed(talk: Talk) -> tuple[Json, Json]:
    """The plan, and the question for the values."""
    plan = await talk.say(GOAL, "Nothing runs before you press Start")
    return plan, await talk.hear("Nothing waits for it yet")


async def test_the_question_lists_what_is_missing_with_its_tasks(talk: Talk) -> None:
    plan, question = await proposed(talk)

    assert labels(plan) == ["Start", "Edit", "Cancel"]
    assert labels(question) == ["Provide value", "Not now"]
    assert words(question).splitlines() == [
        "🔑 Push #1",
        "Later tasks need this, and it is not set. Nothing waits for it yet.",
        "",
        "• GITHUB_TOKEN: 1.1, 1.2",
        "• DEPLOY_KEY: 1.2",
        "",
        "Reply with one NAME=value per line. I take it out of the chat and keep it encrypted until this goal ends.",
        "",
        "or /answer 2 provide-value | not-now",
    ]


async def test_a_reply_gives_them_all_and_the_goal_needs_nobody_any_more(talk: Talk, tmp_path: Path) -> None:
    plan, question = await proposed(talk)

    said = f"GITHUB_TOKEN={ONE}\nDEPLOY_KEY='{TWO}'"
    told = await talk.say(said, "set for this goal", reply_to=question["message_id"])
    closed = await talk.message(question["message_id"], "✅")
    await talk.press(plan, "Start")
    await talk.hear("Goal Complete")
    await talk.quiet()

    assert words(told) == "GITHUB_TOKEN, DEPLOY_KEY are set for this goal."
    assert words(closed).splitlines()[-1].startswith("✅ Provide value: GITHUB_TOKEN=•••, DEPLOY_KEY=••• — Ann")
    assert [words(one) for one in talk.chat.messages() if "c4n4ry" in words(one)] == []
    assert [secret for secret in (ONE, TWO) if holding(tmp_path, secret)] == []


async def test_the_button_and_a_message_give_one_and_a_command_gives_the_rest(talk: Talk, tmp_path: Path) -> None:
    _, question = await proposed(talk)
    toast = await talk.press(question, "Provide value")
    prompt = await talk.hear("Send one NAME=value per line, for GITHUB_TOKEN, DEPLOY_KEY.")

    part = await talk.say(f"DEPLOY_KEY={TWO}", "goes on", reply_to=prompt["message_id"])
    rest = await talk.message(question["message_id"], "Reply with its value")
    whole = await talk.say(f"/answer 2 {ONE}", "GITHUB_TOKEN is set for this goal")
    await talk.quiet()

    assert toast["text"].startswith("Send one NAME=value per line")
    assert words(part) == "DEPLOY_KEY is set for this goal. Question 2 goes on about GITHUB_TOKEN."
    assert "• GITHUB_TOKEN: 1.1, 1.2\n\nGiven: DEPLOY_KEY=•••" in words(rest)
    assert words(whole) == "GITHUB_TOKEN is set for this goal."
    assert [secret for secret in (ONE, TWO) if holding(tmp_path, secret)] == []


async def test_without_a_reply_they_go_to_the_question_that_wants_them(talk: Talk, tmp_path: Path) -> None:
    _, question = await proposed(talk)

    told = await talk.say(f"GITHUB_TOKEN={ONE}\nexport DEPLOY_KEY='{TWO}'", "set for this goal")
    closed = await talk.message(question["message_id"], "✅")
    await talk.quiet()

    assert words(told) == "GITHUB_TOKEN, DEPLOY_KEY are set for this goal."
    assert "DEPLOY_KEY=•••" in words(closed)
    assert [secret for secret in (ONE, TWO) if holding(tmp_path, secret)] == []


async def test_where_nothing_wants_one_it_is_no_goal_and_kept_nowhere(talk: Talk, tmp_path: Path) -> None:
    await talk.say(f"GITHUB_TOKEN={ONE}", "Nothing asks for a value now, so I kept none.")
    await talk.quiet()

    assert [words(one) for one in talk.chat.messages() if words(one).startswith("📋")] == []
    assert [words(one) for one in talk.chat.messages() if "c4n4ry" in words(one)] == []
    assert holding(tmp_path, ONE) == []


async def test_what_is_wrong_is_hidden_too_and_the_question_stays_open(talk: Talk, tmp_path: Path) -> None:
    _, question = await proposed(talk)

    bare = await talk.say(ONE, "NAME=value", reply_to=question["message_id"])
    other = await talk.say(f"OTHER_KEY={TWO}", "nothing but", reply_to=question["message_id"])
    await talk.quiet()

    still = "Question 2 is still open."
    assert words(bare) == f"Please write it as NAME=value, one per line, such as GITHUB_TOKEN=abc123. {still}"
    assert words(other) == f"Please write NAME=value, one per line, for nothing but GITHUB_TOKEN, DEPLOY_KEY. {still}"
    assert [secret for secret in (ONE, TWO) if holding(tmp_path, secret)] == []


async def test_not_now_closes_the_question_and_the_goal_starts_as_ever(talk: Talk) -> None:
    plan, question = await proposed(talk)

    toast = await talk.press(question, "Not now")
    closed = await talk.message(question["message_id"], "🚫")
    await talk.press(plan, "Start")
    end = await talk.hear("Goal Complete")

    assert toast["text"] == "All right. I ask when a task needs it."
    assert words(closed).splitlines()[-1].startswith("🚫 Not now — Ann")
    assert "reply_markup" not in closed or not closed["reply_markup"]["inline_keyboard"]
    assert "Goal Complete" in words(end)
