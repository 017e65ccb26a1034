"""Where packages come from on this machine: what pip and npm read of its configuration, and the certificates.

The files are shown read-only, and so is what they name: a local index, a folder of wheels, a bundle of certificates.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

_VARIABLE = re.compile(
    r"(?i)^(PIP_|NPM_CONFIG_|UV_(INDEX|DEFAULT_INDEX|FIND_LINKS)|SSL_CERT_|REQUESTS_CA_BUNDLE$|CURL_CA_BUNDLE$"
    r"|GIT_SSL_CAINFO$|NODE_EXTRA_CA_CERTS$|(HTTPS?|NO|ALL)_PROXY$)"
)
_CERTIFICATES = re.compile(
    r"(?i)^(PIP_CERT|SSL_CERT_|REQUESTS_CA_BUNDLE$|CURL_CA_BUNDLE$|GIT_SSL_CAINFO$|NODE_EXTRA_CA)"
)
_PATH = re.compile(r"(?:file://|(?<![\w:/.]))(/[^\s,;\"']+)")
_FILES_BYTES_MAX = 65_536
_NOT_TO_BE_READ = re.compile(r"(?i)^PIP_(TARGET|PREFIX|ROOT|SRC|CACHE_DIR|LOG|REQUIRE_VIRTUALENV|USER|BREAK_SYSTEM)")


def variables(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Which index, which certificates, which proxy: what pip and npm need of this machine, and nothing else of it.
    The settings of this machine's user are named, because a command has a home of its own."""
    found = {name: text for name, text in environ.items() if _VARIABLE.match(name) and not _NOT_TO_BE_READ.match(name)}
    own = {
        "PIP_CONFIG_FILE": (home / ".config/pip/pip.conf", home / ".pip/pip.conf"),
        "NPM_CONFIG_USERCONFIG": (home / ".npmrc",),
    }
    for name, files in own.items():
        file = next((one for one in files if os.access(one, os.R_OK)), None)
        if file is not None and not any(name == known.upper() for known in found):
            found[name] = str(file)
    return found


def certificates(environ: Mapping[str, str]) -> dict[str, str]:
    """Which certificates this machine trusts, for commands that may use the network."""
    return {name: text for name, text in environ.items() if _CERTIFICATES.match(name)}


def places(environment: Mapping[str, str]) -> list[Path]:
    """The files and folders that these settings name, and those that the named files name in turn."""
    found: dict[Path, None] = {}
    for name, text in environment.items():
        if _VARIABLE.match(name):
            for path in _paths(text):
                found[path] = None
                if name.upper() in ("PIP_CONFIG_FILE", "NPM_CONFIG_USERCONFIG"):
                    found |= dict.fromkeys(_named(path))
    for file in (Path("/etc/pip.conf"), Path("/etc/xdg/pip/pip.conf"), Path("/etc/npmrc")):
        found |= dict.fromkeys(_named(file))
    for index in [path for path in found if path.name == "simple"]:
        found |= dict.fromkeys(index.with_name(name) for name in BESIDE_SIMPLE)
    return [path for path in found if os.access(path, os.R_OK)]


BESIDE_SIMPLE = ("files", "packages")
"""Where the pages of a local mirror point to (``../../packages/…``), as bandersnatch and others lay it out."""


def _named(file: Path) -> tuple[Path, ...]:
    try:
        return _named_then(file, file.stat().st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=32)
def _named_then(file: Path, changed_ns: int) -> tuple[Path, ...]:
    """What it names since this change."""
    with file.open("rb") as opened:
        return tuple(_paths(opened.read(_FILES_BYTES_MAX).decode("utf-8", errors="replace")))


def _paths(text: str) -> Iterator[Path]:
    for found in _PATH.finditer(text):
        yield Path(os.path.normpath(found[1]))
