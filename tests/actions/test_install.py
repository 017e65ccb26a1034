"""The install action: what it takes, and where it puts it."""

import pytest

from executor.actions.install import Install
from executor.actions.launcher import PlainLauncher
from executor.domain.errors import WrongInput

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
