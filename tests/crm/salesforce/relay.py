"""What stands between the adapter and an org: hears every request, and may meddle with answers."""

import gzip
import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote_plus, urlsplit

Json = dict[str, Any]
_HOP = frozenset({"connection", "transfer-encoding", "content-length", "content-encoding", "date"})


@dataclass(frozen=True)
class Heard:
    """One request as it arrived. `headers` by their names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """The path and the query, as people read it."""
        return unquote_plus(self.path)

    @property
    def subs(self) -> list[Json]:
        """The requests within a composite one."""
        found = json.loads(self.body) if self.path.endswith("/composite") else {}
        return list(found.get("compositeRequest", []))

    @property
    def urls(self) -> list[str]:
        """What is asked for: of a composite request, by each part."""
        return [unquote_plus(sub["url"]) for sub in self.subs] or [self.url]


@dataclass(frozen=True)
class Given:
    """One answer. `announced`: the length that it claims to have; None: the real one, -1: none.

    `is_reset`: the connection is dropped without an answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    announced: int | None = None
    is_reset: bool = False

    @property
    def json(self) -> Any:
        """The body, understood."""
        return json.loads(self.body)

    def with_json(self, body: object) -> "Given":
        """Return the answer with another body."""
        return replace(self, body=json.dumps(body).encode())


def told(status: int, body: object = "", **headers: str) -> Given:
    """Return an answer of our own making: text as it stands, all else as JSON."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Given(status, {name.replace("_", "-"): text for name, text in headers.items()}, content)


def error(status: int, code: str, message: str = "no") -> Given:
    """Return an error as the platform words it."""
    return told(status, [{"errorCode": code, "message": message}], Content_Type="application/json")


Meddling = Callable[[Heard, Callable[[], Given]], Given]
"""Answers a request, perhaps by asking the org first."""


def _as_is(_: Heard, ask: Callable[[], Given]) -> Given:
    return ask()


@dataclass
class Relay:
    """Passes everything on to `target`. `heard`: the requests so far; `meddle` may be set."""

    target: str
    meddle: Meddling = _as_is
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def clear(self) -> None:
        """Forget what was heard, and meddle no more."""
        self.heard.clear()
        self.meddle = _as_is

    def asked(self, part: str) -> list[Heard]:
        """Return the requests whose address has a part."""
        return [each for each in self.heard if part in each.path]

    def on(self, number: int, part: str, answer: Given | Callable[[Given], Given]) -> None:
        """Meddle with the n-th (from 1) request from now on whose address has a part."""
        seen = 0

        def meddle(heard: Heard, ask: Callable[[], Given]) -> Given:
            nonlocal seen
            seen += part in heard.path
            if part not in heard.path or seen != number:
                return ask()
            return answer if isinstance(answer, Given) else answer(ask())

        self.meddle = meddle

    def pass_on(self, heard: Heard) -> Given:
        """Return what the org answers."""
        split = urlsplit(self.target)
        connection = http.client.HTTPConnection(split.hostname or "", split.port)
        try:
            connection.request(heard.method, heard.path, heard.body, dict(heard.headers))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        dated = {"Date": answer.headers.get("Date", "")}
        kept = {name: text for name, text in answer.headers.items() if name.lower() not in _HOP}
        return Given(answer.status, kept | dated, body)

    def parted(self, heard: Heard, answer: Callable[[Json], Json | None]) -> Given:
        """Answer some parts of a composite request here, and let the org answer the others.

        `answer` returns `{httpStatusCode: …, body: …}` for a part, None for the org's.
        """
        own = {sub["referenceId"]: answer(sub) for sub in heard.subs}
        rest = [sub for sub in heard.subs if own[sub["referenceId"]] is None]
        told = [{"referenceId": name, **found} for name, found in own.items() if found]
        if rest:
            body = json.dumps({**json.loads(heard.body), "compositeRequest": rest}).encode()
            headers = {n: text for n, text in heard.headers.items() if n != "content-length"}
            given = self.pass_on(replace(heard, body=body, headers=headers))
            told += given.json["compositeResponse"] if given.status == 200 else []
        content = {"Content-Type": "application/json"}
        return Given(200, content, json.dumps({"compositeResponse": told}).encode())

    def _take(self, heard: Heard) -> Given:
        with self._lock:
            self.heard.append(heard)
        return self.meddle(heard, lambda: self.pass_on(heard))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: two would wait 40 ms for each other

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): text for name, text in self.headers.items()}
                given = relay._take(Heard(self.command, self.path, headers, body))
                if given.is_reset:
                    self.close_connection = True
                    return
                self.send_response_only(given.status)
                length = len(given.body) if given.announced is None else given.announced
                if length >= 0:
                    self.send_header("Content-Length", str(length))
                for name, value in given.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(given.body)
                if length != len(given.body):
                    self.close_connection = True

            do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815  names that http.server looks for

            def log_message(self, *args: object, **kwargs: object) -> None:
                return

        return Handler
