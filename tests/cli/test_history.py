"""What a goal did and changed, from the shell: on the whole program, no part is scripted here."""

import json
import os
import subprocess
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.cli.conftest import Milepost
from tests.cli.test_whole import up

GOAL = """Write a list
- It is there: `test -s list`
1. Begin: `echo milk > list; head -c 300 /dev/zero > picture; printf '\\033]52;c;eA==\\007\\033[31mred\\n'`
2. Go on: `echo bread >> list` after 1
"""


@asynccontextmanager
async def _worked_on(milepost: Milepost, folder: Path, home: Path) -> AsyncIterator[None]:
    """Goal 1 is done, and Milepost runs: its socket answers sooner than a database that has to be opened first."""
    (home / "config.toml").write_text('[executor]\nautonomy = "full"\n')
    async with up(folder, home):
        done = await milepost("goal", "-", "--wait", "--json", input=GOAL)
        assert done.code == 0, done
        yield


async def test_the_record_the_patch_and_the_archive_are_handed_over(
    milepost: Milepost, folder: Path, tmp_path: Path
) -> None:
    async with _worked_on(milepost, folder, tmp_path):
        (folder / "workspaces" / "1" / ".venv").mkdir()

        ended = await milepost("export", "1", "-o", "-", "--patch", "goal.patch", "--archive", "goal.tar.gz")
        shown, logged = await milepost("show", "1"), await milepost("log", "1")

    assert (ended.code, ended.err) == (0, "")
    assert ["\n      red\n" in shown.out, "\nred\n" in logged.out] == [True, True], "what was printed is shown"
    assert "\x1b" not in shown.out + logged.out, "and moves nobody's terminal"
    record = json.loads(ended.out)
    assert [plan["version"] for plan in record["plans"]] == [1]
    assert [(one["subtask_id"], one["exit_code"], one["evidence"] != "") for one in record["attempts"]] == [
        ("1.1", 0, True),
        ("1.2", 0, True),
        ("1.c1", None, True),
    ]
    assert [(one["kind"], one["status"]) for one in record["decisions"]] == [("result", "open")]
    assert [change["attempt"] for change in record["changes"]] == ["1.1#1", "1.2#1"]
    assert (record["costs"], record["cost_usd"]) == ([], 0.0)
    assert record["events"][0]["event"] == "goal.created"
    applied = tmp_path / "applied"
    applied.mkdir()
    subprocess.run(
        ["git", "apply", "../goal.patch"], cwd=applied, check=True, env={"PATH": os.environ["PATH"], "HOME": "/"}
    )
    assert (applied / "list").read_text() == "milk\nbread\n"
    assert (applied / "picture").read_bytes() == bytes(300)
    with tarfile.open(tmp_path / "goal.tar.gz") as archive:
        assert archive.getnames() == ["goal-1", "goal-1/list", "goal-1/picture"]


async def test_diff_and_undo_do_what_they_do_in_the_chat(milepost: Milepost, folder: Path, tmp_path: Path) -> None:
    written = folder / "workspaces" / "1" / "list"
    async with _worked_on(milepost, folder, tmp_path):
        shown = await milepost("diff", "1.2")
        asked = await milepost("undo", "1.2")
        before = written.read_text()
        done = await milepost(*asked.out.splitlines()[-1].removeprefix("To do it: milepost ").split())
        again = await milepost(*asked.out.splitlines()[-1].removeprefix("To do it: milepost ").split())

    assert shown.out.splitlines()[-3:] == ["@@ -1 +1,2 @@", " milk", "+bread"]
    assert asked.out.splitlines()[:2] == ["This would become of the goal's folder:", "  ~ list"]
    assert before == "milk\nbread\n"
    assert done.out.startswith("The folder of goal 1 is as it was before 1.2. ")
    assert written.read_text() == "milk\n"
    assert (again.code, again.err) == (1, "milepost: The folder of goal 1 is like that already.\n")


async def test_what_can_not_be_handed_over_is_one_line(milepost: Milepost, folder: Path, tmp_path: Path) -> None:
    wrong = ("export 7 -o -", "export 1", "export 1 -o no/such/file", "export 1 --archive a.tgz", "diff 1", "diff 1.9")
    async with up(folder, tmp_path):
        await milepost("goal", "-", input="Say hello\n1. Say it: `echo hello`\n")

        answers = {words: (await milepost(*words.split())).err for words in (*wrong, "undo 1")}

    unchanged = "milepost: Nothing has changed in the folder of goal 1 yet.\n"
    assert answers == {
        "export 7 -o -": "milepost: There is no goal 7. milepost goals lists them.\n",
        "export 1": "milepost: Say where to: -o FILE for the record (- for standard output), --patch FILE, "
        "--archive FILE.\n",
        "export 1 -o no/such/file": "milepost: no/such/file can't be written: No such file or directory.\n",
        "export 1 --archive a.tgz": unchanged,
        "diff 1": unchanged,
        "diff 1.9": "milepost: There is no task 1.9. milepost show 1 lists them.\n",
        "undo 1": unchanged,
    }
    assert not (tmp_path / "a.tgz").exists()
