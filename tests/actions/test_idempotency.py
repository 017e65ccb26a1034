"""A request that may have to be sent again carries the same key each time, where the task asks for one."""

from executor.actions.http import Http
from tests.actions.conftest import Scene, Site


async def sent(scene: Scene, site: Site, headers: dict[str, str], body: object = None, **context: object) -> str:
    """The key that the server heard; "" for none."""
    http = Http([site.here])
    parameters = http.check({"method": "POST", "url": site.url(), "headers": headers, "body": body})
    await http.run(parameters, scene.context(**context))
    lines = site.heard[-1].decode().lower().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("idempotency-key:")), "")


async def test_every_attempt_at_a_task_sends_the_same_key(scene: Scene, site: Site) -> None:
    first = await sent(scene, site, {"Idempotency-Key": "auto"}, attempt=1)
    second = await sent(scene, site, {"idempotency-key": " AUTO "}, attempt=2)

    assert first == second
    assert len(first) == 32


async def test_another_task_sends_another_key(scene: Scene, site: Site) -> None:
    one = await sent(scene, site, {"Idempotency-Key": "auto"}, task_ref="1.1")
    other = await sent(scene, site, {"Idempotency-Key": "auto"}, task_ref="1.2")

    assert one != other


async def test_another_request_of_the_same_task_is_no_repetition(scene: Scene, site: Site) -> None:
    one = await sent(scene, site, {"Idempotency-Key": "auto"}, body={"to": "Ann"})
    other = await sent(scene, site, {"Idempotency-Key": "auto"}, body={"to": "Bob"})

    assert one != other


async def test_a_key_of_the_tasks_own_is_sent_as_it_is_and_none_is_made_up(scene: Scene, site: Site) -> None:
    assert await sent(scene, site, {"Idempotency-Key": "order-17"}) == "order-17"
    assert await sent(scene, site, {"X-Other": "auto"}) == ""


def test_what_is_approved_shows_that_a_key_is_sent() -> None:
    shown = Http().describe({"method": "POST", "url": "https://a.example/", "headers": {"Idempotency-Key": "auto"}})

    assert shown == "POST https://a.example/\nIdempotency-Key: auto"
