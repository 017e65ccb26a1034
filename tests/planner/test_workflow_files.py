from pathlib import Path

import pytest

from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind, Criterion, Plan, TaskSpec
from executor.planner.workflow import Parameter, plan_for, title_for, values_of
from executor.planner.workflows import BUILT_IN, Library
from tests.fakes import ScriptedAction, ScriptedActions

GREET = """
name = "greet"
title = "Greet {who}"
match = ["say hello"]

[parameters]
who = { description = "whom to greet", pattern = "[A-Za-z ]+", example = "Ann" }
times = 2

[[criteria]]
text = "There is a greeting for {who}"
check = { kind = "command", command = 'grep -q "$who" greeting.txt' }

[[tasks]]
key = "start"
title = "Begin"
action = "write"
parameters = { path = "greeting.txt", content = "" }

[[tasks]]
repeat = "{times}"
key = "write-{round}"
title = "Greet {who}, {round} of {times}"
action = "shell"
depends_on = ["start"]
parameters = { command = 'echo "Hello $who" >> greeting.txt' }

[[tasks]]
repeat = "{times}"
key = "rest-{round}"
title = "Rest"
action = "wait"
depends_on = ["write-{round}"]
parameters = { seconds = "{times*30}" }
"""
BARE = 'name = "bare"\ntitle = "Bare"\n[[tasks]]\nkey = "a"\ntitle = "A"\naction = "shell"\nparameters = {}\n'


def library(folder: Path, **files: str) -> Library:
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text)
    return Library(folder)


def problem(folder: Path, text: str) -> str:
    _, problems = library(folder, mine=text).load()
    (only,) = map(str, problems)
    assert "\n" not in only
    return only


def test_a_workflow_is_a_plan_with_its_blanks_filled(tmp_path: Path) -> None:
    workflow = library(tmp_path, greet=GREET).get("greet")
    values = values_of(workflow, {"who": "Bob B"})

    plan, notes = plan_for(workflow, values, 7)

    def write(number: int) -> TaskSpec:
        return TaskSpec(
            key=f"write-{number}",
            title=f"Greet Bob B, {number} of 2",
            action="shell",
            depends_on=("start",),
            parameters={"command": "who='Bob B'\necho \"Hello $who\" >> greeting.txt"},
        )

    def rest(number: int) -> TaskSpec:
        return TaskSpec(
            key=f"rest-{number}",
            title="Rest",
            action="wait",
            depends_on=(f"write-{number}",),
            parameters={"seconds": 60},
        )

    start = TaskSpec(key="start", title="Begin", action="write", parameters={"path": "greeting.txt", "content": ""})
    check = Check(kind=CheckKind.COMMAND, command="who='Bob B'\ngrep -q \"$who\" greeting.txt")
    assert (notes, title_for(workflow, values)) == ([], "Greet Bob B")
    assert plan == Plan(
        goal_number=7,
        summary="Greet Bob B",
        made_by="workflow:greet",
        criteria=(Criterion(text="There is a greeting for Bob B", check=check),),
        tasks=(start, write(1), rest(1), write(2), rest(2)),
    )


def test_a_workflow_says_how_it_is_run(tmp_path: Path) -> None:
    workflow = library(tmp_path, greet=GREET).get("greet")

    assert (workflow.run_command, workflow.listed_title, workflow.parameters) == (
        "/run greet who=Ann",
        "Greet …",
        (
            Parameter(name="who", description="whom to greet", pattern="[A-Za-z ]+", example="Ann"),
            Parameter(name="times", default="2"),
        ),
    )


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({}, "greet needs who (whom to greet): /run greet who=Ann"),
        ({"who": " "}, "greet needs who (whom to greet): /run greet who=Ann"),
        ({"who": "Ann", "whom": "Bob"}, "greet has no parameter whom. It takes who, times."),
        ({"who": "Ann;"}, "who can't be “Ann;”: it is whom to greet, such as Ann."),
        ({"who": "A" * 2001}, "who may have 2000 characters at most. Shorten it."),
        (
            {"who": "${start.output}"},
            "who can't be “${start.output}”: a value can't use the output of a task. Write it out.",
        ),
    ],
)
def test_wrong_values_get_one_line(given: dict[str, str], line: str, tmp_path: Path) -> None:
    workflow = library(tmp_path, greet=GREET).get("greet")

    with pytest.raises(WrongInput) as refused:
        values_of(workflow, given)

    assert refused.value.public == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "x"\ntitle = \n', "mine.toml, line 2: Invalid value"),
        ("", "mine.toml: name: Field required; title: Field required; tasks: Field required"),
        ('name = "A b"\ntitle = "x"\ntasks = []', "mine.toml: name: String should match pattern"),
        ("x = " + "[" * 5000, "mine.toml: its brackets are nested too deeply"),
        (BARE + 'depend_on = ["a"]\n', "mine.toml, line 3: task 1 (a): depend_on is no known field and was dropped"),
        (BARE + "\n[[tasks]]\nkey = 'b'\n", "mine.toml, line 9: task 2 (b): title: Field required; action: "),
        (BARE.replace("[[", 'matches = ["x"]\n[['), "mine.toml: matches is no known field and was dropped"),
        (
            BARE + '[parameters.x]\ndefaults = "a"\n',
            "mine.toml: parameters.x.defaults is no known field and was dropped",
        ),
        (BARE + 'depends_on = ["b"]\n', "mine.toml, line 4: Task a depends on b, which does not exist."),
        (BARE + "repeat = 51\n", "mine.toml: repeat must be a whole number from 1 to 50, not “51”."),
        (BARE + '[parameters]\nPATH = "x"\n', "mine.toml: parameters: PATH can't be a name"),
        (BARE + '[parameters]\nround = "x"\n', "mine.toml: parameters: round can't be a name"),
        (BARE + '[parameters.x]\npattern = "("\n', "mine.toml: parameters: the pattern of x is wrong"),
        (
            BARE + '[parameters.x]\ndefault = "a"\npattern = "b"\n',
            "mine.toml: x can't be “a”: it is something that fits b",
        ),
    ],
)
def test_a_wrong_file_gets_one_line_with_its_name_and_where_it_is_wrong(text: str, line: str, tmp_path: Path) -> None:
    assert problem(tmp_path, text).startswith(line)


