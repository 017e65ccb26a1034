"""From the configuration to a brain with a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from executor.domain.errors import Unconfigured
from executor.domain.role import Role
from executor.planner.models.asking import Asker
from executor.planner.models.brain import ModelBrain
from executor.planner.models.cast import Cast, roles_with
from executor.planner.models.gemini import Gemini
from executor.planner.models.messages import Provider
from executor.planner.models.mind import ModelMind
from executor.planner.models.openai_compatible import OpenAICompatible
from executor.planner.models.prices import FREE, Price, listed
from executor.planner.models.talk import Talk
from executor.planner.offline import OfflineBrain
from executor.ports import Actions, Brake, Clock, Ids, NoBrake, Purse

DEFAULT_MODEL = {"gemini": "gemini-3.8-flash"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """What ``[brain]`` says. `price_in` and `price_out` are US dollars for a million tokens; both 0: as listed."""

    provider: str
    model: str
    api_key: str
    base_url: str
    timeout_s: float
    price_in: float = 0.0
    price_out: float = 0.0
    models: Mapping[str, str] = field(default_factory=dict)  # by purpose
    prices: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # in and out, by model
    roles: Mapping[str, Role] = field(default_factory=dict)  # the owner's own


def provider_of(choice: ModelChoice, now: Callable[[], datetime]) -> Provider:
    """Raises Unconfigured where something is missing."""
    if choice.provider == "gemini":
        if not choice.api_key:
            raise Unconfigured('The brain "gemini" needs a key: set [brain] api_key or MILEPOST_BRAIN__API_KEY.')
        return Gemini(api_key=choice.api_key, base_url=choice.base_url, timeout_s=choice.timeout_s, now=now)
    return OpenAICompatible(api_key=choice.api_key, base_url=choice.base_url, timeout_s=choice.timeout_s, now=now)


def model_of(choice: ModelChoice) -> str:
    model = choice.model or DEFAULT_MODEL.get(choice.provider, "")
    if not model:
        raise Unconfigured(f'The brain "{choice.provider}" needs the name of a model: set [brain] model.')
    return model


def price_of(choice: ModelChoice) -> Price | None:
    """The configured price, else the listed one; None: only tokens are counted."""
    if choice.price_in or choice.price_out:
        return _price(choice.price_in, choice.price_out)
    return listed(choice.provider, model_of(choice))


def cast_of(choice: ModelChoice) -> Cast:
    prices = {model: _price(*both) for model, both in choice.prices.items()}
    return Cast(models=choice.models, roles=roles_with(choice.roles), prices=prices)


def _price(price_in: float, price_out: float) -> Price:
    """With two prices known, cached tokens count in full."""
    tokens_in = Decimal(str(price_in))
    return Price(tokens_in=tokens_in, tokens_cached=tokens_in, tokens_out=Decimal(str(price_out)))


def model_talk(choice: ModelChoice, *, purse: Purse, clock: Clock, ids: Ids, brake: Brake | None = None) -> Talk:
    """The configured model, which is not asked while `brake` holds. Whoever makes it closes its provider at the end.
    Raises Unconfigured."""
    return Talk(
        provider=provider_of(choice, clock.now),
        provider_key=choice.provider,
        model=model_of(choice),
        price=price_of(choice) or FREE,
        purse=purse,
        clock=clock,
        ids=ids,
        brake=brake or NoBrake(),
        cast=cast_of(choice),
    )


def model_brain(talk: Talk, offline: OfflineBrain, actions: Actions, *, tasks_max: int) -> ModelBrain:
    return ModelBrain(talk.model, Asker(talk, actions), offline, talk.clock, tasks_max=tasks_max)


def model_mind(talk: Talk) -> ModelMind:
    return ModelMind(talk.model, Asker(talk, None))
