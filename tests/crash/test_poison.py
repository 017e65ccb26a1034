"""A real `milepost up` that dies each time it carries out one task: three deaths, and the task waits for a person."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from bot.control.client import ControlClient, NoAnswer
from tests.crash.real import MILEPOST, STARTED_S_MAX, environment, until, up

pytestmark = pytest.mark.slow

DIES = {"MILEPOST_CRASH_AT": "attempt.before_action"}


def die(folder: Path) -> int:
    """Let it run to its own end."""
    with (folder / "log").open("ab") as log:
        known = environment(folder) | DIES
        return subprocess.run([MILEPOST, "up"], env=known, stdout=log, stderr=log, timeout=STARTED_S_MAX).returncode


def start(client: ControlClient, text: str) -> None:
    submitted = client.call("submit_goal", {"text": text}, command_id=text)
    decision = submitted["decisions"][0]["decision"]
    with suppress(NoAnswer):  # what is started may be what ends it
        client.call("decide", {"decision": decision, "option": "start"}, command_id=f"start {text}")


@pytest.mark.timeout(900)
def test_a_task_that_ends_milepost_each_time_is_parked_after_three_deaths_and_others_go_on(tmp_path: Path) -> None:
    with up(tmp_path, **DIES) as (process, client):
        start(client, "/goal Poison\n1. Drink: `true`")
        first = process.wait(timeout=STARTED_S_MAX)
    deaths = [first, die(tmp_path), die(tmp_path)]
    with up(tmp_path) as (_, client):
        [parked] = client.call("show", {"goal": 1}, command_id="look")["decisions"]
        start(client, "/goal Other\n1. Go on: `true`")
        until(lambda: client.call("state", {"goal": 2}, command_id="look")["status"] == "completed")
        client.call("decide", {"decision": parked["decision"], "option": "retry"}, command_id="retry")
        until(lambda: client.call("state", {"goal": 1}, command_id="look")["status"] == "completed")

    assert deaths == [-9] * 3
    assert parked["question"] == (
        "Drink: Milepost ended 3 times in a row within 20 s of its start; it may be what ends Milepost"
    )
