"""What holds for every test: slowness of the machine is no failure, and chance is none either."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from executor.actions import survey, watches

PATIENCE_S = 60.0

settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,  # the same examples every time
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _patient() -> Iterator[None]:
    """What is asked on this machine while a plan is made may take its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(survey, "ASK_S", PATIENCE_S)
        patch.setattr(watches, "LOOK_S", PATIENCE_S)
        yield
