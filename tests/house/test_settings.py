from pathlib import Path
from typing import Any

import pytest

from bot.settings import Settings, load, unavailable
from executor.domain.errors import Unconfigured

TOKEN = "123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home that is also where Milepost is started."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(home: Path, text: str, name: str = "config.toml") -> Path:
    file = home / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def complaint(home: Path, text: str = "", **environ: str) -> list[str]:
    file = written(home, text)
    with pytest.raises(Unconfigured) as refused:
        load(file, {"HOME": str(home), **environ})
    return refused.value.public.splitlines()


def test_without_any_file_everything_has_its_default(home: Path) -> None:
    settings = load(None, {"HOME": str(home)})

    assert settings.source is None
    assert settings.data_dir == home / ".local/share/milepost"
    assert settings.database == home / ".local/share/milepost/milepost.db"
    assert (settings.local_chat.port, settings.executor.tick_s, settings.brain.provider) == (8765, 5, "offline")


def test_the_file_is_looked_for_in_four_places_in_order(home: Path) -> None:
    environ = {"HOME": str(home)}
    own = written(home, "web = {port = 3}", ".config/milepost/config.toml")
    found = [load(None, environ).source]
    here = written(home, "web = {port = 2}")
    found.append(load(None, environ).source)
    named = written(home, "web = {port = 1}", "named.toml")
    found.append(load(None, environ | {"MILEPOST_CONFIG": str(named)}).source)
    found.append(load(here, environ | {"MILEPOST_CONFIG": str(named)}).source)

    assert found == [own, here, named, here]


def test_a_named_file_that_is_missing_is_one_line(home: Path) -> None:
    with pytest.raises(Unconfigured) as refused:
        load(home / "none.toml", {"HOME": str(home)})

    assert refused.value.public == f"The configuration {home}/none.toml can't be read: No such file or directory."


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({}, "home/.local/share/milepost"),
        ({"STATE_DIRECTORY": "/state/a:/state/b"}, "/state/a"),
        ({"STATE_DIRECTORY": "/state/a", "MILEPOST_DATA_DIR": "~/b"}, "home/b"),
    ],
)
def test_the_data_folder_is_the_named_one_else_systemds_else_in_the_home(
    home: Path, environ: dict[str, str], folder: str
) -> None:
    settings = load(None, {"HOME": str(home / "home"), **environ})

    assert settings.data_dir == home / folder


def test_a_relative_data_folder_counts_from_its_file(home: Path) -> None:
    file = written(home, 'data_dir = "mine"', "etc/config.toml")

    assert load(file, {"HOME": "/nobody"}).data_dir == home / "etc/mine"


def test_the_environment_overrides_credentials_and_they_override_the_file(home: Path) -> None:
    file = written(home, '[telegram]\ntoken = "of the file"\n[brain]\napi_key = "of the file"\n[web]\nport = 1\n')
    written(home, "of the credential\n", "secrets/telegram.token")
    written(home, "of the credential\n", "secrets/brain.api_key")
    environ = {"CREDENTIALS_DIRECTORY": str(home / "secrets"), "MILEPOST_BRAIN__API_KEY": "of the environment"}

    settings = load(file, {"HOME": str(home), **environ})

    assert settings.telegram.token.get_secret_value() == "of the credential"
    assert settings.brain.api_key.get_secret_value() == "of the environment"
    assert settings.web.port == 1


@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("WEB__PORT", "8701", "web.port", 8701),
        ("EXECUTOR__TICK_S", "0.5", "executor.tick_s", 0.5),
        ("SANDBOX__NETWORK", "yes", "sandbox.network", True),
        ("SANDBOX__NETWORK", "off", "sandbox.network", False),
        ("ACCESS__OWNERS", "1, 2", "access.owners", (1, 2)),
        ("ACCESS__OWNERS", "[3]", "access.owners", (3,)),
        ("HTTP__ALLOW", "wiki:80,[::1]:443", "http.allow", ("wiki:80", "[::1]:443")),
        ("LOG__LEVEL", "DEBUG", "log.level", "debug"),
        ("GATES__TESTS", "make test", "gates.tests", "make test"),
        ("GATES__TESTS", '["make", "test"]', "gates.tests", ("make", "test")),
        ("TELEGRAM__API_ROOT", "http://127.0.0.1:1/", "telegram.api_root", "http://127.0.0.1:1"),
    ],
)
def test_an_environment_variable_is_read_as_its_key_wants_it(
    home: Path, name: str, text: str, path: str, value: object
) -> None:
    found: Any = load(None, {"HOME": str(home), f"MILEPOST_{name}": text})

    for part in path.split("."):
        found = getattr(found, part)
    assert found == value


