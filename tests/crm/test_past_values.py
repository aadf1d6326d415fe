"""The past that HubSpot tells: every value of a property, up to as many as it keeps."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from connector.config.mapping import ContactSection
from connector.domain.ids import ContactId
from connector.errors import CrmRefusedError
from connector.ports import FieldHistory, PastOf
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.shipped import shipped_for_hubspot
from tests.sandbox.hubspot.desk import owner


def told(
    account: HubSpotAccount, *contacts: str, fields: tuple[str, ...] = ("job_title",)
) -> Mapping[str, Mapping[str, FieldHistory]]:
    asked = [PastOf(no, ContactId(id_)) for no, id_ in enumerate(contacts)]
    return {each.contact: each.fields for each in account.connect().fetch_histories(asked, fields)}


def rename(account: HubSpotAccount, contact: str, times: int) -> None:
    for number in range(times):
        account.clock.turn(timedelta(minutes=1))
        account.name_title(contact, f"T{number}")


def test_values_are_of_the_kind_that_the_mapping_says() -> None:
    shipped = shipped_for_hubspot()
    fields = {"fields": {"size": {"property": "phone", "type": "number"}}}
    sized = shipped.model_copy(update={"contact": ContactSection.model_validate(fields)})
    with HubSpotAccount(mapping=sized) as account:
        ana = account.add(email="a@example.org")
        for text in ("12", "many", "", "7"):
            account.clock.turn(timedelta(minutes=1))
            account.edit(ana, phone=text)
        history = told(account, ana, fields=("size",))[ana]["size"]
    assert [each.value for each in history.former] == [None, 12_000_000, None, None]


def test_who_made_a_change_is_a_user_by_his_number_or_what_it_was(account: HubSpotAccount) -> None:
    ana = account.add(email="a@example.org", jobtitle="COO")
    rename(account, ana, 3)
    versions = account.portal.tables["contacts"].rows[int(ana)].history
    assert versions is not None
    _, by_user, by_robot, _ = versions["jobtitle"]
    by_user.user, by_robot.source = 77, "AUTOMATION_PLATFORM"
    former = told(account, ana)[ana]["job_title"].former
    assert [(each.value, each.by) for each in former] == [
        ("COO", "user:77"),
        ("T0", "automation platform"),
        ("T1", "integration"),
    ]


def test_owners_are_known_by_the_numbers_of_their_users(account: HubSpotAccount) -> None:
    account.portal.owners = {1: owner(1), 2: owner(2, archived_ms=1)}
    found = {str(each.id): each.user for each in account.connect().owners()}
    assert found == {"1": "501", "2": "502"}, "also of those who left"


def test_what_a_contact_was_made_with_has_no_past(account: HubSpotAccount) -> None:
    ana = account.add(email="a@example.org", jobtitle="COO")
    assert told(account, ana)[ana]["job_title"].former == []


def test_a_history_that_may_be_cut_says_since_when_it_tells(account: HubSpotAccount) -> None:
    ana, ben = account.add(email="a@example.org"), account.add(email="b@example.org")
    rename(account, ana, 60)
    rename(account, ben, 19)
    found = told(account, ana, ben)
    cut, whole = found[ana]["job_title"], found[ben]["job_title"]
    assert [each.value for each in cut.former] == [f"T{number}" for number in range(15, 59)]
    assert cut.since_us is not None
    assert cut.since_us == cut.former[0].until_us - 60_000_000
    assert whole.since_us is None
    assert [each.value for each in whole.former] == [None, *(f"T{n}" for n in range(18))]


def test_fifty_contacts_are_one_call_and_more_are_refused(account: HubSpotAccount) -> None:
    ids = account.add_many(51)
    assert len(told(account, *ids[:50])) == 50
    with pytest.raises(CrmRefusedError, match="property histories is 50"):
        told(account, *ids)


def test_of_whoever_is_merged_or_gone_nothing_is_told(account: HubSpotAccount) -> None:
    ana, ben, cleo = (account.add(email=f"{name}@example.org") for name in "abc")
    account.merge(ana, into=ben)
    account.delete(cleo)
    dora = account.add(email="d@example.org")
    assert told(account, ana, cleo, dora).keys() == {dora}
    assert told(account, cleo) == {}
