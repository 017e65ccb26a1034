"""A value that nobody but an attempt may see: what it may be called, and how it is stored."""

import re
from dataclasses import dataclass, field
from datetime import datetime

MASK = "•••"
"""What stands wherever a secret value would."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_STEERING = re.compile(
    r"(?i)(?:PATH|HOME|SHELL|USER|LOGNAME|PWD|OLDPWD|TMPDIR|LANG|TERM|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS"
    r"|PS[0-4]|PROMPT_COMMAND|CDPATH|GLOBIGNORE|EDITOR|VISUAL|PAGER|GIT_SSH|GIT_SSH_COMMAND|GIT_ASKPASS|GIT_EDITOR"
    r"|GIT_PAGER|GIT_PROXY_COMMAND|GIT_EXTERNAL_DIFF|GIT_EXEC_PATH|GIT_DIR|GIT_TEMPLATE_DIR|GIT_CONFIG.*"
    r"|SSH_ASKPASS|SUDO_ASKPASS|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|R_PROFILE.*|LUA_(?:C?PATH|INIT).*"
    r"|LD_.*|DYLD_.*|PYTHON[A-Z].*|NODE_OPTIONS|NODE_PATH|PERL(?:5?LIB|5OPT|5DB)|RUBY(?:LIB|OPT)|MILEPOST_.*)"
)


def why_no_name(name: str) -> str:
    """Why no value may be given under this name; "" where one may. A variable that decides which program runs, or
    what it loads, is a command in disguise."""
    if not NAME.fullmatch(name):
        return "A name has letters, digits and underscores only, such as API_TOKEN."
    if _STEERING.fullmatch(name):
        return f"{name} steers how programs run, so it can't be set here."
    return ""


@dataclass(frozen=True, slots=True)
class Provided:
    """A value that a person gave for a variable of one goal. Its repr never shows it."""

    name: str
    value: str = field(repr=False)

    @property
    def shown(self) -> str:
        return f"{self.name}={MASK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """As it is stored: `sealed` is encrypted with this install's key. It is deleted when its goal is over."""

    goal_number: int
    name: str
    sealed: str
    by: int  # the person's id
    created_at: datetime
