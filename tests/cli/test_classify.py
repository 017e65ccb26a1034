"""`milepost classify`: a document for programs, a table for people, one clear line for what can't be read."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Milepost

MISSING = {
    "command": "pandoc x", "exit_code": 127, "stdout": "", "stderr": "bash: line 1: pandoc: command not found",
    "class": "dependency", "acceptable_classes": ["dependency"],
}  # fmt: skip
FULL = {
    "command": "cp a b", "exit_code": 1, "stdout": "", "stderr": "cp: error writing 'b': No space left on device",
    "class": "error", "acceptable_classes": ["error", "resource"], "subclass": "disk_full",
}  # fmt: skip
FINE = {"command": "grep x y", "exit_code": 1, "stdout": "", "stderr": "", "class": "none"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "errors.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in (MISSING, FULL, FINE)) + "\n")
    return file


async def test_the_document_measures_and_lists_the_misses(milepost: Milepost, file: Path) -> None:
    ended = await milepost("classify", str(file), "--json")

    document = json.loads(ended.out)
    assert (ended.code, ended.err) == (0, "")
    assert [one["found"] for one in document.pop("verdicts")] == ["dependency", "resource", "none"]
    assert document == {
        "total": 3,
        "scored": 3,
        "strict": 0.6667,
        "lenient": 1.0,
        "confusion": {"dependency": {"dependency": 1}, "error": {"resource": 1}, "none": {"none": 1}},
        "misses": [
            {
                "line": 2, "found": "resource", "subclass": "disk_full", "cause": "The disk is full",
                "confidence": 0.95, "class": "error", "acceptable_classes": ["error", "resource"], "lenient": True,
                "command": "cp a b",
            }
        ],
    }  # fmt: skip


async def test_people_get_a_small_table(milepost: Milepost, file: Path) -> None:
    ended = await milepost("classify", str(file))

    assert ended.out.splitlines() == [
        "3 rows, 3 scored: 66.7 % strict, 100.0 % lenient",
        "",
        "is \\ found    dependency   resource      error   external       none",
        "dependency             1          ·          ·          ·          ·",
        "error                  ·          1          ·          ·          ·",
        "none                   ·          ·          ·          ·          1",
        "",
        "Misses:",
        "  line 2: is error, found resource (acceptable): disk_full",
        "    $ cp a b",
    ]


async def test_rows_without_a_class_get_verdicts_and_no_score(milepost: Milepost) -> None:
    row = json.dumps({"command": "x", "exit_code": 127, "stdout": "", "stderr": "x: not found"})

    shown = await milepost("classify", "-", input=row)
    told = json.loads((await milepost("classify", "-", "--json", input=row)).out)

    assert shown.out == "1 row, none with a class to compare with. Found: dependency 1.\n"
    assert (told["total"], told["scored"], told["strict"], told["lenient"]) == (1, 0, None, None)
    assert (told["verdicts"][0]["subclass"], told["misses"], told["confusion"]) == ("missing_command", [], {})


async def test_bad_lines_are_named_one_by_one(milepost: Milepost) -> None:
    ended = await milepost("classify", "-", input='{"command":"x"}\nno\n\n[1]\n{"exit_code":1,"class":"odd"}\n')

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "milepost: Standard input, line 1: exit_code is missing.",
        "milepost: Standard input, line 2: no JSON: Expecting value: line 1 column 1 (char 0).",
        "milepost: Standard input, line 4: expected an object.",
        "milepost: Standard input, line 5: class: "
        "input should be 'dependency', 'resource', 'error', 'external' or 'none'.",
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.jsonl"], "milepost: none.jsonl can't be read: No such file or directory."),
        (["."], "milepost: . can't be read: Is a directory."),
        (["-"], "milepost: Standard input holds no failures: expected one JSON object per line."),
        ([], "milepost: the following arguments are required: FILE (see milepost classify --help)"),
    ],
)
async def test_a_file_that_can_not_be_used_is_one_line(milepost: Milepost, arguments: list[str], line: str) -> None:
    ended = await milepost("classify", *arguments)

    assert (ended.code, ended.out, ended.err) == (2, "", f"{line}\n")
