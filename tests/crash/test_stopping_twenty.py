"""Twenty commands run, half of them deaf to SIGTERM: Milepost is asked to stop, asked again, and killed meanwhile."""

import signal
import subprocess
from pathlib import Path

import pytest

from bot.control.client import ControlClient
from tests.crash.real import STARTED_S_MAX, until, up

pytestmark = pytest.mark.slow

STEPS = 20
WIDE = {"MILEPOST_EXECUTOR__CONCURRENCY": str(STEPS)}


def goal() -> dict[str, object]:
    deaf = ("trap '' TERM; ", "")
    return {
        "description": "Twenty at once",
        "tasks": [
            {
                "key": f"t{number}",
                "title": f"Step {number}",
                "action": "shell",
                "parameters": {
                    "command": f"{deaf[number % 2]}touch begun-{number}; until test -e go; do sleep 1; done; "
                    f"echo {number} >> journal"
                },
            }
            for number in range(1, STEPS + 1)
        ],
    }


def begun(work: Path) -> bool:
    return len(list(work.glob("begun-*"))) == STEPS


def stop(process: "subprocess.Popen[bytes]", *signals: signal.Signals) -> int:
    for one in signals:
        process.send_signal(one)
    return process.wait(timeout=STARTED_S_MAX)


def attempts(client: ControlClient) -> list[str]:
    found = client.call("log", {"goal": 1, "task": None}, command_id="look")["attempts"]
    return [str(one["status"]) for one in found]


@pytest.mark.timeout(900)
def test_every_way_to_end_leaves_all_twenty_to_be_resumed_and_none_runs_twice(tmp_path: Path) -> None:
    work = tmp_path / "data" / "workspaces" / "1"
    with up(tmp_path, **WIDE) as (process, client):
        submitted = client.call("submit_goal", {"body": goal()}, command_id="goal")
        client.call("decide", {"decision": submitted["decisions"][0]["decision"], "option": "start"}, command_id="go")
        until(lambda: begun(work))
        politely = stop(process, signal.SIGTERM, signal.SIGTERM)
    for file in work.glob("begun-*"):
        file.unlink()
    with up(tmp_path, **WIDE) as (process, client):
        until(lambda: begun(work))
        after_politely = attempts(client)
        killed = stop(process, signal.SIGTERM, signal.SIGKILL)
    with up(tmp_path, **WIDE) as (_, client):
        (work / "go").touch()  # only now: what an earlier life left running would write its line as well
        until(lambda: client.call("state", {"goal": 1}, command_id="look")["status"] == "completed")

    assert (politely, killed) == (0, -signal.SIGKILL)
    assert sorted(after_politely) == ["interrupted"] * STEPS + ["running"] * STEPS
    assert sorted(map(int, (work / "journal").read_text().split())) == list(range(1, STEPS + 1))
