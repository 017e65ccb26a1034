"""The http action: one request, and its redirects, to the public internet or to what the configuration allows.

A request whose method is not repeatable and which broke off after it was sent may have done its work. Its result says
so (`outcome_unknown`), and it is never sent again by itself.
"""

import asyncio
import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from ssl import SSLContext
from time import monotonic
from typing import Any, ClassVar

import httpcore
import httpx
from pydantic import ValidationError

from executor.actions.addresses import Forbidden, resolve, spelled
from executor.actions.http_parameters import REPEATABLE, HttpParameters, read_url
from executor.actions.idempotency import with_key
from executor.actions.named_values import credentials_in, with_secrets
from executor.actions.read import as_text
from executor.actions.transport import GuardedTransport
from executor.actions.typed import Typed
from executor.actions.unpacking import Unreadable, unpacked
from executor.domain.outcome import Result
from executor.engine.secrecy.secrets import MISSING_VALUE
from executor.ports import Brake, Context, NoBrake

HOPS_MAX = 5
RETRY_AFTER_S_MAX = 30 * 86_400.0  # longer than that nobody means
AGENT = "milepost"


_PORTS = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Exchange:
    """What has happened so far. `sent`: bytes of the current request have left. `status` stands once it is known."""

    url: httpx.URL
    sent: bool = False
    response: httpx.Response | None = None
    body: bytearray = field(default_factory=bytearray)
    whole: bool = False
    hops: int = 0
    redirect: httpx.Response | None = None  # the newest one, with its body unread
    target: httpx.URL | None = None  # where it leads, which is not where the request was to go
    elsewhere: str = ""  # that place, which nothing forbids but has to be asked for by its name

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """httpcore tells what it does; from the first header on, the server may act."""
        if event.endswith("send_request_headers.started"):
            self.sent = True


class Http(Typed[HttpParameters]):
    """`allow`: "host:port" pairs that may be internal. `timeout_s` of the context bounds it all. Nothing is
    connected to while `brake` holds."""

    name: ClassVar[str] = "http"
    model = HttpParameters

    def __init__(self, allow: Iterable[str] = (), brake: Brake | None = None) -> None:
        self._brake = brake or NoBrake()
        self._allow = frozenset(one.strip().lower() for one in allow)

    def what(self, parameters: HttpParameters) -> str:
        lines = [f"{parameters.method} {parameters.url}", *_host(parameters.url)]
        lines += [f"{name}: {value}" for name, value in parameters.headers.items()]
        if (body := _body(parameters)) is not None:
            lines.append(body)
        return "\n".join(lines)

    def may_repeat(self, parameters: HttpParameters) -> bool:
        return parameters.method in REPEATABLE

    async def act(self, parameters: HttpParameters, context: Context) -> Result:
        began = monotonic()
        try:
            exchange = _Exchange(read_url(parameters.url))
            parameters = _with_values(parameters, context.environment)
        except ValueError as error:
            return Result(success=False, error=f"http: {error}.", metadata={"execution_time": 0.0})
        if lacking := credentials_in(parameters.headers.values()):
            error_text = f"{lacking[0]} is not set: the request was not sent"
            return Result(success=False, result=error_text, error=error_text, metadata={MISSING_VALUE: lacking[0]})
        problem = await self._exchange(exchange, parameters, context)
        problem = problem.rstrip(".") if problem else None
        metadata: dict[str, Any] = {
            "execution_time": round(monotonic() - began, 3),
            "url": str(exchange.url.copy_with(username=None, password=None)),
            "method": parameters.method,
            "redirects": exchange.hops,
        }
        if exchange.response is not None:
            return _answered(exchange, exchange.response, problem, parameters, metadata, context)
        if exchange.sent and parameters.method not in REPEATABLE:
            metadata["outcome_unknown"] = True
            problem = f"{problem}; it was sent, and nobody saw the answer"
        return Result(success=False, result=problem or "", error=problem, metadata=metadata)

    async def _exchange(self, exchange: _Exchange, parameters: HttpParameters, context: Context) -> str | None:
        """Fill the exchange; what went wrong, in one line."""
        try:
            async with asyncio.timeout(context.timeout_s):
                await self._follow(exchange, parameters, context)
        except TimeoutError:
            return f"timed out after {context.timeout_s:g} s"
        except Forbidden as error:
            place = exchange.target or exchange.url
            led = "" if exchange.target is None else f"{exchange.url.host} leads on to "
            opened = f'add "{spelled(place.host, _port(place))}" to [http] allow if you mean it'
            return f"{led}{place.host} is not allowed: {error}; {opened}"
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return f"can't connect to {exchange.url.host}: {str(error) or 'no answer'}"
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            return f"the connection to {exchange.url.host} broke off: {str(error) or type(error).__name__}"
        except Unreadable as error:
            return f"the answer can't be read: {error}"
        except (httpx.InvalidURL, httpx.RemoteProtocolError, httpcore.UnsupportedProtocol) as error:
            return f"the redirect leads to no web address: {error}"
        return None

    async def _follow(self, exchange: _Exchange, parameters: HttpParameters, context: Context) -> None:
        bytes_max = context.output_bytes_max
        body = _body(parameters)
        headers = {"user-agent": AGENT, **with_key(parameters, context)}
        if not isinstance(parameters.body, str | None) and "content-type" not in {name.lower() for name in headers}:
            headers["content-type"] = "application/json"
        async with httpx.AsyncClient(
            transport=GuardedTransport(self._allow, _tls(), self._brake), trust_env=False, timeout=None
        ) as client:
            request: httpx.Request | None = client.build_request(
                parameters.method, exchange.url, headers=headers, content=None if body is None else body.encode()
            )
            while request is not None:
                request = await _hop(client, request, exchange, parameters.expect_status, bytes_max)
                if request is not None and request.url.scheme in _PORTS and elsewhere(exchange.url, request.url):
                    await self._refuse(exchange, request.url)
                    return

    async def _refuse(self, exchange: _Exchange, target: httpx.URL) -> None:
        """What was asked for, and perhaps approved, names one place. Another one has to be asked for by its name; that
        it may not be named at all is said first."""
        exchange.sent = False
        exchange.target = target
        host, port = target.host, _port(target)
        with contextlib.suppress(OSError):
            await resolve(host, port, anywhere=spelled(host, port) in self._allow)
        exchange.response, exchange.whole = exchange.redirect, True
        exchange.elsewhere = f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}"


