"""Actions that the owner of this machine has configured."""

from typing import Any

import pytest

from executor.actions.mcp.servers import Servers
from executor.actions.outfit import outfit
from executor.actions.own import Own, Recipe
from executor.domain.errors import Unconfigured, WrongInput
from executor.domain.risk import Risk
from tests.actions.conftest import Scene
from tests.actions.test_registry import Greet
from tests.fakes import ManualClock, ScriptedAction

EVIL = "Ann; touch pwned $(touch pwned) `touch pwned` '\""


def recipe(command: str | tuple[str, ...], **changes: Any) -> Recipe:
    return Recipe(**{"name": "greet", "command": command, "parameters": {"who": "whom to greet"}} | changes)


@pytest.mark.parametrize(
    "command",
    [
        ("printf", "%s", "{who}"),
        ("printf", "%s{}", "{who}", "{other}"),
        ("sh", "-c", 'printf %s "$who"'),
        'printf %s "$who"',
        "printf %s $who",
    ],
)
async def test_a_parameter_arrives_as_data_however_it_is_written(scene: Scene, command: str | tuple[str, ...]) -> None:
    action = Own(recipe(command), scene.launcher)

    result = await action.run(action.check({"who": EVIL}), scene.context())

    assert result.success
    assert "".join(result.output.split()).startswith("".join(EVIL.split()))
    assert not (scene.workspace / "pwned").exists()


async def test_a_placeholder_is_replaced_inside_one_argument(scene: Scene) -> None:
    action = Own(recipe(("printf", "[%s]", "--to={who}", "{who}")), scene.launcher)

    result = await action.run({"who": "a b"}, scene.context())

    assert result.output == "[--to=a b][a b]"


async def test_what_fails_is_a_failure_with_its_exit_code(scene: Scene) -> None:
    result = await Own(recipe("exit 3"), scene.launcher).run({"who": ""}, scene.context())

    assert (result.success, result.metadata["exit_code"]) == (False, 3)


async def test_a_program_that_is_not_there_is_a_failure_in_one_line(scene: Scene) -> None:
    result = await Own(recipe(("no-such-program",)), scene.launcher).run({"who": ""}, scene.context())

    assert (result.success, result.metadata["exit_code"]) == (False, 127)


def test_the_card_shows_the_whole_command_and_every_parameter(scene: Scene) -> None:
    action = Own(recipe(("greet", "--to={who}")), scene.launcher)

    assert action.describe({"who": "Ann Lee"}) == "`greet '--to={who}'`\nwho = Ann Lee"


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        ({}, "greet: who is missing (whom to greet)."),
        ({"who": "a", "how": "b"}, "greet: how is not a parameter; known are who."),
        ({"who": ["a"]}, "greet: who is ['a']; expected text."),
        ({"who": "a\x00"}, "greet: who: it holds a NUL character, which no command can take."),
        ({"who": "a" * 70_000}, "greet: who is longer than 65,536 bytes."),
    ],
)
def test_wrong_parameters_are_one_line(scene: Scene, parameters: dict[str, Any], line: str) -> None:
    with pytest.raises(WrongInput) as refused:
        Own(recipe("true"), scene.launcher).check(parameters)

    assert refused.value.public == line


def test_a_number_is_a_text_as_well(scene: Scene) -> None:
    assert Own(recipe("true"), scene.launcher).check({"who": 5}) == {"who": "5"}


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            "greet {who}",
            '[actions.greet]: a shell reads this command; write "$who" instead of {who}.',
        ),
        (("{who}",), "[actions.greet]: {who} can't be the program itself."),
        (
            ("bash", "-c", "greet {who}"),
            '[actions.greet]: {who} stands in the program of bash; write "$who" there.',
        ),
        (
            ("env", "python3", "-c", "print('{who}')"),
            '[actions.greet]: {who} stands in the program of python3; write "$who" there.',
        ),
    ],
)
def test_a_command_that_would_run_a_parameter_is_refused_at_the_start(
    scene: Scene, command: str | tuple[str, ...], line: str
) -> None:
    with pytest.raises(Unconfigured) as refused:
        Own(recipe(command), scene.launcher)

    assert refused.value.public == line


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PATH", "PYTHONPATH", "NODE_OPTIONS", "GIT_SSH_COMMAND", "BASH_ENV"])
def test_a_parameter_that_would_steer_other_programs_is_refused_at_the_start(scene: Scene, name: str) -> None:
    with pytest.raises(Unconfigured) as refused:
        Own(Recipe(name="greet", command=("true",), parameters={"who": "", name: ""}), scene.launcher)

    assert refused.value.public == (
        f"[actions.greet]: the parameter {name} would decide what other programs load and run. Give it another name."
    )


@pytest.mark.parametrize(
    ("risk", "facts", "repeatable"),
    [
        ("low", {Risk.WRITES}, True),
        ("medium", {Risk.WRITES, Risk.OUTSIDE}, False),
        ("high", {Risk.WRITES, Risk.OUTSIDE, Risk.IRREVERSIBLE}, False),
    ],
)
def test_the_risk_is_what_the_owner_says(scene: Scene, risk: str, facts: set[Risk], repeatable: bool) -> None:
    action = Own(recipe("true", risk=risk), scene.launcher)

    assert (action.risk({}), action.repeatable({})) == (facts, repeatable)


def test_a_model_is_told_the_parameters(scene: Scene) -> None:
    assert Own(recipe("true"), scene.launcher).line == (
        'greet {"who": str}: an action of this machine\'s owner (who: whom to greet)'
    )


@pytest.fixture
def servers(scene: Scene) -> Servers:
    def nothing_starts(work: Any, name: str) -> Any:
        raise AssertionError(name)

    return Servers([], folder=scene.workspace, launcher=scene.launcher, start=nothing_starts, clock=ManualClock())


def test_a_name_of_milepost_can_not_be_taken(scene: Scene, servers: Servers) -> None:
    with pytest.raises(Unconfigured, match="the name is taken"):
        outfit([ScriptedAction("greet")], servers, [recipe("true")], scene.launcher)


def test_a_table_without_a_command_needs_an_installed_action(scene: Scene, servers: Servers) -> None:
    with pytest.raises(Unconfigured, match="has no command, and no installed package brings an action of that name"):
        outfit([], servers, [recipe("")], scene.launcher)


def test_what_the_owner_says_of_an_installed_action_counts(
    scene: Scene, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("executor.actions.outfit.installed_actions", lambda taken: ([Greet()], []))

    found = outfit([], servers, [recipe("", risk="low")], scene.launcher)

    assert found.actions.risk("greet", {}) == {Risk.WRITES}
    assert (found.own, found.installed) == ((), ("greet",))
