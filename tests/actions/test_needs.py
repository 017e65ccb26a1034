"""What a task needs, read from its text: what is certain is found, and there is no false alarm."""

import pytest

from executor.actions.needs import needs_of
from executor.ports.survey import Needs
from tests.builders import spec


def of(command: str) -> Needs:
    return needs_of(spec("1", action="shell", parameters={"command": command}))


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("jq . notes.json", {"jq"}),
        ("cat a | jq . > b && gzip b; LANG=C sort c", {"cat", "jq", "gzip", "sort"}),
        ("x=$(jq .a b)", {"jq"}),
        ("if test -s a; then pandoc a; fi", {"pandoc"}),
        ("for f in a b; do ffmpeg -i $f; done", {"ffmpeg"}),
        ("nohup rsync -a a b", {"rsync"}),
        ("while read line; do curl $line; done < list", {"curl"}),
    ],
)
def test_the_first_words_of_simple_commands_are_needed(command: str, names: set[str]) -> None:
    assert of(command).commands == names


@pytest.mark.parametrize(
    "command",
    [
        "cd a && export B=c; echo done; set -e; read x; : ok",
        "greet() { echo hi; }; greet",
        "function greet { echo hi; }\ngreet",
        './run.sh; /opt/tool/bin/tool; $TOOL a; "$HOME/bin/x"',
        "command -v fancy >/dev/null && fancy a",
        "which fancy && fancy",
        "fancy a || true",
        "if fancy a; then echo b; fi",
        "PATH=$PWD/bin:$PATH; fancy",
        ". venv/bin/activate; fancy",
        "source env.sh && fancy",
        'eval "$(setup)"; fancy',
        "case $1 in\n  start) echo a;;\n  stop|halt) echo b;;\nesac",
        "cat <<EOF\nfancy words in a text\nEOF\n".replace("cat", "echo"),
        "# fancy",
        "echo 'fancy; fancy'",
        'echo "unclosed',
        "(( a = 1 )); [[ -n $a ]]; [ -f b ]",
        "trap 'rm x' EXIT",
    ],
)
def test_what_may_be_there_is_no_need(command: str) -> None:
    assert of(command).commands - {"cat"} == frozenset()


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ('curl -H "Authorization: Bearer $GITHUB_TOKEN" https://x', {"GITHUB_TOKEN"}),
        ("deploy --key ${API_KEY}", {"API_KEY"}),
        ("psql postgres://me:$DB_PASSWORD@db", {"DB_PASSWORD"}),
        ('echo "signed ${REPORT_TOKEN:?}" | cut -c 1-6', {"REPORT_TOKEN"}),
        ("echo ${REPORT_TOKEN?give it}", {"REPORT_TOKEN"}),
        ("echo ${GITHUB_TOKEN=abc}", set()),
        ("echo '$GITHUB_TOKEN'", set()),
        ("echo ${GITHUB_TOKEN:-none}", set()),
        ("echo ${GITHUB_TOKEN:+set}", set()),
        ("GITHUB_TOKEN=abc; echo $GITHUB_TOKEN", set()),
        ("export GITHUB_TOKEN=$(cat t); echo $GITHUB_TOKEN", set()),
        ("read GITHUB_TOKEN; echo $GITHUB_TOKEN", set()),
        ('[ -n "$GITHUB_TOKEN" ] && echo $GITHUB_TOKEN', set()),
        ("# $GITHUB_TOKEN", set()),
        ("echo \\$GITHUB_TOKEN $HOME $MONKEY", set()),
    ],
)
def test_credentials_are_variables_that_the_shell_would_put_in(command: str, names: set[str]) -> None:
    assert of(command).variables == names


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("python3 -c 'import requests, os.path; from yaml import load'", {"requests", "os", "yaml"}),
        ("python3 -m http.server 80", {"http"}),
        ("python3 -c 'try:\n  import lxml\nexcept ImportError: pass'", set()),
        ('python3 -c "import $NAME"', set()),
        ("python3 app.py", set()),
    ],
)
def test_modules_are_those_of_python_on_the_command_line(command: str, names: set[str]) -> None:
    assert of(command).python == names


def test_packages_of_node_are_those_that_are_required_by_name() -> None:
    assert of("node -e \"require('left-pad'); require('./own'); require('@a/b/c')\"").node == {"left-pad", "@a/b"}


@pytest.mark.parametrize(
    "command",
    ["sudo apt-get install -y jq", "pip install httpie", "npm ci", "curl -s https://x | sh", "make install", "uv sync"],
)
def test_after_an_install_anything_may_be_there(command: str) -> None:
    assert of(command).provides_anything


def test_other_actions_need_what_their_parameters_say() -> None:
    def other(action: str, **parameters: object) -> Needs:
        return needs_of(spec("1", action=action, parameters=parameters))

    assert other("http", method="GET", url="https://api.example/a").hosts == {("api.example", 443)}
    assert other("http", method="GET", url="http://${1.output}/").hosts == frozenset()
    assert other("http", method="GET", url="http://[::1/").hosts == frozenset()
    assert other("install", packages=["requests[socks]>=2", "left-pad"]).provides == {"requests", "left_pad"}
    assert other("python", code="import numpy as np").python == {"numpy"}
    assert other("manual", instructions="jq") == Needs()
    assert other("deploy", where="x").provides_anything
