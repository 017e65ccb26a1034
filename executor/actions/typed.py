"""What all actions share: typed parameters, checked in one place, and failure as a value."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from executor.domain.errors import WrongInput
from executor.domain.outcome import Result, Waiting
from executor.ports import Ask, Context

SHOWN_CHARACTERS_MAX = 60  # of a wrong value: enough to recognise it on a phone


class Parameters(BaseModel):
    """The parameters of one action. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


P = TypeVar("P", bound=Parameters)


def read(model: type[P], parameters: Mapping[str, Any], action: str) -> P:
    """Raises WrongInput with one line: the parameter, its value, what was expected."""
    try:
        return model.model_validate(dict(parameters))
    except ValidationError as error:
        errors = error.errors(include_url=False, include_context=True)
        first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
        raise WrongInput(f"{action}: {_sentence(model, first)}") from None


def _sentence(model: type[Parameters], error: Mapping[str, Any]) -> str:
    place = [str(part) for part in error["loc"]]
    name = ".".join(place[:1]) or "parameters"
    match error["type"]:
        case "missing":
            return f"{name} is missing."
        case "extra_forbidden":
            return f"{name} is not a parameter; known are {', '.join(shown_fields(model))}."
        case "value_error":
            return f"{error['ctx']['error']}."
    return f"{name} is {shown(error['input'])}; expected {_expected(error)}."


def _expected(error: Mapping[str, Any]) -> str:
    """What pydantic wants, in words for people."""
    limit = next(iter(error.get("ctx", {}).values()), "")
    match error["type"]:
        case "string_pattern_mismatch" | "string_too_short":
            return "some text"
        case "string_too_long":
            return f"at most {limit:,} characters"
        case "too_long":
            return f"at most {error['ctx']['max_length']} of them"
        case "float_parsing" | "float_type":
            return "a number"
        case "int_parsing" | "int_type" | "int_from_float":
            return "a whole number"
        case "bool_parsing" | "bool_type":
            return "true or false"
        case "string_type":
            return "text"
        case "tuple_type" | "list_type":
            return "a list"
    return str(error["msg"]).removeprefix("Input should be ")


def shown_fields(model: type[Parameters]) -> list[str]:
    """The action's own first, then what several share."""
    own = model.__annotations__
    return sorted((name for name, field in model.model_fields.items() if not field.exclude), key=lambda n: n not in own)


def shown(value: object) -> str:
    """A value as a person wrote it, in one line and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else f"{text[:SHOWN_CHARACTERS_MAX]}…"


class Typed(ABC, Generic[P]):
    """An action whose parameters are a pydantic model. The port's methods take plain mappings; the ones below them
    take the model."""

    name: ClassVar[str]
    model: type[P]

    def check(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return read(self.model, parameters, self.name).model_dump(mode="json", exclude_none=True)

    def describe(self, parameters: Mapping[str, Any]) -> str:
        return self.what(read(self.model, parameters, self.name))

    def repeatable(self, parameters: Mapping[str, Any]) -> bool:
        return self.may_repeat(read(self.model, parameters, self.name))

    def ask(self, parameters: Mapping[str, Any]) -> Ask | None:
        return self.question(read(self.model, parameters, self.name))

    async def run(self, parameters: Mapping[str, Any], context: Context) -> Result | Waiting:
        try:
            return await self.act(read(self.model, parameters, self.name), context)
        except WrongInput as error:  # an output that was filled in does not fit, a path that leads outside
            return Result(success=False, error=error.public, metadata={"execution_time": 0.0})

    @abstractmethod
    def what(self, parameters: P) -> str:
        """What will really happen, whole."""

    @abstractmethod
    async def act(self, parameters: P, context: Context) -> Result | Waiting:
        """Do it. May raise WrongInput: it becomes a failed result."""

    def may_repeat(self, parameters: P) -> bool:
        return True

    def question(self, parameters: P) -> Ask | None:
        return None
