"""Real failures of real tools, and successes that look like failures, against labels that people gave them."""

import json
from collections.abc import Mapping
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from executor.engine.classification import Evidence, Verdict, look

CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
CPU_MS_MAX = 2.0  # of one case, on average; a quiet machine needs a quarter of it


def evidence(case: Mapping[str, Any]) -> Evidence:
    return Evidence(command=case["command"], exit_code=case["exit_code"], stdout=case["stdout"], stderr=case["stderr"])


def kind(verdict: Verdict | None) -> str:
    return str(verdict.type) if verdict else "none"


def test_every_case_is_told_at_least_acceptably() -> None:
    assert len(CASES) >= 300
    wrong = [
        (case["command"], case["class"], found)
        for case in CASES
        if (found := kind(look(evidence(case)))) not in case["acceptable_classes"]
    ]

    assert wrong == []


def test_nearly_every_case_is_told_exactly() -> None:
    exact = [kind(look(evidence(case))) == case["class"] for case in CASES]

    assert sum(exact) / len(exact) >= 0.98


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["class"] == "none"], ids=lambda case: case["command"][:40]
)
def test_a_success_that_sounds_alarming_is_left_alone(case: dict[str, Any]) -> None:
    assert look(evidence(case)) is None


CREDENTIALS = [case for case in CASES if case["subclass"] == "missing_credential"]


@pytest.mark.parametrize("case", CREDENTIALS, ids=lambda case: case["command"][:40])
def test_a_missing_credential_is_never_worth_a_retry(case: dict[str, Any]) -> None:
    found = look(evidence(case))

    assert found
    assert (found.subclass, found.hopeless) == ("missing_credential", True)


def test_a_case_costs_about_a_millisecond() -> None:
    prepared = [evidence(case) for case in CASES]

    began = process_time()
    for one in prepared:
        look(one)
    assert (process_time() - began) * 1000 / len(prepared) < CPU_MS_MAX


@pytest.mark.parametrize(
    "blob", ["A" * 200_000, "a." * 100_000, "== " * 60_000, '{"a":' * 30_000, "not found: " * 9_000]
)
def test_a_monstrous_output_costs_no_second(blob: str) -> None:
    began = process_time()

    look(Evidence(command="./x", exit_code=1, stderr=f"{blob}: not found failed error", stdout=blob))

    assert process_time() - began < 1.0
