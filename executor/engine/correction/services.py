"""Which service or local resource a task needs, and which one a failure is about: pure readings of what is written.

Keys: ``http://host:port`` and ``https://host:port`` of an address, ``tcp://host:port`` and ``host:name`` where only
that is known, ``registry:pypi``, ``registry:npm``, ``network``; ``disk:``, ``memory``, ``port:``, ``lock:``, ``files``,
``processes`` for what is finite on this machine. What names nothing that others could need is the task's own.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from executor.domain.blockage import BlockageType
from executor.domain.circuit import Outage
from executor.domain.outcome import Stumbled
from executor.domain.plan import TaskSpec
from executor.engine.classification import Verdict

GONE = frozenset({"remote_5xx", "rate_limited", "dns_failure", "network", "network_timeout", "service_not_running"})
"""Causes (causes.toml) with which a service is gone for now, and may come back by itself."""
_ANSWERS = frozenset({"remote_5xx", "rate_limited"})
"""… with which its door is open all the same: only a real request tells whether it is back."""
_PORTS = {"http": 80, "https": 443}
_REGISTRIES = {"pip": "pypi", "pip3": "pypi", "npm": "npm"}
_REGISTRY_NAMES = {"pypi": "the Python package index", "npm": "the npm registry"}
REASON_CHARACTERS = 160

_URL = re.compile(r"\bhttps?://[^\s'\"<>|;)\\]+")
_HOST_AND_PORT = (
    re.compile(r"[Ff]ailed to connect to (?P<host>[\w.:-]+?) port (?P<port>\d+)"),
    re.compile(r"connect to (?:host )?(?P<host>[\w.-]+) port (?P<port>\d+)"),
    re.compile(r"host='(?P<host>[\w.-]+)', port=(?P<port>\d+)"),
    re.compile(r"host \"(?P<host>[\w.-]+)\"[^\n]*? port (?P<port>\d+)"),
    re.compile(r"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|connect to|dial tcp)\s+\[?(?P<host>[\w.-]+)\]?:(?P<port>\d+)"),
)
_HOST = (
    re.compile(r"[Cc]ould not resolve host:? '?(?P<host>[\w.-]+)"),
    re.compile(r"(?:ENOTFOUND|EAI_AGAIN)\s+(?P<host>[\w.-]+)"),
    re.compile(r"could not translate host name \"(?P<host>[\w.-]+)\""),
    re.compile(r"lookup (?P<host>[\w.-]+)(?: on [^\n]*)?:"),
    re.compile(r"ssh: Could not resolve hostname (?P<host>[\w.-]+)"),
)
_FETCHES = re.compile(r"(?:^|[;&|(\s])(?:curl|wget|http|https|git)\s")


def origin(url: str) -> str | None:
    """``http://host:port``; None for what is no web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "$" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port or _PORTS[parts.scheme]}"


def services_of(spec: TaskSpec) -> tuple[str, ...]:
    """The keys that the task surely needs, before it has ever run. A command's text says so only where it fetches
    from one single address."""
    match spec.action:
        case "http":
            url = spec.parameters.get("url")
            found = {origin(url)} if isinstance(url, str) else set()
        case "install":
            manager = str(spec.parameters.get("manager") or "pip")
            found = set() if manager == "apt" else {f"registry:{_REGISTRIES.get(manager, 'pypi')}"}
        case "shell":
            command = spec.parameters.get("command")
            found = set(_origins(command)) if isinstance(command, str) and "://" in command else set()
            found = found if len(found) == 1 and isinstance(command, str) and _FETCHES.search(command) else set()
        case _:
            return ()
    return tuple(key for key in found if key)


def _origins(text: str) -> Iterator[str]:
    return (found for url in _URL.findall(text) if (found := origin(url)) is not None)


def service_outage(ref: str, spec: TaskSpec, outcome: Stumbled, verdict: Verdict) -> Outage | None:
    """What the failure of this task's action says about a service; None where it is about something else."""
    if verdict.subclass not in GONE or outcome.evidence.startswith("The check does not hold"):
        return None
    key = _key(spec, outcome, verdict)
    if key is None and verdict.subclass == "service_not_running":
        return None  # it can't be told which: so nothing could be waited for
    key = key or f"task:{ref}"
    return Outage(
        key=key,
        type=BlockageType.EXTERNAL if verdict.type is BlockageType.DEPENDENCY else verdict.type,
        what=_name(key, spec),
        reason=_reason(outcome, verdict),
        advice=_ADVICE.get(verdict.subclass, ""),
        probe=_probe(key, spec, verdict),
        wait_s=outcome.wait_s or (verdict.wait_s if verdict.subclass in _ANSWERS else None) or 0.0,
        at_once=verdict.subclass == "rate_limited" or bool(outcome.wait_s),
    )


