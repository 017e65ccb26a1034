"""A goal of twelve tasks meets every kind of blockage, and asks only what needs a person: real commands, a real service
that is down, and a restart in the middle, in the real chat."""

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import pytest

from bot.localchat import LocalChat
from executor.domain.goal import GoalState
from executor.engine.why import HOLDS_NOTHING_UP
from tests.ports import quiet_port
from tests.story.test_an_outage import serving
from tests.telegram.talk import Json, Talk, talking, words

PATIENCE_S = 60.0  # a package is installed meanwhile
QUICK: Json = {
    "executor": {"retry_first_s": 0.05, "outage_pause_max_s": 0.3, "tick_s": 0.2},
}
GOAL = """/goal Send the weekly report p8
- The report is complete: `grep -q total report/weekly.txt`
- The preview can be read: `test -s preview.txt`
1. Collect the notes: `printf 'tea 3\\nbread 4\\n' > notes.txt`
2. Count them: `wc -l < notes.txt > report/count.txt` after 1
3. Draw the table: `python3 -c 'import tinytable; print(tinytable.table("tea"))' > table.txt` after 1
4. Fetch the prices: `curl -sS --fail http://127.0.0.1:{port}/now > prices.txt` after 1
5. Sign it: `echo "signed ${{REPORT_TOKEN:?}}" | cut -c 1-6 > signature.txt` after 1
6. Keep a copy: `test -e {lock} && {{ echo "E: Could not get lock {lock}" >&2; exit 1; }}; cp notes.txt copy` after 1
7. Convert the pictures: `echo 'no delegate for this image format' >&2; exit 1` after 1
8. Ask Ann for last week's total after 2
9. Add up: `echo 'the total should be 7' >&2; exit 3` after 4,8
10. Put it together: `cat table.txt prices.txt > report/weekly.txt; echo total >> report/weekly.txt` after 3,5,9
11. Make a preview: `head -n 3 report/weekly.txt > preview.txt` after 10
12. Hand it to the printer after 11"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This machine's package index: a folder with one package."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with ZipFile(folder / "tinytable-1.0-py3-none-any.whl", "w") as wheel:
        about = "tinytable-1.0.dist-info"
        wheel.writestr("tinytable.py", "def table(text):\n    return f'| {text} |'\n")
        wheel.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tinytable\nVersion: 1.0\n")
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def task_in(told: str) -> str:
    """Which task of the goal a message is about."""
    found = re.search(r"1\.\d+ [A-Z].*", told)
    return found[0] if found else ""


async def questions(talk: Talk) -> list[tuple[str, str, str]]:
    """Everything that was ever asked and held something up: (kind, task, answer)."""
    found = []
    while (decision := await talk.house.executor.decision(len(found) + 1)) is not None:
        found.append(decision)
    return sorted(
        (decision.kind.value, decision.task_ref or "", decision.option or decision.state.value)
        for decision in found
        if decision.kind not in HOLDS_NOTHING_UP
    )


@pytest.fixture
def lock() -> Iterator[Path]:
    """Somebody's on this machine, where everybody can see it; pytest's own folders are closed to others."""
    with TemporaryDirectory(prefix="milepost-lock-") as folder:
        Path(folder).chmod(0o755)
        lock = Path(folder, "shared.lock")
        lock.touch()
        yield lock


@pytest.mark.slow
@pytest.mark.usefixtures("wheels")
async def test_twelve_tasks_and_every_kind_of_blockage_end_with_just_the_questions_that_needed_a_person(
    tmp_path: Path, room: LocalChat, lock: Path
) -> None:
    port = quiet_port()
    async with talking(tmp_path / "data", room, chosen=QUICK) as talk:
        card = await talk.say(GOAL.format(port=port, lock=lock), "Nothing runs before you press Start")
        await talk.press(card, "Start")
        down = await talk.hear("does not work", patience_s=PATIENCE_S)
        held = await talk.hear("holds the lock", patience_s=PATIENCE_S)
        token = await talk.hear("REPORT_TOKEN, for", patience_s=PATIENCE_S)
        await talk.say("sesame", "is set", reply_to=token["message_id"])
        ann = await talk.hear("Ask Ann", patience_s=PATIENCE_S)
        bug = await talk.hear("1.7 Convert the pictures", patience_s=PATIENCE_S)

    lock.unlink()
    async with serving(port), talking(tmp_path / "data", room, chosen=QUICK) as talk:
        await talk.press(bug, "Skip")
        await talk.press(ann, "Done")
        again = await talk.press(ann, "Done")
        wrong = await talk.hear("1.9 Add up", patience_s=PATIENCE_S)
        await talk.press(wrong, "Take over")
        await talk.press(await talk.hear("1.9 Add up", patience_s=PATIENCE_S), "Done")
        await talk.press(await talk.hear("1.12 Hand it", patience_s=PATIENCE_S), "Done")
        receipt = await talk.hear("Goal Complete", patience_s=PATIENCE_S)
        view = await talk.house.executor.view(1)

        assert await questions(talk) == [
            ("blockage", "1.5", "provide-value"),
            ("blockage", "1.7", "skip"),
            ("blockage", "1.9", "take-over"),
            ("manual", "1.12", "done"),
            ("manual", "1.8", "done"),
            ("manual", "1.9", "done"),
            ("start", "", "start"),
        ]
    said = [words(message) for message in room.messages() if message.get("from", {}).get("is_bot")]
    assert view is not None
    assert view.goal.state is GoalState.COMPLETED
    assert [task_in(words(one)) for one in (down, held)] == [
        "1.4 Fetch the prices waits for it.",
        "1.6 Keep a copy waits for it.",
    ]
    assert {text.split("\n")[0].partition(", ")[2] for text in said if text.startswith("🔧")} == {
        "The folder report is missing: making it",
        "The Python module tinytable is missing: installing tinytable into the goal's own folder",
    }
    assert again["text"].startswith("Already decided: ✅ Done — Ann")
    assert "✅ The report is complete\n" in words(receipt)
    assert "sesame" not in "\n".join([*said, *(words(message) for message in room.messages())])
