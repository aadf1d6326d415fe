"""Serves a sandbox CRM over HTTP: for people to try, for benchmarks and for tests."""

import socket
import threading
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import uvicorn

from connector.errors import UsageError
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Options, Portal
from connector.sandbox.hubspot.server import build_app
from connector.sandbox.hubspot.state import restore
from connector.sandbox.hubspot.tokens import DEFAULT_TOKEN
from connector.sandbox.world import World

LOOPBACK = "127.0.0.1"
START_S = 30
STOP_S = 60


@dataclass
class RunningSandbox:
    """A sandbox that answers at `url`. Stop it, or use it in a `with` statement."""

    url: str
    token: str
    portal: Portal
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


def start(
    *,
    crm: Literal["hubspot"] = "hubspot",
    port: int = 0,
    contacts: int = 2_000,
    seed: int = 0,
    load: Path | None = None,
    limits: Literal["real", "off"] = "real",
    faults: str = "",
    state: Path | None = None,
    ends_at: datetime | None = None,
    options: Options | None = None,
) -> RunningSandbox:
    """Fill a sandbox and serve it on the loopback interface.

    `state` names a file: if it exists, the account comes from there and nothing is made up. The
    stories end at `ends_at`, the present moment if not given. Raises UsageError for a CRM or a
    fault that does not exist, a port that is taken and a file that is no state.
    """
    if crm != "hubspot":
        raise UsageError(f"there is no sandbox for {crm!r} yet", do="use --crm hubspot")
    chance = _chance(faults, seed)
    portal = Portal(replace(options or Options(), limits=limits == "real", seed=seed))
    if state is not None and state.exists():
        _restore(portal, state)
    else:
        fill(portal, _world(contacts, seed, load, ends_at or portal.clock.now()))
    return serve(portal, port=port, faults=chance, state=state)


def serve(
    portal: Portal, *, port: int = 0, faults: Faults | None = None, state: Path | None = None
) -> RunningSandbox:
    """Serve an account on the loopback interface; port 0 takes any that is free."""
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
            build_app(portal, faults=faults, state=state),
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
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    return RunningSandbox(url, DEFAULT_TOKEN, portal, server, thread, listener)


def _chance(spec: str, seed: int) -> Faults:
    try:
        return Faults.parse(spec, seed)
    except ValueError as error:
        told = f"the faults cannot be read: {error}"
        raise UsageError(
            told, where="--faults", do="write for example 429=0.02,lost=0.01"
        ) from error


def _restore(portal: Portal, state: Path) -> None:
    try:
        restore(portal, state)
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = f"{state} does not hold a sandbox of this version"
        do = "name another file, or remove this one to begin anew"
        raise UsageError(told, where="--state", do=do) from error


def _world(contacts: int, seed: int, folder: Path | None, ends_at: datetime) -> World:
    # Loaded here, since most of what serves a sandbox in tests makes up no market.
    if folder is not None:
        from connector.sandbox.load import load

        return load(folder, ends_at=ends_at)
    from connector.sandbox.generate import generate

    return generate(people=contacts, seed=seed, ends_at=ends_at)


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(START_S * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise RuntimeError("the sandbox did not start")
