"""What a benchmark hands back, and how it is written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row. `ratio` compares with something measured in the same run; `target` is what was asked for, `met` whether
    it is so (None: nothing was asked)."""

    what: str
    value: str
    ratio: str = ""
    target: str = ""
    met: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`how` says what was done, in sentences."""

    title: str
    how: str
    lines: Sequence[Line] = field(default_factory=tuple)


_HEAD = ("what", "measured", "ratio", "target", "met")


def markdown(heading: str, facts: Sequence[str], sections: Sequence[Section]) -> str:
    """The whole report."""
    blocks = [f"# {heading}", "\n".join(f"- {fact}" for fact in facts), *map(section_text, sections)]
    return "\n\n".join(blocks) + "\n"


def section_text(section: Section) -> str:
    """One section: its title, how it was measured, and its table with columns that line up."""
    rows = [_HEAD, *(_cells(line) for line in section.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    first, *rest = [_row(row, widths) for row in rows]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([f"## {section.title}", "", section.how, "", first, rule, *rest])


def _cells(line: Line) -> tuple[str, str, str, str, str]:
    met = "" if line.met is None else "yes" if line.met else "no"
    return line.what, line.value, line.ratio, line.target, met


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
