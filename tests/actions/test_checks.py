"""A check is settled by looking, and says in one line what was seen."""

import pytest

from executor.actions.checks import Looks
from executor.actions.http import Http
from executor.actions.workspaces import Folders
from executor.domain.errors import WrongInput
from executor.domain.plan import Check, CheckKind
from tests.actions.conftest import Scene, Site


@pytest.mark.parametrize(
    ("command", "met", "evidence"),
    [
        ("test -s notes.tgz", True, "`test -s notes.tgz` → exit 0"),
        ("test -s nothing", False, "`test -s nothing` → exit 1"),
        ("echo 3 failed; exit 2", False, "`echo 3 failed; exit 2` → exit 2: 3 failed"),
        ("kill -9 $$", False, "`kill -9 $$` → killed by signal 9"),
        ("sleep 300", False, "`sleep 300` → timed out after 1 s"),
    ],
)
async def test_a_command_holds_when_it_exits_with_0(scene: Scene, command: str, met: bool, evidence: str) -> None:
    (scene.workspace / "notes.tgz").write_text("x")

    seen = await Looks(scene.launcher, Http()).look(
        Check(kind=CheckKind.COMMAND, command=command), scene.context(timeout_s=1)
    )

    assert (seen.met, seen.evidence) == (met, evidence)
    assert seen.result is not None
    assert seen.result.success is met


@pytest.mark.parametrize(
    ("path", "contains", "met", "evidence"),
    [
        ("notes.tgz", None, True, "notes.tgz, 1,204 bytes"),
        ("notes.tgz", "needle", True, "notes.tgz, 1,204 bytes, contains 'needle'"),
        ("notes.tgz", "hay", False, "notes.tgz, 1,204 bytes, does not contain 'hay'"),
        ("empty", None, False, "empty is empty"),
        ("empty", "", True, "empty, 0 bytes, contains ''"),
        ("nothing", None, False, "There is no file 'nothing' in the goal's folder"),
        ("folder", None, False, "'folder' is a folder, not a file"),
        ("../../outside", None, False, "The path '../../outside' goes up with '..'; give one that stays inside the"),
        ("link", None, False, "The path 'link' leads through a link out of the goal's folder; that is not allowed"),
    ],
)
async def test_a_file_holds_when_it_is_there_and_not_empty_or_contains_the_text(
    scene: Scene, path: str, contains: str | None, met: bool, evidence: str
) -> None:
    (scene.workspace / "notes.tgz").write_text("x" * 1198 + "needle")
    (scene.workspace / "empty").touch()
    (scene.workspace / "folder").mkdir()
    (scene.workspace / "link").symlink_to("/etc/hostname")

    seen = await Looks(scene.launcher, Http()).look(
        Check(kind=CheckKind.FILE, path=path, contains=contains), scene.context()
    )

    assert seen.met is met
    assert seen.evidence.startswith(evidence)


async def test_a_text_is_found_across_the_seams_of_a_large_file(scene: Scene) -> None:
    (scene.workspace / "large").write_text("x" * (2**20 - 3) + "nädel" + "x" * 2**20)

    seen = await Looks(scene.launcher, Http()).look(
        Check(kind=CheckKind.FILE, path="large", contains="nädel"), scene.context()
    )

    assert seen.met


@pytest.mark.parametrize(
    ("answer", "status", "met", "evidence"),
    [
        ("200 OK", 200, True, "→ 200 OK"),
        ("404 Not Found", 404, True, "→ 404 Not Found"),
        ("503 x", 200, False, "→ 503 Service Unavailable, expected 200"),
        ("301 x\r\nLocation: /there", 301, True, "→ 301 Moved Permanently"),
    ],
)
async def test_a_web_address_holds_when_it_answers_as_expected(
    scene: Scene, site: Site, answer: str, status: int, met: bool, evidence: str
) -> None:
    site.answer = f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode()

    seen = await Looks(scene.launcher, Http([site.here])).look(
        Check(kind=CheckKind.HTTP, url=site.url(), status=status), scene.context()
    )

    assert (seen.met, seen.evidence) == (met, f"{site.url()} {evidence}")


@pytest.mark.parametrize(
    ("url", "evidence"),
    [
        ("ftp://x/", "ftp://x/ is no web address"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:1/ → 127.0.0.1 is not allowed: the host has an internal address"),
    ],
)
async def test_an_address_that_can_not_be_asked_does_not_hold(scene: Scene, url: str, evidence: str) -> None:
    seen = await Looks(scene.launcher, Http()).look(Check(kind=CheckKind.HTTP, url=url), scene.context())

    assert not seen.met
    assert seen.evidence.startswith(evidence)


@pytest.mark.parametrize("kind", [CheckKind.OPINION, CheckKind.HUMAN])
async def test_an_opinion_is_not_for_looking(scene: Scene, kind: CheckKind) -> None:
    with pytest.raises(WrongInput, match="can't be settled by looking"):
        await Looks(scene.launcher, Http()).look(Check(kind=kind, question="?"), scene.context())


def test_each_goal_has_a_folder_that_only_we_can_read(scene: Scene) -> None:
    folders = Folders(scene.workspace.parent.parent / "data")
    loose = folders.folder(1)
    loose.chmod(0o755)

    again, other = folders.folder(1), folders.folder(2)

    assert (again, other.name, other.parent) == (loose, "2", loose.parent)
    assert [folder.stat().st_mode & 0o777 for folder in (again, other, again.parent)] == [0o700] * 3
    assert again.is_absolute()
    assert list(again.iterdir()) == []
