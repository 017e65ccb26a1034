"""Everything that opens a file of a workspace by name, against every kind of path that leads elsewhere.

What is attacked is the door, not the lock (test_paths has that): an action that opens its file by another way would be
seen here.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from executor.actions.checks import Looks
from executor.actions.draft import Draft
from executor.actions.fingerprint import fingerprint
from executor.actions.http import Http
from executor.actions.http_parameters import HttpParameters
from executor.actions.idempotency import key_of
from executor.actions.launcher import OWN_FOLDER
from executor.actions.mcp.action import _keep
from executor.actions.mcp.results import Attachment
from executor.actions.project import ProjectFolder
from executor.actions.python import Python
from executor.actions.read import Read
from executor.actions.write import Write
from executor.domain.errors import WrongInput
from executor.domain.gate import Gate
from executor.domain.outcome import Result
from executor.domain.plan import Check, CheckKind
from executor.domain.task import Answer
from tests.actions.conftest import Scene
from tests.fakes import START

SECRET = "a secret of somebody else"
PATIENCE_S = 60.0
REQUEST = HttpParameters(url="https://pay.example/")

Door = Callable[[Scene, str], Awaitable[Any]]


async def _draft(scene: Scene, path: str) -> Any:
    answer = Answer(text="over it", by="Ann", at=START)
    return await Draft(None).run({"instructions": "Write", "path": path}, scene.context(answer=answer))


async def _check(scene: Scene, path: str) -> Any:
    check = Check(kind=CheckKind.FILE, path=path, contains=SECRET)
    seen = await Looks(scene.launcher, Http()).look(check, scene.context())
    assert not seen.met
    return seen


async def _attachment(scene: Scene, path: str) -> Any:
    _keep(scene.context(), [Attachment(name=path, content=b"over it")])


async def _digest(scene: Scene, path: str) -> Any:
    return await asyncio.to_thread(fingerprint, "shell", {"command": f"sh '{path}'"}, scene.workspace)


async def _write(scene: Scene, path: str) -> Any:
    return await Write().run({"path": path, "content": "over it", "append": False}, scene.context())


async def _append(scene: Scene, path: str) -> Any:
    return await Write().run({"path": path, "content": "over it", "append": True}, scene.context())


async def _read(scene: Scene, path: str) -> Any:
    return await Read().run({"path": path}, scene.context())


DOORS: dict[str, Door] = {
    "read": _read,
    "write": _write,
    "append": _append,
    "draft": _draft,
    "check": _check,
    "what a tool hands over": _attachment,
    "what is approved": _digest,
}
PATHS = {
    "up": "../../outside/secret",
    "up behind a link": "sub/up/../../../outside/secret",
    "absolute": "{outside}/secret",
    "a link": "link",
    "through a link": "folder/secret",
    "a relative link": "relative/secret",
    "the root of /proc": "magic{outside}/secret",
    "a hard link": "hard",
    "a pipe": "pipe",
    "a link to a device": "device",
    "a link to memory": "memory",
    "NUL": "file\0{outside}/secret",
    "a name without end": "x" * 5_000,
    "a full width dot": "．．/．．/outside/secret",
    "decomposed letters": "cafe\u0301/../../../outside/secret",
}


@pytest.fixture
def outside(tmp_path: Path, scene: Scene) -> Iterator[Path]:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text(SECRET)
    inside = scene.workspace
    (inside / "sub").mkdir()
    (inside / "sub" / "up").symlink_to("..")
    (inside / "link").symlink_to(outside / "secret")
    (inside / "folder").symlink_to(outside)
    (inside / "relative").symlink_to("../../outside")
    (inside / "magic").symlink_to("/proc/self/root")
    (inside / "device").symlink_to("/dev/zero")
    (inside / "memory").symlink_to("/proc/self/mem")
    (inside / "hard").hardlink_to(outside / "secret")
    os.mkfifo(inside / "pipe")
    yield outside
    assert {file.name: file.read_text() for file in outside.iterdir()} == {"secret": SECRET}


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("door", DOORS)
async def test_no_door_leads_out(scene: Scene, outside: Path, door: str, kind: str) -> None:
    path = PATHS[kind].format(outside=outside)

    async with asyncio.timeout(PATIENCE_S):
        try:
            came = await DOORS[door](scene, path)
        except WrongInput as error:
            came = error.public

    assert SECRET not in str(came)


@pytest.mark.parametrize("name", ["Makefile", "package.json"])
@pytest.mark.parametrize("kind", ["a pipe", "a link", "a link to a device", "a hard link"])
async def test_a_project_is_told_by_files_that_really_lie_in_it(
    scene: Scene, outside: Path, name: str, kind: str
) -> None:
    (outside / "secret").write_text("test: all\n" if name == "Makefile" else '{"scripts": {"test": "x"}}')
    (scene.workspace / PATHS[kind]).rename(scene.workspace / name)

    async with asyncio.timeout(PATIENCE_S):
        found = await asyncio.to_thread(ProjectFolder().command_for, Gate.TESTS, scene.workspace)

    (outside / "secret").write_text(SECRET)
    assert found is None


async def test_the_key_of_a_request_waits_for_no_pipe(scene: Scene, outside: Path) -> None:
    own = scene.workspace / OWN_FOLDER
    own.mkdir()
    (scene.workspace / "pipe").rename(own / "idempotency")

    first = key_of(scene.context(), REQUEST)

    assert key_of(scene.context(), REQUEST) == first


async def test_the_key_of_a_request_is_written_through_no_link(scene: Scene, tmp_path: Path) -> None:
    own, empty = scene.workspace / OWN_FOLDER, tmp_path / "empty"
    own.mkdir()
    empty.touch()
    (own / "idempotency").symlink_to(empty)

    with pytest.raises(WrongInput, match=r"\.milepost/idempotency in the goal's folder can't be used"):
        key_of(scene.context(), REQUEST)

    assert empty.read_text() == ""


async def test_a_program_in_python_comes_from_its_plan_and_from_no_file_there(scene: Scene, outside: Path) -> None:
    (scene.workspace / OWN_FOLDER).symlink_to(outside)

    came = await Python(scene.launcher).run({"code": "print(1)", "outputs": {}}, scene.context())

    assert isinstance(came, Result)
    assert not came.success
