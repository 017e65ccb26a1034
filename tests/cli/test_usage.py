"""What needs no engine: help, wrong usage, configuration."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Milepost, environment

COMMANDS = [
    "up",
    "init",
    "goal",
    "goals",
    "show",
    "why",
    "log",
    "decide",
    "migrate",
    "doctor",
    "failed",
    "lessons",
    "classify",
]


@pytest.mark.parametrize("arguments", [[], *([command] for command in COMMANDS)], ids=lambda given: "-".join(given))
async def test_every_command_has_help(milepost: Milepost, arguments: list[str]) -> None:
    ended = await milepost(*arguments, "--help")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"usage: {' '.join(['milepost', *arguments])} ")
    assert "--config FILE" in ended.out


async def test_help_loads_nothing_heavy() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "importtime", "-m", "bot.cli", "--help",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, err = await process.communicate()
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in err.decode().splitlines()}

    assert "argparse" in loaded
    assert loaded & {"telegram", "sqlalchemy", "pydantic", "httpx", "loguru", "asyncio"} == set()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "milepost: the following arguments are required: COMMAND (see milepost --help)"),
        (["show"], "milepost: the following arguments are required: N (see milepost show --help)"),
        (["decide", "7"], "milepost: the following arguments are required: OPTION (see milepost decide --help)"),
        (["show", "x"], "milepost: argument N: 'x' is no number (see milepost show --help)"),
        (["show", "0"], "milepost: argument N: '0' is no number (see milepost show --help)"),
        (["show", "9999999999"], "milepost: argument N: '9999999999' is no number (see milepost show --help)"),
        (
            ["show", "1.2"],
            "milepost: argument N: '1.2' is no number; for a task there is milepost log 1.2 (see milepost show --help)",
        ),
        (
            ["log", "1.x"],
            "milepost: argument N: '1.x' is neither a goal (12) nor a task (12.3) (see milepost log --help)",
        ),
        (["goals", "--opne"], "milepost: unrecognized arguments: --opne (see milepost --help)"),
        (["goal", "none.txt"], "milepost: none.txt can't be read: No such file or directory."),
        (["goal", "."], "milepost: . can't be read: Is a directory."),
        (
            ["goals", "--config", "no.toml"],
            "milepost: The configuration {home}/no.toml can't be read: No such file or directory.",
        ),
        (
            ["--config", "no.toml", "goals"],
            "milepost: The configuration {home}/no.toml can't be read: No such file or directory.",
        ),
    ],
)  # fmt: skip
async def test_a_wrong_usage_is_one_line_and_exit_code_2(
    milepost: Milepost, tmp_path: Path, arguments: list[str], line: str
) -> None:
    ended = await milepost(*arguments)

    assert (ended.code, ended.out, ended.err) == (2, "", line.format(home=tmp_path) + "\n")


@pytest.mark.parametrize("command", [["up"], ["goals"], ["migrate"], ["goal", "-"]], ids=lambda given: given[0])
async def test_a_wrong_configuration_is_a_line_per_fault(
    milepost: Milepost, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "config.toml").write_text('[web]\nprot = 1\n[log]\nlevel = "loud"\n')

    ended = await milepost(*command, input="Say hello")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "milepost: config.toml: web.prot = 1: no such key; did you mean web.port?",
        'milepost: config.toml: log.level = "loud": expected "debug", "info", "warning" or "error".',
    ]


async def test_up_refuses_what_this_version_lacks(milepost: Milepost) -> None:
    ended = await milepost("up", env={"MILEPOST_TELEGRAM__MODE": "webhook"})

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == 'milepost: telegram.mode = "webhook" is not available in this version: use "polling".\n'


async def test_a_goal_that_is_no_text_is_one_line(milepost: Milepost) -> None:
    ended = await milepost("goal", "-", input=b"\xff\xfe")

    assert (ended.code, ended.err) == (2, "milepost: Standard input is not a text in UTF-8; save it as such.\n")


async def test_broken_json_is_one_line_with_its_place(milepost: Milepost) -> None:
    ended = await milepost("goal", "-", input='{"description": ')

    assert ended.code == 2
    assert ended.err == (
        "milepost: Standard input starts like JSON but is none: Expecting value: line 1 column 17 (char 16).\n"
    )


async def test_a_goal_of_megabytes_is_one_line(milepost: Milepost) -> None:
    ended = await milepost("goal", "-", input="x" * 2_000_000)

    assert (ended.code, ended.err) == (2, "milepost: Standard input is too long: at most 1000000 bytes make a goal.\n")


READ_FOREVER = """
import signal
from bot.cli import main
from bot.shell import goals
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests may run in the background, where it is ignored
goals._text_of = lambda file: (print("reading", flush=True), signal.pause())
raise SystemExit(main(["goal", "-"]))
"""


async def test_ctrl_c_is_quiet(folder: Path, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", READ_FOREVER,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(folder, tmp_path),
    )  # fmt: skip
    assert process.stdout
    assert await process.stdout.readline() == b"reading\n"
    process.send_signal(signal.SIGINT)
    out, err = await process.communicate()

    assert (process.returncode, out, err) == (130, b"", b"")


FAIL = """
from bot.cli import main
from bot.shell import goals
def fail(file):
    raise RuntimeError("no answer from /bot123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr/getMe")
goals._text_of = fail
raise SystemExit(main(["goal", "-"]))
"""


async def test_a_bug_is_logged_without_secrets_and_exits_with_1(folder: Path, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FAIL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(folder, tmp_path),
    )  # fmt: skip
    out, err = await process.communicate()

    assert (process.returncode, out) == (1, b"")
    assert "RuntimeError: no answer from /bot[hidden]/getMe" in err.decode()
    assert b"AAbbcc" not in err
