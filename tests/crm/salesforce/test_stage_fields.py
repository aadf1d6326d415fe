"""`Status` and `Rating` of leads, tied to our stages by the mapping."""

from collections.abc import Iterator, Mapping

import pytest

from connector.config.native import NativeSection
from connector.config.salesforce_mapping import SalesforceMapping
from connector.domain.ids import ContactId
from connector.ports import Severity, Verdict, WriteBack
from tests.crm.salesforce_account import SalesforceAccount
from tests.crm.shipped import shipped_for_salesforce

NATIVE: Mapping[str, object] = {
    "Rating": {
        "write": {"lead_cold": "Cold", "lead_hot": "Hot"},
        "order": ("Cold", "Warm", "Hot"),
        "may_fall": True,
    },
    "Status": {"read": {"Working - Contacted": "accepted", "Closed - Not Converted": "rejected"}},
}


def mapping(native: Mapping[str, object]) -> SalesforceMapping:
    sections = {name: NativeSection.of(each) for name, each in native.items()}  # type: ignore[arg-type]  # sections as plain values
    return shipped_for_salesforce().model_copy(update={"native": sections})


@pytest.fixture
def account() -> Iterator[SalesforceAccount]:
    with SalesforceAccount(mapping=mapping(NATIVE)) as opened:
        yield opened


def test_leads_show_them_and_contacts_do_not_have_them(account: SalesforceAccount) -> None:
    lead = account.add_lead("Ana", Rating="Warm", Status="Working - Contacted")
    contact = account.convert(account.add_lead("Bea"))
    shown = {each.id: each.written for each in account.connect().fetch_contacts([lead, contact])}
    assert shown[lead]["Rating"] == "Warm"
    assert shown[lead]["Status"] == "Working - Contacted"
    assert not {"Rating", "Status"} & shown[contact].keys()


def test_they_are_written_like_fields_of_ours(account: SalesforceAccount) -> None:
    lead = account.add_lead("Ana", Rating="Cold")
    (outcome,) = account.connect().write([WriteBack(ContactId(lead), {"Rating": "Hot"})])
    assert outcome.verdict is Verdict.ACCEPTED
    assert account.row(lead)["Rating"] == "Hot"


def test_options_are_held_against_those_of_the_org(account: SalesforceAccount) -> None:
    wrong = {"Rating": {"write": {"lead_hot": "Hott"}}, "Grade": {"write": {"lead_hot": "A"}}}
    found = account.connect(mapping=mapping(wrong)).check()
    errors = {each.what: each.do for each in found if each.severity is Severity.ERROR}
    (option,) = [what for what in errors if "Rating has no option «Hott»" in what]
    assert errors[option].startswith("Did you mean Hot?")
    assert any("no field «Grade»" in what for what in errors)
    right = account.connect().check()
    assert not [each for each in right if "native" in each.what and each.severity is Severity.ERROR]
