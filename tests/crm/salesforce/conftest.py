"""Fixtures: Salesforce orgs, with one key for all since making one takes a while."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connector.sandbox.salesforce.serving import RunningOrg, new_key
from tests.crm.salesforce.provisioned import ProvisionedOrg

Opener = Callable[..., ProvisionedOrg]


@pytest.fixture(scope="session")
def org_key() -> str:
    return new_key()


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[RunningOrg]]:
    """Hold the orgs that are about to stop: waiting for each would take most of the time."""
    orgs: list[RunningOrg] = []
    yield orgs
    for running in orgs:
        running.stop()


@pytest.fixture
def open_org(org_key: str, stopping: list[RunningOrg]) -> Iterator[Opener]:
    """Return a function that serves an org with the given options; nothing of ours is in it."""
    with ExitStack() as stack:

        def opened(**options: Any) -> ProvisionedOrg:
            org = ProvisionedOrg(org_key, **options)
            stopping.append(org.sandbox)
            stack.callback(org.sandbox.begin_stop)
            return org

        yield opened


@pytest.fixture
def bare(open_org: Opener) -> ProvisionedOrg:
    return open_org()


@pytest.fixture
def provisioned(bare: ProvisionedOrg) -> ProvisionedOrg:
    bare.provision()
    return bare
