"""Actions without a machine behind them: waiting, telling, asking, and what a person does."""

from datetime import timedelta, timezone
from typing import Any

import pytest

from executor.actions.ask import Ask
from executor.actions.manual import Manual
from executor.actions.notify import Notify
from executor.actions.read import Read
from executor.actions.shell import Shell
from executor.actions.typed import Typed
from executor.actions.wait import Wait, spoken
from executor.actions.write import Write
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result, Waiting
from executor.domain.task import Answer
from executor.ports import Ask as Question
from tests.actions.conftest import Scene
from tests.fakes import START

PLUS_2 = timezone(timedelta(hours=2))
ANSWER = Answer(text="blue", by="Ann", at=START)


def waiting(scene: Scene) -> Wait:
    return Wait(scene.launcher, PLUS_2)


async def run(action: Typed[Any], scene: Scene, parameters: dict[str, Any], **changes: Any) -> Result | Waiting:
    return await action.run(action.check(parameters), scene.context(**changes))


# ------------------------------------------------------------------------------------------------------------ wait


async def test_seconds_are_counted_from_the_first_start(scene: Scene) -> None:
    first = await run(waiting(scene), scene, {"seconds": 90})
    scene.clock[0] += timedelta(seconds=60)
    second = await run(waiting(scene), scene, {"seconds": 90})
    scene.clock[0] += timedelta(seconds=30)
    third = await run(waiting(scene), scene, {"seconds": 90})

    assert first == Waiting(wait_s=90, note="until 2026-03-02 11:01:30")
    assert second == Waiting(wait_s=30, note="until 2026-03-02 11:01:30")
    assert third == Result(success=True, result="Waited 2 min", metadata={"execution_time": 90.0})


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("12:00", 3600),  # START is 11:00 there
        ("11:00", 0),
        ("10:59", 86_340),
        ("2026-03-02T11:30", 1800),
        ("2026-03-02 11:30:30", 1830),
        ("2026-03-02T09:30:00Z", 1800),
        ("2026-03-02T09:30:00+00:00", 1800),
        ("2026-03-03", 46_800),
        ("2020-01-01", 0),
    ],
)
async def test_a_moment_without_a_zone_is_a_local_one(scene: Scene, until: str, seconds: float) -> None:
    result = await run(waiting(scene), scene, {"until": until})

    assert (result.wait_s if isinstance(result, Waiting) else 0) == seconds


async def test_a_command_is_asked_ever_less_often_until_it_succeeds(scene: Scene) -> None:
    pauses = []
    for _ in range(4):
        result = await run(waiting(scene), scene, {"command": "test -e ready && cat ready"})
        assert isinstance(result, Waiting)
        pauses.append(result.wait_s)
        scene.clock[0] += timedelta(seconds=100)
    (scene.workspace / "ready").write_text("steady\n")
    done = await run(waiting(scene), scene, {"command": "test -e ready && cat ready"})

    assert pauses == [10, 20, 40, 60]
    assert done == Result(success=True, result="Waited 7 min", output="steady\n", metadata={"execution_time": 400.0})


async def test_why_it_still_waits_can_be_read(scene: Scene) -> None:
    seen = await run(waiting(scene), scene, {"command": "exit 3"})

    assert isinstance(seen, Waiting)
    assert (seen.wait_s, seen.note) == (10, "`exit 3`: exit code 3")
    assert seen.result is not None
    assert seen.result.metadata["exit_code"] == 3


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({}, "wait: give exactly one of seconds, until and command."),
        ({"seconds": 1, "until": "18:00"}, "wait: give exactly one of seconds, until and command."),
        ({"seconds": "soon"}, 'wait: seconds is "soon"; expected a number.'),
        ({"seconds": -1}, "wait: seconds is -1; expected greater than or equal to 0."),
        ({"until": "six"}, 'wait: until is "six"; expected a time such as 18:00 or 2027-01-31T18:00.'),
        ({"command": " "}, 'wait: command is " "; expected some text.'),
    ],
)
def test_a_wait_for_nothing_sensible_is_refused(scene: Scene, parameters: dict[str, Any], sentence: str) -> None:
    with pytest.raises(WrongInput) as refusal:
        waiting(scene).check(parameters)

    assert refusal.value.public == sentence