def test_files_that_are_no_text_or_too_large_are_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "huge.toml").write_text("#" * 300_000)
    (tmp_path / "notes.txt").write_text("no workflow")

    _, problems = Library(tmp_path).load()

    assert list(map(str, problems)) == [
        "bytes.toml: it is not UTF-8 text; save it as UTF-8",
        "folder.toml: it can't be read (Is a directory)",
        "huge.toml: it is larger than 256000 bytes; no workflow needs that",
    ]


def test_a_broken_file_costs_none_of_the_others_and_is_named_when_asked_for(tmp_path: Path) -> None:
    mine = library(tmp_path, broken="name = ", bare=BARE)

    assert [*mine.load()[0]] == sorted([*(path.stem for path in BUILT_IN.glob("*.toml")), "bare"])
    with pytest.raises(WrongInput, match=r"The workflow broken can't be read: broken.toml, line 1: Invalid value"):
        mine.get("broken")


def test_ones_own_workflow_wins_over_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    mine = library(tmp_path, mine=BARE.replace('"bare"', '"machine-health"'))

    assert mine.get("machine-health").source == "mine.toml"


def test_two_of_ones_own_with_one_name_are_a_problem(tmp_path: Path) -> None:
    workflows, problems = library(tmp_path, one=BARE, two=BARE).load()

    assert (workflows["bare"].source, list(map(str, problems))) == (
        "one.toml",
        ["two.toml: there is another bare beside it"],
    )


def test_an_unknown_workflow_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WrongInput) as refused:
        Library(tmp_path / "nowhere").get("magic")

    assert refused.value.public == (
        "There is no workflow “magic”. There are: backup-folder, email-draft, machine-health, meeting-summary, "
        "python-project, report, watch-page."
    )


def test_an_edited_file_counts_at_once(tmp_path: Path) -> None:
    mine = library(tmp_path, bare=BARE)
    before = mine.get("bare").title
    (tmp_path / "bare.toml").write_text(BARE.replace('"Bare"', '"Changed"'))

    assert (before, mine.get("bare").title) == ("Bare", "Changed")


def test_actions_that_do_not_exist_are_a_problem_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "bare.toml").write_text(BARE)

    _, problems = Library(tmp_path, actions=ScriptedActions(ScriptedAction("write"))).load()

    assert str(problems[-1]) == "bare.toml, line 4: Task a: There is no action shell."


def test_the_built_in_workflows_have_no_problems() -> None:
    actions = ScriptedActions(*map(ScriptedAction, ("shell", "write", "http", "wait", "notify", "draft")))

    workflows, problems = Library(actions=actions).load()

    assert problems == []
    assert [*workflows] == sorted(path.stem for path in BUILT_IN.glob("*.toml"))


GATED = (
    BARE.replace("parameters = {}", 'parameters = { command = "true" }')
    + '[[gates]]\ngate = "tests"\ncommand = "sh test.sh"\n'
    + 'rework = [{ key = "fix", title = "Fix", action = "shell", parameters = { command = "sh fix.sh" } }]\n'
)


def test_a_workflow_names_its_gates_and_what_is_done_when_one_says_no(tmp_path: Path) -> None:
    workflow = library(tmp_path, mine=GATED).get("bare")

    plan, _ = plan_for(workflow, {})

    (gate,) = plan.gates
    assert dict(gate.parameters) == {"gate": "tests", "command": "sh test.sh"}
    assert [(task.key, task.title) for task in gate.rework] == [("fix", "Fix")]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('gate = "beauty"', "gate 1: gate: Input should be 'tests', 'security' or 'review'"),
        ('gate = "tests"\nrework = [{ key = "fix" }]', "gate 1: rework.0.title: Field required"),
        (
            'gate = "tests"\nrework = [{ key = "a", title = "A", action = "shell", '
            'parameters = { command = "true" }, depends_on = ["b"] }]',
            "Gate tests: Task a depends on b, which does not exist.",
        ),
    ],
)
def test_a_gate_that_can_not_be_meant_so_is_named(tmp_path: Path, wrong: str, said: str) -> None:
    text = GATED[: GATED.index("[[gates]]")] + f"[[gates]]\n{wrong}\n"

    assert said in problem(tmp_path, text)