def test_a_variable_reaches_into_a_table_with_a_name_of_its_own(home: Path) -> None:
    file = written(home, '[mcp.my-notes]\ncommand = ["notes"]\n')

    settings = load(
        file, {"HOME": str(home), "MILEPOST_MCP__MY_NOTES__ENV__KEY": "v", "MILEPOST_ACTIONS__SHIP__COMMAND": "x"}
    )

    assert settings.mcp["my-notes"].env["KEY"].get_secret_value() == "v"
    assert settings.actions["ship"].command == "x"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            "[web]\nprot = 1\nport = 99999\n",
            [
                "config.toml: web.port = 99999: expected a port number, 0 to 65535 (0: any free one).",
                "config.toml: web.prot = 1: no such key; did you mean web.port?",
            ],
        ),
        ("[brian]\n", ["config.toml: brian: no such key; did you mean brain?"]),
        ("port = 1\n", ["config.toml: port = 1: no such key; it belongs in [local_chat]."]),
        ("[log]\nxyz = 1\n", ["config.toml: log.xyz = 1: no such key; known there: level, format."]),
        ("telegram = 5\n", ["config.toml: [telegram]: expected a table."]),
        ("data_dir = 5\n", ["config.toml: data_dir = 5: expected a folder's path in quotes."]),
        (
            "[executor]\ntick_s = true\n",
            ["config.toml: executor.tick_s = true: expected seconds, above 0 and at most a year."],
        ),
        (
            "[executor]\nautonomy = 'wild'",
            ['config.toml: executor.autonomy = "wild": expected "plan", "risky" or "full".'],
        ),
        (
            '[access]\nowners = [1, "ann"]\n',
            [
                'config.toml: access.owners = "ann": expected a list of numeric Telegram user ids, like [123456789]; '
                "/whoami tells yours."
            ],
        ),
        (
            '[chat]\ntimezone = "Mars/Base"\n',
            [
                'config.toml: chat.timezone = "Mars/Base": expected a time zone like "Europe/Berlin", '
                'or "" for this machine\'s.'
            ],
        ),
        (
            '[services.db]\naddress = "127.0.0.1:5432"\n',
            [
                "config.toml: services.db.start is missing: expected a command, "
                'like "systemctl --user start postgresql".'
            ],
        ),
        (
            '[actions.ship]\ncommand = "true"\nrisk = "none"\n',
            ['config.toml: actions.ship.risk = "none": expected "low", "medium" or "high".'],
        ),
        (
            '[actions.ship]\ncommand = "true"\nparameters = { PATH = "where" }\n',
            [
                "config.toml: [actions.ship]: expected other parameters than PATH: PATH steers how programs run, so it "
                "can't be set here."
            ],
        ),
        (
            '[mcp."a/b"]\ncommand = ["x"]\n',
            ["config.toml: [mcp]: expected names of at most 40 letters, digits, - and _, not 'a/b'."],
        ),
        (
            '[mcp.notes]\ncommand = ["x"]\nfolders = ["notes"]\n',
            [
                'config.toml: mcp.notes.folders = "notes": expected a list of folders by their whole path, '
                'like ["/home/ann/notes"].'
            ],
        ),
        ("[mcp.notes]\n", ["config.toml: [mcp.notes]: expected exactly one of command and url."]),
        ('[quiet_hours]\nstart = "22:00"\n', ["config.toml: [quiet_hours]: expected both start and end, or neither."]),
        (
            '[quiet_hours]\nstart = "25:00"\nend = "07:00"',
            ['config.toml: quiet_hours.start = "25:00": expected a time of day from "00:00" to "23:59", or "".'],
        ),
    ],
)
def test_each_fault_of_the_file_is_one_line_with_key_value_and_what_was_expected(
    home: Path, text: str, lines: list[str]
) -> None:
    assert complaint(home, text) == lines


