"""The real SDKs against a server that misbehaves in every way that was measured."""

import json
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from executor.planner.models.build import provider_of
from executor.planner.models.messages import Message, Prompt, Provider, Reply
from executor.ports import BrainFailed, Failure, Purpose
from tests.fakes import ManualClock
from tests.modelserver import ModelServer, Turn, refuses, says
from tests.planner.models.conftest import choice_for

SCHEMA: Mapping[str, Any] = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
PROMPT = Prompt(
    purpose=Purpose.JUDGE,
    system="Be exact.",
    messages=(Message("user", "What is it?"),),
    schema=SCHEMA,
    tokens_out_max=50,
)


async def test_a_reply_comes_with_its_tokens(provider: Provider, server: ModelServer) -> None:
    server.on("judge", says({"a": 1}, tokens=(90, 20, 30)))

    reply = await provider.ask(PROMPT, "m-1")

    assert reply == Reply(text='{"a": 1}', detail=reply.detail, tokens_in=90, tokens_cached=30, tokens_out=20)
    asked = server.asked[0]
    assert (asked.purpose, asked.model, asked.key) == ("judge", "m-1", "key-1")
    assert all(word in asked.text for word in ("Be exact.", "What is it?", "integer"))


GOOGLE_WAIT = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7.5s"}
NO_KEY = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


def _body(kind: str, status: int, message: str, *details: Mapping[str, str], code: str | None = None) -> dict[str, Any]:
    if kind == "gemini":
        return {"error": {"code": status, "message": message, "status": "X", "details": list(details)}}
    return {"error": {"message": message, "type": "x", "code": code}}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Failure.BAD_REQUEST),
        (401, Failure.AUTH),
        (403, Failure.AUTH),
        (404, Failure.MODEL_NOT_FOUND),
        (408, Failure.TIMEOUT),
        (429, Failure.RATE_LIMITED),
        (500, Failure.SERVER),
        (503, Failure.SERVER),
    ],
)
async def test_a_refusal_is_known_by_its_status_and_is_not_repeated(
    provider: Provider, kind: str, server: ModelServer, status: int, expected: Failure
) -> None:
    server.on("judge", refuses(status, _body(kind, status, "No.")))

    with pytest.raises(BrainFailed) as caught:
        await provider.ask(PROMPT, "m-1")

    assert (caught.value.kind, len(server.asked)) == (expected, 1)


async def test_the_wait_that_a_limit_asks_for_is_told(provider: Provider, kind: str, server: ModelServer) -> None:
    server.on("judge", refuses(429, _body(kind, 429, "Slow down."), {"retry-after": "12"}))

    with pytest.raises(BrainFailed) as caught:
        await provider.ask(PROMPT, "m-1")

    assert (caught.value.kind, caught.value.wait_s) == (Failure.RATE_LIMITED, 12)


@pytest.mark.parametrize("kind", ["gemini"], indirect=True)
async def test_googles_own_words_for_a_wait_and_a_wrong_key(provider: Provider, server: ModelServer) -> None:
    server.on(
        "judge",
        refuses(429, _body("gemini", 429, "Slow down.", GOOGLE_WAIT)),
        refuses(400, _body("gemini", 400, "API key not valid.", NO_KEY)),
    )

    seen = []
    for _ in range(2):
        with pytest.raises(BrainFailed) as caught:
            await provider.ask(PROMPT, "m-1")
        seen.append((caught.value.kind, caught.value.wait_s))

    assert seen == [(Failure.RATE_LIMITED, 7.5), (Failure.AUTH, None)]


@pytest.mark.parametrize("kind", ["openai"], indirect=True)
async def test_an_empty_account_is_no_rate_limit(provider: Provider, server: ModelServer) -> None:
    server.on("judge", refuses(429, _body("openai", 429, "You have no credit.", code="insufficient_quota")))

    with pytest.raises(BrainFailed) as caught:
        await provider.ask(PROMPT, "m-1")

    assert caught.value.kind is Failure.AUTH


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        (Turn(text='{"a": ', finish="length"), Failure.TRUNCATED),
        (Turn(text="", finish="length"), Failure.TRUNCATED),
        (Turn(text=""), Failure.EMPTY),
        (Turn(text="", finish="safety"), Failure.BLOCKED),
        (Turn(text="", finish="blocked"), Failure.BLOCKED),
    ],
)
async def test_an_answer_without_a_use_is_still_paid_for(
    provider: Provider, server: ModelServer, turn: Turn, failure: Failure
) -> None:
    server.on("judge", turn)

    reply = await provider.ask(PROMPT, "m-1")

    assert (reply.failure, reply.tokens_in, reply.tokens_out) == (failure, 100, 20)


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", '{"candidates": [{"content": {"par', "[1, 2]", '"x"'])
async def test_a_body_of_another_protocol_is_malformed(provider: Provider, server: ModelServer, body: str) -> None:
    server.on("judge", refuses(200, body, {"content-type": "application/json"}))

    try:
        failure = (await provider.ask(PROMPT, "m-1")).failure
    except BrainFailed as error:
        failure = error.kind

    assert failure in (Failure.MALFORMED, Failure.EMPTY)


