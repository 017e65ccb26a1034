"""A sample of the planted faults that the recovery benchmark measures in full."""

from pathlib import Path

import pytest

from benchmarks.recovery.scenarios import SCENARIOS, Scenario
from benchmarks.recovery.ways import blindly, by_milepost

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
FIXED = [
    "server fault, http action",
    "missing folder",
    "missing import",
    "error body, then well",
    "wrong text at first",
    "empty file at first",
    "missing folder, hidden",
]
ASKED = [
    "syntax error",
    "missing password, python",
    "refused, http action",
    "error body",
    "file size limit",
    "hidden traceback",
]


def named(names: list[str]) -> list[Scenario]:
    return [BY_NAME[name] for name in names]


@pytest.mark.parametrize("scenario", named(FIXED), ids=lambda scenario: scenario.name)
async def test_what_can_be_fixed_is_fixed_without_a_person(scenario: Scenario, tmp_path: Path) -> None:
    met = await by_milepost(scenario, tmp_path / "goal")

    assert (met.claims, met.true) == (True, True)


@pytest.mark.parametrize("scenario", named(ASKED), ids=lambda scenario: scenario.name)
async def test_what_is_hopeless_is_asked_about_after_one_attempt(scenario: Scenario, tmp_path: Path) -> None:
    met = await by_milepost(scenario, tmp_path / "goal")

    assert (met.claims, met.attempts, scenario.asks in met.asked) == (False, 1, True)


@pytest.mark.parametrize("scenario", named(["empty file", "wrong text"]), ids=lambda scenario: scenario.name)
async def test_what_ends_well_and_changes_nothing_is_asked_about_after_two(scenario: Scenario, tmp_path: Path) -> None:
    met = await by_milepost(scenario, tmp_path / "goal")

    assert (met.claims, met.attempts, scenario.asks in met.asked) == (False, 2, True)


def test_blind_retry_believes_a_success_that_is_none(tmp_path: Path) -> None:
    met = blindly(BY_NAME["error body"], tmp_path / "goal", times=3)

    assert met.false_success


def test_the_grid_is_as_large_as_it_is_said_to_be() -> None:
    assert len(BY_NAME) == len(SCENARIOS) >= 40
