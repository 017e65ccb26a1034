"""What an attempt is given reaches its command, and steers no other program."""

import subprocess
from typing import Any

import pytest

from executor.actions.bounds import Bounds
from executor.actions.launcher import Lasting, Launch, PlainLauncher, harmless
from executor.actions.sandbox.bubblewrap import BubblewrapLauncher, Sandbox
from executor.actions.sandbox.mounts import Hidden
from executor.actions.shell import run_shell
from executor.domain.secret import why_no_name
from tests.actions.conftest import Scene

STEERING = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS",
    "GIT_SSH_COMMAND", "GIT_CONFIG_COUNT", "BASH_ENV", "ENV", "PERL5OPT", "RUBYOPT", "PATH", "HOME", "IFS",
    "PROMPT_COMMAND", "ld_preload", "MILEPOST_ATTEMPT", "BASH_FUNC_ls%%", "PYTHONHOME", "PYTHONUSERBASE", "PERL5LIB",
    "RUBYLIB", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "GIT_CONFIG_GLOBAL", "GIT_EXEC_PATH", "MAKEFLAGS",
    "MAKEFILES", "RUSTC_WRAPPER", "CC", "CLASSPATH", "JAVA_TOOL_OPTIONS", "DOTNET_STARTUP_HOOKS", "LUA_INIT",
    "PHPRC", "LESSOPEN", "SSH_ASKPASS", "BROWSER", "TAR_OPTIONS", "GCONV_PATH", "GLIBC_TUNABLES", "OPENSSL_CONF",
    "SSL_CERT_FILE", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "XDG_CONFIG_HOME", "ZDOTDIR", "NPM_CONFIG_PREFIX",
    "PIP_CONFIG_FILE", "DOCKER_HOST", "KUBECONFIG", "RSYNC_RSH", "SHELLOPTS", "PS4", "TMPDIR", "SSLKEYLOGFILE",
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["GIT_TOKEN", "GIT_SSH_KEY", "NPM_TOKEN", "NPM_CONFIG_AUTH_TOKEN", "CARGO_REGISTRY_TOKEN", "PIP_INDEX_URL",
     "PGPASSWORD", "DOCKER_PASSWORD", "cc", "browser", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "SSH_KEY", "CCTOKEN"],
)  # fmt: skip
def test_a_name_of_a_secret_is_not_taken_for_one(name: str) -> None:
    assert (harmless({name: "x"}), why_no_name(name)) == ({name: "x"}, "")


@pytest.mark.parametrize("name", STEERING)
def test_a_name_that_steers_programs_is_left_out(name: str) -> None:
    assert harmless({name: "x", "PUSH_TOKEN": "y", "GITHUB_TOKEN": "z"}) == {"PUSH_TOKEN": "y", "GITHUB_TOKEN": "z"}


async def test_a_command_gets_the_value_and_not_the_steering(scene: Scene) -> None:
    context = scene.context(environment={"PUSH_TOKEN": "abc", "BASH_ENV": "/evil", "PATH": "/evil"})

    result = await run_shell(
        'echo "$PUSH_TOKEN ${BASH_ENV-unset}"; test "$PATH" != /evil', context, PlainLauncher(), 60
    )

    assert (result.success, result.output.strip()) == (True, "abc unset")


async def test_no_value_stands_on_a_command_line(scene: Scene) -> None:
    value = "cnry-argv-5c1f0e"
    context = scene.context(environment={"PUSH_TOKEN": value})

    result = await run_shell(
        'test -n "$PUSH_TOKEN"; echo ran; cat /proc/[0-9]*/cmdline 2>&1 | tr "\\0" " "; true',
        context,
        PlainLauncher(),
        60,
    )

    assert result.output.startswith("ran")
    assert value not in result.output
    assert value not in str(scene.started)


def test_a_sandbox_hands_values_on_in_the_environment_alone(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    value, started = "cnry-argv-5c1f0e", list[Any]()
    place = scene.workspace.parent.parent
    launcher = BubblewrapLauncher(
        Sandbox(
            program="bwrap",
            version=(0, 8, 0),
            folders=place / "workspaces",
            filters=place / "filter",
            hidden=Hidden([place / "data"]),
            bounds=Bounds(memory_mb=100, cpu_s=1),
        )
    )
    monkeypatch.setattr(subprocess, "Popen", lambda words, **how: started.append((words, how["env"])))
    given = {"PATH": "/usr/bin:/bin", "PUSH_TOKEN": value}

    launcher.launch(
        Launch(arguments=["true"], workspace=scene.workspace, environment=given, stdin=0, stdout=1, stderr=2)
    )
    spawn = launcher.lasting(Lasting(arguments=["true"], workspace=scene.workspace, environment=given))

    [(words, environment)] = started
    assert value not in " ".join([*words, *spawn.arguments])
    assert environment["PUSH_TOKEN"] == spawn.environment["PUSH_TOKEN"] == value
