"""Git as a store of objects, and nothing else.

The repository lies in Milepost's own data folder and has no working tree: git never opens a file of a workspace (but
for `ignored`). So nothing that a command leaves there (a hook, a .git folder, attributes, links, names) makes git run
or read anything: files are read and written by this program alone. No configuration of the user or the machine is
looked at.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

TIMEOUT_S = 120.0
READ_BYTES = 65_536
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfilemode = true\n"
ATTRIBUTES = "* !text !eol !filter !ident !working-tree-encoding !diff !merge !export-ignore !export-subst\n"
"""What a file of the workspace says about attributes counts for nothing."""
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.protectNTFS=false",
    "core.protectHFS=false",
    "core.compression=1",
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
    "merge.renames=true",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
)


class Writes(Protocol):
    def write(self, data: bytes, /) -> object: ...


class GitFailed(Exception):
    """What git said. For the log."""


class Git:
    """The repository `folder`. Every call may raise GitFailed or OSError, and takes at most TIMEOUT_S."""

    def __init__(self, folder: Path, common: Path | None = None) -> None:
        """`common`: where a linked worktree of somebody's keeps its objects and branches."""
        self.folder = folder if common is None else common
        self._dir = folder

    def make(self) -> None:
        """Harmless where it exists; also heals what a killed git left locked. The caller keeps others out."""
        for part in ("objects/pack", "objects/info", "refs/heads", "info"):
            (self.folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in (("info/attributes", ATTRIBUTES), ("config", _CONFIG), ("HEAD", "ref: refs/heads/main\n")):
            (self.folder / name).write_text(text, encoding="ascii")
        for lock in (*self.folder.glob("*.lock"), *(self.folder / "refs").rglob("*.lock")):
            lock.unlink(missing_ok=True)
        for report in self.folder.glob("fast_import_crash_*"):
            report.unlink(missing_ok=True)

    def tip(self, branch: str = "main") -> str:
        """The commit that the branch points at; "" where there is none."""
        with suppress(FileNotFoundError):
            return (self.folder / "refs" / "heads" / branch).read_text(encoding="ascii").strip()
        return ""

    def run(
        self,
        *arguments: str,
        codes: Sequence[int] = (0,),
        stdin: bytes = b"",
        said: bool = False,
        more: Mapping[str, str] | None = None,
        where: Path | None = None,
    ) -> bytes:
        """What it printed; with `said` its exit code instead. `more`: further variables; `where` it runs, else in the
        repository."""
        done = subprocess.run(
            self._line(arguments),
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_S,
            env={**self._environment(), **(more or {})},
            cwd=where or self.folder,
            start_new_session=True,
            check=False,
        )
        if done.returncode not in codes:
            raise GitFailed(f"git {arguments[0]}: {_said(done.stderr)}")
        return b"%d" % done.returncode if said else done.stdout

    def ignored(self, workspace: Path) -> list[bytes]:
        """What the .gitignore files of a workspace leave out; folders end with a slash. For this alone git looks at
        one: at names, and at those files, which are lists of patterns and nothing else."""
        more = {"GIT_WORK_TREE": str(workspace), "GIT_INDEX_FILE": str(self.folder / "no-index")}
        printed = self.run(
            *("-c", "core.bare=false", "-c", "core.excludesFile=/dev/null", "-c", "core.untrackedCache=false"),
            *("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"),
            more=more,
            where=workspace,
        )
        return printed.split(b"\0")[:-1]

    def head(self, bytes_max: int, *arguments: str) -> tuple[bytes, bool]:
        """The beginning of what it prints, and whether there was more."""
        with self._process(arguments, stdin=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            printed = process.stdout.read(bytes_max + 1)
            if len(printed) > bytes_max:
                process.kill()
                return printed[:bytes_max], True
            process.wait(TIMEOUT_S)
            if process.returncode:
                raise GitFailed(f"git {arguments[0]}: it ended with {process.returncode}")
            return printed, False

    def pour(self, target: Writes, *arguments: str, stdin: bytes = b"") -> None:
        """Everything that it prints, into `target`. `stdin` is short: what a pipe holds."""
        with self._process(arguments, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(stdin)
            process.stdin.close()
            shutil.copyfileobj(process.stdout, target, READ_BYTES)
            process.wait(TIMEOUT_S)
            if process.returncode:
                raise GitFailed(f"git {arguments[0]}: it ended with {process.returncode}")

    @contextmanager
    def talking(self, *arguments: str, patience_s: float = TIMEOUT_S) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
        """(its input, its output), for as long as the block lasts, and at most that long after its input ends."""
        with self._process(arguments, stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            yield process.stdin, process.stdout
            process.stdin.close()
            process.wait(patience_s)
            if process.returncode:
                raise GitFailed(f"git {arguments[0]}: it ended with {process.returncode}")

    @contextmanager
    def _process(self, arguments: Sequence[str], stdin: int) -> "Iterator[subprocess.Popen[bytes]]":
        process = subprocess.Popen(
            self._line(arguments),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._environment(),
            cwd=self.folder,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with suppress(BrokenPipeError):
                        stream.close()
            process.wait()

    def _line(self, arguments: Sequence[str]) -> list[str]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        return ["git", "--no-pager", "--no-replace-objects", *settings, *arguments]

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": os.environ.get("PATH") or os.defpath,
            "HOME": str(self.folder),
            "LC_ALL": "C",
            "GIT_DIR": str(self._dir),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": "",  # nothing is fetched, not even what a repository promises to find elsewhere
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_AUTHOR_NAME": "Milepost",
            "GIT_AUTHOR_EMAIL": "milepost",
            "GIT_COMMITTER_NAME": "Milepost",
            "GIT_COMMITTER_EMAIL": "milepost",
        }


def _said(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip()[-500:] or "it said nothing"


def installed() -> bool:
    return shutil.which("git") is not None
