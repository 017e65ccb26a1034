"""Somebody's own repository, which a goal works on."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from executor.actions.history.branches import Branches
from executor.actions.history.git import Git
from executor.actions.history.histories import Histories
from executor.actions.history.repository import Repository
from executor.domain.change import Branch
from executor.engine.secrecy.masking import Masker
from tests.fakes import ManualClock


@dataclass
class Shop:
    """Ann's repository `shop`, with work of hers under way, and what is kept about goal 1, which is on it."""

    home: Path
    clock: ManualClock = field(default_factory=ManualClock)
    problems: list[str] = field(default_factory=list)
    hide: Masker = field(default_factory=Masker)

    def __post_init__(self) -> None:
        self.path.mkdir()
        self.git("init", "-q", "-b", "trunk")
        self.write("a.txt", "one\ntwo\nthree\n")
        self.write("b.txt", "b\n")
        self.write(".gitignore", "build/\n*.log\n")
        self.write(".cargo/config.toml", "tracked in a folder that is else left out\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "First")
        self.history = self.opened()

    def opened(self) -> Histories:
        return Histories(
            self.home / "data",
            self.clock,
            lambda number, error: self.problems.append(f"{number}: {error!r}"),
            repositories=[self.path],
            hide=self.hide.in_bytes,
        )

    @property
    def path(self) -> Path:
        return self.home / "shop"

    @property
    def whole(self) -> Path:
        """The goal's folder."""
        return self.home / "data" / "workspaces" / "1"

    def git(self, *words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *words],
            cwd=self.path,
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "GIT_CONFIG_NOSYSTEM": "1"},
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_text(text)

    async def begin(self, ref: str, attempt: int = 1, *, by_hand: bool = False) -> Path:
        place = await self.history.begin(1, f"{ref}#{attempt}", self.branch(ref, by_hand=by_hand))
        assert place is not None
        return place

    async def end(
        self, ref: str, attempt: int = 1, *, succeeded: bool = True, by_hand: bool = False
    ) -> tuple[str, ...]:
        self.clock.advance(10)
        branch = self.branch(ref, by_hand=by_hand)
        return await self.history.end(1, f"{ref}#{attempt}", branch, succeeded=succeeded)

    async def in_conflict(self) -> None:
        """1.2 could not be merged: 1.1 has changed the same file."""
        first, second = await self.begin("1.1"), await self.begin("1.2")
        (first / "a.txt").write_text("from the first\n")
        (second / "a.txt").write_text("from the second\n")
        (second / "new.txt").write_text("new\n")
        await self.end("1.1")
        assert await self.end("1.2") == ("a.txt",)

    def branch(self, ref: str, *, by_hand: bool = False) -> Branch:
        return Branch(repository="shop", task_ref=ref, title=f"Step {ref}", by_hand=by_hand)

    def begun_by_hand(self) -> None:
        """In this thread."""
        branch = self.branch("1.2", by_hand=True)
        git = Git(self.home / "data" / "histories" / "1")
        whole = Repository(git, self.whole, 50_000_000, ignoring=True)
        branches = Branches(1, self.path, whole)
        branches.open()
        branches.folder(branch)

    def delivered(self, name: str) -> str:
        return self.git("show", f"milepost/goal-1:{name}")

    @property
    def worktrees(self) -> list[str]:
        return sorted(path.name for path in self.whole.parent.iterdir())
