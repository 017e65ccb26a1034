"""A task that is a goal of its own, as a person on a phone sees it."""

import re

from bot.control.history import HistoryMethods
from executor.domain.change import Difference, Undoing
from executor.domain.goal import Origin
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Accepted, Caller
from tests.telegram.talk import Talk, words

ROOF = "Lay the roof\n- It is dry: `true`\n1. Lay it: `echo laid > roof`\n2. Look at it"
TELL = "cat 1/roof; echo ${1.output}"


async def test_it_has_its_own_card_and_stands_on_that_of_the_whole(talk: Talk) -> None:
    me = talk.chat.operator_id
    tasks = (
        TaskSpec(key="1", title="The roof", action="goal", parameters={"text": ROOF}),
        TaskSpec(
            key="2",
            title="Tell",
            action="shell",
            parameters={"command": "cat 1/roof; echo ${1.output}"},
            depends_on=("1",),
        ),
    )
    reply = await talk.house.executor.set_goal(
        GoalDraft(title="Build a shed", tasks=tasks),
        origin=Origin(chat_id=me, person_id=me, person_name="Ann"),
        caller=Caller(person_id=me, name="Ann"),
        command_id="set",
    )
    assert isinstance(reply, Accepted)
    whole = await talk.hear("Build a shed")

    await talk.press(whole, "Start")
    part = await talk.hear("part of 1.1")
    above = words(await talk.message(whole["message_id"], "waits for a person"))
    why = words(await talk.say("/why", "waits for a goal"))
    await talk.press(await talk.hear("Press Done"), "Done")
    await talk.hear("Goal: Build a shed\nProgress: 100%")

    found = await talk.house.executor.difference(1, "1.1")
    caller = Caller(person_id=me, name="Ann")
    export = HistoryMethods(talk.house.executor, lambda spec: spec.title).methods["export"]
    handed = await export({"goal": 1, "patch": True}, caller, "export")
    going_back = await talk.house.executor.undoing(1, "1.1")

    assert "echo laid" in words(whole)
    assert words(part).splitlines()[1].endswith("· part of 1.1")
    assert re.search(r"1\.1 The roof · goal 2: \d+ %, waits for a person", above)
    assert "1.1" in why
    outputs = await talk.house.database.outputs(1, ["2"])
    assert outputs["2"].splitlines()[:2] == ["laid", "Lay the roof: completed"]
    assert [part["goal_id"] for part in handed["record"]["parts"]] == ["2"]
    assert handed["record"]["parts"][0]["attempts"][0]["subtask_id"] == "2.1"
    assert isinstance(found, Difference)
    assert isinstance(going_back, Undoing)
    assert [(one.path, one.new) for one in found.files] == [("1/roof", True)]
    assert [(one.path, one.gone) for one in going_back.files] == [("1/roof", True)]
