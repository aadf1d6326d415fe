"""Fixtures: Salesforce orgs, with one key for all since making one takes a while."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from connector.sandbox.salesforce.serving import RunningOrg, new_key
from tests.crm.salesforce.provisioned import ProvisionedOrg
from tests.crm.salesforce.relay import Relay
from tests.crm.salesforce_account import SalesforceAccount

Opener = Callable[..., ProvisionedOrg]
AccountOpener = Callable[..., SalesforceAccount]


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


@pytest.fixture
def open_account(stopping: list[RunningOrg]) -> Iterator[AccountOpener]:
    """Return a function that serves an org, without fields of ours unless asked for."""
    with ExitStack() as stack:

        def opened(*, provisioned: bool = False, **options: Any) -> SalesforceAccount:
            account = SalesforceAccount(provisioned=provisioned, **options)
            stopping.append(account.sandbox)
            stack.callback(account.sandbox.begin_stop)
            account.settle()
            return account

        yield opened


@pytest.fixture
def account(open_account: AccountOpener) -> SalesforceAccount:
    """An org to read, without fields of ours."""
    return open_account()


@pytest.fixture
def ready(open_account: AccountOpener) -> SalesforceAccount:
    """An org with our fields, to write to."""
    return open_account(provisioned=True)


@pytest.fixture
def relay(account: SalesforceAccount) -> Iterator[Relay]:
    """What stands between the adapter and the org to read."""
    with account.relay() as relay:
        yield relay


@pytest.fixture
def wire(ready: SalesforceAccount) -> Iterator[Relay]:
    """What stands between the adapter and the org to write to."""
    with ready.relay() as relay:
        yield relay
