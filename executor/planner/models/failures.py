"""From a provider's answer to the kind of failure and the one sentence that a person reads."""

import email.utils
from collections.abc import Mapping
from datetime import datetime

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Outage
from executor.domain.model_outage import BRAIN
from executor.ports import BrainFailed, Failure

_SENTENCES = {
    Failure.AUTH: "{name} refuses the API key. Check [brain] api_key.",
    Failure.BLOCKED: "{name} refused to answer this.",
    Failure.BAD_REQUEST: "{name} does not accept the request.",
    Failure.MODEL_NOT_FOUND: "{name} does not know the model {model}. Check [brain] model.",
    Failure.RATE_LIMITED: "{name} asks to slow down.",
    Failure.SERVER: "{name} has trouble of its own.",
    Failure.TIMEOUT: "{name} did not answer in time.",
    Failure.NETWORK: "{name} can't be reached.",
    Failure.MALFORMED: "{name} sent something that can't be read.",
    Failure.TRUNCATED: "The answer of {name} was cut off.",
    Failure.EMPTY: "{name} sent an empty answer.",
}
_GONE = {
    Failure.RATE_LIMITED: "it asks to slow down",
    Failure.SERVER: "it has trouble of its own",
    Failure.TIMEOUT: "no answer in time",
    Failure.NETWORK: "it can't be reached",
}
_AT_ONCE = frozenset({Failure.RATE_LIMITED, Failure.NETWORK})  # one is enough to know that it holds for everybody
_DETAIL_CHARACTERS = 300
_WAIT_S_MAX = 24 * 3600.0


def failed(kind: Failure, name: str, model: str, *, wait_s: float | None = None, detail: str = "") -> BrainFailed:
    """`detail` goes to the log; where a person must mend the configuration or the request, its head is shown too."""
    public = _SENTENCES[kind].format(name=name, model=model)
    detail = " ".join(detail.split())[:_DETAIL_CHARACTERS]
    if detail and kind in (Failure.BAD_REQUEST, Failure.MODEL_NOT_FOUND, Failure.BLOCKED):
        public = f"{public} It says: {detail}"
    return BrainFailed(kind, public, wait_s=wait_s, detail=detail)


def outage_of(failure: BrainFailed, name: str) -> Outage | None:
    """What the failure says about the provider for everybody else; None: nothing, or nothing that passes."""
    if failure.kind not in _GONE:
        return None
    reachable = failure.kind is not Failure.NETWORK
    return Outage(
        key=BRAIN,
        type=BlockageType.EXTERNAL,
        what=name,
        reason=_GONE[failure.kind],
        advice="" if reachable else "If it stays like this: look at the network, and at [brain] base_url.",
        wait_s=failure.wait_s or 0.0,
        at_once=failure.kind in _AT_ONCE,
    )


def kind_of_status(status: int) -> Failure:
    """The kind for an HTTP status of 400 and more."""
    if status in (401, 403, 402):
        return Failure.AUTH
    if status == 404:
        return Failure.MODEL_NOT_FOUND
    if status == 408:
        return Failure.TIMEOUT
    if status == 429:
        return Failure.RATE_LIMITED
    return Failure.SERVER if status >= 500 or status == 409 else Failure.BAD_REQUEST


def retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a reply asks to wait, from Retry-After (seconds or a date) or retry-after-ms; None: it does not."""
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return bounded(milliseconds / 1000)
    value = headers.get("retry-after")
    if (seconds := _number(value)) is not None:
        return bounded(seconds)
    if not value:
        return None
    try:
        at = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return bounded((at - now).total_seconds()) if at.tzinfo else None


def bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _WAIT_S_MAX)


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None
