"""A HubSpot account for each test."""

from collections.abc import Iterator

import pytest

from tests.crm.hubspot_account import HubSpotAccount


@pytest.fixture
def account() -> Iterator[HubSpotAccount]:
    """An empty, provisioned account with the shipped mapping."""
    with HubSpotAccount() as account:
        account.settle()
        yield account
