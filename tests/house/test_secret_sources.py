"""Secrets that the configuration only refers to, and what the doctor says about secrets."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.finding import Finding
from bot.secret_findings import secret_findings
from bot.settings import Settings, load
from executor.domain.errors import Unconfigured

PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\n-----END KEY-----"


def settings_of(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    source = folder / "config.toml"
    source.write_text(text)
    source.chmod(0o600)
    return load(source, {"HOME": str(folder)} | dict(environ or {}))


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(Unconfigured) as error:
        settings_of(folder, text, environ)
    return error.value.public


def test_a_value_may_lie_in_a_file_a_variable_or_a_credential(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("123456:from-a-file\n")
    (tmp_path / "pem").write_text(f"{PEM}\n")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "model").write_text("from a credential")

    found = settings_of(
        tmp_path,
        '[telegram]\ntoken = { file = "token" }\n'
        '[brain]\napi_key = { credential = "model" }\n'
        '[secrets]\nPEM = { file = "~/pem" }\nGITHUB_TOKEN = { env = "GH_TOKEN" }\n'
        '[mcp.notes]\ncommand = ["notes"]\nenv = { KEY = { env = "GH_TOKEN" } }\n',
        {"GH_TOKEN": "from a variable", "CREDENTIALS_DIRECTORY": str(tmp_path / "given")},
    )

    assert found.telegram.token.get_secret_value() == "123456:from-a-file"
    assert found.brain.api_key.get_secret_value() == "from a credential"
    assert found.variables() == {"PEM": PEM, "GITHUB_TOKEN": "from a variable"}
    assert found.mcp["notes"].env["KEY"].get_secret_value() == "from a variable"
    assert {"from a variable", PEM, "from a credential"} <= set(found.hidden())
    assert found.never_shown()[2:] == (tmp_path / "token", tmp_path / "pem")


def test_the_environment_goes_before_a_reference_that_leads_nowhere(tmp_path: Path) -> None:
    text = '[secrets]\nTOKEN = { file = "missing" }\n'

    found = settings_of(tmp_path, text, {"MILEPOST_SECRETS__TOKEN": "given"})

    assert found.variables() == {"TOKEN": "given"}


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ('{ file = "missing" }', "there is no file {here}/missing."),
        ('{ file = "." }', "{here} is no ordinary file."),
        ('{ file = "empty" }', "the file {here}/empty is empty."),
        ('{ file = "binary" }', "the file {here}/binary is not a text in UTF-8."),
        ('{ file = "long" }', "the file {here}/long is longer than 100,000 characters."),
        ('{ env = "NOBODY_SET_THIS" }', "the variable NOBODY_SET_THIS is not set."),
        ('{ env = "EMPTY" }', "the variable EMPTY is empty."),
        ('{ credential = "x" }', "there is no systemd credential x, since $CREDENTIALS_DIRECTORY is not set."),
    ],
)
def test_a_reference_that_leads_nowhere_is_one_line(tmp_path: Path, reference: str, line: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\0")
    (tmp_path / "long").write_text("x" * 100_001)

    told = refused(tmp_path, f"[secrets]\nTOKEN = {reference}\n", {"EMPTY": ""})

    assert told == f"config.toml: secrets.TOKEN: {line.format(here=tmp_path)}"


def test_a_credential_lies_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "outside").write_text("x")

    told = refused(
        tmp_path,
        '[secrets]\nTOKEN = { credential = "../outside" }\n',
        {"CREDENTIALS_DIRECTORY": str(tmp_path / "given")},
    )

    assert told == "config.toml: secrets.TOKEN: '../outside' is no name of a credential."


def test_a_reference_where_no_secret_belongs_is_no_reference(tmp_path: Path) -> None:
    told = refused(tmp_path, '[brain]\nmodel = { env = "HOME" }\n')

    assert str(tmp_path) not in told
    assert "brain.model" in told


def test_files_that_others_can_read_are_told_and_mended(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a long value")
    (tmp_path / "token").chmod(0o644)
    settings = settings_of(tmp_path, '[secrets]\nTOKEN = { file = "token" }\n')

    told = list(secret_findings(settings, fix=False))
    mended = list(secret_findings(settings, fix=True))

    path = tmp_path / "token"
    assert told == [
        Finding(check="secrets", state="wrong", seen=f"others can read {path}", remedy=f"chmod 600 '{path}', or --fix")
    ]
    assert mended == [Finding(check="secrets", state="good", seen=f"{path} is now yours alone")]
    assert list(secret_findings(settings, fix=False)) == []


def test_values_that_can_not_be_hidden_well_are_told(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, '[secrets]\nA = ""\nB = "x"\nC = "4711"\nD = "long enough"\n')

    assert [(one.state, one.seen) for one in secret_findings(settings, fix=False)] == [
        ("note", "secrets.A is empty"),
        ("note", "secrets.B has 1 character: too short to be hidden in outputs"),
        ("note", "secrets.C has 4 characters: outputs hide it only where it stands alone"),
    ]
