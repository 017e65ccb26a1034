"""The python action: a program in the goal's folder, whose references arrive as values."""

import stat
import sys
from pathlib import Path

import pytest

from executor.actions.python import Python
from executor.actions.python_child import parsed
from executor.actions.registry import Registry
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from tests.actions.conftest import Scene
from tests.actions.test_references import HOSTILE

PLACES = {
    "bare": "print(${1.output}, end='|')",
    "in double quotes": 'print("${1.output}", end="|")',
    "in three quotes": "print('''${1.output}''', end='|')",
    "in a raw string": 'print(r"${1.output}", end="|")',
    "in an f-string": "print(f'{1 + 1 == 2 and 1 or 0:d}${1.output}'[1:], end='|')",
    "in a field of an f-string": "print(f'{${1.output}}', end='|')",
    "in bytes": 'import sys; sys.stdout.buffer.write(b"${1.output}|")',
    "in a list": "print([${1.output}][0], end='|')",
    "in a dictionary": "print({${1.output}: 1}.popitem()[0], end='|')",
    "beside a comment": "# isn't ${1.output}\nprint(${1.output}, end='|')",
    "twice": "x = ${1.output} + '${1.output}'\nprint(x[: len(x) // 2], end='|')",
}


async def ran(scene: Scene, code: str, outputs: dict[str, str] | None = None) -> Result:
    """As the engine runs it: checked, filled, run."""
    registry = Registry([Python(scene.launcher)])
    action = registry.get("python")
    parameters = registry.fill(action.check({"code": code}), "python", outputs or {})
    result = await action.run(parameters, scene.context())
    assert isinstance(result, Result)
    return result


async def test_a_program_runs_in_the_goals_folder_and_prints_its_output(scene: Scene) -> None:
    code = "from pathlib import Path\nPath('made.txt').write_text('x')\nprint('done', __name__)"

    result = await ran(scene, code)

    assert (result.success, result.output, (scene.workspace / "made.txt").read_text()) == (True, "done __main__\n", "x")


EVIL = ["'); open('pwned', 'w'); ('", "{open('pwned', 'w')}", "\n__import__('os')\n", *HOSTILE.values()]


@pytest.mark.parametrize("place", PLACES)
def test_a_hostile_output_is_a_value_and_never_program(place: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for evil in EVIL:
        exec(compile(parsed(PLACES[place], "code", {"1": evil}), "code", "exec"), {})
        sys.stdout.flush()

        assert capsysbinary.readouterr().out.decode() == f"{evil}|"


async def test_every_output_reaches_the_programs_own_process(scene: Scene) -> None:
    result = await ran(scene, "print(${1.output}, b'${2.output}', sep='|')", {"1": "\n".join(EVIL), "2": "ü"})

    assert (result.output, result.error) == ("\n".join(EVIL).rstrip("\n") + "|b'\\xc3\\xbc'\n", None)
    assert not (scene.workspace / "pwned").exists()


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("import ${1.output}", "in a name of the program"),
        ("x.${1.output}", "in a name of the program"),
        ("def ${1.output}(): pass", "in a name of the program"),
        ("${1.output} = 1", "in a name of the program"),
        ("f(${1.output}=1)", "in a name of the program"),
    ],
)
def test_a_reference_that_would_be_program_is_refused_with_the_plan(code: str, where: str) -> None:
    with pytest.raises(WrongInput, match=where):
        Python(Scene(Path()).launcher).check({"code": code})


@pytest.mark.parametrize(
    "code",
    [
        "eval('${1.output}')",
        "exec(f'x = ${1.output}')",
        "import os\nos.system('ls ' + ${1.output})",
        "import subprocess\nsubprocess.run('ls ${1.output}', shell=True)",
        "import subprocess\nsubprocess.run(['sh', '-c', ${1.output}])",
    ],
)
def test_what_would_be_evaluated_may_only_be_a_whole_number(scene: Scene, code: str) -> None:
    registry = Registry([Python(scene.launcher)])

    with pytest.raises(WrongInput, match="may only be a whole number"):
        registry.fill({"code": code}, "python", {"1": "touch pwned"})
    assert registry.fill({"code": code}, "python", {"1": "12"})["outputs"] == {"1": "12"}


def test_what_is_no_program_is_refused_with_its_line() -> None:
    with pytest.raises(WrongInput, match="python: code is no Python: line 2: "):
        Python(Scene(Path()).launcher).check({"code": "x = 1\nif x\n"})


async def test_a_failure_shows_the_programs_own_lines(scene: Scene) -> None:
    result = await ran(scene, "x = ${1.output}\nraise KeyError(x)  # here", {"1": "secret sauce"})

    stderr = result.metadata["stderr"]
    assert (result.error, "line 2, in <module>" in stderr) == ("exit code 1", True)
    assert "raise KeyError(x)  # here" in stderr
    assert stderr.endswith("KeyError: 'secret sauce'\n")


async def test_nothing_of_it_stays_in_the_workspace(scene: Scene) -> None:
    await ran(scene, "import sys; print(sys.argv)", {"1": "x"})

    left = [path.name for path in (scene.workspace / ".milepost").iterdir()]
    assert sorted(left) == [".gitignore", "tmp"]


async def test_the_goals_own_environment_is_the_one_that_runs_it(scene: Scene) -> None:
    own = scene.workspace / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\necho "own environment"\nexec {sys.executable} "$@"\n')
    own.chmod(own.stat().st_mode | stat.S_IXUSR)

    result = await ran(scene, "print('ran')")

    assert result.output == "own environment\nran\n"


async def test_a_program_gets_nothing_of_our_environment(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_TELEGRAM__TOKEN", "12:canary")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")

    result = await ran(scene, "import os; print(*sorted(os.environ))")

    names = result.output.split()
    assert ("MILEPOST_TELEGRAM__TOKEN" in names, "PYTHONSTARTUP" in names, "HOME" in names) == (False, False, True)


async def test_an_answer_that_only_looks_like_a_reference_stays_as_it_is(scene: Scene) -> None:
    result = await ran(scene, "print('${2.output}', ${1.output})", {"1": "${2.output}"})

    assert result.output == "${2.output} ${2.output}\n"
