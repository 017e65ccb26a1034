"""A request for one purpose, put together."""

from dataclasses import dataclass
from typing import Any

from executor.planner.models.messages import Message, Prompt
from executor.planner.models.prompts import ACTIONS, fenced, system_text
from executor.planner.models.shapes import schema_of
from executor.planner.models.talk import Talk
from executor.planner.shapes import Shape
from executor.ports import About, Actions, Purpose


@dataclass(frozen=True, slots=True)
class Asker:
    """Puts a request together for one purpose. `actions`: what may be planned; None where nothing is."""

    talk: Talk
    actions: Actions | None

    async def ask(
        self, purpose: Purpose, shape: type[Shape], data: str, about: About, read: Any, *, tokens: int
    ) -> Any:
        actions = self.actions
        known = {name: actions.line(name) or line_of(name) for name in actions.names()} if actions else {}
        if actions and (tools := await actions.offers()):
            data = f"{data}\n{fenced('TOOLS', tools)}"
        schema = schema_of(shape)
        prompt = Prompt(
            purpose=purpose,
            system=system_text(purpose, known, schema),
            messages=(Message("user", data),),
            schema=schema,
            tokens_out_max=tokens,
        )
        return await self.talk.ask(prompt, about, read)


def line_of(action: str) -> str:
    """How an action is told to a model; one of the owner's own by its name alone."""
    return ACTIONS.get(action, f"{action} {{…}}: an action of this machine's owner")
