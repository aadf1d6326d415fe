"""A HubSpot that answers what a test tells it to, over real sockets."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `cuts`: the connection is closed before the body is complete."""

    status: int = 200
    body: object = field(default_factory=lambda: {"results": []})
    headers: dict[str, str] = field(default_factory=dict)
    cuts: bool = False

    @property
    def content(self) -> bytes:
        """The body as sent: text as it stands, all else as JSON."""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    token: str
    body: bytes


class ScriptedServer:
    """Gives the answers in order, the last of them for ever. `heard`: the requests so far."""

    def __init__(self, *answers: Said) -> None:
        self.answers: Sequence[Said] = answers or (Said(),)
        self.heard: list[Heard] = []
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

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: two would wait 40 ms for each other

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                body = self.rfile.read(length)
                said = script.take(Heard(self.command, self.path, token, body))
                self.send_response_only(said.status)
                content = said.content
                self.send_header("Content-Length", str(len(content) + (5 if said.cuts else 0)))
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = self.close_connection or said.cuts

            do_POST = do_GET  # noqa: N815  the name that http.server looks for

            def log_message(self, *args: object, **kwargs: object) -> None:
                return

        return Handler

    def take(self, heard: Heard) -> Said:
        """Return the answer to a request."""
        place = min(len(self.heard), len(self.answers) - 1)
        self.heard.append(heard)
        return self.answers[place]
