"""The Surveyor port: what this machine lacks of what tasks need, as they would find it.

Nothing of a workspace is ever run: what tasks put there is only looked for by its name. Python itself is asked about
its modules, isolated from the folder, and only with names as arguments.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from executor.actions.addresses import Forbidden, resolve, spelled
from executor.actions.launcher import DEFAULT_PATH, VENV
from executor.actions.needs import needs_of
from executor.domain.plan import TaskSpec
from executor.ports.survey import Missing, Needs

ASK_S = 5.0
_PYTHON = (
    "import importlib.util as u, json, sys\n"
    "print(json.dumps([n for n in sys.argv[1:] if n not in sys.builtin_module_names and u.find_spec(n) is None]))"
)
_PACKAGES = {
    "convert": "imagemagick",
    "dig": "dnsutils",
    "pdftotext": "poppler-utils",
    "psql": "postgresql-client",
    "mysql": "default-mysql-client",
    "rg": "ripgrep",
    "fd": "fd-find",
    "ssh": "openssh-client",
    "scp": "openssh-client",
    "7z": "p7zip-full",
    "node": "nodejs",
    "pip": "python3-pip",
    "pip3": "python3-pip",
    "g++": "build-essential",
    "gcc": "build-essential",
    "make": "build-essential",
    "sqlite3": "sqlite3",
} | {
    name: name
    for name in [
        "jq",
        "curl",
        "wget",
        "git",
        "rsync",
        "ffmpeg",
        "zip",
        "unzip",
        "tar",
        "tree",
        "pandoc",
        "graphviz",
        "npm",
        "gawk",
        "sed",
        "nmap",
        "tmux",
        "htop",
        "vim",
    ]
}
"""The Debian package of a command, where it is well known."""
_NODES_OWN = frozenset(
    [
        "assert",
        "async_hooks",
        "buffer",
        "child_process",
        "cluster",
        "console",
        "constants",
        "crypto",
        "dgram",
        "diagnostics_channel",
        "dns",
        "domain",
        "events",
        "fs",
        "http",
        "http2",
        "https",
        "inspector",
        "module",
        "net",
        "os",
        "path",
        "perf_hooks",
        "process",
        "punycode",
        "querystring",
        "readline",
        "repl",
        "stream",
        "string_decoder",
        "sys",
        "timers",
        "tls",
        "trace_events",
        "tty",
        "url",
        "util",
        "v8",
        "vm",
        "wasi",
        "worker_threads",
        "zlib",
    ]
)
_MANAGERS = (
    ("apt", "sudo apt install"),
    ("dnf", "sudo dnf install"),
    ("pacman", "sudo pacman -S"),
    ("apk", "sudo apk add"),
    ("brew", "brew install"),
)


class Survey:
    """`hosts`: whether names of hosts are looked up. `anywhere` holds "host:port" that may be internal."""

    def __init__(self, *, hosts: bool = False, anywhere: Collection[str] = ()) -> None:
        self._hosts = hosts
        self._anywhere = frozenset(anywhere)

    def needs(self, spec: TaskSpec) -> Needs:
        return needs_of(spec)

    async def missing(self, needs: Needs, workspace: Path) -> Missing:
        path = os.environ.get("PATH") or DEFAULT_PATH
        inside = f"{workspace / VENV / 'bin'}:{workspace / 'node_modules/.bin'}"
        commands = {name for name in needs.commands if not shutil.which(name, path=f"{inside}:{path}")}
        return Missing(
            commands=frozenset(commands),
            python=frozenset(await _python(needs.python, workspace, path)),
            node=frozenset(_node(needs.node, workspace)),
            hosts=frozenset([host for host in sorted(needs.hosts) if await self._unknown(*host)]),
            install=tuple((name, _install(name, path)) for name in sorted(commands) if _install(name, path)),
            free_bytes=_free(workspace),
        )

    async def _unknown(self, host: str, port: int) -> bool:
        if not self._hosts:
            return False
        try:
            async with asyncio.timeout(ASK_S):
                await resolve(host, port, anywhere=spelled(host, port) in self._anywhere)
        except (Forbidden, TimeoutError):  # whether it may be reached is said when it is tried
            return False
        except OSError:
            return True
        return False


async def _python(names: Collection[str], workspace: Path, path: str) -> list[str]:
    """Modules that neither the workspace nor the machine's Python has."""
    wanted = _not_in(names, workspace)
    python = shutil.which("python3", path=path)
    if not wanted or python is None:
        return []
    asked = await asyncio.create_subprocess_exec(
        python,
        "-I",
        "-c",
        _PYTHON,
        *wanted,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd="/",
    )
    try:
        async with asyncio.timeout(ASK_S):
            said, _ = await asked.communicate()
        return [name for name in json.loads(said) if name in wanted]
    except (TimeoutError, ValueError):
        return []
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()


def _not_in(names: Collection[str], workspace: Path) -> list[str]:
    places = [workspace, *workspace.glob(f"{VENV}/lib/python*/site-packages")]
    return [n for n in sorted(names) if not any((p / n).exists() or (p / f"{n}.py").exists() for p in places)]


def _node(names: Collection[str], workspace: Path) -> list[str]:
    """Packages that are neither Node's own nor in the workspace."""
    return [
        name for name in sorted(names) if name not in _NODES_OWN and not (workspace / "node_modules" / name).exists()
    ]


def _install(name: str, path: str) -> str:
    if name not in _PACKAGES:
        return ""
    return next((f"{how} {_PACKAGES[name]}" for tool, how in _MANAGERS if shutil.which(tool, path=path)), "")


def _free(workspace: Path) -> int | None:
    try:
        return shutil.disk_usage(workspace).free
    except OSError:
        return None