async def test_an_output_that_is_no_time_is_a_failure(scene: Scene) -> None:
    result = await waiting(scene).run({"until": "tomorrow-ish"}, scene.context())

    assert (
        getattr(result, "error", None)
        == 'wait: until is "tomorrow-ish"; expected a time such as 18:00 or 2027-01-31T18:00.'
    )


def test_it_says_what_it_waits_for(scene: Scene) -> None:
    wait = waiting(scene)

    assert wait.describe({"until": "18:00"}) == "waits until 18:00"
    assert wait.describe({"seconds": 300}) == "waits 5 min"
    assert wait.describe({"command": "test -e x"}) == "waits until `test -e x` succeeds"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.25, "0.2 s"), (45, "45 s"), (90, "2 min"), (3599, "1 h"), (7500, "2 h 5 min"), (90_000, "1 d 1 h")],
)
def test_a_duration_reads_well(seconds: float, text: str) -> None:
    assert spoken(seconds) == text


# ---------------------------------------------------------------------------------------------- notify, ask, manual


async def test_notify_tells_the_chat(scene: Scene) -> None:
    result = await run(Notify(), scene, {"text": "Half way"})

    assert scene.told == ["Half way"]
    assert result == Result(success=True, result="Told the chat", output="Half way", metadata={"execution_time": 0.0})


async def test_a_text_too_long_for_a_chat_is_cut(scene: Scene) -> None:
    await run(Notify(), scene, {"text": "x" * 10_000})

    assert scene.told == ["x" * 8000 + "\n… 2,000 characters cut"]


async def test_a_question_is_asked_first_and_the_answer_is_the_output(scene: Scene) -> None:
    parameters = {"question": "Which colour?", "choices": ["red", "blue"]}

    assert Ask().ask(parameters) == Question(manual=False, question="Which colour?", choices=("red", "blue"))
    assert Ask().describe(parameters) == "asks a person: Which colour? (red / blue)"
    assert await run(Ask(), scene, parameters, answer=ANSWER) == Result(
        success=True,
        result="Ann: blue",
        output="blue",
        metadata={"execution_time": 0.0, "answered_by": "Ann", "answered_at": START.isoformat()},
    )


@pytest.mark.parametrize(
    ("text", "output"), [("Done", "Done, said Ann"), ("", "Done, said Ann"), ("3 boxes", "Done, said Ann: 3 boxes")]
)
async def test_what_a_person_did_is_the_output(scene: Scene, text: str, output: str) -> None:
    parameters = {"instructions": "Carry the boxes"}

    assert Manual().ask(parameters) == Question(manual=True, question="Carry the boxes")
    assert Manual().describe(parameters) == "a person: Carry the boxes"
    result = await run(Manual(), scene, parameters, answer=Answer(text=text, by="Ann", at=START))
    assert (getattr(result, "success", None), getattr(result, "output", None)) == (True, output)


@pytest.mark.parametrize("action", [Ask(), Manual()])
async def test_without_an_answer_nothing_is_claimed(scene: Scene, action: Typed[Any]) -> None:
    result = await run(action, scene, {"question": "?"} if isinstance(action, Ask) else {"instructions": "x"})

    assert (getattr(result, "success", None), getattr(result, "error", None)) == (False, "nobody has answered")


# ------------------------------------------------------------------------------------------------------ all of them


