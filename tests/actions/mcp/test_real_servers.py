"""Servers as they come from the package registries: what they list is taken, and what they do is seen."""

import subprocess
import sys
from pathlib import Path

import pytest

from executor.domain.errors import WrongInput
from tests.actions.conftest import Site
from tests.actions.mcp.conftest import Bench

FILESYSTEM = Path(__file__).parents[2] / "node_modules" / ".bin" / "mcp-server-filesystem"


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


async def test_the_time_server_tells_the_time(bench: Bench) -> None:
    bench.configure(command=(sys.executable, "-m", "mcp_server_time"), trust=("*",))

    result = await bench.result("convert_time", source_timezone="UTC", time="12:00", target_timezone="Asia/Kolkata")
    [report] = await bench.servers.report()

    assert result.success
    assert "+5.5h" in result.output
    assert (report["tools"], report["orders"]) == (["get_current_time", "convert_time"], {})
    assert bench.registry.get("mcp").repeatable({"server": "notes", "tool": "convert_time"})


async def test_arguments_that_the_time_server_does_not_take_are_refused_before_it_is_called(bench: Bench) -> None:
    bench.configure(command=(sys.executable, "-m", "mcp_server_time"))
    await bench.servers.look("notes")

    with pytest.raises(WrongInput, match="notes get_current_time: timezone is missing"):
        bench.registry.get("mcp").check({"server": "notes", "tool": "get_current_time"})


async def test_the_git_server_reads_and_commits(bench: Bench, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init")
    git(repository, "commit", "--allow-empty", "-m", "First")
    (repository / "note.txt").write_text("milk")
    bench.configure(command=(sys.executable, "-m", "mcp_server_git", "--repository", str(repository)))

    added = await bench.result("git_add", repo_path=str(repository), files=["note.txt"])
    status = await bench.result("git_status", repo_path=str(repository))
    [report] = await bench.servers.report()

    assert (added.success, status.success) == (True, True)
    assert report["orders"] == {}
    assert "new file:   note.txt" in status.output
    assert git(repository, "diff", "--cached", "--name-only") == "note.txt\n"


async def test_the_fetch_server_says_itself_that_it_failed(bench: Bench, site: Site) -> None:
    bench.configure(command=(sys.executable, "-m", "mcp_server_fetch"))

    result = await bench.result("fetch", url=site.url("/page"))
    [report] = await bench.servers.report()

    assert result.success is False
    assert report["orders"] == {}
    assert str(result.error).startswith("The tool says that it failed: ")


@pytest.mark.skipif(not FILESYSTEM.exists(), reason="scripts/test-parts.sh could not install it: no npm here")
async def test_the_filesystem_server_writes_where_it_may_and_nowhere_else(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    bench.configure(command=(str(FILESYSTEM), str(folder)))

    written = await bench.result("write_file", path=str(folder / "a.txt"), content="milk")
    refused = await bench.result("write_file", path=str(tmp_path / "b.txt"), content="milk")
    [report] = await bench.servers.report()

    assert (written.success, refused.success) == (True, False)
    assert report["orders"] == {}
    assert (folder / "a.txt").read_text() == "milk"
    assert not (tmp_path / "b.txt").exists()
