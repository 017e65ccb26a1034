from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import pytest

from executor.planner.models.build import ModelChoice, provider_of
from executor.planner.models.messages import Provider
from executor.planner.models.prices import Price
from executor.planner.models.talk import Talk
from executor.ports import BrainFailed, Call, Failure, Receipt
from tests.fakes import CountingIds, ManualClock
from tests.modelserver import ModelServer, model_server

DEAR = Price(tokens_in=Decimal(1), tokens_cached=Decimal("0.1"), tokens_out=Decimal(10))


@dataclass
class OpenPurse:
    """Counts, and refuses beyond `cap`."""

    cap: Decimal = Decimal(1000)
    calls: dict[str, Call] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)

    async def reserve(self, call: Call) -> str | None:
        if self.used + call.worst > self.cap:
            raise BrainFailed(Failure.BUDGET, "Used up.")
        self.calls[call.id] = call
        return None

    async def settle(self, call_id: str, receipt: Receipt) -> datetime | None:
        self.receipts[call_id] = receipt
        return None

    async def forget(self, goal_number: int | None, digests: Collection[str]) -> None:
        self.forgotten.extend(digests)

    @property
    def used(self) -> Decimal:
        return sum(
            (self.receipts[i].cost if i in self.receipts else c.worst for i, c in self.calls.items()), Decimal(0)
        )


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as running:
        yield running


Connect = Callable[..., Awaitable[Provider]]


@pytest.fixture(params=["gemini", "openai"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def choice_for(kind: str, url: str, timeout_s: float = 20) -> ModelChoice:
    base_url = f"{url}/v1" if kind == "openai" and not url.endswith("/v1") else url
    return ModelChoice(provider=kind, model="m-1", api_key="key-1", base_url=base_url, timeout_s=timeout_s)


@pytest.fixture
async def provider(kind: str, server: ModelServer) -> AsyncIterator[Provider]:
    made = provider_of(choice_for(kind, server.url), ManualClock().now)
    yield made
    await made.close()


@pytest.fixture
def purse() -> OpenPurse:
    return OpenPurse()


@pytest.fixture
def talk(provider: Provider, kind: str, purse: OpenPurse) -> Talk:
    return Talk(
        provider=provider,
        provider_key=kind,
        model="m-1",
        price=DEAR,
        purse=purse,
        clock=ManualClock(),
        ids=CountingIds(),
    )
