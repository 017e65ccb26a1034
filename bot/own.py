"""The tables that extend what Milepost can do and may do: actions of one's own, tool servers, conditions."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, Strict
from pydantic import model_validator as _model_validator

from bot.kinds import Command, Flag, Share, Table, Text, WebAddressOrEmpty, Words
from executor.domain.errors import Unconfigured
from executor.domain.mail import SendTool
from executor.domain.secret import why_no_name

_SECRET = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class OwnAction(Table):
    """[actions.NAME]: a command of this machine's owner, as an action of its own. Without a command: what they say of
    an action that an installed package brings."""

    command: Command = ""
    parameters: Annotated[dict[str, str], Field(description='a table of name = "what it is"')] = Field(
        default_factory=dict
    )
    risk: Annotated[Literal["low", "medium", "high"], Field(description='"low", "medium" or "high"')] = "medium"

    @_model_validator(mode="after")
    def _variables(self) -> "OwnAction":
        for name in self.parameters:
            if why := why_no_name(name):
                raise ValueError(f"other parameters than {name}: {why.rstrip('.')}")
        return self


class McpServer(Table):
    """[mcp.NAME]: a tool server, started by its command or reached at its address. `trust` are patterns of the tools
    whose own hints about themselves count."""

    command: Words = ()
    url: WebAddressOrEmpty = ""
    env: Annotated[dict[str, SecretStr], Field(description='a table of NAME = "value"')] = Field(default_factory=dict)
    headers: Annotated[dict[str, SecretStr], Field(description='a table of "Name" = "value"')] = Field(
        default_factory=dict
    )
    trust: Words = ()
    network: Flag = False
    folders: Annotated[
        tuple[Annotated[str, Field(pattern=r"^/[^/]")], ...],
        Field(description='a list of folders by their whole path, like ["/home/ann/notes"]'),
    ] = ()

    @_model_validator(mode="after")
    def _one_way(self) -> "McpServer":
        if bool(self.command) == bool(self.url):
            raise ValueError("exactly one of command and url")
        if self.url and (self.env or self.network or self.folders):
            raise ValueError("headers with url; env, network and folders belong to a command")
        if self.command and self.headers:
            raise ValueError("env with command; headers belong to a url")
        return self


_SECRET_NAME = re.compile(r"KEY|TOKEN|PASS|PWD|SECRET|AUTH|CRED|COOKIE|SESSION|SIGN|SALT|DSN|PIN\b", re.IGNORECASE)
_HOST = r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+(?::\d{1,5})?"
_PLAIN = re.compile(
    rf"(?:true|false|yes|no|on|off|\d{{1,5}}|localhost|{_HOST}|[\w.+-]{{1,64}}@{_HOST}|https?://(?:localhost|{_HOST})(?::\d+)?/?)"
)


def is_plain(name: str, value: str) -> bool:
    """Whether what a server is given is a switch, a number, or where to go, and no secret; hiding that would make its
    answers unreadable. A mere name of a secret hides nothing either."""
    if _SECRET.fullmatch(value):
        return True
    return not _SECRET_NAME.search(name) and _PLAIN.fullmatch(value) is not None


class Drafts(Table):
    """What becomes of texts that a person found good: the command, or the tool of [mcp.NAME], that sends a letter."""

    send: Text = ""
    mcp: Text = ""
    tool: Text = ""
    arguments: Annotated[
        dict[str, Any], Field(description='a table like { to = ["{to}"], subject = "{subject}", body = "{body}" }')
    ] = Field(default_factory=dict)

    @_model_validator(mode="after")
    def _one_way(self) -> "Drafts":
        if bool(self.mcp) != bool(self.tool):
            raise ValueError("both mcp and tool, or neither")
        if self.send and self.tool:
            raise ValueError("send, or mcp and tool, not both")
        if self.arguments and not self.tool:
            raise ValueError("mcp and tool beside arguments")
        return self

    def by_tool(self) -> SendTool | None:
        if not self.tool:
            return None
        given = {"arguments": self.arguments} if self.arguments else {}
        return SendTool(server=self.mcp, tool=self.tool, **given)


class Automation(Table):
    """[automation.NAME]: actions that run unasked, or ask, where all of this is true of their task."""

    actions: Words
    asks: Flag = False
    execution_types: Annotated[
        tuple[Literal["manual", "semi_automated", "fully_automated"], ...],
        Field(description='a list of "manual", "semi_automated" and "fully_automated"'),
    ] = ()
    confidence_min: Share = 0.0
    roles: Words = ()
    tags: Words = ()
    priority_min: Annotated[int, Strict(), Field(ge=0, le=10, description="a whole number from 0 to 10")] = 0
    minutes_max: Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False, description="minutes, 0 or more")] = 0.0


def resolved(where: str, values: Mapping[str, SecretStr], variables: Mapping[str, str]) -> dict[str, str]:
    """The values with ``$NAME`` and ``${NAME}`` replaced by what [secrets] holds. Raises Unconfigured."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in variables:
            raise Unconfigured(f"{where} names ${name}, which is not in [secrets]. Add it there.")
        return variables[name]

    return {name: _SECRET.sub(value, one.get_secret_value()) for name, one in values.items()}


def _named(tables: dict[str, Table]) -> dict[str, Table]:
    for name in tables:
        if not _NAME.fullmatch(name):
            raise ValueError(f"names of at most 40 letters, digits, - and _, not {name[:60]!r}")
    return tables


OwnActions = Annotated[dict[str, OwnAction], AfterValidator(_named)]
McpServers = Annotated[dict[str, McpServer], AfterValidator(_named)]
