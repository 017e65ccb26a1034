"""What a command gets from the goal's folder without naming it is part of what was approved."""

from pathlib import Path
from typing import Any

import pytest

from executor.actions.fingerprint import fingerprint

SITE = ".venv/lib/python3.11/site-packages"


def changed(workspace: Path, action: str, parameters: dict[str, Any], files: dict[str, str], path: str) -> bool:
    """Whether it is something else once `path` is written."""
    for name, text in files.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)
    before = fingerprint(action, parameters, workspace)
    assert fingerprint(action, parameters, workspace) == before

    (workspace / path).parent.mkdir(parents=True, exist_ok=True)
    (workspace / path).write_text("another")

    return fingerprint(action, parameters, workspace) != before


@pytest.mark.parametrize(
    ("command", "files", "path"),
    [
        ("python3 a.py", {"a.py": "from b import (\n    c,\n)", "b.py": "1"}, "b.py"),
        ("python3 a.py", {"a.py": "if 1: import b", "b.py": "1"}, "b.py"),
        ("python3 a.py", {"a.py": "__import__('b')", "b.py": "1"}, "b.py"),
        ("python3 a.py", {"a.py": "import json"}, "re.py"),
        ("python3 a.py", {"a.py": "import b"}, "b.so"),
        ("python3 a.py", {"a.py": "1", f"{SITE}/x/y.py": "1"}, f"{SITE}/x.pth"),
        ("python3 a.py", {"a.py": "import x", f"{SITE}/x/__init__.py": "1"}, f"{SITE}/x/__init__.py"),
        ("python3 app", {"app/__main__.py": "1"}, "app/__main__.py"),
        ("sh app/run.sh", {"app/run.sh": '. "$(dirname "$0")/lib.sh"', "app/lib.sh": "1"}, "app/lib.sh"),
        ("sh run", {"run": ". ./lib", "lib": ". ./deep", "deep": "1"}, "deep"),
        ("sh a.sh", {"a.sh": "#" * 70_000 + "\n. ./b.sh", "b.sh": "1"}, "b.sh"),
        ("sh $'r\\x75n.sh'", {"run.sh": "1"}, "run.sh"),
        ("X=run; sh $X.sh", {"run.sh": "1"}, "run.sh"),
        ("sh [r]un.sh", {"run.sh": "1"}, "run.sh"),
        ("cat {a,b}.sh | sh", {"a.sh": "1", "b.sh": "1"}, "b.sh"),
        ("make", {"Makefile": "D=conf\ninclude $(D)/rules.mk", "conf/rules.mk": "1"}, "conf/rules.mk"),
        ("npm run b", {"package.json": '{"scripts": {"b": "vite"}}'}, "vite.config.js"),
        ("npm run b", {"package.json": '{"scripts": {"b": "vite"}}'}, "node_modules/.bin/vite"),
        ("node a.js", {"a.js": "require('left')"}, "node_modules/left/index.js"),
        ("run-parts hooks", {"hooks/a": "1"}, "hooks/b"),
        ("pytest", {"test_a.py": "1"}, "test_a.py"),
        ("git push", {".git/config": "1"}, ".venv/bin/git"),
        ("git push", {".git/config": "1"}, ".git/refs/heads/main"),
        ("git push", {".git/config": "1"}, ".config/git/config"),
        ("git commit -m x", {".git/config": "[core]\nhooksPath = h"}, "h/pre-commit"),
        ("git commit -m x", {".git/config": "1"}, ".git/hooks/post-commit"),
        ("curl https://a.example", {}, ".curlrc"),
        ("curl https://a.example", {}, ".venv/bin/curl"),
        ("wget https://a.example", {}, ".netrc"),
        ("pip install x", {}, ".config/pip/pip.conf"),
        ("rsync -r pub/ host:x", {"pub/a.html": "1"}, "pub/b.html"),
        ("cd pub && tar cz . | ssh host", {"pub/a.html": "1"}, "secret.html"),
        ("docker build .", {"Dockerfile": "COPY . /"}, "data/new.csv"),
        ("cargo run", {"Cargo.toml": "1"}, "src/main.rs"),
        ("gcc a.c -o a && ./a", {"a.c": '#include "b.h"'}, "b.h"),
        ("psql -f a.sql", {"a.sql": "\\i b.sql"}, "b.sql"),
        ("terraform apply", {"main.tf": "1"}, "main.tf"),
    ],
)
def test_what_a_command_loads_unnamed_counts(tmp_path: Path, command: str, files: dict[str, str], path: str) -> None:
    assert changed(tmp_path, "shell", {"command": command}, files, path)


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("python", {"code": "import importlib; importlib.import_module('b')"}),
        ("wait", {"command": 'test -n "$(./probe)"'}),
        ("install", {"packages": ["x"]}),
        ("deploy", {"target": "prod"}),
    ],
)
def test_whatever_else_runs_programs_is_bound_to_them_as_well(
    tmp_path: Path, action: str, parameters: dict[str, Any]
) -> None:
    assert changed(tmp_path, action, parameters, {"a.py": "1"}, "b.py")


def test_a_file_that_becomes_a_program_counts(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("#!/bin/sh")
    before = fingerprint("shell", {"command": "run-all"}, tmp_path)

    (tmp_path / "notes.txt").chmod(0o755)

    assert fingerprint("shell", {"command": "run-all"}, tmp_path) != before


def test_a_program_elsewhere_on_this_machine_counts(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "1", tmp_path / "srv"

    workspace.mkdir()

    assert changed(workspace, "shell", {"command": f"sh {elsewhere}/run.sh"}, {"../srv/run.sh": "1"}, "../srv/run.sh")


@pytest.mark.parametrize(
    ("action", "parameters", "path"),
    [
        ("shell", {"command": "python3 run.py"}, "result.csv"),
        ("shell", {"command": "python3 run.py > out/report"}, "out/report"),
        ("shell", {"command": "python3 run.py 2>> run.log"}, "run.log"),
        ("shell", {"command": "curl -X POST -d x https://a.example/pay"}, "run.py"),
        ("shell", {"command": "python3 run.py"}, ".milepost/tmp/x.py"),
        ("shell", {"command": "git push"}, ".git/index"),
        ("wait", {"seconds": 5}, "run.py"),
        ("http", {"method": "POST", "url": "https://a.example/pay", "body": "x"}, "run.py"),
        ("mcp", {"server": "a", "tool": "b", "arguments": {}}, "run.py"),
    ],
)
def test_what_makes_no_difference_asks_nobody_again(
    tmp_path: Path, action: str, parameters: dict[str, Any], path: str
) -> None:
    assert not changed(tmp_path, action, parameters, {"run.py": "1", ".git/config": "1"}, path)


def test_a_file_that_is_written_and_then_run_counts(tmp_path: Path) -> None:
    command = {"command": "sh <run.txt; echo x > run.txt"}

    assert changed(tmp_path, "shell", command, {"run.txt": "1"}, "run.txt")


def test_where_output_goes_counts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "log.txt").symlink_to("a/log.txt")
    (tmp_path / "a/log.txt").write_text("1")
    (tmp_path / "b/log.txt").write_text("1")
    before = fingerprint("shell", {"command": "date > log.txt"}, tmp_path)

    (tmp_path / "log.txt").unlink()
    (tmp_path / "log.txt").symlink_to("b/log.txt")

    assert fingerprint("shell", {"command": "date > log.txt"}, tmp_path) != before
