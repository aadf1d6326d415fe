"""Starts a sandbox CRM: filled with a made-up market or from files, kept in a file if wanted."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connector.errors import UsageError
from connector.sandbox.generate import generate
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Options, Portal
from connector.sandbox.hubspot.state import load_state, save_state
from connector.sandbox.load import load as load_world
from connector.sandbox.serve import RunningSandbox, start
from connector.sandbox.world import World


@dataclass(frozen=True, slots=True)
class SandboxWish:
    """What a sandbox is to be. `load`: a folder of CSV files in place of made-up people."""

    crm: str = "hubspot"
    contacts: int = 2000
    seed: int = 7
    load: Path | None = None
    limits: bool = True
    faults: str = ""
    state: Path | None = None
    port: int = 0


def world_of(wish: SandboxWish) -> World:
    """Return the people and stories that the sandbox is filled with; the latest happen just now."""
    now = datetime.now(UTC)
    if wish.load is not None:
        return load_world(wish.load, ends_at=now)
    return generate(people=wish.contacts, seed=wish.seed, ends_at=now)


def portal_of(wish: SandboxWish) -> Portal:
    """Return the account: as kept in the state file, else newly filled."""
    options = Options(limits=wish.limits, seed=wish.seed)
    if wish.state is not None and wish.state.exists():
        return load_state(wish.state, options)
    portal = Portal(options)
    fill(portal, world_of(wish))
    return portal


@contextmanager
def running(wish: SandboxWish) -> Iterator[RunningSandbox]:
    """Serve a sandbox; its state is kept when it stops."""
    faults = _faults(wish)
    portal = portal_of(wish)
    try:
        with start(portal, port=wish.port, faults=faults) as sandbox:
            yield sandbox
    except OSError as error:
        raise UsageError(
            what=f"port {wish.port} cannot be used: {error.strerror}",
            where="leadripe sandbox --port",
            do="Stop what listens there, or choose another port.",
        ) from error
    finally:
        if wish.state is not None:
            save_state(portal, wish.state)


def _faults(wish: SandboxWish) -> Faults | None:
    if not wish.faults:
        return None
    try:
        return Faults.parse(wish.faults, seed=wish.seed)
    except ValueError as error:
        raise UsageError(
            what=str(error),
            where="leadripe sandbox --faults",
            do="Write for example --faults 429=0.02,502=0.02,lost=0.01,truncate=0.01.",
        ) from error


def serve(wish: SandboxWish) -> None:
    """Serve a sandbox until Ctrl-C."""
    with running(wish) as sandbox:
        sys.stderr.write(
            f"HubSpot sandbox at {sandbox.url}, token {sandbox.token}; Ctrl-C stops it\n"
        )
        sandbox.wait()
