"""The past that Salesforce tells: of tracked fields, of what a contact is and was."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from connector.domain.contact import Value
from connector.domain.ids import ContactId
from connector.domain.moment import micros
from connector.errors import CrmRefusedError
from connector.ports import FieldHistory, PastOf
from tests.crm.salesforce_account import SalesforceAccount

FIELDS = ("job_title", "seniority", "industry", "country", "opted_out", "status", "phone", "email")


def told(
    account: SalesforceAccount, contact: str, *former: str, fields: tuple[str, ...] = FIELDS
) -> Mapping[str, FieldHistory]:
    asked = PastOf(1, ContactId(contact), tuple(map(ContactId, former)))
    (found,) = account.connect().fetch_histories([asked], fields)
    return found.fields


def values(history: FieldHistory) -> list[Value]:
    return [each.value for each in history.former]


def edit(account: SalesforceAccount, contact: str, **fields: object) -> None:
    account.clock.turn(timedelta(minutes=1))
    account.edit(contact, **fields)


def test_a_field_that_is_not_tracked_has_no_past(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana", Title="Intern", Phone="1", HasOptedOutOfEmail=True)
    edit(account, ana, Title="COO", Phone="2", HasOptedOutOfEmail=False)
    found = told(account, ana)
    assert found.keys() == {
        *("job_title", "seniority", "industry", "country", "opted_out", "status", "email")
    }
    assert values(found["job_title"]) == values(found["seniority"]) == ["Intern"]
    assert values(found["opted_out"]) == [True]
    assert values(found["country"]) == []
    reaches = account.clock.now() - timedelta(days=548)
    assert found["job_title"].since_us == micros(reaches.replace(hour=0, minute=0, second=0))


def test_who_made_a_change_is_told_by_name(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana", Title="Intern")
    edit(account, ana, Title="COO")
    (former,) = told(account, ana)["job_title"].former
    assert former.by in {each.name for each in account.connect().owners()}


def test_a_contact_lends_nothing_of_the_past_from_its_account(account: SalesforceAccount) -> None:
    contact = account.convert(account.add_lead("Ana"))
    edit(account, contact, MailingCountry="France")
    edit(account, contact, MailingCountry="Spain")
    found = told(account, contact)
    assert found.keys() == {"job_title", "seniority", "country", "opted_out", "email", "status"}
    assert found["status"].former == [], "the mapping has it of leads alone"
    assert values(found["country"]) == [None, "France"]


def test_a_contact_goes_on_where_its_lead_ended(account: SalesforceAccount) -> None:
    lead = account.add_lead("Ana", Title="Intern")
    edit(account, lead, Title="Junior")
    edit(account, lead, Title="Senior")
    contact = account.convert(lead)
    edit(account, contact, Title="COO")
    assert values(told(account, contact, lead)["job_title"]) == ["Intern", "Junior", "Senior"]
    assert values(told(account, contact)["job_title"]) == ["Senior"]


def test_what_only_the_lead_or_only_the_contact_tracks_is_not_told(
    account: SalesforceAccount,
) -> None:
    account.org.tracked = {"Lead.Title", "Contact.Title", "Contact.MailingCountry"}
    lead = account.add_lead("Ana", Title="Intern")
    contact = account.convert(lead)
    assert told(account, contact, lead).keys() == {"job_title", "seniority"}
    assert told(account, contact).keys() == {"job_title", "seniority", "country", "status"}


def test_a_lead_does_not_speak_for_the_contact_that_was_there_before(
    account: SalesforceAccount,
) -> None:
    contact = account.add("Contact", LastName="Silva", Title="COO")
    lead = account.add_lead("Ana", Title="Intern")
    edit(account, lead, Title="Junior")
    edit(account, contact, Title="CEO")
    account.convert(lead, into=contact)
    assert values(told(account, contact, lead)["job_title"]) == ["COO"]


def test_an_org_that_tracks_nothing_tells_nothing_and_is_asked_once(
    account: SalesforceAccount,
) -> None:
    account.org.tracked = set()
    ana = account.add_lead("Ana", Title="Intern")
    edit(account, ana, Title="COO")
    crm = account.connect()
    crm.account()
    before = sum(crm.calls.values())
    asked = [PastOf(1, ana)]
    assert [each.fields for each in crm.fetch_histories(asked, FIELDS)] == [{}]
    assert [each.fields for each in crm.fetch_histories(asked, FIELDS)] == [{}]
    assert sum(crm.calls.values()) - before == 1


def test_a_long_text_has_no_past_though_it_is_tracked(account: SalesforceAccount) -> None:
    account.org.tracked = {"Lead.Title"}
    one = account.org.objects["Lead"].fields["title"]
    one.type, one.length = "textarea", 1_000
    ana = account.add_lead("Ana", Title="Intern")
    edit(account, ana, Title="COO")
    assert told(account, ana) == {}


def test_an_org_that_does_not_tell_what_it_tracks_is_a_matter_for_an_admin(
    account: SalesforceAccount,
) -> None:
    account.org.denied = {"FieldDefinition.read"}
    ana = account.add_lead("Ana")
    with pytest.raises(CrmRefusedError, match="which fields it tracks") as refused:
        told(account, ana)
    assert "View Setup and Configuration" in refused.value.do


def test_many_contacts_are_asked_in_one_call_and_long_answers_are_read_to_their_end(
    account: SalesforceAccount,
) -> None:
    ids = account.add_leads(1_600, Title="Intern")
    for title in ("Junior", "Senior"):
        account.clock.turn(timedelta(minutes=1))
        for id_ in ids:
            account.people.edit(id_, Title=title)
    crm = account.connect()
    crm.account()
    before = sum(crm.calls.values())
    asked = [PastOf(no, ContactId(id_)) for no, id_ in enumerate(ids)]
    found = crm.fetch_histories(asked, ("job_title",))
    assert sum(crm.calls.values()) - before == crm.estimate_histories(1_600) == 2
    assert {tuple(values(each.fields["job_title"])) for each in found} == {("Intern", "Junior")}
