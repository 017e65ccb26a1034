"""The grid: small goals of real commands, each with one planted fault, and how one can see what really came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from benchmarks.recovery.outside import Outside, comes_later, lock_of_git, locked_database

Shows = Literal["explicit", "implicit"]  # an exit code or a status; or success that is none
Lasts = Literal["transient", "permanent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`command` may hold {url}, {host} and {port}. `get`: fetched with the http action instead. `check` is looked at
    after it. `after` are numbers of steps from 1; None: the one before."""

    command: str = ""
    get: str = ""
    check: str = ""
    timeout_s: float | None = None
    after: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`fixable`: without a person. `truth` is a command that succeeds where the goal is really reached. `asks` is an
    option that a right question offers; retry stands on every blockage."""

    name: str
    shows: Shows
    lasts: Lasts
    fixable: bool
    steps: tuple[Step, ...]
    truth: str = "true"
    asks: str = "retry"
    files: Mapping[str, str] = field(default_factory=dict)
    plant: Callable[[Outside], None] | None = None


def _run(command: str, check: str = "", timeout_s: float | None = None) -> Step:
    return Step(command=command, check=check, timeout_s=timeout_s)


def _get(path: str) -> Step:
    return Step(get="{url}" + path)


def _passes(name: str, *steps: Step, truth: str = "true", shows: Shows = "explicit", **more: Any) -> Scenario:
    return Scenario(name=name, shows=shows, lasts="transient", fixable=True, steps=steps, truth=truth, **more)


def _mended(name: str, *steps: Step, truth: str = "true", shows: Shows = "explicit", **more: Any) -> Scenario:
    return Scenario(name=name, shows=shows, lasts="permanent", fixable=True, steps=steps, truth=truth, **more)


def _hopeless(name: str, *steps: Step, shows: Shows = "explicit", asks: str = "retry", **more: Any) -> Scenario:
    return Scenario(
        name=name, shows=shows, lasts="permanent", fixable=False, steps=steps, truth="false", asks=asks, **more
    )


def _at_first(trouble: str, then: str = "echo done > out.txt") -> str:
    """Two times trouble, then it works."""
    return f'n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; if [ "$n" -lt 2 ]; then {trouble}; else {then}; fi'


_BARE = (
    'mkdir -p bin; ln -sf "$(python3 -c "import sys; print(sys.executable)")" bin/python3; '
    'PATH="$PWD/bin:/nowhere"; '
)  # as on a machine that has python3 and nothing else
_OUT = "grep -q done out.txt"
_RATES = "grep -q rates rates.json"
_DEMO = 'python3 -c \'import milestones_demo; open("out.txt", "w").write("done")\''

SCENARIOS: tuple[Scenario, ...] = (
    # ------------------------------------------------------------- it says so, and passes
    _passes("server fault, curl", _run("curl -fsS {url}/flaky/503 > rates.json"), truth=_RATES),
    _passes("asked to slow down, curl", _run("curl -fsS {url}/flaky/429 > rates.json"), truth=_RATES),
    _passes("server fault, http action", _get("/flaky/503")),
    _passes("asked to slow down, http action", _get("/flaky/429")),
    _passes(
        "lock of git",
        _run("git init -q . && git add a.txt"),
        truth="git ls-files --error-unmatch a.txt",
        files={"a.txt": "a"},
        plant=lock_of_git,
    ),
    _passes(
        "database is locked",
        _run(
            'python3 -c \'import sqlite3; c = sqlite3.connect("notes.db", timeout=0);'
            ' c.execute("insert into notes values (1)"); c.commit()\''
        ),
        truth='python3 -c \'import sqlite3; sqlite3.connect("notes.db").execute("select * from notes").fetchall()[0]\'',
        plant=locked_database,
    ),
    _passes(
        "connection reset",
        _run(_at_first('echo "curl: (56) Recv failure: Connection reset by peer" >&2; exit 56')),
        truth=_OUT,
    ),
    _passes(
        "name not looked up",
        _run(_at_first('echo "curl: (6) Could not resolve host: api.example" >&2; exit 6')),
        truth=_OUT,
    ),
    _passes("fails now and then", _run(_at_first("echo boom >&2; exit 1")), truth=_OUT),
    _passes("waits for a file", Step(command="test -e arrived && echo done > out.txt"), truth=_OUT, plant=comes_later),
    # ---------------------------------------------------- it says so, and can be repaired
    _mended("missing folder", _run("echo done > made/out.txt"), truth="grep -q done made/out.txt"),
    _mended(
        "missing nested folder",
        _run("cp a.txt made/deep/out.txt"),
        truth="grep -q done made/deep/out.txt",
        files={"a.txt": "done"},
    ),
    _mended(
        "missing folder, python",
        _run('python3 -c \'open("made/out.txt", "w").write("done")\''),
        truth="grep -q done made/out.txt",
    ),
    _mended("missing module", _run(_DEMO), truth=_OUT),
    _mended("missing module of another name", _run(_DEMO.replace("milestones_demo", "bs4")), truth=_OUT),
    _mended(
        "no pip command",
        _run(_BARE + "pip --version && echo done > out.txt"),
        truth=_OUT,
    ),
    _mended(
        "no python command",
        _run(_BARE + 'python -c "print(1)" && echo done > out.txt'),
        truth=_OUT,
    ),
    _mended(
        "missing import", _run("python3 app.py && echo done > out.txt"), truth=_OUT, files={"app.py": "print(os.sep)\n"}
    ),
    _mended(
        "missing import behind another",
        _run("python3 app.py && echo done > out.txt"),
        truth=_OUT,
        files={"app.py": "from __future__ import annotations\nprint(json.dumps(1))\n"},
    ),
    _mended(
        "port in use",
        _run("python3 -c 'import socket; socket.create_server((\"127.0.0.1\", {port}))' && echo done > out.txt"),
        truth=_OUT,
    ),
    _mended("limit too short", _run("sleep 0.7; echo done > out.txt", timeout_s=0.5), truth=_OUT),
    _mended(
        "runs before what it needs",
        Step(command="cat made.txt > out.txt", after=()),
        Step(command="sleep 0.3; echo done > made.txt", after=()),
        Step(command="true", after=(1, 2)),
        truth=_OUT,
    ),
    # ----------------------------------------------------- it says so, and a person is it
    _hopeless("syntax error", _run("python3 app.py"), files={"app.py": "print((\n"}),
    _hopeless("bug", _run("python3 app.py"), files={"app.py": "print(1 / 0)\n"}),
    _hopeless("missing credential", _run(': "${API_TOKEN:?is not set}"'), asks="provide-value"),
    _hopeless(
        "missing password, python", _run("python3 -c 'import os; os.environ[\"DB_PASSWORD\"]'"), asks="provide-value"
    ),
    _hopeless("refused, http action", _get("/always/401"), asks="provide-value"),
    _hopeless("refused, curl", _run("curl -fsS {url}/always/401"), asks="provide-value"),
    _hopeless("forbidden, http action", _get("/always/403"), asks="provide-value"),
    _hopeless("no such page", _run("curl -fsS {url}/always/404")),
    _hopeless("used wrongly", _run("ls --no-such-option")),
    _hopeless("unknown command", _run("frobnicate --all")),
    _hopeless("missing input", _run("cat input.csv")),
    _hopeless("wrong path", _run("cd src/app && make")),
    _hopeless("no repository", _run("git -C . log")),
    _hopeless(
        "test fails",
        _run("python3 -m unittest -q test_a.py"),
        files={
            "test_a.py": "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n"
            "        self.assertEqual(1, 2)\n"
        },
    ),
    _hopeless("damaged input", _run("python3 -c 'import json; json.load(open(\"a.json\"))'"), files={"a.json": "{"}),
    _hopeless("no such package", _run("python3 -c 'import no_such_module_anywhere'")),
    _hopeless("file size limit", _run("ulimit -f 1; head -c 100000 /dev/zero > big.bin")),
    # ----------------------------------------------------- success that is none, and passes
    _passes("error body, then well", _run("curl -s {url}/moody/503 | tee rates.json"), truth=_RATES, shows="implicit"),
    _passes("empty file at first", _run(_at_first(": > out.txt"), "test -s out.txt"), truth=_OUT, shows="implicit"),
    _passes("wrong text at first", _run(_at_first("echo wait > out.txt"), _OUT), truth=_OUT, shows="implicit"),
    # ---------------------------------------------- success that is none, and is repaired
    _mended(
        "missing folder, hidden",
        _run("echo done > made/out.txt || true", "test -s made/out.txt"),
        truth="grep -q done made/out.txt",
        shows="implicit",
    ),
    _mended("missing module, hidden", _run(f"{_DEMO} | cat", _OUT), truth=_OUT, shows="implicit"),
    # ----------------------------------------- success that is none, and a person is asked
    _hopeless("error body", _run("curl -s {url}/polite/401"), shows="implicit", asks="provide-value"),
    _hopeless("empty file", _run(": > out.txt", "test -s out.txt"), shows="implicit"),
    _hopeless("wrong text", _run("echo draft > out.txt", _OUT), shows="implicit"),
    _hopeless("hidden traceback", _run("python3 app.py || true"), shows="implicit", files={"app.py": "print(1 / 0)\n"}),
    _hopeless(
        "hidden failure of tests",
        _run("python3 -m unittest -q test_a.py 2>&1 | tail -n 20"),
        shows="implicit",
        files={
            "test_a.py": "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self):\n"
            "        self.assertEqual(1, 2)\n"
        },
    ),
)
