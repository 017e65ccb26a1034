"""What doctor says about secrets: files that others can read, and values that can't be hidden well."""

from collections.abc import Iterator
from pathlib import Path

from bot.finding import Finding, good, note, wrong
from bot.settings import Settings
from executor.engine.secrecy.masking import SHORTEST
from executor.engine.secrecy.search import SHORT

NAME = "secrets"


def secret_findings(settings: Settings, *, fix: bool) -> Iterator[Finding]:
    files = [settings.source] if settings.source and settings.hidden() else []
    for path in dict.fromkeys([*files, *settings.secret_files]):
        if _open_to_others(path):
            yield _closed(path) if fix else _others(path)
    for name, value in settings.variables().items():
        if (problem := _hard_to_hide(value)) is not None:
            yield note(NAME, f"secrets.{name} {problem[0]}", problem[1])


def _open_to_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & 0o077)
    except OSError:
        return False  # it was read a moment ago; whoever has removed it meanwhile is safe


def _closed(path: Path) -> Finding:
    try:
        path.chmod(0o600)
    except OSError as error:
        return wrong(NAME, f"others can read {path}", f"as its owner: chmod 600 '{path}' ({error.strerror})")
    return good(NAME, f"{path} is now yours alone")


def _others(path: Path) -> Finding:
    return wrong(NAME, f"others can read {path}", f"chmod 600 '{path}', or --fix")


def _hard_to_hide(value: str) -> tuple[str, str] | None:
    """(what is wrong with it, what helps)."""
    length = len(value.strip())
    if not length:
        return "is empty", "give it a value, or remove it"
    if length < SHORTEST:
        return (
            f"has {length} character{'s' if length > 1 else ''}: too short to be hidden in outputs",
            "take a longer value",
        )
    if length < SHORT:
        return f"has {length} characters: outputs hide it only where it stands alone", "take a longer value"
    return None
