"""Twelve secrets in twelve places, a whole goal at debug level, and then a look at every byte that was written."""

import base64
import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.control.client import ControlClient, NotRunning
from tests.cli.conftest import environment

PLACES = (
    *("button", "reply", "command", "shell", "stdin", "renewed"),  # given by a person
    *("configured", "in_python", "api_key", "webhook", "unused", "workers"),  # of the configuration
)
CANARIES = {place: f"cnry-{place}-Zk9/+{number * 7919:05d}=x" for number, place in enumerate(PLACES, start=1)}
PATIENCE_S = 120.0  # of a slow machine
GOAL = """/goal Show what must not be seen
1. By the button: `echo ${BUTTON_TOKEN:?}; printf "a:%s" "$BUTTON_TOKEN" | base64`
2. By a reply: `printf %s ${REPLY_KEY:?}; printf %s "$REPLY_KEY" | base64 >&2; false || exit 0`
3. By a command: `: ${COMMAND_SECRET:?}; echo "$COMMAND_SECRET" | fold -w 5`
4. By the shell: `test -n "$SHELL_TOKEN" && echo "{$SHELL_TOKEN}" | tee /dev/stderr`
5. From standard input: `python3 -c 'import os, urllib.parse as u; print(u.quote(os.environ["STDIN_TOKEN"], ""))'`
6. From the configuration: `echo $GITHUB_TOKEN > shown; cat shown; rm shown; echo "$GITHUB_TOKEN" >&2`
7. Refused, given again: `test "$RENEWED_TOKEN" = RIGHT || { echo "$RENEWED_TOKEN: 401 Unauthorized" >&2; exit 1; }`
8. In Python's words: `python3 -c 'import os; print(repr(os.environ["PYTHON_TOKEN"]))' # $PYTHON_TOKEN`
9. Into files: `echo "k=$BUTTON_TOKEN" > env; echo $GITHUB_TOKEN | base64 > coded; printf "\\0$REPLY_KEY" > raw`"""
LEFT_IN_THE_FOLDER = [f"data/workspaces/1/{name}" for name in ("coded", "env", "raw")]


def until(happened: Callable[[], Any]) -> Any:
    limit = time.monotonic() + PATIENCE_S
    while True:
        if found := happened():
            return found
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.05)


class Page:
    """The local chat's page, as the browser speaks to it."""

    def __init__(self, url: str) -> None:
        self._root = url.partition("?")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self._opener.open(url).read()
        self._once = 0

    def messages(self) -> list[dict[str, Any]]:
        found: dict[str, Any] = json.load(self._opener.open(f"{self._root}page/messages?limit=100"))
        return list(found["messages"])

    def post(self, path: str, **body: Any) -> None:
        request = urllib.request.Request(
            f"{self._root}page/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        self._opener.open(request).read()

    def say(self, text: str, reply_to: int | None = None) -> None:
        self._once += 1
        self.post("say", text=text, reply_to=reply_to or 0, once=f"key-{self._once}")

    def press(self, message: dict[str, Any], label: str) -> None:
        rows = message["reply_markup"]["inline_keyboard"]
        data = next(one["callback_data"] for row in rows for one in row if one["text"] == label)
        self.post("press", message_id=message["message_id"], data=data)

    def hear(self, *parts: str) -> dict[str, Any]:
        """The newest message with all of these in it."""

        def there() -> dict[str, Any] | None:
            return next((m for m in reversed(self.messages()) if all(p in m.get("text", "") for p in parts)), None)

        message: dict[str, Any] = until(there)
        return message


def forms(value: str) -> list[bytes]:
    whole, raw = [], value.encode()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw).decode()
        whole.append(encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6])
    return [text.encode() for text in (value, quote(value, ""), json.dumps(value)[1:-1], raw.hex(), *whole)]


