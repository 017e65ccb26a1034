from typing import Any

import pytest

from bot.exposure import exposure
from bot.tables import Settings


def seen(**tables: Any) -> list[str]:
    settings = Settings.model_validate({"data_dir": "/nowhere", **tables})
    return [f"{found.state}: {found.seen.partition(',')[0]}" for found in exposure(settings)]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_what_only_this_machine_hears_is_no_matter(host: str) -> None:
    assert seen(local_chat={"host": host}, brain={"base_url": "http://127.0.0.1:11434/v1", "api_key": "x"}) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "nas.home"])
def test_a_local_chat_that_others_reach_is_noted(host: str) -> None:
    assert seen(local_chat={"host": host}) == [f"note: the local chat listens on {host}"]
    assert seen(local_chat={"host": host}, telegram={"token": "1:x"}) == []


def test_a_key_that_goes_over_the_network_in_clear_is_noted() -> None:
    telegram = {"token": "1:x", "api_root": "http://bots.home:8081"}

    assert seen(telegram=telegram, brain={"base_url": "http://10.0.0.7/v1", "api_key": "x"}) == [
        "note: telegram.api_root is http://",
        "note: brain.base_url is http://",
    ]
    assert seen(brain={"base_url": "http://10.0.0.7/v1"}) == []
