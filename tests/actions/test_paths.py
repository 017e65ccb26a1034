"""No path leads out of a goal's folder, with the kernel's help and without."""

import contextlib
import os
import socket
import threading
from pathlib import Path

import pytest

from executor.actions.paths import Folder
from executor.actions.read import Read
from executor.actions.write import Write
from executor.domain.errors import WrongInput
from executor.domain.outcome import Result
from tests.actions.conftest import Scene

SECRET = "a secret of somebody else"


@pytest.fixture
def outside(tmp_path: Path, scene: Scene) -> Path:
    """A file outside, and every trap inside that leads to it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    (tmp_path / "workspaces" / "1-evil").mkdir()
    (tmp_path / "workspaces" / "1-evil" / "secret").write_text(SECRET)
    inside = scene.workspace
    (inside / "sub").mkdir()
    (inside / "sub" / "up").symlink_to("..")
    (inside / "file").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "relative").symlink_to("../../outside")
    (inside / "magic").symlink_to("/proc/self/root")
    (inside / "cwd").symlink_to("/proc/self/cwd")
    (inside / "loop").symlink_to("loop")
    os.link(outside / "secret", inside / "hard")
    os.mkfifo(inside / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(inside, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket")  # its full name would be too long for a socket
        os.close(here)
    return outside


ATTACKS = [
    "../outside/secret",
    "../1-evil/secret",
    "sub/../../outside/secret",
    "sub/up/../secret",
    "sub/up/up/../../outside/secret",
    "/etc/passwd",
    "//etc/passwd",
    "/proc/self/environ",
    "/dev/stdin",
    "file",
    "folder/secret",
    "relative/secret",
    "magic/etc/passwd",
    "cwd/pyproject.toml",
    "loop",
    "loop/x",
    "hard",
    "pipe",
    "socket",
    "sub",
    "sub/",
    "pipe/x",
    "file\x00.txt",
    "../outside/secret\x00.txt",
    "",
    " ",
    ".",
    "./",
    "x" * 300,
    "x/" * 2048 + "x",
    "\ud800",
]


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize("path", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_is_refused_with_one_line_and_harms_nothing(
    scene: Scene, outside: Path, path: str, kernel: bool
) -> None:
    folder = Folder(scene.workspace, kernel=kernel)

    for attempt in (
        lambda: folder.reading(path).__enter__(),
        lambda: folder.write(path, b"overwritten"),
        lambda: folder.append(path, b"overwritten"),
    ):
        with pytest.raises(WrongInput) as refusal:
            attempt()
        assert "\n" not in refusal.value.public
        assert refusal.value.public.endswith(".")

    assert {file.name: file.read_text() for file in outside.iterdir()} == {"secret": SECRET}
    assert not list(scene.workspace.rglob("*.part"))


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize(
    "path", ["notes", "./notes", "a//b/./notes", ".hidden", "Ｆile", "nafé\u0301.txt", "dots...", "-rf"]
)
def test_ordinary_paths_work(scene: Scene, path: str, kernel: bool) -> None:
    folder = Folder(scene.workspace, kernel=kernel)

    written = folder.write(path, b"one")
    added = folder.append(path, b" two")

    with folder.reading(path) as file:
        assert (written, added, os.read(file, 100)) == (3, 7, b"one two")


def test_a_link_that_stays_inside_may_be_read(scene: Scene) -> None:
    (scene.workspace / "real").write_text("x")
    (scene.workspace / "link").symlink_to("real")

    with Folder(scene.workspace).reading("link") as file:
        assert os.read(file, 10) == b"x"


def test_a_file_that_is_written_again_keeps_its_permissions(scene: Scene) -> None:
    script = scene.workspace / "run.sh"
    script.write_text("old")
    script.chmod(0o750)

    Folder(scene.workspace).write("run.sh", b"new")

    assert (script.read_text(), script.stat().st_mode & 0o777) == ("new", 0o750)


@pytest.mark.parametrize("kernel", [True, False])
def test_a_folder_that_is_swapped_for_a_link_meanwhile_lets_nothing_out(
    scene: Scene, outside: Path, kernel: bool
) -> None:
    """The attacker swaps in a loop, as fast as it can; 1,000 reads and 200 writes run against it."""
    inside, over = scene.workspace, threading.Event()
    (inside / "good").mkdir()
    (inside / "good" / "secret").write_text("harmless")
    (inside / "bad").symlink_to(outside)

    def swap() -> None:
        while not over.is_set():
            for name in ("good", "bad"):
                with contextlib.suppress(OSError):  # a write made the folder in between
                    (inside / name).rename(inside / "target")
                with contextlib.suppress(OSError):
                    (inside / "target").rename(inside / name)

    attacker = threading.Thread(target=swap)
    attacker.start()
    seen, folder = set(), Folder(inside, kernel=kernel)
    try:
        for turn in range(1200):
            try:
                if turn % 6 == 0:
                    folder.write("target/written", b"x")
                    continue
                with folder.reading("target/secret") as file:
                    seen.add(os.read(file, 100))
            except WrongInput:
                continue
    finally:
        over.set()
        attacker.join()

    assert seen <= {b"harmless"}
    assert [file.name for file in outside.iterdir()] == ["secret"]


# ---------------------------------------------------------------------------------------------- write and read


async def run(action: Write | Read, scene: Scene, /, **parameters: object) -> Result:
    result = await action.run(action.check(parameters), scene.context(output_bytes_max=1000))
    assert isinstance(result, Result)
    metadata = dict(result.metadata)
    metadata.pop("execution_time")
    return Result(**(result.record() | {"metadata": metadata}))


async def test_write_makes_the_folders_and_reports_the_size(scene: Scene) -> None:
    result = await run(Write(), scene, path="src/app/main.py", content="print('ü')\n")

    assert result == Result(
        success=True,
        result="src/app/main.py, 12 bytes",
        output="src/app/main.py",
        metadata={"file_path": "src/app/main.py", "file_size": 12},
    )
    assert (scene.workspace / "src/app/main.py").read_text() == "print('ü')\n"


async def test_write_can_add_to_a_file(scene: Scene) -> None:
    await run(Write(), scene, path="log", content="one\n")
    result = await run(Write(), scene, path="log", content="two\n", append=True)

    assert (result.metadata["file_size"], (scene.workspace / "log").read_text()) == (8, "one\ntwo\n")


async def test_a_path_that_leads_outside_is_a_failure_and_no_exception(scene: Scene, outside: Path) -> None:
    result = await run(Read(), scene, path="folder/secret")

    assert (result.success, result.output) == (False, "")
    assert result.error == (
        "The path 'folder/secret' leads through a link out of the goal's folder; that is not allowed."
    )


async def test_read_gives_the_text(scene: Scene) -> None:
    (scene.workspace / "notes").write_text("grüße\n")

    assert await run(Read(), scene, path="notes") == Result(
        success=True,
        result="notes, 8 bytes",
        output="grüße\n",
        metadata={"file_path": "notes", "file_size": 8, "output_cut_bytes": 0, "binary": False},
    )


async def test_a_long_file_is_read_up_to_the_limit_and_cut_between_characters(scene: Scene) -> None:
    (scene.workspace / "long").write_text("a" + "ü" * 1000)

    result = await run(Read(), scene, path="long")

    assert result.output == "a" + "ü" * 499
    assert (result.result, result.metadata["output_cut_bytes"]) == ("long, 2,001 bytes, the first 1,000 read", 1001)


@pytest.mark.parametrize("content", [b"\x89PNG\x00\x01", b"\xff\xfe abc"])
async def test_a_binary_file_is_said_to_be_one(scene: Scene, content: bytes) -> None:
    (scene.workspace / "photo").write_bytes(content)

    result = await run(Read(), scene, path="photo")

    assert (result.result, result.output) == (f"photo, {len(content)} bytes, binary: not shown as text", "")


async def test_a_file_that_is_not_there_is_a_failure_in_one_line(scene: Scene) -> None:
    assert (await run(Read(), scene, path="nothing")).error == "There is no file 'nothing' in the goal's folder."


def test_write_and_read_say_what_they_will_do() -> None:
    assert Write().describe({"path": "app.py", "content": "x" * 1204}) == "writes app.py (1,204 bytes)"
    assert Write().describe({"path": "log", "content": "ü", "append": True}) == "adds to log (2 bytes)"
    assert Read().describe({"path": "notes"}) == "reads notes"