def test_twelve_canaries_are_found_in_no_byte_of_anything(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    started = environment(data, tmp_path) | {
        "MILEPOST_LOCAL_CHAT__PORT": "0",
        "MILEPOST_WEB__PORT": "0",
        "MILEPOST_LOG__LEVEL": "debug",
        "MILEPOST_EXECUTOR__RETRY_FIRST_S": "0.05",
        "MILEPOST_SECRETS__GITHUB_TOKEN": CANARIES["configured"],
        "MILEPOST_SECRETS__PYTHON_TOKEN": CANARIES["in_python"],
        "MILEPOST_BRAIN__API_KEY": CANARIES["api_key"],
        "MILEPOST_TELEGRAM__WEBHOOK_SECRET": CANARIES["webhook"],
        "MILEPOST_WORKERS__URL": CANARIES["workers"],
        "MILEPOST_SECRETS__NOBODY_NAMES_THIS": CANARIES["unused"],
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "up"], env=started, cwd=tmp_path, stdout=out, stderr=out
        )
    client = ControlClient(data, timeout_s=PATIENCE_S)
    try:
        page = Page(until(lambda: _address(log)))
        until(lambda: _answers(client))
        page.say(GOAL)
        page.press(page.hear("Nothing runs before you press Start"), "Start")

        page.press(page.hear("value of BUTTON_TOKEN, for"), "Provide value")
        page.say(CANARIES["button"], page.hear("Send the value of BUTTON_TOKEN")["message_id"])
        page.say(CANARIES["reply"], page.hear("value of REPLY_KEY, for")["message_id"])
        page.say(f"/answer {_number(page.hear('value of COMMAND_SECRET, for'))} {CANARIES['command']}")
        _decide(started, tmp_path, _number(page.hear("value of SHELL_TOKEN, for")), CANARIES["shell"])
        _decide(started, tmp_path, _number(page.hear("value of STDIN_TOKEN, for")), "-", CANARIES["stdin"])
        first = page.hear("value of RENEWED_TOKEN, for")
        page.say(CANARIES["renewed"], first["message_id"])
        again = until(lambda: _newer(page, first, "value of RENEWED_TOKEN, for"))
        page.say("RIGHT", again["message_id"])
        page.hear("Goal Complete")
        record = json.dumps(client.call("show", {"goal": 1}, command_id="show"), ensure_ascii=False)
        record += json.dumps(client.call("log", {"goal": 1}, command_id="log"), ensure_ascii=False)
        page.say("/diff 1")
        page.hear("changed in its folder")
        handed = _milepost(started, tmp_path, "export", "1", "-o", "record", "--patch", "patch", "--archive", "files")
        shown = _milepost(started, tmp_path, "diff", "1")
        chat = json.dumps(page.messages(), ensure_ascii=False)
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)

    written = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    written |= {"the record": record.encode(), "the chat": chat.encode(), "the diff": shown.encode()}
    written |= {"what git has": _objects(data), "the archive": gzip.decompress(written["files"])}
    found = {place: [name for name in written if _holds(written[name], value)] for place, value in CANARIES.items()}

    assert {name for names in found.values() for name in names} == set(LEFT_IN_THE_FOLDER)
    assert handed.splitlines() == [
        "In the patch with ••• in place of secrets: coded, env",
        "Not in the archive: raw (holds a secret)",
        "In the archive with ••• in place of secrets: coded, env",
    ]
    assert "k=•••" in shown
    assert record.count("•••") > 20


def _holds(content: bytes, value: str) -> bool:
    return any(form in content for form in forms(value))


def _address(log: Path) -> str:
    return next((word for word in log.read_text().split() if word.startswith("http") and "token=" in word), "")


def _answers(client: ControlClient) -> bool:
    try:
        client.call("system", {}, command_id="look")
    except NotRunning:
        return False
    return True


def _number(message: dict[str, Any]) -> int:
    words: list[str] = message["text"].split("/answer ")[1].split()
    return int(words[0])


def _newer(page: Page, than: dict[str, Any], part: str) -> dict[str, Any] | None:
    return next(
        (m for m in page.messages() if m["message_id"] > than["message_id"] and part in m.get("text", "")), None
    )


def _objects(data: Path) -> bytes:
    """Everything in the history of goal 1, unpacked."""
    told = ["git", "--git-dir", str(data / "histories" / "1"), "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.run(told, capture_output=True, check=True, env={"PATH": os.environ["PATH"]}).stdout


def _milepost(env: dict[str, str], folder: Path, *words: str) -> str:
    """What it says, on whichever stream."""
    ended = subprocess.run(
        [sys.executable, "-m", "bot.cli", *words],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def _decide(env: dict[str, str], folder: Path, number: int, value: str, given: str = "") -> None:
    command = [sys.executable, "-m", "bot.cli", "decide", str(number), "provide-value", value]
    ended = subprocess.run(command, env=env, cwd=folder, input=given + "\n", capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "is set for this goal" in ended.stdout
