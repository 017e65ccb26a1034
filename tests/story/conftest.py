"""What the stories share: a program of somebody's own beside a data folder, a chat, and a scripted model."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.library import AutonomousGoalExecutor
from bot.localchat import LocalChat
from tests.modelserver import ModelServer, model_server


@dataclass
class Told:
    """A notifier that remembers. `trouble` is raised as often as it stands there, before it listens."""

    messages: list[tuple[str, str]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def send_message(self, text: str, priority: str = "info") -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.messages.append((priority, text))

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.messages]

    @property
    def heads(self) -> list[str]:
        """The first line of each, with the title where it is a milestone."""
        lines = [text.split("\n") for text in self.texts]
        return [f"{one[0]}: {one[2]}" if "Milestone" in one[0] else one[0] for one in lines]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder. Whoever runs the tests may have a configuration; it is not ours."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("MILEPOST_CONFIG", "MILEPOST_DATA_DIR", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILEPOST_EXECUTOR__RETRY_FIRST_S", "0.01")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def executor(folder: Path, told: Told) -> Iterator[AutonomousGoalExecutor]:
    with AutonomousGoalExecutor(folder, notifier=told) as executor:
        yield executor


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LocalChat]:
    """A local chat that outlives the Milepost behind it."""
    chat = LocalChat(tmp_path / "chat", port=0, operator_name="Ann")
    await chat.start()
    yield chat
    await chat.stop()


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    """A scripted model behind real HTTP."""
    async with model_server() as running:
        yield running
