"""Fixtures: an account whose limits are off, at noon, with the search index up to date."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.sandbox.clock import TurnedClock
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.portal import Options, Portal
from connector.sandbox.serve import RunningSandbox, serve
from tests.sandbox.hubspot.desk import NOON, Desk

Opener = Callable[..., Desk]


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[RunningSandbox]]:
    """Hold the sandboxes that are about to stop: waiting for each would take most of the time."""
    sandboxes: list[RunningSandbox] = []
    yield sandboxes
    for sandbox in sandboxes:
        sandbox.stop()


@pytest.fixture
def open_desk(stopping: list[RunningSandbox]) -> Iterator[Opener]:
    """Return a function that serves an account with the given options."""
    with ExitStack() as stack:

        def opened(faults: str = "", state: Path | None = None, **options: Any) -> Desk:
            settings = {"limits": False, "index_lag": timedelta(0), **options}
            clock = TurnedClock(NOON)
            portal = Portal(Options(**settings), clock)
            running = serve(portal, faults=Faults.parse(faults, seed=1), state=state)
            stopping.append(running)
            stack.callback(running.begin_stop)
            desk = Desk(running, clock)
            stack.callback(desk.pool.clear)
            return desk

        yield opened


@pytest.fixture
def desk(open_desk: Opener) -> Desk:
    return open_desk()
