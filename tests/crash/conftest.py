"""Crash tests log nothing: what dies on purpose has much to say."""

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
