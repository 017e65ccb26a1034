"""Requests of the http action, for tests."""

from typing import Any

from executor.actions.addresses import spelled
from executor.actions.http import Http
from executor.domain.outcome import Result
from tests.actions.conftest import Scene, Site


def blocked(host: str, port: int) -> str:
    """What is said of an internal place that nobody opened."""
    return (
        f"{host} is not allowed: the host has an internal address; "
        f'add "{spelled(host, port)}" to [http] allow if you mean it'
    )


async def send(scene: Scene, site: Site | None, parameters: dict[str, Any], **changes: Any) -> Result:
    http = Http([site.here] if site else [])
    result = await http.run(http.check(parameters), scene.context(**changes))
    assert isinstance(result, Result)
    return result
