"""What a goal changed in its folder: seen and undone from the chat, with real commands."""

from pathlib import Path

from tests.telegram.talk import Talk, words

GOAL = "Write a list\n1. Begin: `echo milk > list`\n2. Go on: `echo bread >> list; echo x > other` after 1"


async def _done(talk: Talk, goal: str = GOAL) -> None:
    await talk.press(await talk.say(goal), "Start")


async def test_the_difference_of_a_goal_and_of_one_task_stands_in_the_chat(talk: Talk) -> None:
    await _done(talk)
    await talk.hear("Goal Complete")

    whole = await talk.say("/diff", "Write a list #1")
    second = await talk.say("/diff 1.2", "1.2 changed")

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
    await talk.hear("Goal Complete")

    told = await talk.say("/diff 1", "Count #1")

    assert told["document"]["file_name"] == "diff-1.patch"
    assert words(told).splitlines()[1] == "1 file changed in its folder: +500 −0 lines"


async def test_undo_on_the_receipt_shows_first_and_can_be_undone(talk: Talk, tmp_path: Path) -> None:
    await _done(talk)
    end = await talk.hear("Goal Complete")
    (folder,) = tmp_path.rglob("workspaces/1")

    await talk.press(end, "Undo")
    asked = await talk.hear("Undo goal 1?")
    before = (folder / "list").read_text()
    await talk.press(asked, "Undo it")
    done = await talk.hear("as it was before the goal")
    undone = (folder / "list").exists()
    await talk.press(done, "Put it back")
    await talk.press(await talk.hear("Its folder becomes what it was at"), "Undo it")
    await talk.hear("is as it was at")

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
    await talk.hear("Goal Complete")
    (folder,) = tmp_path.rglob("workspaces/1")

    asked = await talk.say("/undo 1.2", "Undo 1.2?")
    told = await talk.say(words(asked).splitlines()[-1].removeprefix("or "), "as it was before 1.2")
    late = await talk.say(words(asked).splitlines()[-1].removeprefix("or "), "like that already")
    wrong = await talk.say("/undo 1 please now", "Please write it")

    assert (folder / "list").read_text() == "milk\n"
    assert not (folder / "other").exists()
    assert "puts it back" in words(told)
    assert words(late)
    assert words(wrong) == "Please write it like this: /undo 12 or /undo 12.3"


async def test_a_goal_at_work_is_not_undone(talk: Talk) -> None:
    await _done(talk, "Wait for me\n1. Make it: `echo x > a`\n2. Look at it")
    await talk.hear("👤 1.2")

    refused = await talk.say("/undo 1", "worked on")
    await talk.say("/pause 1", "is paused")
    asked = await talk.say("/undo 1", "Undo goal 1?")

    assert words(refused) == "Goal 1 is being worked on: /pause 1 first."
    assert words(asked)


async def test_nobody_undoes_the_goal_of_somebody_else(talk: Talk) -> None:
    await _done(talk)
    end = await talk.hear("Goal Complete")
    talk.people.owners, talk.people.viewers = [], [talk.chat.operator_id]

    refused = await talk.press(end, "Undo")

    assert refused["text"] == "Undoing needs the role requester or higher."


async def test_without_a_change_there_is_nothing_to_undo(talk: Talk) -> None:
    await _done(talk, "Say hello\n1. Say it: `echo hello`")
    end = await talk.hear("Goal Complete")

    told = await talk.say("/diff 1", "Nothing")

    assert words(told) == "Nothing has changed in the folder of goal 1 yet."
    labels = [button["text"] for row in end["reply_markup"]["inline_keyboard"] for button in row]
    assert labels == ["Looks good", "Rework"]
