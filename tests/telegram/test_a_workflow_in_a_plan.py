"""A plan that runs a workflow: its tasks are on the card, are accepted with it, and run in the goal's folder."""

from datetime import UTC, datetime

from executor.domain.goal import Origin
from executor.domain.plan import GoalDraft, TaskSpec
from executor.engine.replies import Accepted, Caller
from tests.telegram.talk import Talk, words

GREET = """
name = "greet"
title = "Greet {who}"
[parameters]
who = { description = "whom to greet", pattern = "[A-Za-z ]+", example = "Ann" }
[[criteria]]
text = "There is a greeting"
check = { kind = "command", command = "grep -q Hello greeting.txt" }
[[tasks]]
key = "write"
title = "Write it"
action = "shell"
parameters = { command = 'echo "Hello $who" > greeting.txt' }
[[tasks]]
key = "read"
title = "Read it"
action = "shell"
depends_on = ["write"]
parameters = { command = "cat greeting.txt" }
"""


async def test_it_is_seen_accepted_and_done_as_parts_of_one_task(talk: Talk) -> None:
    folder = talk.house.settings.data_dir / "workflows"
    folder.mkdir(parents=True)
    (folder / "greet.toml").write_text(GREET)
    greet = TaskSpec(
        key="2", title="Greet Ann", action="workflow", parameters={"name": "greet", "parameters": {"who": "Ann"}}
    )
    after = TaskSpec(
        key="3",
        title="Count",
        action="shell",
        parameters={"command": "wc -l < greeting.txt; echo ${2.output}"},
        depends_on=("2",),
    )
    reply = await talk.house.executor.set_goal(
        GoalDraft(title="Say hello", tasks=(greet, after)),
        origin=Origin(chat_id=talk.chat.operator_id, person_id=talk.chat.operator_id),
        caller=Caller(person_id=talk.chat.operator_id, name="Ann"),
        command_id=f"set {datetime.now(UTC)}",
    )
    assert isinstance(reply, Accepted)
    card = await talk.hear("Start")

    await talk.press(card, "Start")
    end = words(await talk.hear("Goal Complete"))

    view = await talk.house.executor.view(1)
    assert view is not None
    assert "Write it" in words(card)
    assert "Hello $who" in words(card)
    assert [(task.ref, str(task.state)) for task in view.tasks] == [
        ("1.1", "completed"),
        ("1.1.1", "completed"),
        ("1.1.2", "completed"),
        ("1.2", "completed"),
        ("1.c1", "completed"),
    ]
    assert "There is a greeting" in end
    outputs = await talk.house.database.outputs(1, ["3"])
    assert outputs["3"].split() == ["1", "Hello", "Ann"]
