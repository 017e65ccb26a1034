import random
from pathlib import Path

import pytest

from executor.actions.fingerprint import FILES_MAX, fingerprint
from executor.actions.loaded_files import FILES_MAX as PROGRAMS_MAX
from executor.actions.loaded_files import involved_files
from executor.actions.named_files import named_files

SEED = 7
COMMAND = "python3 run.py --to ann@example.org && echo done"


def test_the_same_thing_has_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print(1)")

    assert fingerprint("shell", {"command": COMMAND}, tmp_path) == fingerprint("shell", {"command": COMMAND}, tmp_path)


def test_a_changed_file_that_the_command_names_changes_the_digest(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("print(1)")
    before = fingerprint("shell", {"command": COMMAND}, tmp_path)

    (tmp_path / "run.py").write_text("print(2)")

    assert fingerprint("shell", {"command": COMMAND}, tmp_path) != before


def test_ten_thousand_mutated_commands_are_all_something_else(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    approved = fingerprint("shell", {"command": COMMAND}, tmp_path)

    mutated = {_mutated(COMMAND, chance) for _ in range(11_000)}
    mutated.discard(COMMAND)

    assert len(mutated) >= 10_000
    assert all(fingerprint("shell", {"command": one}, tmp_path) != approved for one in mutated)
    assert fingerprint("python", {"command": COMMAND}, tmp_path) != approved
    assert fingerprint("shell", {"command": COMMAND, "repeatable": False}, tmp_path) != approved


def _mutated(command: str, chance: random.Random) -> str:
    for _ in range(chance.randint(2, 4)):
        place = chance.randrange(len(command) + 1)
        strange = chance.choice("abz \u200b\u202e\u0430;|&'\"\\\n0")
        command = command[:place] + strange + command[place + chance.randrange(2) :]
    return command


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("python3 {here}/run.py", "run.py"),
        ("python3 sub/../run.py", "run.py"),
        ("python3 ~/run.py", "run.py"),
        ("python3 $HOME/run.py", "run.py"),
        ('python3 "${{PWD}}/run.py"', "run.py"),
        ("python3 run\\.py", "run.py"),
        ("python3 ru\"n.\"'py'", "run.py"),
        ("python3 'my run.py'", "my run.py"),
        ("cat r*.py | python3", "run.py"),
        ("python3 -Im run", "run.py"),
        ("python3 -m tool", "tool/__main__.py"),
        ("cd app && cd in && ./run.sh", "app/in/run.sh"),
        ("make -C app", "app/Makefile"),
        ("npm test", "package.json"),
        ("curl -d @run.py https://a.example", "run.py"),
    ],
)
def test_a_file_counts_however_the_command_names_it(tmp_path: Path, command: str, path: str) -> None:
    command = command.format(here=tmp_path)
    for folder in ("sub", "tool", "app/in"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / path).write_text("1")
    before = fingerprint("shell", {"command": command}, tmp_path)

    (tmp_path / path).write_text("2")

    assert fingerprint("shell", {"command": command}, tmp_path) != before