async def test_the_deadline_is_for_the_whole_answer(kind: str, server: ModelServer) -> None:
    server.on("judge", Turn(hang=True))
    provider = provider_of(choice_for(kind, server.url, timeout_s=0.2), ManualClock().now)

    with pytest.raises(BrainFailed) as caught:
        await provider.ask(PROMPT, "m-1")

    assert caught.value.kind is Failure.TIMEOUT
    await provider.close()


async def test_a_server_that_is_not_there(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    provider = provider_of(choice_for(kind, url), ManualClock().now)

    with pytest.raises(BrainFailed) as caught:
        await provider.ask(PROMPT, "m-1")

    assert caught.value.kind is Failure.NETWORK
    await provider.close()


@pytest.mark.parametrize("kind", ["openai"], indirect=True)
async def test_what_a_server_does_not_take_is_said_in_another_way_and_remembered(
    provider: Provider, server: ModelServer
) -> None:
    def complains(about: str) -> Turn:
        return refuses(400, _body("openai", 400, f"Unsupported parameter: '{about}'."))

    server.on("judge", complains("max_tokens"), complains("response_format"), complains("response_format"), says("{}"))

    await provider.ask(PROMPT, "m-1")
    await provider.ask(PROMPT, "m-1")

    sent = [(("max_tokens" in a.body), a.body.get("response_format", {}).get("type")) for a in server.asked]
    assert sent == [(True, "json_schema"), (False, "json_schema"), (False, "json_object"), (False, None), (False, None)]
    assert json.dumps(server.asked[-1].body["messages"]) == json.dumps(server.asked[0].body["messages"])


NO_SUCH_MODEL = "models/m-1 is not found for API version v1, or is not supported for generateContent."
NO_SUCH_FIELD = 'Invalid JSON payload received. Unknown name "responseJsonSchema": Cannot find field.'


def _versions(server: ModelServer) -> list[str]:
    return [one.path.split("/")[1] for one in server.asked]


@pytest.mark.parametrize(("status", "message"), [(404, NO_SUCH_MODEL), (400, NO_SUCH_FIELD)])
async def test_what_one_version_of_gemini_lacks_is_asked_of_the_other_from_then_on(
    status: int, message: str, server: ModelServer
) -> None:
    server.on("judge", refuses(status, _body("gemini", status, message)), says({"a": 1}))
    gemini = provider_of(choice_for("gemini", server.url), ManualClock().now)

    replies = [(await gemini.ask(PROMPT, "m-1")).text for _ in range(2)]
    await gemini.close()

    assert (replies, _versions(server)) == (['{"a": 1}'] * 2, ["v1", "v1beta", "v1beta"])


@pytest.mark.parametrize(
    ("second", "expected"), [((404, NO_SUCH_MODEL), Failure.MODEL_NOT_FOUND), ((503, "busy"), Failure.SERVER)]
)
async def test_where_no_version_helps_nothing_is_remembered(
    second: tuple[int, str], expected: Failure, server: ModelServer
) -> None:
    first = refuses(404, _body("gemini", 404, NO_SUCH_MODEL))
    server.on("judge", first, refuses(second[0], _body("gemini", *second)), says({"a": 1}))
    gemini = provider_of(choice_for("gemini", server.url), ManualClock().now)

    with pytest.raises(BrainFailed) as caught:
        await gemini.ask(PROMPT, "m-1")
    await gemini.ask(PROMPT, "m-1")
    await gemini.close()

    assert (caught.value.kind, _versions(server)) == (expected, ["v1", "v1beta", "v1"])


async def test_another_complaint_is_not_a_matter_of_versions(server: ModelServer) -> None:
    server.on("judge", refuses(400, _body("gemini", 400, "The contents are too long.")))
    gemini = provider_of(choice_for("gemini", server.url), ManualClock().now)

    with pytest.raises(BrainFailed):
        await gemini.ask(PROMPT, "m-1")
    await gemini.close()

    assert _versions(server) == ["v1"]
