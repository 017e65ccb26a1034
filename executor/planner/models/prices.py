"""What tokens cost: from a dated table, or from the configuration."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from importlib import resources

from executor.planner.models.messages import Prompt, Reply
from executor.ports import Receipt

_MILLION = Decimal(1_000_000)
_FRAMING_TOKENS = 64  # what protocols put around messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    tokens_in: Decimal
    tokens_cached: Decimal
    tokens_out: Decimal

    def of(self, reply: Reply) -> Decimal:
        """Rounded up to a millionth of a dollar."""
        fresh = max(reply.tokens_in - reply.tokens_cached, 0)
        cost = fresh * self.tokens_in + reply.tokens_cached * self.tokens_cached + reply.tokens_out * self.tokens_out
        return _micro(cost / _MILLION)

    def worst(self, prompt: Prompt) -> Decimal:
        """The most that one request can cost: a token is at least one byte of text."""
        text = [prompt.system, *(message.text for message in prompt.messages), str(prompt.schema or "")]
        tokens_in = sum(len(part.encode()) + _FRAMING_TOKENS for part in text)
        return _micro((tokens_in * self.tokens_in + prompt.tokens_out_max * self.tokens_out) / _MILLION)


FREE = Price(tokens_in=Decimal(0), tokens_cached=Decimal(0), tokens_out=Decimal(0))


def listed(provider: str, model: str) -> Price | None:
    """The price in the table; None where the model is not listed. ``models/x`` is the same as ``x``."""
    row = _TABLE.get(provider, {}).get(model.removeprefix("models/"))
    if row is None:
        return None
    return Price(
        tokens_in=Decimal(str(row["in"])),
        tokens_cached=Decimal(str(row["cached"])),
        tokens_out=Decimal(str(row["out"])),
    )


def receipt(price: Price, reply: Reply, duration_s: float, error: str) -> Receipt:
    return Receipt(
        tokens_in=reply.tokens_in,
        tokens_cached=reply.tokens_cached,
        tokens_out=reply.tokens_out,
        cost=price.of(reply),
        duration_s=duration_s,
        error=error,
        reply=reply.text,
    )


def _micro(dollars: Decimal) -> Decimal:
    return dollars.quantize(Decimal("0.000001"), rounding=ROUND_UP)


_FILE = tomllib.loads(resources.files(__package__).joinpath("prices.toml").read_text(encoding="utf-8"))
READ_AT: date = _FILE.pop("read_at")
_TABLE = _FILE
