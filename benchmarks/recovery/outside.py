"""The outside of one scenario, on loopback: a server that fails as told, and what changes while time passes."""

import socket
import sqlite3
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAILS = 2  # so often a fault that passes is there
_BODIES = {
    503: b'{"error": "service unavailable", "status": 503}',
    429: b'{"error": "too many requests", "status": 429}',
    401: b'{"ok": false, "error_code": 401, "description": "Unauthorized"}',
    403: b"Forbidden",
    404: b"Not Found",
}


class Outside:
    """`url` and `taken` stand in commands as {url} and {port}. `passed()` is called when time has passed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: Counter[str] = Counter()
        self.later: list[Callable[[], None]] = []
        self._rounds = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self._taken = socket.create_server(("127.0.0.1", 0))
        self.port = self._taken.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def passed(self) -> None:
        self._rounds += 1
        if self._rounds == FAILS:
            for change in self.later:
                change()
            self.later.clear()

    def close(self) -> None:
        for change in self.later:
            change()
        self._taken.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(outside: Outside) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """``/flaky/503``: so a few times, then well; ``/always/401``; ``/polite/…`` says 200 and means it not."""
            kind, _, status = self.path.strip("/").partition("/")
            outside.asked[self.path] += 1
            good = kind in ("flaky", "moody") and outside.asked[self.path] > FAILS
            code = 200 if good else int(status)
            body = b'{"ok": true, "rates": [1, 2]}' if good else _BODIES[code]
            self.send_response(200 if kind in ("polite", "moody") else code)
            if code == 429:
                self.send_header("Retry-After", "20")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_HEAD(self) -> None:
            """As the look whether a server is back does it: answered like a request that changes nothing."""
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """A benchmark's server keeps quiet."""

    return Handler


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    place = Outside(folder)
    try:
        yield place
    finally:
        place.close()


# ------------------------------------------------------------------------------------------- what a scenario plants


def locked_database(place: Outside) -> None:
    """Another program writes to the scenario's database, and is done after a while."""
    connection = sqlite3.connect(place.folder / "notes.db", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE notes (text)")
    connection.execute("BEGIN EXCLUSIVE")
    place.later.append(connection.close)


def lock_of_git(place: Outside) -> None:
    lock = place.folder / ".git" / "index.lock"
    lock.parent.mkdir()
    lock.touch()
    place.later.append(lambda: lock.unlink(missing_ok=True))


def comes_later(place: Outside) -> None:
    """A file that somebody else puts there after a while."""
    place.later.append(lambda: (place.folder / "arrived").touch())


def wheels(folder: Path) -> None:
    """A package index of two packages that hold one line each: nothing is fetched from anywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    for package, module in (("milestones-demo", "milestones_demo"), ("beautifulsoup4", "bs4")):
        name = f"{package.replace('-', '_')}-1.0"
        with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{module}.py", "ANSWER = 42\n")
            about = f"{name}.dist-info"
            wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
            wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{about}/RECORD", f"{module}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
