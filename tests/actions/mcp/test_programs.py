"""What a server consists of, and what happens when that changes under an unchanged version."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from executor.actions.mcp.programs import differences, program_of
from executor.domain.risk import Risk
from tests.actions.mcp.conftest import Bench
from tests.toolserver import tool

CALL = {"server": "notes", "tool": "echo", "arguments": {}}


def written(path: Path, text: str = "x", *, runs: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755 if runs else 0o644)
    return path


def npm(folder: Path, **packages: str) -> Path:
    entries = {f"node_modules/{name}": {"version": "1.0.0", "integrity": hashed} for name, hashed in packages.items()}
    return written(folder / "node_modules" / ".package-lock.json", json.dumps({"packages": {"": {}} | entries}))


def local_program(folder: Path) -> list[str]:
    return [str(written(folder / "bin" / "server", runs=True)), str(folder)]


def script(folder: Path) -> list[str]:
    return ["/usr/bin/node", str(written(folder / "server.js")), str(written(folder / "notes.db"))]


def npm_package(folder: Path) -> list[str]:
    npm(folder, notes="sha512-a", dep="sha512-b")
    main = written(folder / "node_modules" / "notes" / "dist" / "index.js", runs=True)
    written(folder / "node_modules" / "notes" / "package.json")
    (folder / "node_modules" / ".bin").mkdir()
    (folder / "node_modules" / ".bin" / "notes").symlink_to(main)
    return [str(folder / "node_modules" / ".bin" / "notes")]


def python_environment(folder: Path) -> list[str]:
    written(folder / "pyvenv.cfg")
    written(folder / "lib" / "python3.11" / "site-packages" / "dep-2.0.dist-info" / "RECORD")
    return [str(written(folder / "bin" / "notes", runs=True))]


def npx(folder: Path) -> list[str]:
    npm(folder / ".npm" / "_npx" / "a1b2", notes="sha512-a")
    return ["npx", "-y", "notes@1.0.0"]


def uvx(folder: Path) -> list[str]:
    written(folder / ".cache" / "uv" / "archive-v0" / "a1b2" / "notes-1.0.dist-info" / "RECORD")
    return ["uvx", "notes==1.0"]


@pytest.mark.parametrize(
    ("made", "names", "touched", "said"),
    [
        (local_program, ["server"], "bin/server", "server is not what it was"),
        (script, ["server.js"], "server.js", "server.js is not what it was"),
        (
            npm_package,
            ["index.js", "the package notes", "notes 1.0.0", "dep 1.0.0"],
            "node_modules/notes/package.json",
            "the package notes is not what it was",
        ),
        (
            python_environment,
            ["notes", "dep 2.0"],
            "lib/python3.11/site-packages/dep-2.0.dist-info/RECORD",
            "dep 2.0 is not what it was",
        ),
        (npx, ["notes 1.0.0"], "", ""),
        (
            uvx,
            ["notes 1.0"],
            ".cache/uv/archive-v0/a1b2/notes-1.0.dist-info/RECORD",
            "notes 1.0 is not what it was",
        ),
    ],
)
def test_a_program_is_known_by_its_parts_and_a_part_that_changes_is_named(
    tmp_path: Path, made: Callable[[Path], list[str]], names: list[str], touched: str, said: str
) -> None:
    command = made(tmp_path)
    before = program_of(command, tmp_path, os.environ["PATH"])
    if touched:
        (tmp_path / touched).write_text("changed")

    after = program_of(command, tmp_path, os.environ["PATH"])

    assert (list(before), differences(before, after)) == (names, [said] if said else [])


def test_another_package_under_the_same_version_is_noticed(tmp_path: Path) -> None:
    command = npx(tmp_path)
    before = program_of(command, tmp_path, "")
    npm(tmp_path / ".npm" / "_npx" / "a1b2", notes="sha512-other", more="sha512-c")

    assert differences(before, program_of(command, tmp_path, "")) == [
        "notes 1.0.0 is not what it was",
        "more 1.0.0 is new",
    ]


def test_many_changes_are_counted_and_what_is_gone_is_named() -> None:
    many = {f"part {number}": "a" for number in range(5)}

    assert differences(many, {}) == ["part 0 is gone", "part 1 is gone", "part 2 is gone", "and 2 more changes"]


def test_a_strangers_folder_can_make_us_read_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / ".npm" / "_npx" / "a" / "node_modules"
    place.mkdir(parents=True)
    (place / ".package-lock.json").symlink_to("/etc/passwd")
    pipe = tmp_path / ".npm" / "_npx" / "b" / "node_modules"
    pipe.mkdir(parents=True)
    os.mkfifo(pipe / ".package-lock.json")
    written(tmp_path / ".npm" / "_npx" / "c" / "node_modules" / ".package-lock.json", "[" * 100_000)

    assert program_of(["npx", "notes"], tmp_path, os.environ["PATH"]) == {}


@pytest.fixture
def changing(bench: Bench, tmp_path: Path) -> Path:
    """The server's own program, which the test may change."""
    program = tmp_path / "server.py"
    program.write_text(Path(bench.server.command[3]).read_text())
    bench.configure(command=(*bench.server.command[:3], str(program), *bench.server.command[4:]), trust=("*",))
    bench.server.offers(tool("echo", readOnlyHint=True, idempotentHint=True))
    return program


async def test_a_program_that_changes_revokes_what_was_accepted_until_a_person_lets_it_through(
    bench: Bench, changing: Path
) -> None:
    await bench.servers.look("notes")
    command = bench.servers.place("notes").command
    changing.write_text(changing.read_text() + "# other\n")
    await bench.restart(command=command, trust=("*",))
    await bench.servers.look("notes")
    action = bench.registry.get("mcp")

    assert (Risk.CHANGED in bench.registry.risk("mcp", CALL), action.repeatable(CALL)) == (True, False)
    assert action.describe(CALL) == (
        "notes: echo\nThe server's program has changed since it was accepted:\n• server.py is not what it was"
    )
    [report] = await bench.servers.report()
    assert report["notes"] == ["its program has changed since it was accepted: server.py is not what it was"]

    await bench.result("echo")

    assert Risk.CHANGED not in bench.registry.risk("mcp", CALL)


async def test_an_approval_is_bound_to_the_program(bench: Bench, changing: Path) -> None:
    before = await bench.registry.ready("mcp", CALL)
    command = bench.servers.place("notes").command
    changing.write_text(changing.read_text() + "# other\n")
    await bench.restart(command=command, trust=("*",))

    after = await bench.registry.ready("mcp", CALL)

    assert before != after


async def test_an_unchanged_program_is_the_same_after_a_restart(bench: Bench, changing: Path) -> None:
    before = await bench.registry.ready("mcp", CALL)
    await bench.restart(command=bench.servers.place("notes").command, trust=("*",))

    after = await bench.registry.ready("mcp", CALL)

    assert (before == after, Risk.CHANGED in bench.registry.risk("mcp", CALL)) == (True, False)
