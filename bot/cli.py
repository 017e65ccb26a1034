"""`milepost` on the command line: words to arguments, one call, and its ending as an exit code.

0 success; 1 failure; 2 wrong usage or configuration; 130 stopped by Ctrl-C. `goal --wait` adds 3 (the goal did not
succeed) and 4 (only a person can move it now).
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from executor.domain.errors import MilepostError, Unconfigured, WrongInput

SUCCESS, FAILURE, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
NUMBER_MAX = 2**31 - 1

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Never a traceback for what a person can mend."""
    try:
        given = _parser().parse_args(arguments)
        return _command(given.run)(given)
    except (WrongInput, Unconfigured) as error:
        return _complain(error, WRONG_USAGE)
    except MilepostError as error:
        return _complain(error, FAILURE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `milepost goals | head`: whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except Exception:  # noqa: BLE001 -- a bug of ours: told through the log, which hides secrets, as Python would not
        importlib.import_module("loguru").logger.exception("Milepost has failed in a way that nobody foresaw")
        return FAILURE


def _complain(error: MilepostError, code: int) -> int:
    for line in error.public.splitlines():
        sys.stderr.write(f"milepost: {line}\n")
    return code


def _command(name: str) -> Command:
    """The function that `name` ("module:function") stands for. Loaded only now: --help needs none of it."""
    importlib.import_module("bot.logs").start(environ=os.environ)  # until the configuration says how
    module, _, function = name.partition(":")
    command: Command = getattr(importlib.import_module(f"bot.shell.{module}"), function)
    return command


class _Parser(argparse.ArgumentParser):
    """A wrong usage is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_USAGE, f"milepost: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="milepost",
        description="Takes a goal, plans it, works on it, asks when it needs you, and proves what it did.",
        epilog="Exit codes: 0 success, 1 failure, 2 wrong usage or configuration.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version)
    _config(parser, default=None)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, dest="command", parser_class=_Parser)

    def add(name: str, run: str, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False)
        command.set_defaults(run=run)
        _config(command, default=argparse.SUPPRESS)
        return command

    add("up", "house:up", "run everything: the chat, the scheduler and the executor")
    _init(add("init", "init:init", "write config.toml, once each credential was tried live"))
    _goal_commands(add)
    decide = add("decide", "goals:decide", "answer an open decision")
    decide.add_argument("decision", metavar="N", type=_number, help="the decision's number")
    decide.add_argument("option", metavar="OPTION", help="the button's words with hyphens, or its number")
    decide.add_argument(
        "text",
        metavar="TEXT",
        nargs="*",
        default=[],
        help="the text, where one is wanted; - takes a secret from standard input",
    )
    _json(decide)
    _json(add("failed", "records:failed", "list what ended without being done"))
    _json(add("lessons", "records:lessons", "list what was learned from failures"))
    classify = add("classify", "classify:classify", "measure how well failures are told apart, on a file of them")
    classify.add_argument("file", metavar="FILE", help="JSON lines: command, exit_code, stdout, stderr, class; or -")
    _json(classify)
    _json(add("stop", "stopping:stop", "stop all action at once; needs no running program"))
    _json(add("resume", "stopping:resume", "lift a stop"))
    _json(add("migrate", "house:migrate", "create the database or bring it up to date"))
    doctor = add("doctor", "house:doctor", "check the configuration and this machine, with a remedy for each fault")
    doctor.add_argument("--fix", action="store_true", help="mend what can be mended safely")
    _json(doctor)
    return parser


def _init(init: argparse.ArgumentParser) -> None:
    """Without any of these it asks at the terminal."""
    for flag, metavar, text in (
        ("--telegram-token", "TOKEN", "from @BotFather; - reads it from standard input"),
        ("--api-root", "URL", "another Bot API server"),
        ("--model", "NAME", "the model's name"),
        ("--api-key", "KEY", "the provider's; - reads it from standard input"),
        ("--base-url", "URL", "a model server of your own"),
        ("--timezone", "ZONE", "like Europe/Berlin"),
        ("--data-dir", "FOLDER", "where everything is kept"),
    ):
        init.add_argument(flag, metavar=metavar, default="", help=text)
    init.add_argument("--owner", metavar="ID", type=int, action="append", default=[], help="a numeric Telegram id")
    init.add_argument("--provider", choices=["offline", "gemini", "openai"], default="", help="who plans")
    init.add_argument("--force", action="store_true", help="replace a file that is there already")
    _json(init)


def _goal_commands(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    goal = add("goal", "goals:goal", "submit a goal, as text or as JSON")
    goal.add_argument("file", metavar="FILE|-", help="a file with the goal, or - for standard input")
    goal.add_argument(
        "--wait",
        action="store_true",
        help="until it is over: exit 0 completed, 3 not completed, 4 as soon as only a person can move it",
    )
    _json(goal)
    goals = add("goals", "goals:goals", "list the goals, newest first")
    goals.add_argument("--open", action="store_true", help="only those that are not over")
    _json(goals)
    show = add("show", "goals:show", "show a goal: its tasks, attempts and open decisions")
    show.add_argument("goal", metavar="N", type=_number, help="the goal's number")
    _json(show)
    why = add("why", "goals:why", "say why a goal or a task is where it is, and what comes next")
    why.add_argument("goal", metavar="N", type=_goal_or_task, help="the goal's number, or a task's: 12 or 12.3")
    _json(why)
    log = add("log", "goals:log", "show what was run for a goal, with exit codes and output")
    log.add_argument("goal", metavar="N", type=_goal_or_task, help="the goal's number, or a task's: 12 or 12.3")
    _json(log)
    _history_commands(add)


def _history_commands(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    diff = add("diff", "history:diff", "show what a goal or a task changed in the goal's folder, as a patch")
    diff.add_argument("goal", metavar="N", type=_goal_or_task, help="the goal's number, or a task's: 12 or 12.3")
    _json(diff)
    undo = add("undo", "history:undo", "show what going back would do to the goal's folder; with --yes: do it")
    undo.add_argument("goal", metavar="N", type=_goal_or_task, help="to before this goal (12) or task (12.3)")
    undo.add_argument("--to", metavar="STATE", help="to this kept state instead, as an earlier undo named it")
    undo.add_argument("--yes", metavar="STATE", help="do it, if the folder is still as it was shown")
    _json(undo)
    export = add("export", "history:export", "write a goal's whole record as JSON, and what it changed")
    export.add_argument("goal", metavar="N", type=_number, help="the goal's number")
    export.add_argument("-o", "--output", metavar="FILE|-", help="the record; - for standard output")
    export.add_argument("--patch", metavar="FILE", help="what changed in its folder, for git apply")
    export.add_argument("--archive", metavar="FILE", help="the files of its folder, as a .tar.gz")


def _config(parser: argparse.ArgumentParser, default: object) -> None:
    parser.add_argument("--config", metavar="FILE", type=Path, default=default, help="the configuration to use")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")


def _number(text: str) -> int:
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal() and 0 < int(digits) <= NUMBER_MAX):
        hint = f"; for a task there is milepost log {text}" if "." in text else ""
        raise argparse.ArgumentTypeError(f"{text!r} is no number{hint}")
    return int(digits)


def _goal_or_task(text: str) -> tuple[int, str | None]:
    goal, dot, steps = text.removeprefix("#").partition(".")
    if dot and not all(step.isascii() and step.removeprefix("c").isdecimal() for step in steps.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a goal (12) nor a task (12.3)")
    number = _number(goal)
    return number, f"{number}.{steps}" if dot else None


class _Version(argparse.Action):
    """Reads the version only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        metadata = importlib.import_module("importlib.metadata")
        try:
            version = metadata.version("milepost")
        except metadata.PackageNotFoundError:  # run from a checkout
            version = "(not installed)"
        sys.stdout.write(f"milepost {version}\n")
        parser.exit(SUCCESS)


if __name__ == "__main__":
    sys.exit(main())
