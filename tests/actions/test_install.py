"""The install action: what it takes, and where it puts it."""

import pytest

from executor.actions.install import Install
from executor.actions.launcher import PlainLauncher
from executor.actions.registry import risk_of
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from executor.engine.policy.policy import Policy, Question, reason_to_ask
from tests.actions.conftest import Scene

INSTALL = Install(PlainLauncher())


@pytest.mark.parametrize("package", ["six", "Flask==3.0.0", "uvicorn[standard]", "pandas>=2", "@types/node"])
def test_names_with_and_without_a_version_are_packages(package: str) -> None:
    assert INSTALL.check({"packages": [package]}) == {"packages": [package], "manager": "pip"}


@pytest.mark.parametrize(
    "package",
    [
        "https://evil.example/x.tar.gz",
        "git+https://evil.example/x",
        "--index-url=https://evil.example",
        "-r requirements.txt",
        "../x",
        "/tmp/x",
        "x; rm -rf y",
        "x @ https://evil.example/x",
        "",
    ],
)
def test_nothing_but_a_name_reaches_the_package_manager(package: str) -> None:
    with pytest.raises(WrongInput, match="packages"):
        INSTALL.check({"packages": [package]})


def test_it_says_what_it_installs_and_where() -> None:
    assert INSTALL.describe({"packages": ["six", "attrs"]}) == "installs six, attrs with pip into the goal's own folder"


@pytest.mark.parametrize("package", ["g++", "libstdc++6", "python3.11-venv", "curl=7.88.1-10+deb12u8"])
def test_apt_has_names_of_its_own(package: str) -> None:
    assert INSTALL.check({"packages": [package], "manager": "apt"})["packages"] == [package]


@pytest.mark.parametrize("package", ["-y", "--force-yes", "./x.deb", "x y", "x;y", "@types/node", "X", "x/stable"])
def test_nothing_but_a_name_reaches_apt(package: str) -> None:
    with pytest.raises(WrongInput, match="which is no name that apt takes"):
        INSTALL.check({"packages": [package], "manager": "apt"})


def test_apt_asks_each_time_whatever_was_accepted() -> None:
    apt = {"packages": ["curl"], "manager": "apt"}
    asked = [
        reason_to_ask(
            Question(action="install", parameters=apt, risk=risk_of("install", apt), autonomy=autonomy, accepted=True),
            Policy(unasked=["install"]),
        )
        for autonomy in ("plan", "risky", "full")
    ]

    assert asked == ["It changes this machine for everybody, not only the goal's folder."] * 3
    assert INSTALL.describe(apt) == "installs curl with apt on this machine, for everybody"


async def test_apt_never_waits_for_a_password(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = scene.workspace / "tools"
    tools.mkdir()
    for name, text in (("apt-get", "exit 9"), ("sudo", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")

    result = await INSTALL.run({"packages": ["curl"], "manager": "apt"}, scene.context())

    assert isinstance(result, Result)
    assert result.metadata["stderr"].strip() == (
        "sudo asks for a password here; take the task over, and run: sudo apt-get install -y curl"
    )
    assert result.metadata["exit_code"] == 77


async def test_apt_gets_exactly_the_names_that_were_approved(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = scene.workspace / "tools"
    tools.mkdir()
    for name, text in (("apt-get", "exit 9"), ("sudo", 'shift; echo "$@"')):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")

    result = await INSTALL.run({"packages": ["g++", "curl"], "manager": "apt"}, scene.context())

    assert isinstance(result, Result)
    assert result.output.split()[-4:] == ["Dpkg::Options::=--force-confold", "--", "g++", "curl"]
