import io
import json
import logging
import warnings
from collections.abc import Iterator

import httpx
import pytest
from loguru import logger

from bot import logs

TOKEN = "123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Whatever a test sets up is gone after it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    logging.captureWarnings(False)
    logger.remove()
    logger.configure(patcher=lambda record: None, extra={})


def lines(out: io.StringIO) -> list[str]:
    return out.getvalue().splitlines()


def test_a_line_names_the_task_and_the_goal_it_is_about() -> None:
    out = io.StringIO()
    logs.start(stream=out)
    with logs.about("12.3"):
        logger.info("started")
    with logs.about(7):
        logging.getLogger("elsewhere").info("looked at %d rows", 2)
    logger.info("idle")

    assert [line[24:].split(maxsplit=2)[1:] for line in lines(out)] == [
        ["12.3", f"{__name__} started"],
        ["goal", "7 elsewhere looked at 2 rows"],
        ["-", f"{__name__} idle"],
    ]


def test_json_is_a_document_a_line_with_goal_and_task() -> None:
    out = io.StringIO()
    logs.start("info", "json", stream=out)
    with logs.about("12.3"):
        logger.warning("late")
    logger.bind(goal=4).info("planned")

    documents = [json.loads(line) for line in lines(out)]
    assert [document.pop("at")[:2] for document in documents] == ["20", "20"]
    assert documents == [
        {"level": "warning", "logger": __name__, "goal": 12, "task": "12.3", "message": "late"},
        {"level": "info", "logger": __name__, "goal": 4, "task": None, "message": "planned"},
    ]


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_secret_leaves_not_even_in_a_traceback(format_: str) -> None:
    out = io.StringIO()
    password = 'pass"word'
    logs.start(
        "debug", format_, secrets=["sk-configured"], environ={"DB_PASSWORD": password, "HOME": "/root"}, stream=out
    )
    logger.info("token {} and https://api.example/bot{}/getMe", TOKEN, "77:short")
    logger.info("key {} and {} in /root", "sk-configured", password)
    logging.getLogger("x").warning("POST https://api.example/bot%s/getMe", TOKEN)
    try:
        raise ValueError(f"no answer from /bot{TOKEN}/getMe with {password}")
    except ValueError:
        logger.exception("failed")

    text = out.getvalue()
    for secret in (TOKEN, "77:short", "sk-configured", password, json.dumps(password)[1:-1]):
        assert secret not in text
    assert text.count("/bot[hidden]/getMe") == 3
    assert "in /root" in text
    assert "ValueError: no answer" in text


def test_a_traceback_shows_no_values_of_variables() -> None:
    out = io.StringIO()
    logs.start(stream=out)
    letter = "a private letter"
    try:
        [][len(letter)]
    except IndexError:
        logger.exception("failed")

    assert "[][len(letter)]" in out.getvalue()
    assert "a private letter" not in out.getvalue()


async def test_a_request_of_httpx_is_not_logged() -> None:
    out = io.StringIO()
    logs.start("debug", stream=out)
    answer = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=answer) as client:
        await client.get(f"https://api.example/bot{TOKEN}/getMe")

    assert out.getvalue() == ""


@pytest.mark.parametrize(
    "name", ["httpx2", "httpcore2.connection", "mcp.client.streamable_http", "openai._base_client"]
)
def test_the_addresses_that_tool_servers_and_models_are_asked_at_are_not_logged(name: str) -> None:
    """They may carry a key in their query."""
    out = io.StringIO()
    logs.start("debug", stream=out)

    logging.getLogger(name).info("HTTP Request: POST https://calendar.example/mcp?key=canary")

    assert out.getvalue() == ""


def test_uvicorns_lines_and_python_warnings_come_the_same_way() -> None:
    out = io.StringIO()
    logging.getLogger("uvicorn.error").addHandler(logging.StreamHandler(out))
    logs.start(stream=out)
    logging.getLogger("uvicorn.error").info("Application startup complete.")
    logging.getLogger("uvicorn.error").warning("Slow.")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habit", stacklevel=1)

    assert [line.split(maxsplit=4)[3:] for line in lines(out)[:2]] == [
        ["-", "uvicorn.error Slow."],
        ["-", lines(out)[1].split(maxsplit=4)[4]],
    ]
    assert "UserWarning: old habit" in lines(out)[1]


def test_the_level_holds_for_every_logger() -> None:
    out = io.StringIO()
    logs.start("warning", stream=out)
    logger.info("no")
    logging.getLogger("x").info("no")
    logger.warning("yes")
    logging.getLogger("x").warning("yes")

    assert [line.rsplit(maxsplit=1)[1] for line in lines(out)] == ["yes", "yes"]


def test_a_text_with_wrong_arguments_is_logged_and_stops_nobody() -> None:
    out = io.StringIO()
    logs.start(stream=out)
    logging.getLogger("x").warning("%d rows", "many")

    assert lines(out)[0].endswith("%d rows ('many',)")


def test_braces_and_markup_in_a_text_are_only_text() -> None:
    out = io.StringIO()
    logs.start(stream=out)
    logging.getLogger("x").warning('{"a": 1} <red>no</red> {extra}')

    assert lines(out)[0].endswith('{"a": 1} <red>no</red> {extra}')


def test_short_values_and_places_are_no_secrets() -> None:
    redact = logs.Redactor(
        ["abc"], {"KEY_FILE": "/etc/key-file", "API_TOKEN": "x", "CREDENTIALS_DIRECTORY": "/run/creds"}
    )

    assert redact("abc x /etc/key-file /run/creds") == "abc x /etc/key-file /run/creds"
