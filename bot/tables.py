"""The tables of the configuration (contract section 2): every key with its type, its default and what it takes."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, Strict
from pydantic import model_validator as _model_validator

from bot.kinds import (
    Address,
    Command,
    Count,
    DatabaseAddress,
    Dollars,
    Flag,
    Host,
    PersonIds,
    Places,
    Port,
    Seconds,
    Secret,
    Share,
    Table,
    Text,
    TimeOfDay,
    Timezone,
    WebAddress,
    WebAddressOrEmpty,
    Words,
    lower,
)
from bot.own import Automation, Drafts, McpServer, McpServers, OwnActions, is_plain
from executor.domain.secret import why_no_name

__all__ = ["Settings", "Table", "is_key"]


class Telegram(Table):
    token: Secret = SecretStr("")
    api_root: WebAddress = "https://api.telegram.org"
    mode: Annotated[Literal["polling", "webhook"], Field(description='"polling" or "webhook"')] = "polling"
    webhook_url: WebAddressOrEmpty = ""
    webhook_secret: Secret = SecretStr("")


class LocalChat(Table):
    host: Host = "127.0.0.1"
    port: Port = 8765


class Chat(Table):
    timezone: Timezone = ""

    @property
    def zone(self) -> ZoneInfo | None:
        """None: this machine's."""
        return ZoneInfo(self.timezone) if self.timezone else None


class Access(Table):
    """Numeric user ids; an empty list means nobody."""

    owners: PersonIds = ()
    approvers: PersonIds = ()
    requesters: PersonIds = ()
    viewers: PersonIds = ()


Purposes = Literal["plan", "act", "diagnose", "judge", "adapt", "draft", "review", "extract", "propose"]


class BrainTable(Table):
    provider: Annotated[
        Literal["offline", "gemini", "openai"], Field(description='"offline", "gemini" or "openai"')
    ] = "offline"
    model: Text = ""
    api_key: Secret = SecretStr("")
    base_url: WebAddressOrEmpty = ""
    timeout_s: Seconds = 60
    cycles_max: Count = 50
    price_in: Dollars = 0.0
    price_out: Dollars = 0.0
    models: Annotated[
        dict[Purposes, str], Field(description='a table of purpose = "model", like { diagnose = "a-small-model" }')
    ] = Field(default_factory=dict)
    prices: Annotated[
        dict[str, Annotated[tuple[Dollars, Dollars], Field(description="[in, out] in US dollars")]],
        Field(description='a table of "model" = [in, out], in US dollars for a million tokens'),
    ] = Field(default_factory=dict)


class ExecutorTable(Table):
    autonomy: Annotated[Literal["plan", "risky", "full"], Field(description='"plan", "risky" or "full"')] = "plan"
    tick_s: Seconds = 5
    monitoring_s: Seconds = 300
    concurrency: Annotated[int, Strict(), Field(ge=1, le=256, description="a whole number from 1 to 256")] = 4
    attempts_max: Annotated[int, Strict(), Field(ge=1, le=100, description="a whole number from 1 to 100")] = 3
    adaptation_threshold: Share = 0.3
    confidence_min: Share = 0.5
    adaptations_max: Annotated[int, Strict(), Field(ge=0, le=1000, description="a whole number from 0 to 1000")] = 5
    extra_tasks_max: Annotated[int, Strict(), Field(ge=0, le=100, description="a whole number from 0 to 100")] = 3
    lease_s: Seconds = 60
    retry_first_s: Seconds = 2.0
    outage_failures: Annotated[int, Strict(), Field(ge=1, le=100, description="a whole number from 1 to 100")] = 3
    outage_pause_max_s: Seconds = 300
    outage_ask_s: Seconds = 1800


class Budget(Table):
    goal_usd: Dollars = 1.0
    day_usd: Dollars = 5.0


class Storage(Table):
    url: DatabaseAddress = SecretStr("")
    keep_days: Count = 90


class WorkersTable(Table):
    engine: Annotated[Literal["local", "distributed"], Field(description='"local" or "distributed"')] = "local"
    url: Secret = SecretStr("")


class Web(Table):
    host: Host = "127.0.0.1"
    port: Port = 8700


class Sandbox(Table):
    mode: Annotated[Literal["auto", "bubblewrap", "none"], Field(description='"auto", "bubblewrap" or "none"')] = "auto"
    network: Flag = False
    timeout_s: Seconds = 600
    memory_mb: Annotated[int, Strict(), Field(ge=16, le=1_048_576, description="megabytes, at least 16")] = 1024
    cpu_s: Seconds = 300
    output_bytes_max: Annotated[
        int, Strict(), Field(ge=1_000, le=100_000_000, description="bytes, 1000 to 100000000")
    ] = 1_000_000


class Workspace(Table):
    """What goals may work in, beside a folder of their own."""

    mb_max: Annotated[int, Strict(), Field(ge=10, le=100_000_000, description="megabytes, at least 10")] = 10_000
    file_mb_max: Annotated[int, Strict(), Field(ge=1, le=1_000, description="megabytes, 1 to 1000")] = 50
    repositories: Places = ()


class Http(Table):
    allow: Annotated[
        tuple[Address, ...],
        Field(description='a list of "host:port", like ["wiki.internal:80"]'),
    ] = ()