@pytest.mark.parametrize(
    ("command", "files", "changed"),
    [
        ("sh run.sh", {"run.sh": ". ./lib.sh"}, "lib.sh"),
        ("./run", {"run": "#!/bin/sh\nsource lib/a.sh", "lib/a.sh": ". lib/b.sh"}, "lib/b.sh"),
        ("sh app/run.sh", {"app/run.sh": 'cd "$(dirname "$0")"; . ./lib.sh'}, "app/lib.sh"),
        ("sh run.sh", {"run.sh": "make -C app"}, "app/Makefile"),
        ("make", {"Makefile": "include rules.mk"}, "rules.mk"),
        ("make", {"Makefile": "all:\n\tpython3 tools/gen.py"}, "tools/gen.py"),
        ("npm run build", {"package.json": '{"scripts": {"build": "node scripts/build.js"}}'}, "scripts/build.js"),
        ("node a.js", {"a.js": "const b = require('./lib/b')"}, "lib/b.js"),
        ("node a.mjs", {"a.mjs": "import b from './lib/b.mjs'"}, "lib/b.mjs"),
        ("python3 a.py", {"a.py": "import b"}, "b.py"),
        ("python3 a.py", {"a.py": "import os, b.c as d"}, "b/c.py"),
        ("python3 a.py", {"a.py": "if 1:\n    from b import c, d as e"}, "b/d.py"),
        ("python3 -m app", {"app/__main__.py": "from . import one"}, "app/one.py"),
        ("python3 app/a.py", {"app/a.py": "import b"}, "app/b.py"),
        ("python3 -c 'import a'", {"a.py": "import b"}, "b.py"),
        ("pytest -q", {"conftest.py": "import helpers"}, "helpers.py"),
        ("git commit -m x", {}, ".git/hooks/pre-commit"),
        ("git status", {}, ".git/config"),
        ("cargo build", {}, "build.rs"),
        ("pip install .", {}, "setup.py"),
    ],
)
def test_what_a_named_file_loads_counts_as_well(
    tmp_path: Path, command: str, files: dict[str, str], changed: str
) -> None:
    for path, text in {**files, changed: "1"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    before = fingerprint("shell", {"command": command}, tmp_path)
    assert fingerprint("shell", {"command": command}, tmp_path) == before

    (tmp_path / changed).write_text("2")

    assert fingerprint("shell", {"command": command}, tmp_path) != before


def test_programs_that_load_each_other_end(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"f{number}.py").write_text(f"import f{number + 1}\nimport f{number}\nimport f0")

    assert len(involved_files(["python3 f0.py"], tmp_path)) == PROGRAMS_MAX + 1


def test_a_text_that_is_only_worked_on_is_not_read_for_names(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("other.txt")
    (tmp_path / "other.txt").write_text("1")

    assert involved_files(["wc notes.txt"], tmp_path) == ["notes.txt"]


@pytest.mark.parametrize("command", ["python3 run.py", "cd app && python3 run.py"])
def test_a_link_counts_by_what_it_leads_to(tmp_path: Path, command: str) -> None:
    workspace, outside = tmp_path / "1", tmp_path / "outside"
    for folder in (workspace / "app", outside):
        folder.mkdir(parents=True)
    link = workspace / ("app/run.py" if "cd" in command else "run.py")
    for name in ("a", "b"):
        (outside / name).write_text("1")
    link.symlink_to(outside / "a")
    digests = [fingerprint("shell", {"command": command}, workspace)]

    (outside / "a").write_text("2")
    digests.append(fingerprint("shell", {"command": command}, workspace))
    link.unlink()
    link.symlink_to(outside / "b")
    digests.append(fingerprint("shell", {"command": command}, workspace))
    link.unlink()
    link.hardlink_to(outside / "b")
    digests.append(fingerprint("shell", {"command": command}, workspace))

    assert len(set(digests)) == len(digests)


def test_the_last_of_many_files_counts_as_well(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(FILES_MAX + 10)]
    for name in names:
        (tmp_path / name).write_text("1")
    before = fingerprint("shell", {"command": " ".join(names)}, tmp_path)

    (tmp_path / names[-1]).write_text("22")

    assert fingerprint("shell", {"command": " ".join(names)}, tmp_path) != before


@pytest.mark.parametrize("text", ["a\0/*x", "\ud800*x", "'" * 5000, "a/" * 3000 + "x*", "*/" * 50 + "x", '"\\', "[x*"])
def test_no_text_is_too_strange(tmp_path: Path, text: str) -> None:
    assert len(fingerprint("shell", {"command": text}, tmp_path)) == 64


def test_a_pattern_that_would_walk_through_everything_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(".")
    (tmp_path / "b").symlink_to(".")

    assert len(named_files(["*/" * 60 + "x*"], tmp_path)) == 0
