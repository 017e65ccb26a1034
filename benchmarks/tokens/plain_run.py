"""A plain loop that reasons and acts, as short as one can be: one command a turn, its output, the next turn. Arguments:
the server, the folder, the task."""

import json
import subprocess
import sys
import urllib.request

TURNS_MAX = 40
OUTPUT_CHARACTERS_MAX = 4_000
SYSTEM = (
    "You work on a task on a Linux machine, one shell command at a time. Answer with one JSON object: "
    '{"thought": str, "command": str} to run a command in the task\'s folder; you then see its exit code and its '
    'output. Verify what you did. When the task is done, or can\'t be, answer {"thought": str, "final": str}.'
)


def main(url: str, folder: str, task: str) -> None:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": task}]
    for _ in range(TURNS_MAX):
        said = _ask(url, messages)
        turn = json.loads(said)
        if "final" in turn:
            return
        ran = subprocess.run(["bash", "-c", turn["command"]], cwd=folder, capture_output=True, text=True, check=False)
        seen = f"exit code {ran.returncode}\n{(ran.stdout + ran.stderr)[-OUTPUT_CHARACTERS_MAX:]}"
        messages += [{"role": "assistant", "content": said}, {"role": "user", "content": seen}]


def _ask(url: str, messages: list[dict[str, str]]) -> str:
    body = json.dumps({"model": "scripted", "messages": messages}).encode()
    request = urllib.request.Request(f"{url}/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        said: str = json.load(reply)["choices"][0]["message"]["content"]
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
