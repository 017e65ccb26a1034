"""A goal goes on where it was: two of five steps are done when the program dies, and the other three follow."""

from collections import Counter
from pathlib import Path

from tests.crash.real import until, up

APP = """/goal Create a small web app
- All five parts exist: `test $(cat journal | sort -u | wc -l) = 5`
1. Folder: `mkdir -p app && echo folder >> journal`
2. Requirements: `echo flask > app/requirements.txt && echo requirements >> journal`
3. Application: `touch begun; until test -e go; do sleep 0.02; done; echo application >> journal`
4. Page: `echo hello > app/page.html && echo page >> journal`
5. Start script: `echo python app.py > app/start.sh && echo start >> journal`"""


def test_what_was_done_stays_done_and_the_rest_is_carried_out(tmp_path: Path) -> None:
    workspace = tmp_path / "data" / "workspaces" / "1"
    begun, go, journal = workspace / "begun", workspace / "go", workspace / "journal"
    with up(tmp_path) as (process, client):
        submitted = client.call("submit_goal", {"text": APP}, command_id="goal")
        decision = submitted["decisions"][0]["decision"]
        client.call("decide", {"decision": decision, "option": "start"}, command_id="start")
        until(begun.exists)
        before = client.call("show", {"goal": 1}, command_id="look")
        process.kill()
        process.wait()
    done_before = [task["status"] for task in before["subtasks"]]
    with up(tmp_path) as (process, client):
        go.touch()  # only now: what the dead program left running must be gone, or it would go on as well
        until(lambda: client.call("state", {"goal": 1}, command_id="look")["status"] == "completed")
        after = client.call("show", {"goal": 1}, command_id="look")
        attempts = client.call("log", {"goal": 1, "task": None}, command_id="look")["attempts"]

    assert done_before[:5] == ["completed", "completed", "in_progress", "pending", "pending"]
    assert {task["status"] for task in after["subtasks"]} == {"completed"}
    assert journal.read_text().splitlines() == ["folder", "requirements", "application", "page", "start"]
    tries = Counter(attempt["subtask_id"] for attempt in attempts)
    assert tries == {"1.1": 1, "1.2": 1, "1.3": 2, "1.4": 1, "1.5": 1, "1.c1": 1}
