"""The limits of the executor, from the configuration."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.settings import Settings
from executor.domain.limits import Limits, Service


def limits_of(settings: Settings, zone: ZoneInfo) -> Limits:
    chosen = settings.executor
    return Limits(
        zone=zone,
        tick_s=chosen.tick_s,
        monitoring_s=chosen.monitoring_s,
        concurrency=chosen.concurrency,
        attempts_max=chosen.attempts_max,
        adaptation_threshold=chosen.adaptation_threshold,
        adaptations_max=chosen.adaptations_max,
        extra_tasks_max=chosen.extra_tasks_max,
        gate_rounds_max=settings.gates.rounds_max,
        lease_s=chosen.lease_s,
        retry_first_s=chosen.retry_first_s,
        outage_failures=chosen.outage_failures,
        outage_pause_max_s=chosen.outage_pause_max_s,
        outage_ask_s=chosen.outage_ask_s,
        resources=settings.resources,
        services=tuple(
            Service(name=name, address=one.address, start=one.start) for name, one in settings.services.items()
        ),
        send=settings.drafts.by_tool() or settings.drafts.send,
        role_tools={name: one.tools for name, one in settings.roles.items() if one.tools},
        timeout_s=settings.sandbox.timeout_s,
        output_bytes_max=settings.sandbox.output_bytes_max,
        goal_usd=Decimal(str(settings.budget.goal_usd)),
    )