_ADVICE = {
    "rate_limited": "It asked to slow down; nothing needs to be done.",
    "remote_5xx": "The fault is on the other side. Its status page or its owner may know more.",
    "service_not_running": "Start it if it is yours, or look whether address and port are right.",
    "dns_failure": "Look whether the name is right, and whether this machine's network works.",
    "network": "Look whether it runs, and whether this machine's network works.",
    "network_timeout": "Look whether it runs, and whether this machine's network works.",
}


def _said(outcome: Stumbled) -> str:
    stderr = str(outcome.result.metadata.get("stderr") or "")
    return "\n".join(part for part in (stderr, outcome.result.error or "", outcome.result.output[-2000:]) if part)


def _key(spec: TaskSpec, outcome: Stumbled, verdict: Verdict) -> str | None:
    said, url = _said(outcome), outcome.result.metadata.get("url")
    if isinstance(url, str):
        return origin(url)
    command = str(outcome.result.metadata.get("command") or spec.parameters.get("command") or "")
    if spec.action == "install":
        return services_of(spec)[0]
    if installer := re.search(r"(?<![\w./-])(pip3?|npm)\s+(?:install|ci|i|download)\b", command):
        return f"registry:{_REGISTRIES[installer[1]]}"
    known = list(dict.fromkeys(_origins(command)))
    if (host := _host_in(said)) is not None:
        return next((key for key in known if _same(key, *host)), _bare(*host))
    named = list(dict.fromkeys(_origins(said)))
    if len(known) == 1:
        return known[0]
    if len(named) == 1:
        return named[0]
    return "network" if verdict.subclass == "network" and not known else None


def _host_in(said: str) -> tuple[str, int | None] | None:
    for pattern in _HOST_AND_PORT:
        if found := pattern.search(said):
            return found["host"].lower(), int(found["port"])
    for pattern in _HOST:
        if found := pattern.search(said):
            return found["host"].lower(), None
    return None


def _same(key: str, host: str, port: int | None) -> bool:
    parts = urlsplit(key)
    return parts.hostname == host and port in (None, parts.port)


def _bare(host: str, port: int | None) -> str:
    return f"host:{host}" if port is None else f"tcp://{host}:{port}"


def _name(key: str, spec: TaskSpec) -> str:
    """For people: the host, with its port where it is not the usual one."""
    kind, _, rest = key.partition(":")
    match kind:
        case "registry":
            return _REGISTRY_NAMES[rest]
        case "network":
            return "The network"
        case "host":
            return rest
        case "task":
            return f"What {spec.title!r} needs"
    parts = urlsplit(key)
    return f"{parts.hostname}" if _PORTS.get(parts.scheme) == parts.port else f"{parts.hostname}:{parts.port}"


def _reason(outcome: Stumbled, verdict: Verdict) -> str:
    """The program's own last words, which say more than the class of the failure."""
    lines = str(outcome.result.metadata.get("stderr") or "").strip().splitlines()
    own = lines[-1] if lines else outcome.result.error or ""
    reason = verdict.cause if not own or own.startswith("exit code") else own
    return reason.strip()[:REASON_CHARACTERS]


def _probe(key: str, spec: TaskSpec, verdict: Verdict) -> str:
    """A look at the door where the door was shut; a request for its head where it answered with a fault. Only
    addresses that stand in the task itself are looked at, not what some output names."""
    written = "\n".join(value for value in spec.parameters.values() if isinstance(value, str))
    url = next((one for one in _URL.findall(written) if origin(one) == key), None)
    parts = urlsplit(key)
    if verdict.subclass in _ANSWERS:
        return url if url and str(spec.parameters.get("method", "GET")).upper() in ("GET", "HEAD") else ""
    if parts.hostname and parts.port and parts.hostname in written.lower():
        return f"tcp://{parts.hostname}:{parts.port}"
    return ""
