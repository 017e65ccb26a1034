"""init: writes config.toml, once each credential has been tried live.

With flags it asks nothing; without any it asks at the terminal. A secret given as ``-`` comes from standard input, a
line each, so that no other user of the machine sees it among the arguments. No secret is ever printed.
"""

import argparse
import getpass
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot import doctor, logs
from bot.finding import Finding
from bot.settings import Settings, load
from bot.shell.house import try_brain
from executor.domain.errors import Unconfigured, WrongInput

TRIES = 3  # of one credential at the terminal
_HEAD = "# Milepost's configuration, written by milepost init. config.example.toml documents every key.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a person chose; empty: left at its default."""

    data_dir: str = ""
    timezone: str = ""
    token: str = ""
    api_root: str = ""
    owners: tuple[int, ...] = ()
    provider: str = ""
    model: str = ""
    api_key: str = ""
    base_url: str = ""

    def text(self) -> str:
        """As TOML. A JSON string is a TOML string."""
        tables: dict[str, dict[str, object]] = {
            "telegram": {"token": self.token, "api_root": self.api_root},
            "access": {"owners": list(self.owners)},
            "chat": {"timezone": self.timezone},
            "brain": {
                "provider": self.provider,
                "model": self.model,
                "api_key": self.api_key,
                "base_url": self.base_url,
            },
        }
        lines = [_HEAD]
        if self.data_dir:
            lines.append(f"data_dir = {json.dumps(self.data_dir, ensure_ascii=False)}\n")
        for name, table in tables.items():
            chosen = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items() if value]
            lines += [f"\n[{name}]\n", *chosen] if chosen else []
        return "".join(lines)


def init(given: argparse.Namespace) -> int:
    """0: written; 2: something is wrong, and nothing was written."""
    logs.start("error", "text", secrets=[], environ=os.environ)
    target = Path(given.config or os.environ.get("MILEPOST_CONFIG") or "config.toml").absolute()
    flags = _by_flags(given)
    if flags == Choices():
        if not sys.stdin.isatty():
            raise WrongInput("There is no terminal to ask at; say it with flags (milepost init --help).")
        _check_free(target, given.force or _yes(f"{target} is there already. Replace it?", target))
        choices, found = _asked()
    else:
        _check_free(target, given.force)
        choices = flags
        found = list(_tried(choices))
        if wrong := [one for one in found if one.state == "wrong"]:
            raise Unconfigured("\n".join([*(one.line().removeprefix("WRONG ") for one in wrong), _NOTHING]))
    _write(target, choices.text())
    _tell(given, target, choices, found)
    return 0


_NOTHING = "Nothing was written."


def _by_flags(given: argparse.Namespace) -> Choices:
    return Choices(
        data_dir=str(Path(given.data_dir).expanduser().absolute()) if given.data_dir else "",
        timezone=given.timezone,
        token=_secret(given.telegram_token),
        api_root=given.api_root,
        owners=tuple(given.owner),
        provider=given.provider,
        model=given.model,
        api_key=_secret(given.api_key),
        base_url=given.base_url,
    )


def _secret(text: str) -> str:
    """``-``: the next line of standard input."""
    if text != "-":
        return text.strip()
    line = sys.stdin.readline().strip()
    if not line:
        raise WrongInput("- means that a secret comes from standard input, a line each; there was none.")
    return line


# ------------------------------------------------------------------------------------------------------- trying it out


def _settings(choices: Choices, folder: Path) -> Settings:
    """As `up` would read them, but for the environment and for the data folder. Raises Unconfigured."""
    file = folder / "config.toml"
    file.write_text(replace(choices, data_dir=str(folder / "data")).text(), encoding="utf-8")
    return load(file, {"HOME": str(folder)})


def _tried(choices: Choices) -> Iterator[Finding]:
    """Every credential, live. Raises Unconfigured where the values themselves are wrong."""
    with tempfile.TemporaryDirectory(prefix="milepost-init-") as folder:
        settings = _settings(choices, Path(folder))
        yield from doctor.credentials(settings, try_brain)