async def _hop(
    client: httpx.AsyncClient, request: httpx.Request, exchange: _Exchange, expected: int | None, bytes_max: int
) -> httpx.Request | None:
    """One request. Its answer ends up in the exchange, or the request that a redirect asks for is returned."""
    exchange.sent = False
    exchange.url = request.url
    request.extensions = {**request.extensions, "trace": exchange.trace}
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        if response.next_request is not None and exchange.hops < HOPS_MAX and response.status_code != expected:
            exchange.hops += 1
            exchange.redirect = response
            return response.next_request
        exchange.response = response
        async for part in unpacked(response.aiter_raw(), response.headers.get("content-encoding", "")):
            exchange.body += part
            if len(exchange.body) > bytes_max:
                return None
        exchange.whole = True
        return None
    finally:
        await response.aclose()


@cache
def _tls() -> SSLContext:
    """Made once: reading the certificates takes tens of milliseconds."""
    return httpx.create_ssl_context()


def _with_values(parameters: HttpParameters, environment: Mapping[str, str]) -> HttpParameters:
    """The request with secrets in place of their names, in its headers and its body: an address is written down in
    too many places. Raises ValueError, in which no value stands, where one would make another request of it."""
    found = {
        "headers": with_secrets(parameters.headers, environment, parameters.given),
        "body": with_secrets(parameters.body, environment, parameters.given),
    }
    try:
        return HttpParameters.model_validate(parameters.model_dump() | found)
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["ctx"]["error"])) from None


def _host(url: str) -> list[str]:
    """The name that is looked up, where the address does not say it like that."""
    try:
        asked = read_url(url).raw_host.decode("ascii")
    except ValueError:  # an output is still to be filled in
        return []
    return [] if asked in url.lower() else [f"its host is {asked}"]


def _body(parameters: HttpParameters) -> str | None:
    if parameters.body is None or isinstance(parameters.body, str):
        return parameters.body
    return json.dumps(parameters.body, ensure_ascii=False)


def _answered(
    exchange: _Exchange,
    response: httpx.Response,
    problem: str | None,
    parameters: HttpParameters,
    metadata: dict[str, Any],
    context: Context,
) -> Result:
    """The status is known, so is the outcome, even where the body broke off."""
    raw = bytes(exchange.body[: context.output_bytes_max])
    said = as_text(raw, whole=exchange.whole, encoding=response.charset_encoding or "utf-8")
    line = f"{status_line(response.status_code)}, {len(raw):,} bytes"
    if not exchange.whole and problem is None:
        line += ", cut there"
    if said.binary:
        line += ", binary: not shown as text"
    if (wait_s := _retry_after(response, context.now())) is not None:
        metadata["retry_after_s"] = wait_s
    metadata |= {
        "status": response.status_code,
        "content_type": response.headers.get("content-type", ""),
        "body_bytes": len(raw),
        "body_whole": exchange.whole,
    }
    error = _wrong(exchange, response, problem, parameters)
    return Result(success=error is None, result=line, output=said.text, error=error, metadata=metadata)


def _wrong(
    exchange: _Exchange, response: httpx.Response, problem: str | None, parameters: HttpParameters
) -> str | None:
    status = response.status_code
    if exchange.elsewhere:
        return f"{status_line(status)}: it leads to {exchange.elsewhere}, another place; name that one in the task"
    if response.next_request is not None and status != parameters.expect_status:
        return f"more than {HOPS_MAX} redirects"
    wanted = parameters.expect_status
    if wanted is not None and status != wanted:
        return f"{status_line(status)}, expected {wanted}"
    if wanted is None and not 200 <= status < 300:
        return status_line(status)
    if problem is not None and parameters.method in REPEATABLE:
        return f"{status_line(status)}, but then {problem}"
    return None


def _port(url: httpx.URL) -> int:
    return url.port or _PORTS[url.scheme]


def elsewhere(here: httpx.URL, there: httpx.URL) -> bool:
    """Another host or port. The same host with or without ``www.``, or over TLS instead of without, is the same."""
    if (here.scheme, there.scheme) == ("http", "https") and here.port in (None, 80) and there.port in (None, 443):
        return _bare(here) != _bare(there)
    return (here.scheme, _bare(here), here.port) != (there.scheme, _bare(there), there.port)


def _bare(url: httpx.URL) -> str:
    return url.host.lower().rstrip(".").removeprefix("www.")


def status_line(status: int) -> str:
    """``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _retry_after(response: httpx.Response, now: datetime) -> float | None:
    """Seconds that the server asks for; None where it doesn't, or not readably."""
    text = response.headers.get("retry-after", "").strip()
    if text.isdecimal():
        return _bounded(float(text))
    try:
        return _bounded((parsedate_to_datetime(text) - now).total_seconds()) if text else None
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None


def _bounded(wait_s: float) -> float:
    return min(max(wait_s, 0.0), RETRY_AFTER_S_MAX)