class RoleTable(Table):
    """[roles.NAME]: who an agent is and what it may use."""

    instructions: Text = ""
    model: Text = ""
    tools: Words = ()
    capabilities: Words = ()


class Rules(Table):
    """Patterns of actions, such as "shell:git status" or "read"."""

    unasked: Words = ()
    always_ask: Words = ()


class ServiceTable(Table):
    """[services.NAME]: a service of this machine that Milepost may start when a task finds it down. `start` hands it to
    whoever keeps services running; what a command of Milepost's leaves behind is ended with it."""

    address: Annotated[Address, Field(description='where it listens, like "127.0.0.1:5432"')]
    start: Annotated[str, Field(min_length=1, description='a command, like "systemctl --user start postgresql"')]


class Gates(Table):
    """What must hold before any goal is complete. Without a command, only a goal that demands it (#tests, #audit) is
    tested or audited; a goal with #tests=no goes without."""

    tests: Command = ""
    security: Command = ""
    review: Flag = False
    rounds_max: Annotated[int, Strict(), Field(ge=0, le=100, description="a whole number from 0 to 100")] = 3


class QuietHours(Table):
    """Both or neither; the end may lie on the next day."""

    start: TimeOfDay = ""
    end: TimeOfDay = ""

    @_model_validator(mode="after")
    def _both(self) -> "QuietHours":
        if bool(self.start) != bool(self.end):
            raise ValueError("both start and end, or neither")
        return self


def _variables(value: dict[str, SecretStr]) -> dict[str, SecretStr]:
    for name in value:
        if not is_key(name) and why_no_name(name):
            raise ValueError(f"names of variables that steer no program, not {name}")
    return value


def is_key(name: str) -> bool:
    """Of [secrets]: the one name that is no variable but the key of this install, however the environment writes it."""
    return name.lower() == "key"


class Log(Table):
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lower),
        Field(description='"debug", "info", "warning" or "error"'),
    ] = "info"
    format: Annotated[Literal["text", "json"], BeforeValidator(lower), Field(description='"text" or "json"')] = "text"


class Settings(Table):
    """The whole configuration. `data_dir` is absolute once load() has made this; `source` is the file it came from,
    None where there was none."""

    data_dir: Annotated[Path, Field(description="a folder's path in quotes")] = Path()
    telegram: Telegram = Telegram()
    local_chat: LocalChat = LocalChat()
    chat: Chat = Chat()
    access: Access = Access()
    brain: BrainTable = BrainTable()
    executor: ExecutorTable = ExecutorTable()
    budget: Budget = Budget()
    storage: Storage = Storage()
    workers: WorkersTable = WorkersTable()
    web: Web = Web()
    sandbox: Sandbox = Sandbox()
    workspace: Workspace = Workspace()
    http: Http = Http()
    resources: Annotated[dict[str, Count], Field(description="a table of name = capacity")] = Field(
        default_factory=dict
    )
    actions: OwnActions = Field(default_factory=dict)
    mcp: McpServers = Field(default_factory=dict)
    roles: dict[str, RoleTable] = Field(default_factory=dict)
    rules: Rules = Rules()
    automation: dict[str, Automation] = Field(default_factory=dict)
    services: dict[str, ServiceTable] = Field(default_factory=dict)
    drafts: Drafts = Drafts()
    gates: Gates = Gates()
    quiet_hours: QuietHours = QuietHours()
    log: Log = Log()
    secrets: Annotated[
        dict[str, SecretStr],
        AfterValidator(_variables),
        Field(description='NAME = "value" for variables that do not steer how programs run'),
    ] = Field(default_factory=dict)

    _source: Path | None = PrivateAttr(default=None)
    _secret_files: tuple[Path, ...] = PrivateAttr(default=())

    @property
    def source(self) -> Path | None:
        return self._source

    @property
    def database(self) -> Path:
        """Where SQLite keeps everything, unless storage.url names another database."""
        return self.data_dir / "milepost.db"

    def never_shown(self) -> tuple[Path, ...]:
        """What no command may see of Milepost's own."""
        return (self.data_dir, *([self._source] if self._source else []), *self._secret_files)

    @property
    def secret_files(self) -> tuple[Path, ...]:
        """The files that secrets were read from by name."""
        return self._secret_files

    def variables(self) -> dict[str, str]:
        """The configured secrets by the name that a task uses."""
        return {name: one.get_secret_value() for name, one in self.secrets.items() if not is_key(name)}

    def secrets_key(self) -> str:
        """The key that seals what people give; "": the one in the data folder."""
        return next((one.get_secret_value() for name, one in self.secrets.items() if is_key(name)), "")

    def hidden(self) -> list[str]:
        """Every secret value that is set, for logs and outputs to hide."""
        return [value for value in _secrets_in(self) if value]


def _secrets_in(value: object) -> list[str]:
    if isinstance(value, SecretStr):
        return [value.get_secret_value()]
    if isinstance(value, McpServer):
        given = {name: one.get_secret_value() for name, one in value.env.items()}
        return [one for name, one in given.items() if not is_plain(name, one)] + _secrets_in(value.headers)
    if isinstance(value, Table):
        return [found for name in type(value).model_fields for found in _secrets_in(getattr(value, name))]
    if isinstance(value, dict):
        return [found for item in value.values() for found in _secrets_in(item)]
    return []
