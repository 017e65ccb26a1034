"""Every scenario so many times, three ways each, and what that comes to."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.recovery.outside import wheels
from benchmarks.recovery.scenarios import SCENARIOS, Scenario
from benchmarks.recovery.ways import Met, blindly, by_milepost
from benchmarks.table import Line, Section

TIMES = 8
WASTED_MAX = 1
_ALLOWED = ("PIP_NO_INDEX", "PIP_FIND_LINKS")

HOW = (
    "{count} small goals of real commands, each with one planted fault, {times} times each: faults that an exit code "
    "or a status tells (explicit) and success that is none (implicit), which pass by themselves (transient) or stay "
    "(permanent). The engine, its repairs and its checks are those of `milepost up`, without a model; the clock jumps "
    "over pauses; servers and the package index are on this machine. A goal counts as recovered where it is completed, "
    "asked nobody, and a look from outside finds it true. pass^{times} is the share of the fixable that recovered "
    "every time. A person is rightly asked where nothing else helps and the question offers what helps; attempts after "
    "the first are wasted there. Run once and blind retry run the same commands and believe exit codes."
)


@dataclass(frozen=True, slots=True)
class Result:
    """All runs of one scenario."""

    scenario: Scenario
    milepost: Sequence[Met]
    once: Sequence[Met]
    thrice: Sequence[Met]

    def recovered(self, runs: Sequence[Met]) -> int:
        return sum(met.claims and met.true for met in runs)

    @property
    def asked_rightly(self) -> int:
        return sum(self.scenario.asks in met.asked for met in self.milepost)

    @property
    def wasted(self) -> int:
        """Of one run, at most."""
        return max(met.attempts - 1 for met in self.milepost)


async def run(folder: Path, times: int = TIMES) -> Section:
    return section(await measure(folder, times), times)


async def measure(folder: Path, times: int, scenarios: Sequence[Scenario] = SCENARIOS) -> list[Result]:
    """Every scenario, one after the other; each run has a folder of its own."""
    wheels(folder / "index")
    results = []
    with _own_index(folder / "index"):
        for number, scenario in enumerate(scenarios):
            place = folder / str(number)
            results.append(
                Result(
                    scenario,
                    [await by_milepost(scenario, place / f"milepost-{time}") for time in range(times)],
                    [await asyncio.to_thread(blindly, scenario, place / f"once-{t}", times=1) for t in range(times)],
                    [await asyncio.to_thread(blindly, scenario, place / f"thrice-{t}", times=3) for t in range(times)],
                )
            )
    return results


@contextmanager
def _own_index(folder: Path) -> Iterator[None]:
    """pip takes packages from this folder and from nowhere else."""
    before = {name: os.environ.get(name) for name in _ALLOWED}
    os.environ.update({"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def section(results: Sequence[Result], times: int) -> Section:
    how = HOW.format(count=len(results), times=times)
    return Section(
        title="(f) Recovery from planted faults", how=how, lines=[*_cells(results), *_totals(results, times)]
    )


_WAYS: Mapping[str, Callable[[Result], Sequence[Met]]] = {
    "Milepost": lambda one: one.milepost,
    "run once": lambda one: one.once,
    "blind retry ×3": lambda one: one.thrice,
}


def _cells(results: Sequence[Result]) -> Iterator[Line]:
    for shows, lasts in product(("explicit", "implicit"), ("transient", "permanent")):
        cell = [r for r in results if (r.scenario.shows, r.scenario.lasts, r.scenario.fixable) == (shows, lasts, True)]
        for name, runs in _WAYS.items():
            share = _share(sum(one.recovered(runs(one)) for one in cell), sum(len(runs(one)) for one in cell))
            missed = [one.scenario.name for one in cell if one.recovered(runs(one)) < len(runs(one))]
            ours = name == "Milepost"
            yield Line(
                what=f"{shows}, {lasts}, fixable ({len(cell)}): recovered, {name}",
                value=share + (f", not: {'; '.join(missed)}" if ours and missed else ""),
                target="100%" if ours else "",
                met=not missed if ours else None,
            )


def _totals(results: Sequence[Result], times: int) -> Iterator[Line]:
    fixable = [one for one in results if one.scenario.fixable]
    hopeless = [one for one in results if not one.scenario.fixable]
    for name, runs in _WAYS.items():
        every_time = sum(one.recovered(runs(one)) == len(runs(one)) for one in fixable)
        yield Line(what=f"pass^{times} of the fixable ({len(fixable)}), {name}", value=_share(every_time, len(fixable)))
    wasted = [one.scenario.name for one in hopeless if one.wasted > WASTED_MAX]
    yield Line(
        what=f"attempts wasted on a hopeless one ({len(hopeless)}), at most",
        value=f"{max((one.wasted for one in hopeless), default=0)}" + (f": {'; '.join(wasted)}" if wasted else ""),
        target=f"≤ {WASTED_MAX}",
        met=not wasted,
    )
    wrong = [one.scenario.name for one in hopeless if one.asked_rightly < len(one.milepost)]
    yield Line(
        what="hopeless ones rightly asked about",
        value=_share(sum(one.asked_rightly for one in hopeless), sum(len(one.milepost) for one in hopeless))
        + (f", not: {'; '.join(wrong)}" if wrong else ""),
    )
    for name, runs in _WAYS.items():
        false = [one.scenario.name for one in results if any(met.false_success for met in runs(one))]
        ours = name == "Milepost"
        count = sum(met.false_success for one in results for met in runs(one))
        yield Line(
            what=f"false successes of {sum(len(runs(one)) for one in results)} runs, {name}",
            value=f"{count}" + (f": {'; '.join(false)}" if ours and false else ""),
            target="0" if ours else "",
            met=count == 0 if ours else None,
        )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%} ({part} of {whole})" if whole else "none"
