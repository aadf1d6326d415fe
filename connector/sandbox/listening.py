"""Serves an application on the loopback interface, in a thread of its own."""

import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from connector.errors import UsageError

LOOPBACK = "127.0.0.1"
START_S = 30
STOP_S = 60


@dataclass
class Listening:
    """What answers at `url`. Stop it, or use it in a `with` statement."""

    url: str
    _server: uvicorn.Server
    _thread: threading.Thread
    _listener: socket.socket

    def begin_stop(self) -> None:
        """Ask it to stop, without waiting until it has."""
        self._server.should_exit = True

    def stop(self) -> None:
        """Finish the requests under way, save what is to be saved; twice is no error."""
        self.begin_stop()
        self._thread.join(STOP_S)
        self._listener.close()

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


async def read_body(scope: Scope, receive: Receive) -> bytes | None:
    """Return what a client sent, or None if it went away in the middle."""
    try:
        return await Request(scope, receive).body()
    except ClientDisconnect:
        return None


Parts = tuple[str, uvicorn.Server, threading.Thread, socket.socket]


def listen(app: Starlette, port: int) -> Parts:
    """Serve an application and return the parts of a `Listening`; port 0 takes any free one."""
    # With its protocol named, asyncio sets TCP_NODELAY; else each answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        told = f"port {port} cannot be listened on: {error.strerror}"
        raise UsageError(told, do="choose another --port, or --port 0 for a free one") from error
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,  # replies are dated by the sandbox's own clock
            timeout_graceful_shutdown=2,
            ws="none",
        )
    )
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
    )
    thread.start()
    _wait_until_started(server, thread)
    return f"http://{LOOPBACK}:{listener.getsockname()[1]}", server, thread, listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(START_S * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise RuntimeError("the sandbox did not start")
