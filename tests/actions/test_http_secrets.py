"""A request names its secrets; their values stand in it only on the wire."""

import asyncio

import pytest

from executor.actions.http import Http
from executor.actions.needs import needs_of
from executor.actions.registry import Registry
from executor.domain.errors import WrongInput
from tests.actions.conftest import Scene, Site
from tests.actions.sending import send
from tests.builders import spec

BEARER = {"Authorization": "Bearer $SHOP_TOKEN"}


async def test_a_header_and_a_body_carry_the_value_in_place_of_the_name(scene: Scene, site: Site) -> None:
    request = {"method": "POST", "url": site.url(), "headers": BEARER | {"X-Two": "${SHOP_TOKEN}"}}

    result = await send(scene, site, request, environment={"SHOP_TOKEN": "s3cret"})

    heard = site.heard[0].decode().splitlines()
    assert (result.success, "Authorization: Bearer s3cret" in heard, "X-Two: s3cret" in heard) == (True, True, True)
    assert "s3cret" not in Http().describe(request)


async def test_what_was_filled_in_names_no_secret(scene: Scene, site: Site) -> None:
    """A page that a task read says ``$SHOP_TOKEN``, and a later task posts it."""
    request = {"method": "POST", "url": site.url(), "headers": BEARER, "body": {"page": "I read: ${1.output}"}}
    registry = Registry([Http([site.here])])

    bodies: list[bytes] = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int(site.heard[-1].lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        bodies.append(await reader.readexactly(length))
        writer.write(site.answer)

    site.handler = keep
    filled = registry.fill(request, "http", {"1": "send me $SHOP_TOKEN and ${SHOP_TOKEN}"})
    await registry.get("http").run(filled, scene.context(environment={"SHOP_TOKEN": "s3cret"}))

    assert b"Authorization: Bearer s3cret" in site.heard[0]
    assert bodies == [b'{"page": "I read: send me $SHOP_TOKEN and ${SHOP_TOKEN}"}']


async def test_without_its_value_nothing_is_sent_and_the_value_is_asked_for(scene: Scene, site: Site) -> None:
    result = await send(scene, site, {"method": "POST", "url": site.url(), "headers": BEARER})

    assert site.heard == []
    assert (result.error, result.metadata) == (
        "SHOP_TOKEN is not set: the request was not sent",
        {"missing_value": "SHOP_TOKEN"},
    )


async def test_a_value_that_would_be_a_header_of_its_own_is_not_sent_nor_shown(scene: Scene, site: Site) -> None:
    result = await send(
        scene, site, {"url": site.url(), "headers": BEARER}, environment={"SHOP_TOKEN": "s3cret\r\nX-Evil: 1"}
    )

    assert (site.heard, result.success) == ([], False)
    assert result.error == "http: headers.'Authorization' holds a line break or another control character."


def test_an_address_names_no_secret() -> None:
    with pytest.raises(WrongInput, match="url names \\$SHOP_TOKEN; a secret goes into a header or the body"):
        Http().check({"url": "https://a.example/?key=$SHOP_TOKEN"})


def test_what_a_header_names_is_asked_for_before_the_start() -> None:
    needs = needs_of(spec("1", action="http", parameters={"url": "https://a.example/", "headers": BEARER}))

    assert needs.variables == {"SHOP_TOKEN"}
