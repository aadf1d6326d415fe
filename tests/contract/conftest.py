"""The CRMs that have to keep the contract."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.accounts import AccountUnderTest, FakeAccount
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.salesforce_account import SalesforceAccount

CRMS: dict[str, Callable[[], AccountUnderTest]] = {
    "fake": FakeAccount,
    "hubspot": HubSpotAccount,
    "salesforce": SalesforceAccount,
}


@pytest.fixture(params=CRMS)
def account(request: pytest.FixtureRequest) -> Iterator[AccountUnderTest]:
    """An empty, provisioned account of each CRM."""
    with CRMS[request.param]() as account:
        account.settle()
        yield account
