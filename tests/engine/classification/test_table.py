"""The table itself: every row has its reason, and leads to a cause that there is."""

from executor.engine.classification.hints import cause_of_status
from executor.engine.classification.programs import last_program, programs
from executor.engine.classification.rules import STAGES
from executor.engine.classification.verdict import CAUSES, data

ROWS = [row for rows in STAGES.values() for row in rows]
TABLES = [data("codes.toml")[name] for name in ("status", "jsonrpc", "words")]
CODED = {str(cause) for table in TABLES for cause in table.values()}


def test_every_row_has_a_reason_and_a_condition() -> None:
    assert len(ROWS) > 250
    assert [row for row in ROWS if len(row.why) < 5] == []
    assert [row for row in ROWS if not (row.reads or row.exit or row.last or row.ran)] == []


def test_every_cause_is_used_by_a_row_or_a_code() -> None:
    assert {row.cause for row in ROWS} | CODED | {"unknown"} == set(CAUSES)


def test_every_code_leads_to_a_cause() -> None:
    assert CODED - set(CAUSES) == set()
    assert [cause_of_status(status) for status in (401, 418, 429, 599)] == [
        "missing_credential", "invalid_request", "rate_limited", "remote_5xx",
    ]  # fmt: skip


def test_texts_are_looked_for_in_lower_case_and_none_twice_in_a_row() -> None:
    assert [row for row in ROWS if len(set(row.says)) != len(row.says) or any(w != w.lower() for w in row.says)] == []


def test_the_programs_of_a_command_line_are_seen_through_its_wrappers() -> None:
    assert programs("A=1 timeout 5 python3 -m pytest -q | tee log && ./run.sh") == (
        "timeout", "python3", "pytest", "tee", "run.sh",
    )  # fmt: skip
    assert last_program("bash -c 'cat x | grep y'") == "grep"
    assert last_program('echo "a | b"; sort f') == "sort"
    assert programs("") == ()
