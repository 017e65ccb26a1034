"""`python -m benchmarks [name …]`: run all of them, or the named ones; print the table, and write it when all ran."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from loguru import logger

from benchmarks import big_goal, live, machine, press, recovery, sandbox, startup, throughput, ticks, tokens
from benchmarks.table import Section, markdown, section_text
from executor.domain.errors import Unconfigured

RESULTS = Path(__file__).parent / "RESULTS.md"
RECOVERY = Path(__file__).parent / "RECOVERY.md"
TOKENS = Path(__file__).parent / "TOKENS.md"
LIVE = "live"  # says something of the model and its day: printed, and kept by nobody
HEADING = "What Milepost costs"
PAGES = {  # these have pages of their own: they measure no speed
    "recovery": (RECOVERY, "What Milepost recovers from"),
    "tokens": (TOKENS, "What goals cost in tokens"),
}

BENCHMARKS: Mapping[str, Callable[[Path], Coroutine[Any, Any, Section]]] = {
    "ticks": ticks.run,
    "throughput": throughput.run,
    "press": press.run,
    "goal": big_goal.run,
    "startup": startup.run,
    "sandbox": sandbox.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[*BENCHMARKS, *PAGES, LIVE, []],
        metavar="name",
        help=", ".join([*BENCHMARKS, *PAGES]) + "; live: stories with the configured model, which costs money",
    )
    parser.add_argument("--times", type=int, default=recovery.TIMES, help="of each scenario of recovery (default: 8)")
    chosen = parser.parse_args()
    if chosen.times < 1:
        parser.error("--times is at least 1")
    names: list[str] = chosen.names or list(BENCHMARKS)
    logger.remove()  # what the program logs while it works is part of its cost elsewhere, not of this table
    logger.add(sys.stderr, level="ERROR")
    facts, sections = machine.facts(), []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix=f"milepost-bench-{name}-") as folder:
            try:
                section = asyncio.run(_run(name, Path(folder), chosen.times))
            except Unconfigured as error:
                print(f"benchmarks: {error.public}", file=sys.stderr)
                return 2
        print(section_text(section), end="\n\n", flush=True)
        sections.append(section)
    if names == list(BENCHMARKS):
        RESULTS.write_text(markdown(HEADING, facts, sections), encoding="utf-8")
        print(f"Written to {RESULTS}")
    if len(names) == 1 and names[0] in PAGES:
        page, heading = PAGES[names[0]]
        page.write_text(markdown(heading, facts, sections), encoding="utf-8")
        print(f"Written to {page}")
    return 0


async def _run(name: str, folder: Path, times: int) -> Section:
    if name == "recovery":
        return await recovery.run(folder, times)
    if name == "tokens":
        return await tokens.run(folder)
    return await (live.run if name == LIVE else BENCHMARKS[name])(folder)


if __name__ == "__main__":
    sys.exit(main())
