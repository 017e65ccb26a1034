"""Kills a real `milepost up` again and again while it works, then lets it finish. Run by test_kill_minus_nine.py.

Runs in a PID namespace of its own, as a user without rights: whatever is killed wrongly here can only be ours. Prints
one JSON document with what it saw; it judges nothing.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bot.control.client import ControlClient, NoAnswer, NotRunning
from executor.domain.errors import MilepostError

TASKS = 24
MARK = b"MILEPOST_ATTEMPT="
STARTING = 0.3  # the share of lives that are killed while they start, within START_S
START_S = 1.5
ANSWERS_S_MAX = 60.0  # of a slow machine
WORK_S_MAX = 0.9  # the other lives work for up to so long
PATIENCE = 4  # kills in a row without a finished task; twice as many of one task, and Milepost asks whether it ends it
PROGRESS_S_MAX = 120.0
ENDED_BY_A_TASK = "it may be what ends Milepost"
END_S_MAX = 240.0


def goal(effects: Path, number: int) -> dict[str, Any]:
    """Many short tasks, four at a time. Every third one writes a line that must not be written twice, outside of the
    workspace; the others leave a background process that would outlive them."""
    tasks = []
    for place in range(1, TASKS + 1):
        task: dict[str, Any] = {"key": f"t{place}", "title": f"Step {place}", "action": "shell"}
        if place % 3:
            task["parameters"] = {"command": "sleep 300 & sleep 0.1; echo done"}
        else:
            ours = 'echo "$MILEPOST_ATTEMPT" >>'
            task["parameters"] = {
                "command": f"sleep 0.1; {ours} '{effects}'; sleep 0.1",
                "writes": [str(effects.parent)],
                "repeatable": False,
            }
        task["depends_on"] = [f"t{place - 4}"] if place > 4 else []
        tasks.append(task)
    return {"description": f"Many steps {number}", "tasks": tasks}


class Killer:
    def __init__(self, folder: Path, environment: dict[str, str], milepost: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.effects = folder / "outside" / "effects"
        self.environment = environment
        self.milepost = milepost
        self.client = ControlClient(self.data, timeout_s=30)
        self.replies: dict[str, str] = {}
        self.answers = 0
        self.while_running = 0
        self.finished = 0  # tasks that were seen to be finished
        self.survivors: list[str] = []
        self.said: list[str] = []

    def start(self) -> "subprocess.Popen[bytes]":
        self.effects.parent.mkdir(exist_ok=True)
        self.effects.touch()
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [self.milepost, "up"], env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def call(self, method: str, params: dict[str, Any], command_id: str) -> dict[str, Any] | None:
        """None: nobody was there, or nobody answered. A refusal is an answer."""
        try:
            return self.client.call(method, params, command_id=command_id)
        except (NotRunning, NoAnswer):
            return None
        except MilepostError as error:
            self.said.append(f"{command_id}: {error.public}")
            return {}

    def submit(self, number: int) -> None:
        """Until it was acknowledged: the same command under the same id."""
        name = f"goal-{number}"
        if name not in self.replies:
            reply = self.call("submit_goal", {"body": goal(self.effects, number)}, name)
            if reply:
                self.replies[name] = reply["message"]

    def decide(self) -> list[str]:
        """Answer what is open, truthfully; the states of the goals."""
        listed = self.call("goals", {}, "look") or {"goals": []}
        states = [str(one["status"]) for one in listed["goals"]]
        finished = 0
        for one in listed["goals"]:
            shown = self.call("show", {"goal": int(one["goal_id"])}, "look") or {}
            finished += sum(task["status"] == "completed" for task in shown.get("subtasks", []))
            for decision in shown.get("decisions", []):
                option = self.option(decision)
                if option is None:
                    continue
                name = f"decide-{decision['decision']}"
                reply = self.call("decide", {"decision": decision["decision"], "option": option}, name)
                if reply:
                    self.replies[name] = reply["message"]
                    self.answers += decision["kind"] == "effect"
        self.finished = max(self.finished, finished)
        return states

    def go_on(self, goals: int) -> int:
        """How many goals there are to be: there must be work whenever it is killed."""
        self.submit(goals)
        states = self.decide()
        time.sleep(0.02)
        return goals + (states.count("completed") == goals)

    def answers_now(self) -> bool:
        return self.call("system", {}, "look") is not None

    def has_said_all(self) -> bool:
        lines = (self.call("system", {}, "look") or {"lines": []})["lines"]
        return any(line.startswith("Messages waiting to be sent: 0") for line in lines)

    def option(self, decision: dict[str, Any]) -> str | None:
        match decision["kind"]:
            case "start":
                return "start"
            case "effect":
                done = [line.split("#")[0] for line in self.effects.read_text().splitlines()]
                return "it-happened" if decision["subtask_id"] in done else "it-did-not"
            case "result":  # whether it is good: it holds nothing up
                return None
            case "blockage" if ENDED_BY_A_TASK in decision["question"]:  # it was not the task, it was we
                return "retry"
            case "blockage" if decision["subtask_id"] is None:  # goes away with what stands behind it
                return None
            case kind:
                self.said.append(f"nobody expected the question {decision['decision']} ({kind})")
                return None

    def marked(self) -> list[str]:
        """Living processes that an attempt started."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    environ = (entry / "environ").read_bytes()
                    state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
                except OSError:
                    continue
                if state != "Z":
                    found += [part.decode() for part in environ.split(b"\0") if part.startswith(MARK)]
        return found

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        self.while_running += bool(self.marked())
        process.send_signal(signal.SIGKILL)
        process.wait()


