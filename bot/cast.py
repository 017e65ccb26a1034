"""Who is asked, and as whom, from the configuration."""

from decimal import Decimal

from bot.settings import Settings
from executor.domain.role import Role
from executor.planner.models.cast import Cast, roles_with
from executor.planner.models.prices import Price


def cast_of(settings: Settings) -> Cast:
    own = {
        name: Role(
            name=name,
            instructions=one.instructions,
            model=one.model,
            tools=one.tools,
            capabilities=one.capabilities,
        )
        for name, one in settings.roles.items()
    }
    return Cast(
        models={str(purpose): model for purpose, model in settings.brain.models.items()},
        roles=roles_with(own),
        prices={model: _price(*both) for model, both in settings.brain.prices.items()},
    )


def _price(price_in: float, price_out: float) -> Price:
    """With two prices known, cached tokens count in full."""
    tokens_in = Decimal(str(price_in))
    return Price(tokens_in=tokens_in, tokens_cached=tokens_in, tokens_out=Decimal(str(price_out)))
