"""classify: how well failures are told apart, measured on a file of them. Needs no data folder, no engine."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from executor.domain.errors import WrongInput
from executor.engine.classification import Evidence, Verdict, look

NONE = "none"
CLASSES = ("dependency", "resource", "error", "external", NONE)
COMPLAINTS_MAX = 20
COMMAND_CHARACTERS = 72  # of a miss, in the table for people

Class = Literal["dependency", "resource", "error", "external", "none"]


class Row(BaseModel):
    """One line of the file. `label` and `acceptable_classes` are read only for scoring."""

    model_config = ConfigDict(extra="ignore")

    command: str = ""
    exit_code: int | None
    stdout: str | None = None
    stderr: str | None = None
    label: Class | None = Field(default=None, alias="class")
    acceptable_classes: list[Class] | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with the verdict on it; `line` counts from 1."""

    line: int
    row: Row
    verdict: Verdict | None

    @property
    def found(self) -> str:
        return str(self.verdict.type) if self.verdict else NONE

    @property
    def strict(self) -> bool:
        return self.found == self.row.label

    @property
    def lenient(self) -> bool:
        return self.strict or self.found in (self.row.acceptable_classes or ())

    def document(self) -> dict[str, Any]:
        verdict = self.verdict
        return {
            "line": self.line,
            "found": self.found,
            "subclass": verdict.subclass if verdict else NONE,
            "cause": verdict.cause if verdict else "",
            "confidence": verdict.confidence if verdict else 1.0,
        }


def classify(given: argparse.Namespace) -> int:
    judged = [Judged(line, row, look(_evidence(row))) for line, row in _rows(given.file)]
    document = measure(judged)
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n" if given.json else _table(document)
    sys.stdout.write(text)
    return 0


def measure(judged: Sequence[Judged]) -> dict[str, Any]:
    """The document of contract section 1, and more: `scored` rows have a class; without any, the shares are null."""
    scored = [one for one in judged if one.row.label is not None]
    confusion = {label: dict(_counts(scored, label)) for label in CLASSES if _counts(scored, label)}
    return {
        "total": len(judged),
        "scored": len(scored),
        "strict": _share([one.strict for one in scored]),
        "lenient": _share([one.lenient for one in scored]),
        "confusion": confusion,
        "misses": [_miss(one) for one in scored if not one.strict],
        "verdicts": [one.document() for one in judged],
    }


def _counts(scored: Sequence[Judged], label: str) -> Counter[str]:
    return Counter(one.found for one in scored if one.row.label == label)


def _share(hits: Sequence[bool]) -> float | None:
    return round(sum(hits) / len(hits), 4) if hits else None


def _miss(one: Judged) -> dict[str, Any]:
    acceptable: list[str | None] = [*(one.row.acceptable_classes or ())] or [one.row.label]
    expected = {"class": one.row.label, "acceptable_classes": acceptable}
    return {**one.document(), **expected, "lenient": one.lenient, "command": one.row.command}


def _evidence(row: Row) -> Evidence:
    return Evidence(command=row.command, exit_code=row.exit_code, stdout=row.stdout or "", stderr=row.stderr or "")


# ---------------------------------------------------------------------------------------------------------- reading


def _rows(file: str) -> list[tuple[int, Row]]:
    """Raises WrongInput with one line for each line of the file that is wrong."""
    rows: list[tuple[int, Row]] = []
    complaints: list[str] = []
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, Row.model_validate(json.loads(line))))
        except ValidationError as error:
            complaints.append(f"{_named(file)}, line {number}: {'; '.join(_faults(error))}.")
        except (ValueError, RecursionError) as error:
            complaints.append(f"{_named(file)}, line {number}: no JSON: {error}.")
    if complaints:
        more = len(complaints) - COMPLAINTS_MAX
        raise WrongInput("\n".join([*complaints[:COMPLAINTS_MAX], *([f"… and {more} more."] if more > 0 else [])]))
    if not rows:
        raise WrongInput(f"{_named(file)} holds no failures: expected one JSON object per line.")
    return rows


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        where = ".".join(str(step) for step in fault["loc"])
        if fault["type"] in ("model_type", "model_attributes_type"):
            yield "expected an object"
        elif fault["type"] == "missing":
            yield f"{where} is missing"
        else:
            yield f"{where}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _lines(file: str) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise WrongInput(f"{_named(file)} is not a text in UTF-8; save it as such.") from None
    except OSError as error:
        raise WrongInput(f"{_named(file)} can't be read: {error.strerror}.") from None


def _named(file: str) -> str:
    return "Standard input" if file == "-" else file


# --------------------------------------------------------------------------------------------------------- for people


def _table(document: dict[str, Any]) -> str:
    if not document["scored"]:
        found = Counter(one["found"] for one in document["verdicts"])
        counts = ", ".join(f"{label} {found[label]}" for label in CLASSES if found[label])
        return f"{_rows_in(document)}, none with a class to compare with. Found: {counts}.\n"
    lines = [
        f"{_rows_in(document)}, {document['scored']} scored: "
        f"{_percent(document['strict'])} strict, {_percent(document['lenient'])} lenient",
        "",
        "is \\ found   " + "".join(f"{label:>11}" for label in CLASSES),
    ]
    for label, found in document["confusion"].items():
        lines.append(f"{label:<13}" + "".join(f"{found.get(other, 0) or '·':>11}" for other in CLASSES))
    lines += ["", "Misses:"] if document["misses"] else []
    for miss in document["misses"]:
        tolerable = " (acceptable)" if miss["lenient"] else ""
        lines.append(f"  line {miss['line']}: is {miss['class']}, found {miss['found']}{tolerable}: {miss['subclass']}")
        lines.append(f"    $ {' '.join(miss['command'].split())[:COMMAND_CHARACTERS]}")
    return "\n".join(lines) + "\n"


def _rows_in(document: dict[str, Any]) -> str:
    return "1 row" if document["total"] == 1 else f"{document['total']} rows"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
