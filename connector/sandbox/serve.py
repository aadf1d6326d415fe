"""Serves a sandbox CRM over HTTP: for people to try, for benchmarks and for tests."""

import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn

from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.hubspot.server import build_app
from connector.sandbox.hubspot.tokens import DEFAULT_TOKEN

LOOPBACK = "127.0.0.1"
START_S = 30
STOP_S = 30


@dataclass
class RunningSandbox:
    """A sandbox that answers at `url`. Stop it, or use it in a `with` statement."""

    url: str
    token: str
    portal: Portal
    _server: uvicorn.Server
    _thread: threading.Thread

    def stop(self) -> None:
        """Finish the requests under way and stop; doing so twice is no error."""
        self._server.should_exit = True
        self._thread.join(STOP_S)

    def wait(self) -> None:
        """Return once it has been stopped; Ctrl-C gets through."""
        while self._thread.is_alive():
            self._thread.join(0.2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start(portal: Portal, *, port: int = 0, faults: Faults | None = None) -> RunningSandbox:
    """Serve an account on the loopback interface; port 0 takes any that is free."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    listener.listen(128)
    config = uvicorn.Config(
        build_app(portal, faults=faults),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,  # the sandbox's own clock dates the replies
        timeout_graceful_shutdown=2,
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
    )
    thread.start()
    _wait_until_started(server, thread)
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    return RunningSandbox(url, DEFAULT_TOKEN, portal, server, thread)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(START_S * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise RuntimeError("the sandbox did not start")
