"""Crash tests log nothing: what dies on purpose has much to say."""

import gc
from collections.abc import Iterator

import pytest
from loguru import logger


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    for name in ("bot", "executor"):
        logger.disable(name)
    yield
    for name in ("bot", "executor"):
        logger.enable(name)


@pytest.fixture(autouse=True)
def _dead_programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What they left behind is cleared away while its warnings are still expected; and python-telegram-bot warns about
    its old form of retry_after."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    yield
    gc.collect()
