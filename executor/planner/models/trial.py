"""Whether the configured model can be used: one short question, and what to do where it isn't answered."""

from dataclasses import dataclass
from typing import Literal

from executor.planner.models.build import ModelChoice, model_mind, price_of
from executor.planner.models.prices import READ_AT, Price
from executor.planner.models.talk import Talk
from executor.ports import About, BrainFailed, Failure

REMEDIES = {
    Failure.AUTH: "make a new key at the provider, look whether it is paid for, and set [brain] api_key",
    Failure.BLOCKED: "choose another [brain] model; this one refuses a harmless question",
    Failure.BAD_REQUEST: "check [brain] model and base_url; where the key is named, make a new one",
    Failure.MODEL_NOT_FOUND: "set [brain] model to a name that the provider lists",
    Failure.STOPPED: "lift the STOP: milepost resume, or /resume",
    Failure.RATE_LIMITED: "wait a little, or raise the limit at the provider; goals wait by themselves",
    Failure.SERVER: "wait, or look at the provider's status page; goals wait by themselves",
    Failure.TIMEOUT: "raise [brain] timeout_s, or choose a faster model",
    Failure.NETWORK: "check [brain] base_url, the network, and that the server runs",
    Failure.MALFORMED: "check [brain] base_url (it often ends in /v1), or choose a model that can write JSON",
    Failure.TRUNCATED: "choose a model that says less, or give its server more room",
    Failure.EMPTY: "try again, then choose another [brain] model",
    Failure.INVALID: "choose a larger [brain] model; this one does not keep to the form of an answer",
    Failure.BUDGET: "raise [budget] day_usd, or wait until tomorrow (UTC)",
    Failure.CYCLES: "raise [brain] cycles_max",
}
_QUESTION = "Does the evidence say how much 2 + 2 is?"
_EVIDENCE = {"calculation": "2 + 2 = 4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    state: Literal["good", "note", "wrong"]
    seen: str
    remedy: str = ""


async def try_out(talk: Talk, choice: ModelChoice) -> Trial:
    """Ask it; that is counted like every request, for no goal."""
    began = talk.clock.monotonic()
    try:
        await model_mind(talk).judge(_QUESTION, _EVIDENCE, About())
    except BrainFailed as error:
        return Trial(state="wrong", seen=f"{talk.model}: {error.public}", remedy=REMEDIES[error.kind])
    seen = f"{talk.model} answers, in {talk.clock.monotonic() - began:.1f} s"
    price = price_of(choice)
    if price is None:
        remedy = "set [brain] price_in and price_out; until then no limit of money holds"
        return Trial(state="note", seen=f"{seen}; its price is not listed", remedy=remedy)
    return Trial(state="good", seen=f"{seen}; {_told(price, choice)}")


def _told(price: Price, choice: ModelChoice) -> str:
    source = "as configured" if choice.price_in or choice.price_out else f"as listed on {READ_AT:%Y-%m-%d}"
    return f"${price.tokens_in} and ${price.tokens_out} for a million tokens in and out, {source}"
