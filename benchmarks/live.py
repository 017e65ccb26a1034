"""The stories of the documents against a live model: the one in the configuration.

Each story is one goal, told to a real `milepost up` with a data folder of its own and the `[brain]` of the owner's
configuration. Whatever is asked before it may start or go on is answered as a careful owner would who wants the goal:
Start, and Approve for an action; nothing else. A goal that then waits for a person has ended as far as it can alone.
What a goal claims is compared with a command of ours that knows the truth.
"""

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmarks.table import Line, Section
from bot.control.client import ControlClient, NoAnswer, NotRunning
from bot.settings import load
from executor.actions.sandbox.choice import workspaces_of
from executor.domain.errors import Unconfigured

MINUTES_MAX = 15.0  # of one story
STARTED_S_MAX = 60.0
LOOK_EVERY_S = 0.5
_YES = {"start": "start", "approval": "approve", "draft": "looks-good"}
_MILEPOST = Path(sys.executable).with_name("milepost")

HOW = (
    "One goal after the other, each in a data folder of its own, from its text to its receipt or to the first question "
    "that only its person can answer. Start, Approve and Looks good are pressed; everything else ends the story. "
    "“True” is what a command of the benchmark says in the goal's folder, whatever the goal says of itself."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`ends`: completed, or asks (it can't be done without its person). `truth` is tried in the goal's folder."""

    name: str
    text: str
    ends: Literal["completed", "asks"] = "completed"
    truth: str = "true"


STORIES = (
    Story(
        name="000: a calculator",
        text="Create a Python calculator script calculator.py with add, subtract, multiply and divide, and test it",
        truth="python3 -c 'import calculator as c; assert c.add(2, 3) == 5 and c.multiply(2, 3) == 6'",
    ),
    Story(
        name="000: a Flask bookstore",
        text="Build a Flask bookstore app with templates: app.py, templates/index.html, templates/book.html and "
        "static/style.css; install Flask into a virtual environment .venv of the folder, and test that / answers 200",
        truth="test -s templates/index.html -a -s templates/book.html -a -s static/style.css && .venv/bin/python -c "
        "'import app; assert app.app.test_client().get(\"/\").status_code == 200'",
    ),
    Story(
        name="001: a trading strategy",
        ends="asks",
        text="Launch Momentum Strategy by in 14d\n- Market research is complete\n- The strategy was backtested on two "
        "years of data\n- It runs in paper trading\n- It was watched for one week",
    ),
    Story(
        name="001: a product launch",
        ends="asks",
        text="Launch Analytics Dashboard by in 30d\n- UI mock-ups are designed\n- 20 beta users have tested the MVP\n"
        "- It is on Product Hunt",
    ),
    Story(
        name="001: a learning goal",
        ends="asks",
        text="Master Deep Learning\n- Andrew Ng's course is finished\n- A CNN was written from scratch",
    ),
    Story(
        name="004: an e-mail",
        text="Draft an email to john@example.com thanking him for the meeting, in the file mail.txt",
        truth="grep -qi john mail.txt && grep -qi thank mail.txt",
    ),
    Story(name="004: a campaign", text="Plan the Q4 marketing campaign", ends="asks"),
    Story(name="004: office chairs", text="Order new office chairs", ends="asks"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a story ended: `asked` are the questions that nobody answered."""

    state: str
    asked: tuple[str, ...]
    true: bool
    seconds: float
    calls: int
    tokens: int
    usd: float

    def as_it_should(self, story: Story) -> bool:
        if story.ends == "asks":
            return self.state != "completed" and bool(self.asked)
        return self.state == "completed" and self.true


async def run(folder: Path, stories: tuple[Story, ...] = STORIES) -> Section:
    """Raises Unconfigured without a model."""
    brain = load(None, os.environ).brain
    if brain.provider == "offline":
        raise Unconfigured("There is no model to try. Set [brain] in the configuration, or MILEPOST_BRAIN__PROVIDER.")
    lines = []
    for number, story in enumerate(stories, start=1):
        print(f"  {story.name} …", file=sys.stderr, flush=True)
        told = await asyncio.to_thread(tell, story, folder / str(number), os.environ)
        lines.append(_line(story, told))
    return Section(title=f"Stories with {brain.provider} {brain.model}".rstrip(), how=HOW, lines=lines)


def _line(story: Story, told: Told) -> Line:
    ended = f"{told.state}, {'true' if told.true else 'not true'}" if told.state == "completed" else told.state
    asked = f"; asks: {told.asked[0][:60]}" if told.asked else ""
    return Line(
        what=story.name,
        value=f"{ended}{asked}",
        ratio=f"{told.seconds / 60:.1f} min, {told.calls} calls, {told.tokens:,} tokens, ${told.usd:.4f}",
        target=story.ends,
        met=told.as_it_should(story),
    )


def tell(story: Story, folder: Path, environ: Mapping[str, str], *, minutes_max: float = MINUTES_MAX) -> Told:
    """One story from its text to its end, with a Milepost of its own in `folder`."""
    folder.mkdir(parents=True)
    began = time.monotonic()
    with _up(folder, environ) as client:
        number = int(client.call("submit_goal", {"text": f"/goal {story.text}"}, command_id="goal")["goal_id"])
        shown, asked = _until_it_ends_or_asks(client, number, began + minutes_max * 60)
    state = str(shown["status"])
    calls, tokens, usd = _spent(folder / "data" / "milepost.db")
    return Told(
        state=state,
        asked=asked,
        true=state == "completed" and holds(story.truth, workspaces_of(folder / "data") / str(number)),
        seconds=time.monotonic() - began,
        calls=calls,
        tokens=tokens,
        usd=usd,
    )


def _until_it_ends_or_asks(
    client: ControlClient, number: int, until: float
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    while True:
        shown = client.call("show", {"goal": number}, command_id="look")
        open_ones = [one for one in shown["decisions"] if one["kind"] != "result"]
        for decision in open_ones:
            if (yes := _YES.get(decision["kind"])) in decision["options"]:
                client.call("decide", {"decision": decision["decision"], "option": yes}, command_id=_name(decision))
        asked = tuple(one["question"] for one in open_ones if _YES.get(one["kind"]) not in one["options"])
        over = shown["status"] in ("completed", "failed", "cancelled") or time.monotonic() > until
        if over or (asked and shown["waits_for_person"]):
            return shown, asked
        time.sleep(LOOK_EVERY_S)


def _name(decision: Mapping[str, Any]) -> str:
    return f"decide/{decision['decision']}/{decision['revision']}"


@contextmanager
def _up(folder: Path, environ: Mapping[str, str]) -> Iterator[ControlClient]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {
        "MILEPOST_DATA_DIR": str(folder / "data"),
        "MILEPOST_LOCAL_CHAT__PORT": str(port),
        "MILEPOST_TELEGRAM__TOKEN": "",
        "MILEPOST_STORAGE__URL": "",
    }
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([_MILEPOST, "up"], env={**environ, **ours}, stdout=log, stderr=log)
    client = ControlClient(folder / "data")
    try:
        _wait_for(process, client, folder / "log")
        yield client
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(process: "subprocess.Popen[bytes]", client: ControlClient, log: Path) -> None:
    until = time.monotonic() + STARTED_S_MAX
    while process.poll() is None and time.monotonic() < until:
        try:
            client.call("system", {}, command_id="look")
            return
        except (NotRunning, NoAnswer):
            time.sleep(0.1)
    raise Unconfigured(f"Milepost did not start: {log.read_text(errors='replace')[-500:]}")


def holds(truth: str, folder: Path) -> bool:
    return folder.is_dir() and subprocess.run(["bash", "-c", truth], cwd=folder, capture_output=True).returncode == 0


def _spent(database: Path) -> tuple[int, int, float]:
    """Calls, tokens in and out, dollars."""
    with closing(sqlite3.connect(database)) as rows:
        found = rows.execute(
            "SELECT count(*), coalesce(sum(tokens_in + tokens_out), 0), coalesce(sum(cost_microusd), 0) "
            "FROM brain_calls WHERE error != 'reserved'"
        ).fetchone()
    return int(found[0]), int(found[1]), found[2] / 1e6
