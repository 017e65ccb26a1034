"""What the scripted server says: the same steps as a plan for Milepost, and turn by turn for each loop."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from benchmarks.tokens.goals import Goal, Step

Message = Mapping[str, Any]
DONE = "Everything is done, and the last command showed it."


def plan(goal: Goal) -> list[Message]:
    """One reply: two ways, as planning asks for, of which the one with the steps is chosen."""
    return [_says(json.dumps(_plan(goal)))]


def _plan(goal: Goal) -> Mapping[str, Any]:
    whole = " && ".join(f"{{ {step.command}\n}}" for step in goal.steps)
    steps = [_task(index, step) for index, step in enumerate(goal.steps, start=1)]
    check = {"kind": "command", "command": goal.truth}
    return {
        "summary": goal.text,
        "criteria": [{"text": "The result is there and right", "check": check}],
        "alternatives": [
            _way("step by step", "Each step can be seen and tried again alone", 0.95, steps),
            _way("all at once", "Quick, but a failure says less", 0.8, [_task(1, Step("Do all of it", whole))]),
        ],
        "chosen": "step by step",
    }


def _way(name: str, rationale: str, probability: float, tasks: Sequence[Message]) -> Message:
    figures = {"probability": probability, "estimated_minutes": 2, "estimated_usd": 0}
    return {"name": name, "rationale": rationale, **figures, "tasks": tasks}


def _task(number: int, step: Step) -> Message:
    return {
        "key": str(number),
        "title": step.title,
        "action": "shell",
        "parameters": {"command": step.command},
        "depends_on": [str(number - 1)] if number > 1 else [],
        "confidence": 0.95,
        "expected_outcome": "It ends with exit code 0",
    }


def in_json(goal: Goal) -> list[Message]:
    """For the plain loop."""
    turns = [{"thought": step.title, "command": step.command} for step in goal.turns()]
    return [_says(json.dumps(turn)) for turn in (*turns, {"thought": "Nothing is left to do", "final": DONE})]


def in_code(goal: Goal) -> list[Message]:
    """For smolagents, which acts by programs."""
    turns = [f"Thought: {step.title}.\n<code>\nprint(shell({step.command!r}))\n</code>" for step in goal.turns()]
    last = f"Thought: Nothing is left to do.\n<code>\nfinal_answer({DONE!r})\n</code>"
    return [_says(text) for text in (*turns, last)]


def by_tool(goal: Goal) -> list[Message]:
    """For nanobot, which acts by calls of its own tools."""
    calls = [
        {
            "role": "assistant",
            "content": f"{step.title}.",
            "tool_calls": [
                {
                    "id": f"call_{number}",
                    "type": "function",
                    "function": {"name": "exec", "arguments": json.dumps({"command": step.command})},
                }
            ],
        }
        for number, step in enumerate(goal.turns())
    ]
    return [*calls, _says(DONE)]


def _says(text: str) -> Message:
    return {"role": "assistant", "content": text}


Script = Callable[[Goal], list[Message]]
