"""The one loop in which a model is asked: reserve, send, settle, read; what does not fit goes back with the reasons."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, NoReturn, TypeVar

from executor.domain.errors import WrongInput
from executor.planner.models.cast import Cast
from executor.planner.models.failures import failed, outage_of
from executor.planner.models.messages import Message, Prompt, Provider, Reply
from executor.planner.models.prices import Price, receipt
from executor.planner.models.prompts import compact
from executor.ports import About, BrainFailed, Brake, Call, Clock, Failure, Ids, NoBrake, Purpose, Purse, Receipt

T = TypeVar("T")

REPAIRS_MAX = 2  # contract section 5
_MENDABLE = frozenset({Failure.EMPTY, Failure.TRUNCATED})
_MAYBE_BILLED = frozenset({Failure.TIMEOUT, Failure.MALFORMED})
"""Failures after which nobody knows whether the request was billed: it keeps counting at its worst."""
_REPLY_CHARACTERS_BACK = 4_000  # of a reply that did not fit, as it is shown to the model again


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One provider and model with its price (None: counted in tokens only)."""

    provider: Provider
    provider_key: str  # "gemini" or "openai"
    model: str
    price: Price
    purse: Purse
    clock: Clock
    ids: Ids
    brake: Brake = NoBrake()
    cast: Cast = Cast()

    def asked(self, purpose: Purpose, about: About) -> str:
        """The model that is asked for this."""
        return self.cast.model(self.model, purpose, about.role)

    async def ask(self, prompt: Prompt, about: About, read: Callable[[Any], T]) -> T:
        """The reply, read by `read`, which raises WrongInput with the reasons where it does not fit; those go back to
        the model at most twice. Raises BrainFailed."""
        prompt = self.cast.prompt(prompt, about.role)
        model = self.asked(prompt.purpose, about)
        if model != self.model:
            price = self.cast.price(self.provider_key, model)
            return await replace(self, model=model, price=price, cast=Cast(roles={})).ask(prompt, about, read)
        digests = []
        for attempt in range(REPAIRS_MAX + 1):
            digests.append(self._digest(prompt))
            reply = await self._once(prompt, about, digests[-1])
            try:
                return read(_usable(reply, prompt))
            except WrongInput as error:
                if attempt == REPAIRS_MAX:
                    await self.purse.forget(about.goal_number, digests)
                    raise self._hopeless(reply, error) from None
                prompt = _sent_back(prompt, reply, error.public)
        raise AssertionError("the loop returns or raises")

    def _hopeless(self, reply: Reply, error: WrongInput) -> BrainFailed:
        if reply.failure is not None:
            return failed(reply.failure, self.provider.name, self.model)
        kind = Failure.MALFORMED if isinstance(error, NoJson) else Failure.INVALID
        return BrainFailed(
            kind, f"{self.provider.name} gave no usable answer, even after it was told why: {error.public}"
        )

    def _digest(self, prompt: Prompt) -> str:
        parts = [self.provider_key, self.model, prompt.purpose, prompt.system, prompt.schema, prompt.tokens_out_max]
        said = [[message.role, message.text] for message in prompt.messages]
        return hashlib.sha256(compact([*parts, said]).encode()).hexdigest()

    async def _once(self, prompt: Prompt, about: About, digest: str) -> Reply:
        if (stop := self.brake.held()) is not None:
            raise BrainFailed(Failure.STOPPED, f"Everything is stopped by {stop.by}.")
        call = Call(
            id=self.ids.new(),
            goal_number=about.goal_number,
            task_ref=about.task_ref,
            purpose=prompt.purpose,
            provider=self.provider_key,
            model=self.model,
            worst=self.price.worst(prompt),
            at=self.clock.now(),
            digest=digest,
        )
        paid = await self.purse.reserve(call)
        if paid is not None:
            return Reply(text=paid)
        began = self.clock.monotonic()
        try:
            reply = await self.provider.ask(prompt, self.model)
        except BrainFailed as error:
            spent = Receipt(
                cost=call.worst if error.kind in _MAYBE_BILLED else call.worst * 0,
                duration_s=self.clock.monotonic() - began,
                error=str(error.kind),
                ended_at=self.clock.now(),
                gone=outage_of(error, self.provider.name),
            )
            error.since = await self.purse.settle(call.id, spent)
            raise
        duration_s = self.clock.monotonic() - began
        got = receipt(self.price, reply, duration_s, str(reply.failure or ""))
        await self.purse.settle(call.id, replace(got, ended_at=self.clock.now()))
        if reply.failure is Failure.BLOCKED:
            raise failed(Failure.BLOCKED, self.provider.name, self.model, detail=reply.detail)
        return reply


class NoJson(WrongInput):
    """The reply is not JSON."""


def _usable(reply: Reply, prompt: Prompt) -> Any:
    if reply.failure is Failure.TRUNCATED:
        raise WrongInput(f"The answer was cut off after {prompt.tokens_out_max} tokens. Answer in fewer words.")
    if reply.failure is Failure.EMPTY or not reply.text.strip():
        raise WrongInput("The answer was empty.")
    return json_in(reply.text) if prompt.schema is not None else reply.text.strip()


def json_in(text: str) -> Any:
    """The JSON object of a reply; a code fence or words around it are let pass. Raises NoJson."""
    decoder = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)
    try:
        return decoder.decode(text.strip())
    except json.JSONDecodeError as error:
        problem = f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError) as error:  # a number that nobody can read, or nested too deep
        problem = str(error)
    for start in [index for index, character in enumerate(text[:2_000]) if character == "{"]:
        try:
            found, _ = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        return found
    raise NoJson(f"The answer is not JSON ({problem}). Send one JSON object alone.")


def _finite(text: str) -> float:
    """Raises ValueError for what no float holds."""
    number = float(text)
    return number if isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no number")


def _sent_back(prompt: Prompt, reply: Reply, reasons: str) -> Prompt:
    said = Message("model", reply.text[:_REPLY_CHARACTERS_BACK] or "(nothing)")
    asked = Message("user", f"That can't be used. {reasons}\nSend the whole answer again, corrected.")
    room = prompt.tokens_out_max * (2 if reply.failure is Failure.TRUNCATED else 1)
    return replace(prompt, messages=(*prompt.messages, said, asked), tokens_out_max=room)
