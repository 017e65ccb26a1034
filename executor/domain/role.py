"""A role: who works on a task. It steers how a model is asked about that task, and what it may use there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`model` and `tools` empty: no other than usual. `tools` are names of actions. `capabilities` say in words what
    the role is good at, for whoever hands out the tasks."""

    name: str
    instructions: str = ""
    model: str = ""
    tools: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
