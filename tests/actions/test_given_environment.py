"""What an attempt is given reaches its command, and steers no other program."""

import pytest

from executor.actions.launcher import PlainLauncher, harmless
from executor.actions.shell import run_shell
from tests.actions.conftest import Scene

STEERING = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS",
    "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "BASH_ENV", "ENV", "PERL5OPT", "RUBYOPT", "PATH", "HOME", "IFS",
    "PROMPT_COMMAND", "ld_preload", "MILEPOST_ATTEMPT", "BASH_FUNC_ls%%",
]  # fmt: skip


@pytest.mark.parametrize("name", STEERING)
def test_a_name_that_steers_programs_is_left_out(name: str) -> None:
    assert harmless({name: "x", "PUSH_TOKEN": "y", "GITHUB_TOKEN": "z"}) == {"PUSH_TOKEN": "y", "GITHUB_TOKEN": "z"}


async def test_a_command_gets_the_value_and_not_the_steering(scene: Scene) -> None:
    context = scene.context(environment={"PUSH_TOKEN": "abc", "BASH_ENV": "/evil", "PATH": "/evil"})

    result = await run_shell(
        'echo "$PUSH_TOKEN ${BASH_ENV-unset}"; test "$PATH" != /evil', context, PlainLauncher(), 60
    )

    assert (result.success, result.output.strip()) == (True, "abc unset")