@pytest.mark.parametrize(
    ("action", "parameters", "sentence"),
    [
        ("shell", {}, "shell: command is missing."),
        (
            "shell",
            {"cmd": "ls"},
            "shell: cmd is not a parameter; known are command, timeout_s, repeatable, network, machine, writes.",
        ),
        ("shell", {"command": 3}, "shell: command is 3; expected text."),
        ("shell", {"command": ""}, 'shell: command is ""; expected some text.'),
        ("shell", {"command": "a\x00b"}, "shell: it holds a NUL character, which no command can take."),
        ("shell", {"command": "x" * 30_001}, f'shell: command is "{"x" * 59}…; expected at most 30,000 characters.'),
        ("shell", {"command": "ls", "timeout_s": 0}, "shell: timeout_s is 0; expected greater than 0."),
        ("shell", {"command": "ls", "timeout_s": "1h"}, 'shell: timeout_s is "1h"; expected a number.'),
        ("shell", {"command": "ls", "timeout_s": float("nan")}, "shell: timeout_s is NaN; expected a finite number."),
        (
            "shell",
            {"command": "ls", "repeatable": "perhaps"},
            'shell: repeatable is "perhaps"; expected true or false.',
        ),
        ("write", {"path": "x"}, "write: content is missing."),
        ("write", {"path": "../x", "content": ""}, "write: The path '../x' goes up with '..'; give one that"),
        ("write", {"path": "x", "content": None}, "write: content is null; expected text."),
        ("read", {"path": "/etc/passwd"}, "read: The path '/etc/passwd' is absolute; give one inside the goal's"),
        ("ask", {"question": "?", "choices": ["Yes", "yes"]}, "ask: choices names one choice twice."),
        ("ask", {"question": "?", "choices": "yes"}, 'ask: choices is "yes"; expected a list.'),
        ("ask", {"question": "?", "choices": [str(n) for n in range(21)]}, "ask: choices is ["),
        ("notify", {"text": "\n"}, 'notify: text is "\\n"; expected some text.'),
    ],
)
def test_wrong_parameters_get_one_clear_line(
    scene: Scene, action: str, parameters: dict[str, Any], sentence: str
) -> None:
    known: dict[str, Typed[Any]] = {one.name: one for one in (Shell(scene.launcher), Write(), Read(), Ask(), Notify())}

    with pytest.raises(WrongInput) as refusal:
        known[action].check(parameters)

    assert refusal.value.public.startswith(sentence)
    assert "\n" not in refusal.value.public


def test_a_shell_task_shows_its_whole_command_and_says_whether_it_may_be_repeated(scene: Scene) -> None:
    shell = Shell(scene.launcher)

    assert shell.describe({"command": "tar czf notes.tgz -C notes ."}) == "`tar czf notes.tgz -C notes .`"
    assert shell.check({"command": "ls"}) == {
        "command": "ls",
        "repeatable": True,
        "network": False,
        "machine": False,
        "writes": [],
    }
    assert [shell.repeatable({"command": "ls"}), shell.repeatable({"command": "ls", "repeatable": False})] == [
        True,
        False,
    ]
    assert shell.ask({"command": "ls"}) is None


async def test_a_shell_task_may_have_its_own_time_limit(scene: Scene) -> None:
    result = await run(Shell(scene.launcher), scene, {"command": "sleep 300", "timeout_s": 0.2})

    assert getattr(result, "error", None) == "timed out after 0.2 s"


async def test_without_bash_it_is_sh(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "cat"):
        (tools / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(tools))

    assert (await scene.shell("echo \"${BASH_VERSION:-none}\" '${1.output}'", {"1": "x " * 100_000})).output.startswith(
        "none x x x"
    )


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59", "3000-01-01T00:00:00Z"])
async def test_a_wait_until_the_end_of_the_calendar_is_refused(scene: Scene, until: str) -> None:
    with pytest.raises(WrongInput, match="expected a time such as"):
        waiting(scene).check({"until": until})


async def test_a_wait_until_after_2038_is_a_wait(scene: Scene) -> None:
    result = await run(waiting(scene), scene, {"until": "2040-01-01T00:00:00Z"})

    assert isinstance(result, Waiting)
    assert result.wait_s > 13 * 365 * 86_400
