"""The send-draft action: what a person found good goes out through a tool of an MCP server.

It stands on no plan that a model makes: only the button Send puts it there. It is one call of that tool, and like any
other asks where the tool has changed, has its receipt, and is never repeated without a word. Nothing in a letter is
taken for the name of a secret.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from executor.actions.mcp.action import Mcp, McpParameters
from executor.actions.typed import Parameters, Typed, read
from executor.domain.errors import WrongInput
from executor.domain.mail import SEND_DRAFT, SendTool, read_mail
from executor.domain.outcome import Result, Waiting
from executor.domain.risk import Risk
from executor.ports import Context


class SendDraftParameters(Parameters):
    """`arguments` and `definition` are hidden: what the tool is given, and what it was when that was looked at."""

    text: Annotated[str, StringConstraints(min_length=1)]
    arguments: dict[str, Any] | None = Field(default=None, exclude=True)
    definition: int = Field(default=0, exclude=True)


class SendDraft(Typed[SendDraftParameters]):
    name: ClassVar[str] = SEND_DRAFT
    model = SendDraftParameters

    def __init__(self, mcp: Mcp, tool: SendTool) -> None:
        self._mcp = mcp
        self._tool = tool

    def what(self, parameters: SendDraftParameters) -> str:
        if parameters.arguments is None and read_mail(parameters.text) is None:  # it stands for an output still
            return f"sends {parameters.text} with {self._tool.server}: {self._tool.tool}"
        return self._mcp.describe(self._call(parameters))

    def may_repeat(self, parameters: SendDraftParameters) -> bool:
        return False

    def risk(self, parameters: Mapping[str, Any]) -> frozenset[Risk]:
        call = {"server": self._tool.server, "tool": self._tool.tool}
        return self._mcp.risk(call) | {Risk.OUTSIDE}

    async def ready(self, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Result | Waiting:
        found = await self._mcp.ready(self._call(read(self.model, parameters, self.name)))
        if not isinstance(found, Mapping):
            return found
        return {**parameters, "arguments": found["arguments"], "definition": found["definition"]}

    async def act(self, parameters: SendDraftParameters, context: Context) -> Result:
        call = McpParameters.model_validate({**self._call(parameters), "definition": parameters.definition})
        return await self._mcp.act(call, replace(context, environment={}))

    def _call(self, parameters: SendDraftParameters) -> dict[str, Any]:
        """Raises WrongInput for a text that is no letter."""
        call: dict[str, Any] = {"server": self._tool.server, "tool": self._tool.tool}
        if parameters.arguments is not None:
            return call | {"arguments": parameters.arguments}
        letter = read_mail(parameters.text)
        if letter is None:
            raise WrongInput("send-draft: its text begins with no To: line that names somebody.")
        if why := self._tool.why_not(letter):
            raise WrongInput(f"send-draft: {why}.")
        return call | {"arguments": self._tool.filled(letter)}
