"""The CRMs that have to keep the contract."""

from collections.abc import Callable, Iterator

import pytest

from connector.domain.ids import ContactId
from tests.contract.accounts import AccountUnderTest, FakeAccount, OpportunityAccount
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.salesforce_account import SalesforceAccount
from tests.crm.shipped import hubspot_with_deals, salesforce_with_scores

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


def _hubspot_with_scores() -> HubSpotAccount:
    fields = {"name": "dealname", "worth": {"property": "amount", "type": "number"}}
    write = {"score": HubSpotAccount.opportunity_score, "reasons": "leadripe_reasons"}
    return HubSpotAccount(mapping=hubspot_with_deals(fields=fields, write=write))


class _SalesforceOfContacts(SalesforceAccount):
    """An org whose people are contacts from the start: leads take part in no opportunity."""

    def add_contact(self, name: str) -> ContactId:
        mail = f"{name.lower()}@example.org"
        return ContactId(self.add("Contact", FirstName=name, LastName="Silva", Email=mail))


def _salesforce_with_scores() -> SalesforceAccount:
    fields = {"name": "Name", "worth": {"property": "Amount", "type": "number"}}
    score = SalesforceAccount.opportunity_score
    write = {"score": score, "reasons": "Leadripe_Opportunity_Reasons__c"}
    return _SalesforceOfContacts(mapping=salesforce_with_scores(fields=fields, write=write))


SELLING: dict[str, Callable[[], OpportunityAccount]] = {
    "hubspot": _hubspot_with_scores,
    "salesforce": _salesforce_with_scores,
}


@pytest.fixture(params=SELLING)
def selling(request: pytest.FixtureRequest) -> Iterator[OpportunityAccount]:
    """An account of each CRM whose opportunities get a score."""
    with SELLING[request.param]() as account:
        account.settle()
        yield account
