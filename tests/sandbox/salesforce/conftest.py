"""Fixtures: an org at noon, and a function that opens one with other options."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connector.sandbox.clock import TurnedClock
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.salesforce.serving import RunningOrg, new_key, serve_org
from tests.sandbox.salesforce.desk import NOON, Desk

Opener = Callable[..., Desk]


@pytest.fixture(scope="session")
def private_key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[RunningOrg]]:
    """Hold the orgs that are about to stop: waiting for each would take most of the time."""
    orgs: list[RunningOrg] = []
    yield orgs
    for running in orgs:
        running.stop()


@pytest.fixture
def open_desk(private_key: str, stopping: list[RunningOrg]) -> Iterator[Opener]:
    """Return a function that serves an org with the given options."""
    with ExitStack() as stack:

        def opened(faults: str = "", **options: Any) -> Desk:
            clock = TurnedClock(NOON)
            plan = Faults.parse(faults, seed=1)
            running = serve_org(
                Org(Options(**options), clock), faults=plan, private_key=private_key
            )
            stopping.append(running)
            stack.callback(running.begin_stop)
            desk = Desk(running, clock)
            stack.callback(desk.pool.clear)
            return desk

        yield opened


@pytest.fixture
def desk(open_desk: Opener) -> Desk:
    return open_desk()