def _sound(choices: Choices) -> list[Finding]:
    """Nothing to try: only whether the values are right. Raises Unconfigured."""
    with tempfile.TemporaryDirectory(prefix="milepost-init-") as folder:
        _settings(choices, Path(folder))
    return []


# -------------------------------------------------------------------------------------------------------- at a terminal


def _asked() -> tuple[Choices, list[Finding]]:
    _say("I write config.toml. Enter keeps what stands in brackets.\n")
    found: list[Finding] = []
    choices = _until_right(Choices(), _about_time, found)
    choices = _until_right(choices, _about_chat, found)
    choices = _until_right(choices, _about_brain, found)
    return choices, found


def _until_right(choices: Choices, ask: Callable[[Choices], Choices], found: list[Finding]) -> Choices:
    """Ask, try, and ask again where it does not work; in the end without it."""
    for _ in range(TRIES):
        wanted = ask(choices)
        if wanted == choices:
            return choices
        try:
            seen = list(_tried(wanted)) if wanted.token or wanted.provider else _sound(wanted)
        except Unconfigured as error:
            _say(f"{error.public}\n")
            continue
        wrong = [one for one in seen if one.state == "wrong"]
        _say("".join(f"{one.line()}\n" for one in wrong or seen))
        if not wrong:
            found[:] = seen
            return wanted
    raise Unconfigured(f"That did not work {TRIES} times. {_NOTHING}")


def _about_time(choices: Choices) -> Choices:
    return replace(choices, timezone=_ask("Time zone, like Europe/Berlin [this machine's]: "))


def _about_chat(choices: Choices) -> Choices:
    token = _ask("Telegram token from @BotFather [none: a chat in your browser]: ", secret=True)
    if not token:
        return choices
    said = _ask("Your numeric Telegram id; the bot's /whoami tells it [later]: ")
    owners = tuple(int(word) for word in said.replace(",", " ").split() if word.isdecimal())
    return replace(choices, token=token, owners=owners)


def _about_brain(choices: Choices) -> Choices:
    provider = _ask("Who plans: offline, gemini or openai (any server of that kind) [offline]: ") or "offline"
    if provider == "offline":
        return choices
    base_url = _ask("Its address [the provider's own]: ") if provider == "openai" else ""
    model = _ask("Model [the usual one]: ")
    return replace(
        choices, provider=provider, base_url=base_url, model=model, api_key=_ask("API key [none]: ", secret=True)
    )


def _ask(question: str, *, secret: bool = False) -> str:
    if secret:
        return getpass.getpass(question).strip()
    _say(question)
    return sys.stdin.readline().strip()


def _yes(question: str, target: Path) -> bool:
    return target.exists() and _ask(f"{question} [no]: ").lower() in ("y", "yes")


def _say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


# ----------------------------------------------------------------------------------------------------------- writing it


def _check_free(target: Path, may_replace: bool) -> None:
    if target.exists() and not may_replace:
        raise WrongInput(f"{target} is there already; --force replaces it and keeps the old one beside it.")


def _write(target: Path, text: str) -> None:
    """Whole or not at all, and readable for its owner alone. What stood there is kept as ``config.toml.old``."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            target.chmod(0o600)
            target.replace(target.with_name(f"{target.name}.old"))
        new.replace(target)
    except OSError as error:
        raise WrongInput(f"{target} can't be written: {error.strerror}.") from None


def _tell(given: argparse.Namespace, target: Path, choices: Choices, found: list[Finding]) -> None:
    if given.json:
        document = {"path": str(target), "checks": [one.document() for one in found]}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        return
    sys.stdout.write("".join(f"{one.line()}\n" for one in found))
    sys.stdout.write(f"Wrote {target}; only you can read it.\n")
    if choices.token and not choices.owners:
        sys.stdout.write("Nobody may use the bot yet: send it /whoami, and put the number into [access] owners.\n")
    sys.stdout.write("Next: milepost up\n")
