"""What a goal changed in its folder: seen and undone from the chat, with real commands."""

from pathlib import Path

from tests.telegram.talk import Json, Talk, words

GOAL = "Write a list\n1. Begin: `echo milk > list`\n2. Go on: `echo bread >> list; echo x > other` after 1"
PATIENCE_S = 60.0


async def _say(talk: Talk, text: str, answer: str) -> Json:
    talk.chat.say(text)
    return await talk.hear(answer, patience_s=PATIENCE_S)


async def _done(talk: Talk, goal: str = GOAL) -> None:
    talk.chat.say(goal)
    await talk.press(await talk.hear("press Start", patience_s=PATIENCE_S), "Start")


async def test_the_difference_of_a_goal_and_of_one_task_stands_in_the_chat(talk: Talk) -> None:
    await _done(talk)
    await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    whole = await _say(talk, "/diff", "Write a list #1")
    second = await _say(talk, "/diff 1.2", "1.2 changed")

    assert words(whole).splitlines()[:4] == [
        "Write a list #1",
        "2 files changed in its folder: +3 −0 lines",
        "+ list · +2 −0",
        "+ other · +1 −0",
    ]
    assert [line for line in words(second).splitlines() if not line.startswith("index ")] == [
        "Write a list #1",
        "1.2 changed 2 files: +2 −0 lines",
        "~ list · +1 −0",
        "+ other · +1 −0",
        "",
        "diff --git a/list b/list",
        "--- a/list",
        "+++ b/list",
        "@@ -1 +1,2 @@",
        " milk",
        "+bread",
        "diff --git a/other b/other",
        "new file mode 100644",
        "--- /dev/null",
        "+++ b/other",
        "@@ -0,0 +1 @@",
        "+x",
    ]


async def test_a_long_difference_is_a_document(talk: Talk) -> None:
    await _done(talk, "Count\n1. Count: `seq 1 500 > numbers`")
    await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    told = await _say(talk, "/diff 1", "Count #1")

    assert told["document"]["file_name"] == "diff-1.patch"
    assert words(told).splitlines()[1] == "1 file changed in its folder: +500 −0 lines"


async def test_undo_on_the_receipt_shows_first_and_can_be_undone(talk: Talk, tmp_path: Path) -> None:
    await _done(talk)
    end = await talk.hear("Goal Complete", patience_s=PATIENCE_S)
    folder = tmp_path / "data" / "workspaces" / "1"

    await talk.press(end, "Undo")
    asked = await talk.hear("Undo goal 1?", patience_s=PATIENCE_S)
    before = (folder / "list").read_text()
    await talk.press(asked, "Undo it")
    done = await talk.hear("as it was before the goal", patience_s=PATIENCE_S)
    undone = (folder / "list").exists()
    await talk.press(done, "Put it back")
    await talk.press(await talk.hear("Its folder becomes what it was at", patience_s=PATIENCE_S), "Undo it")
    await talk.hear("is as it was at", patience_s=PATIENCE_S)

    assert words(asked).splitlines()[:7] == [
        "↩️ Undo goal 1?",
        "Write a list #1",
        "",
        "Its folder becomes what it was before the goal:",
        "− list · +0 −2",
        "− other · +0 −1",
        "",
    ]
    assert (before, undone, (folder / "list").read_text()) == ("milk\nbread\n", False, "milk\nbread\n")
    assert [event.name for event in await talk.house.executor.events(1)].count("workspace.undone") == 2


async def test_the_words_do_what_the_buttons_do(talk: Talk, tmp_path: Path) -> None:
    await _done(talk)
    await talk.hear("Goal Complete", patience_s=PATIENCE_S)
    folder = tmp_path / "data" / "workspaces" / "1"

    asked = await _say(talk, "/undo 1.2", "Undo 1.2?")
    told = await _say(talk, words(asked).splitlines()[-1].removeprefix("or "), "as it was before 1.2")
    late = await _say(talk, words(asked).splitlines()[-1].removeprefix("or "), "like that already")
    wrong = await _say(talk, "/undo 1 please now", "Please write it")

    assert (folder / "list").read_text() == "milk\n"
    assert not (folder / "other").exists()
    assert "puts it back" in words(told)
    assert words(late)
    assert words(wrong) == "Please write it like this: /undo 12 or /undo 12.3"


async def test_a_goal_at_work_is_not_undone(talk: Talk) -> None:
    await _done(talk, "Wait for me\n1. Make it: `echo x > a`\n2. Look at it")
    await talk.hear("👤 1.2", patience_s=PATIENCE_S)

    refused = await _say(talk, "/undo 1", "worked on")
    await _say(talk, "/pause 1", "is paused")
    asked = await _say(talk, "/undo 1", "Undo goal 1?")

    assert words(refused) == "Goal 1 is being worked on: /pause 1 first."
    assert words(asked)


async def test_nobody_undoes_the_goal_of_somebody_else(talk: Talk) -> None:
    await _done(talk)
    end = await talk.hear("Goal Complete", patience_s=PATIENCE_S)
    talk.people.owners, talk.people.viewers = [], [talk.chat.operator_id]

    refused = await talk.press(end, "Undo")

    assert refused["text"] == "Undoing needs the role requester or higher."


async def test_without_a_change_there_is_nothing_to_undo(talk: Talk) -> None:
    await _done(talk, "Say hello\n1. Say it: `echo hello`")
    end = await talk.hear("Goal Complete", patience_s=PATIENCE_S)

    told = await _say(talk, "/diff 1", "Nothing")

    assert words(told) == "Nothing has changed in the folder of goal 1 yet."
    labels = [button["text"] for row in end["reply_markup"]["inline_keyboard"] for button in row]
    assert labels == ["Looks good", "Rework"]