@pytest.mark.parametrize(
    ("variable", "text", "line"),
    [
        (
            "MILEPOST_WEB__PORT",
            "x",
            'MILEPOST_WEB__PORT: web.port = "x": expected a port number, 0 to 65535 (0: any free one).',
        ),
        ("MILEPOST_WEB__PROT", "1", "MILEPOST_WEB__PROT: no such key; did you mean MILEPOST_WEB__PORT?"),
        ("MILEPOST_WEB_PORT", "1", "MILEPOST_WEB_PORT: no such key; did you mean MILEPOST_WEB__PORT?"),
        ("MILEPOST_ACTIONS__SHIP", "1", "MILEPOST_ACTIONS__SHIP: actions.ship is a table; name one of its keys."),
    ],
)
def test_a_wrong_variable_is_one_line_that_names_it(home: Path, variable: str, text: str, line: str) -> None:
    assert complaint(home, **{variable: text}) == [line]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[web]\nport = = 1\n", "line 2: Invalid value."),
        ("[web]\nport = 1\nport = 2\n", "line 3: Cannot overwrite a value."),
    ],
)
def test_a_syntax_error_names_file_line_and_what(home: Path, text: str, line: str) -> None:
    assert complaint(home, text) == [f"{home}/config.toml, {line}"]


def test_a_file_with_the_mark_that_windows_editors_write_is_read(home: Path) -> None:
    file = written(home, "\ufeff[web]\nport = 1\n")

    assert load(file, {"HOME": str(home)}).web.port == 1


@pytest.mark.parametrize(
    "text",
    [
        f"[telegram]\ntoken = ['{TOKEN}']\n",
        f"[telegram]\ntokn = '{TOKEN}'\n",
        f"[telegram]\nfoo = '{TOKEN}'\n",
        f"token = '{TOKEN}'\n",
        f"[storage]\nurl = 'mysql://ann:{TOKEN}@db'\n",
        f"[mcp.notes]\ncommand = ['n']\nenv = ['{TOKEN}']\n",
        f"[telegramm]\ntoken = '{TOKEN}'\n",
    ],
)
def test_no_complaint_shows_a_secret(home: Path, text: str) -> None:
    lines = complaint(home, text)

    assert lines
    assert TOKEN not in "\n".join(lines)
    assert TOKEN not in repr(lines)


def test_settings_print_without_their_secrets(home: Path) -> None:
    settings = load(None, {"HOME": str(home), "MILEPOST_TELEGRAM__TOKEN": TOKEN})

    assert TOKEN not in repr(settings)
    assert settings.hidden() == [TOKEN]


def test_what_this_version_lacks_is_named_with_the_remedy(home: Path) -> None:
    file = written(
        home,
        '[telegram]\nmode = "webhook"\n[sandbox]\nmode = "bubblewrap"\n'
        '[storage]\nurl = "postgresql+asyncpg://db/milepost"\n[workers]\nengine = "distributed"\n',
    )

    lines = unavailable(load(file, {"HOME": str(home)}))

    assert lines == [
        'telegram.mode = "webhook" is not available in this version: use "polling".',
        'workers.engine = "distributed" is not available in this version: use "local".',
        'storage.url is not available in this version: leave it "" for SQLite in data_dir.',
    ]


def test_the_defaults_lack_nothing(home: Path) -> None:
    assert unavailable(load(None, {"HOME": str(home)})) == []


@pytest.mark.parametrize(
    ("name", "value", "hidden"),
    [
        ("IMAP_HOST", "imap.example.com", False),
        ("IMAP_PORT", "993", False),
        ("IMAP_SSL", "true", False),
        ("EMAIL_ADDRESS", "ann@example.com", False),
        ("CALDAV_BASE_URL", "https://dav.example.com/", False),
        ("IMAP_PASSWORD", "$MAIL_PASSWORD", False),
        ("IMAP_PASSWORD", "imap.example.com", True),
        ("NOTES_API_KEY", "12345", True),
        ("WEBHOOK", "https://hooks.example.com/services/T0/B0/x1", True),
        ("URL", "https://ann:pw@example.com/", True),
        ("WHATEVER", "s3cr3t-value", True),
    ],
)
def test_what_a_tool_server_is_given_is_hidden_unless_it_only_says_where_to_go(
    name: str, value: str, hidden: bool
) -> None:
    settings = Settings(mcp={"mail": {"command": ("mail",), "env": {name: value}}})

    assert settings.hidden() == ([value] if hidden else [])