def reap() -> None:
    """We are the parent of whatever the dead leave."""
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                return
        except ChildProcessError:
            return


def run(killer: Killer, seed: int, kills: int) -> dict[str, Any]:
    dice = random.Random(seed)
    began = time.monotonic()
    goals = 1
    fruitless = 0
    for _ in range(kills):
        process, finished_before = killer.start(), killer.finished
        while_starting = dice.random() < STARTING and fruitless < PATIENCE
        until = time.monotonic() + (dice.uniform(0, START_S) if while_starting else ANSWERS_S_MAX)
        moment_s = dice.uniform(0, WORK_S_MAX)
        while time.monotonic() < until:
            if not while_starting and killer.answers_now():
                until = min(until, time.monotonic() + moment_s)
                while_starting = True
            goals = killer.go_on(goals)
        patient_until = time.monotonic() + (PROGRESS_S_MAX if fruitless >= PATIENCE else 0)
        while killer.finished == finished_before and time.monotonic() < patient_until:
            goals = killer.go_on(goals)
        fruitless = fruitless + 1 if killer.finished == finished_before else 0
        killer.kill(process)
        reap()
    killed_s = time.monotonic() - began
    process = killer.start()
    states: list[str] = []
    until = time.monotonic() + END_S_MAX
    while time.monotonic() < until and not (states == ["completed"] * goals and killer.has_said_all()):
        killer.submit(goals)
        states = killer.decide()
        time.sleep(0.05)
    killer.survivors = killer.marked()
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)
    return {
        "killed_s": round(killed_s, 1),
        "while_running": killer.while_running,
        "states": states,
        "goals": goals,
        "answers": killer.answers,
        "survivors": killer.survivors,
        "said": killer.said,
        "replies": killer.replies,
        "effects": killer.effects.read_text().splitlines(),
        "exit_code": process.returncode,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("milepost")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--sandbox", required=True)
    given = parser.parse_args()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "HOME": str(given.folder),
        "MILEPOST_DATA_DIR": str(given.folder / "data"),
        "MILEPOST_LOCAL_CHAT__PORT": "0",
        "MILEPOST_EXECUTOR__RETRY_FIRST_S": "0.1",
        "MILEPOST_SANDBOX__MODE": given.sandbox,
    }
    killer = Killer(given.folder, environment, given.milepost)
    json.dump(run(killer, given.seed, given.kills), sys.stdout)


if __name__ == "__main__":
    main()
