"""The built-in workflows really run: their commands in bash in an empty folder, in the order of their plan."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.request import ProxyHandler, build_opener

import pytest

from executor.actions.launcher import PlainLauncher
from executor.actions.registry import Registry
from executor.actions.standard import standard_actions
from executor.domain.plan import Check, CheckKind, Plan, TaskSpec
from executor.planner.workflow import plan_for, values_of
from executor.planner.workflows import Library
from tests.planner.reading import BERLIN

BARE = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1"}


def plan(name: str, /, **values: str) -> Plan:
    workflow = Library().get(name)
    return plan_for(workflow, values_of(workflow, values))[0]


class Bench:
    """Carries a plan out like the executor would, in `folder`; `fetch` stands for the http action."""

    def __init__(self, folder: Path, fetch: Callable[[str], str] | None = None) -> None:
        self.folder = folder
        self.fetch = fetch
        self.outputs: dict[str, str] = {}
        self.skipped: list[str] = []
        self.waited: list[object] = []
        self.told: list[str] = []

    def carry_out(self, plan: Plan) -> None:
        """Fails the test at the first task that fails, that comes too early, or whose check does not hold."""
        left = list(plan.tasks)
        while left:
            ready = [task for task in left if not {other.key for other in left} & set(task.depends_on)]
            assert ready
            for task in ready:
                if task.when is not None and not self.holds(task.when):
                    self.skipped.append(task.key)
                else:
                    self.outputs[task.key] = self._do(task)
                    assert task.check is None or self.holds(task.check), task.key
                left.remove(task)
        assert [c.text for c in plan.criteria if c.check is not None and not self.holds(c.check)] == []

    def _do(self, task: TaskSpec) -> str:
        given = {name: self._filled(value) for name, value in task.parameters.items()}
        if task.action == "shell":
            run = self.shell(str(given["command"]))
            assert run.returncode == 0, f"{task.key}: {run.stderr}"
            return run.stdout
        if task.action == "write":
            (self.folder / str(given["path"])).write_text(str(given["content"]))
        elif task.action == "wait":
            self.waited.append(given["seconds"])
        elif task.action == "notify":
            self.told.append(str(given["text"]))
        else:
            assert (task.action, given["method"], self.fetch is not None) == ("http", "GET", True)
            return self.fetch(str(given["url"])) if self.fetch else ""
        return ""

    def _filled(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        return re.sub(r"\$\{([\w-]+)\.output\}", lambda found: self.outputs[found[1]], value)

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=BARE, capture_output=True, text=True, timeout=180, check=False
        )

    def holds(self, check: Check) -> bool:
        if check.kind is CheckKind.COMMAND:
            return self.shell(check.command).returncode == 0
        assert check.kind is CheckKind.FILE
        path = self.folder / check.path
        return path.exists() and path.stat().st_size > 0 and (check.contains or "") in path.read_text()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return Bench(folder)


def test_the_actions_that_come_with_milepost_take_every_workflow() -> None:
    _, problems = Library(actions=Registry(standard_actions(PlainLauncher(), BERLIN, ()))).load()

    assert problems == []


def test_machine_health_reports_on_this_machine_and_sends_what_it_found(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "measured" / "big one").mkdir(parents=True)
    (tmp_path / "measured" / "big one" / "file").write_bytes(os.urandom(3_000_000))

    bench.carry_out(plan("machine-health", folder=str(tmp_path / "measured")))

    report = (bench.folder / "report.md").read_text()
    assert re.findall("^## (.*)$", report, re.MULTILINE) == [
        "Needs attention",
        "Disk",
        "Memory",
        "Load",
        "Biggest folders",
        "Services",
        "Clock",
        "Restart",
    ]
    assert "- big one: 2 MiB" in report
    assert bench.told[0].startswith("# Health report of ")


def test_machine_health_names_its_findings_first(bench: Bench) -> None:
    bench.carry_out(plan("machine-health", folder="/no/such/folder"))

    assert "## Needs attention\n\n" in bench.told[0]
    assert "- There is no folder /no/such/folder to measure" in bench.told[0].partition("## Disk")[0]


def test_the_probes_of_machine_health_run_side_by_side() -> None:
    probes = [task.key for task in plan("machine-health").tasks if not task.depends_on]

    assert probes == ["disk", "memory", "load", "folders", "services", "clock", "restart"]


def test_python_project_makes_a_committed_project_whose_tests_pass(bench: Bench) -> None:
    bench.carry_out(plan("python-project", name="Tea-Time"))

    log = bench.shell("cd Tea-Time && git log --format=%s%n%an && git ls-files && python3 -m tea_time").stdout
    assert log.splitlines() == [
        "A first function and its test",
        "Milepost",
        ".gitignore",
        "README.md",
        "pyproject.toml",
        "tea_time/__init__.py",
        "tea_time/__main__.py",
        "tests/__init__.py",
        "tests/test_tea_time.py",
        "Hello, world!",
    ]
    assert "Ran 2 tests" in bench.outputs["run-tests"]
    assert bench.skipped == ["copy"]


def test_python_project_copies_the_project_once_and_never_over_something_else(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "my code").mkdir()
    steps = plan("python-project", name="tea", to=str(tmp_path / "my code"))
    bench.carry_out(steps)
    copy = str(steps.task("copy").parameters["command"])
    again = bench.shell(copy)
    (tmp_path / "my code" / "tea" / ".git").rename(tmp_path / "elsewhere")

    refused = bench.shell(copy)

    assert again.stdout == f"It is there already: {tmp_path}/my code/tea\n"
    assert (refused.returncode, refused.stderr) == (1, f"{tmp_path}/my code/tea exists already and is left alone\n")


@pytest.mark.parametrize("name", ["class", "json", "tests"])
def test_python_project_refuses_names_that_python_uses_itself(name: str, bench: Bench) -> None:
    tools = bench.shell(str(plan("python-project", name=name).task("tools").parameters["command"]))

    assert (tools.returncode, tools.stderr) == (1, f"{name} is a name of Python's own: choose another\n")


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "-my 'notes' $HOME"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "deep" / "b b.txt").write_text("b")
    (folder / "link").symlink_to("nowhere")
    return folder


def test_backup_folder_packs_checks_and_restores(bench: Bench, notes: Path) -> None:
    bench.carry_out(plan("backup-folder", folder=str(notes)))

    assert "Restored and compared: 4 paths compared: all are the same" in bench.told[0]
    assert "It lies in this goal's workspace" in bench.told[0]
    assert sorted(path.suffix for path in bench.folder.glob("-my*")) == [".gz", ".sha256"]
    assert not (bench.folder / "restored").exists()


def test_backup_folder_puts_the_archive_where_it_is_wanted(bench: Bench, notes: Path, tmp_path: Path) -> None:
    (tmp_path / "safe place").mkdir()

    bench.carry_out(plan("backup-folder", folder=str(notes), to=str(tmp_path / "safe place")))

    assert len(list((tmp_path / "safe place").iterdir())) == 2
    assert "workspace" not in bench.told[0]


def test_backup_folder_notices_that_the_folder_changed_meanwhile(bench: Bench, notes: Path) -> None:
    steps = plan("backup-folder", folder=str(notes))
    for key in ("look", "pack"):
        assert bench.shell(str(steps.task(key).parameters["command"])).returncode == 0
    (notes / "a.txt").write_text("changed")

    restored = bench.shell(str(steps.task("restore").parameters["command"]))

    assert restored.returncode == 1
    assert restored.stderr.startswith("different: a.txt\n1 of 4 paths differ")
    assert not (bench.folder / "compared.txt").exists()


@pytest.mark.parametrize(
    ("folder", "to", "why"),
    [
        ("/no/such/folder", "", "There is no folder /no/such/folder that I may open\n"),
        ("/", "", "The whole disk is too much for one archive: name a folder\n"),
        ("{here}", "", "{here} holds this goal's own workspace: name a folder inside it\n"),
        ("{notes}", "{notes}/deep", "The archive would lie in the folder itself: choose another place for it\n"),
        ("{notes}", "/no/such/place", "There is no folder /no/such/place that I may open\n"),
    ],
)
def test_backup_folder_says_at_once_why_it_can_not(
    folder: str, to: str, why: str, bench: Bench, notes: Path, tmp_path: Path
) -> None:
    def real(text: str) -> str:
        return text.replace("{here}", str(tmp_path)).replace("{notes}", str(notes))

    look = bench.shell(str(plan("backup-folder", folder=real(folder), to=real(to)).task("look").parameters["command"]))

    assert (look.returncode, look.stderr) == (1, real(why))


class Page:
    """A page on loopback whose versions are shown one after the other; the last one stays."""

    def __init__(self, server: HTTPServer) -> None:
        self.versions: list[str] = []
        self.looks = 0
        self.url = f"http://127.0.0.1:{server.server_port}/"

    def next(self) -> bytes:
        self.looks += 1
        return self.versions[min(self.looks, len(self.versions)) - 1].encode()


@pytest.fixture
def page() -> Iterator[Page]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = page.next()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        page = Page(server)
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield page
        server.shutdown()
        thread.join()


def over_http(url: str) -> str:
    with build_opener(ProxyHandler({})).open(url) as answer:
        return str(answer.read().decode())


def html(text: str, token: str = "") -> str:
    return f"<!doctype html><head><title>{token}</title></head><body><script>{token}</script><p>{text}</p>Menu</body>"


def test_watch_page_ends_as_soon_as_the_page_has_changed_and_tells_what(bench: Bench, page: Page) -> None:
    bench.fetch = over_http
    page.versions = [html("Sold out", "1"), html("Sold out", "2"), html("Tickets & more", "3"), html("Gone", "4")]

    bench.carry_out(plan("watch-page", url=page.url, every_minutes="5", times="4"))

    assert bench.told == [f"{page.url}\nChanged at look 2:\n-Sold out\n+Tickets & more\n"]
    assert (page.looks, bench.waited) == (3, [300, 300])
    assert bench.skipped == ["wait-3", "look-3", "keep-3", "wait-4", "look-4", "keep-4"]


def test_watch_page_ends_after_the_last_look_where_nothing_changes(bench: Bench, page: Page) -> None:
    bench.fetch = over_http
    page.versions = [html("Sold out", "1"), html("Sold out", "2")]

    bench.carry_out(plan("watch-page", url=page.url, times="2"))

    assert (page.looks, bench.waited, bench.skipped) == (3, [3600, 3600], [])
    assert bench.told[0].startswith(f"{page.url}\nNo change in 2 looks after the first.")


def test_watch_page_shortens_a_long_change_and_takes_plain_text_too(bench: Bench, page: Page) -> None:
    bench.fetch = over_http
    page.versions = ["", "\n".join(f"line {number} < {'x' * 500}" for number in range(100))]

    bench.carry_out(plan("watch-page", url=page.url, times="1"))

    lines = bench.told[0].splitlines()
    assert (len(lines), max(map(len, lines)), lines[-1]) == (23, 200, "… and 80 more lines")
