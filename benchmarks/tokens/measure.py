"""Every goal once, by Milepost and by each loop, with the same replies to the same end."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live import Story, holds, tell
from benchmarks.peers import ENVIRONMENTS, install, reason
from benchmarks.table import Line, Section
from benchmarks.tokens import script
from benchmarks.tokens.goals import GOALS, Goal
from benchmarks.tokens.script import Script
from benchmarks.tokens.wire import Wire, wire

HERE = Path(__file__).parent
RUN_S_MAX = 180
SHARE_MAX = 1 / 3  # of the tokens of another agent

HOW = (
    "{count} goals from a sentence to an end that a command of ours finds true, each by a real `milepost up` and by "
    "loops that reason and act. A scripted server stands for the model: it hands everybody the same commands, as a "
    "plan, or one a turn; they are really run. Counted is what goes over the wire, requests and replies, by one rule "
    "for all: a token is a run of up to five letters, of up to three digits, or one other character that is no space. "
    "Real tokenizers differ by some tenths, for all alike. A loop is given one command a turn, as such agents are told "
    "to work; one that puts several into a turn needs fewer. What a provider's cache would save is not taken off. The "
    "plain loop is part of the benchmark: four sentences of instructions, and no more than the talk so far."
)


@dataclass(frozen=True, slots=True)
class Loop:
    """`run` is a script of this folder; `packages` go into an environment of its own. None of the two: our Python."""

    name: str
    run: str
    replies: Script
    packages: Sequence[str] = ()


LOOPS = (
    Loop("smolagents 1.26", "smolagents_run", script.in_code, ("smolagents[openai]==1.26.0",)),
    Loop("nanobot 0.3.5", "nanobot_run", script.by_tool, ("nanobot-ai==0.3.5",)),
    Loop("plain loop", "plain_run", script.in_json),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """`why`: it is not measured."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    why: str = ""

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out


async def run(folder: Path, goals: Sequence[Goal] = GOALS, loops: Sequence[Loop] = LOOPS) -> Section:
    ours = [await _by_milepost(goal, folder / f"milepost-{n}") for n, goal in enumerate(goals)]
    theirs = {loop.name: await _by_loop(loop, goals, folder / loop.run) for loop in loops}
    lines = []
    for n, goal in enumerate(goals):
        lines.append(Line(what=f"{goal.name}: Milepost", value=_told(ours[n])))
        lines += [
            Line(what=f"{goal.name}: {name}", value=_told(spent[n]), ratio=_share(ours[n].tokens, spent[n].tokens))
            for name, spent in theirs.items()
        ]
    return Section(
        title="Requests and tokens per goal", how=HOW.format(count=len(goals)), lines=[*lines, *_sums(ours, theirs)]
    )


def _sums(ours: Sequence[Spent], theirs: dict[str, list[Spent]]) -> list[Line]:
    mine = sum(one.tokens for one in ours)
    lines = [Line(what="all goals: Milepost", value=f"{sum(one.calls for one in ours)} calls, {mine:,} tokens")]
    for name, spent in theirs.items():
        if any(one.why for one in spent):
            lines.append(Line(what=f"all goals: {name}", value=f"not measured: {spent[-1].why}"))
            continue
        total, ours_to_beat = sum(one.tokens for one in spent), name != "plain loop"
        lines.append(
            Line(
                what=f"all goals: {name}",
                value=f"{sum(one.calls for one in spent)} calls, {total:,} tokens",
                ratio=_share(mine, total),
                target="≤ 33%" if ours_to_beat else "",
                met=mine <= total * SHARE_MAX if ours_to_beat else None,
            )
        )
    return lines


def _told(spent: Spent) -> str:
    if spent.why:
        return f"not measured: {spent.why}"
    return f"{spent.calls} call{'' if spent.calls == 1 else 's'}, {spent.tokens_in:,} + {spent.tokens_out:,} tokens"


def _share(ours: int, theirs: int) -> str:
    return f"Milepost: {ours / theirs:.0%}" if theirs else ""


async def _by_milepost(goal: Goal, folder: Path) -> Spent:
    async with wire() as talked:
        talked.put_on(script.plan(goal))
        environ = os.environ | {
            "MILEPOST_BRAIN__PROVIDER": "openai",
            "MILEPOST_BRAIN__MODEL": "scripted",
            "MILEPOST_BRAIN__BASE_URL": talked.url,
        }
        story = Story(name=goal.name, text=goal.text, truth=goal.truth)
        told = await asyncio.to_thread(tell, story, folder, environ)
        if not told.as_it_should(story):
            return Spent(why=f"it ended {told.state}, {'; '.join(told.asked)}"[:120])
        return _spent(talked)


async def _by_loop(loop: Loop, goals: Sequence[Goal], folder: Path) -> list[Spent]:
    python = ENVIRONMENTS / loop.run / "bin" / "python" if loop.packages else Path(sys.executable)
    try:
        if loop.packages:
            await asyncio.to_thread(install, python, loop.packages)
    except (OSError, subprocess.SubprocessError) as error:
        return [Spent(why=reason(error))] * len(goals)
    return [await _once(loop, python, goal, folder / str(n)) for n, goal in enumerate(goals)]


async def _once(loop: Loop, python: Path, goal: Goal, folder: Path) -> Spent:
    place = folder / "work"
    place.mkdir(parents=True)
    environ = {"HOME": str(folder), "PATH": os.environ.get("PATH", os.defpath)}
    async with wire() as talked:
        talked.put_on(loop.replies(goal))
        command = [str(python), str(HERE / f"{loop.run}.py"), talked.url, str(place), goal.text]
        try:
            await asyncio.to_thread(
                subprocess.run, command, check=True, capture_output=True, text=True, timeout=RUN_S_MAX, env=environ
            )
        except (OSError, subprocess.SubprocessError) as error:
            return Spent(why=reason(error))
        if not await asyncio.to_thread(holds, goal.truth, place):
            return Spent(why="it did not reach the goal")
        return _spent(talked)


def _spent(talked: Wire) -> Spent:
    heard, said = talked.tokens
    return Spent(talked.calls, heard, said)
