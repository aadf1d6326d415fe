"""What an adapter must do whose CRM has leads beside its contacts: `connector.ports.LeadCrm`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

import pytest

from connector.config.mapping import Leads
from connector.domain.contact import Contact, Lead
from connector.domain.ids import ContactId, LeadId
from connector.ports import LEADS, Crm, LeadCrm, Page, Verdict, WriteBack, on_lead
from connector.sandbox.hubspot.portal import Options
from tests.contract.accounts import FakeAccount
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import calls, read
from tests.crm.salesforce_account import SalesforceAccount
from tests.crm.shipped import shipped_for_hubspot
from tests.fakes import leads as fake


class LeadAccount(Protocol):
    """An account with leads, and what sales does in it."""

    label: str

    def connect(self) -> Crm: ...

    def add_contact(self, name: str) -> ContactId: ...

    def open_lead(self, contact: ContactId, label: str = "") -> LeadId: ...

    def choose(self, lead: LeadId, label: str) -> None: ...

    def close(self, lead: LeadId) -> None: ...

    def delete_lead(self, lead: str) -> None: ...

    def settle(self) -> None: ...


class HubSpot(HubSpotAccount):
    label = "hs_lead_label"

    def __init__(self) -> None:
        mapping = shipped_for_hubspot()
        with_leads = mapping.model_copy(update={"leads": Leads.model_validate({})})
        super().__init__(options=Options(leads=True), mapping=with_leads)

    def open_lead(self, contact: ContactId, label: str = "") -> LeadId:
        return self.add_lead(contact, **({self.label: label} if label else {}))

    def choose(self, lead: LeadId, label: str) -> None:
        self.edit_lead(lead, **{self.label: label})

    def close(self, lead: LeadId) -> None:
        self.edit_lead(lead, hs_pipeline_stage="unqualified-stage-id")


class Fake(FakeAccount):
    label = fake.LABEL

    def __init__(self) -> None:
        super().__init__()
        self._crm = fake.FakeLeadCrm(self.clock)
        self._made = 0

    def open_lead(self, contact: ContactId, label: str = "") -> LeadId:
        self._made += 1
        of = Contact(contact, self.clock.now())
        lead = fake.lead(f"L{self._made}", of, self.clock.now(), label or None)
        self._crm.desk.add(lead)
        return lead.id

    def choose(self, lead: LeadId, label: str) -> None:
        self._crm.desk.change_lead(lead, label=label)

    def close(self, lead: LeadId) -> None:
        self._crm.desk.change_lead(lead, is_open=False)

    def delete_lead(self, lead: str) -> None:
        self._crm.desk.delete_lead(LeadId(lead))

    def settle(self) -> None:
        self.clock.turn(timedelta(minutes=5))


ACCOUNTS: dict[str, Callable[[], AbstractContextManager[LeadAccount]]] = {
    "fake": Fake,
    "hubspot": HubSpot,
}


@pytest.fixture(params=ACCOUNTS)
def account(request: pytest.FixtureRequest) -> Iterator[LeadAccount]:
    with ACCOUNTS[request.param]() as account:
        account.settle()
        yield account


def connect(account: LeadAccount) -> LeadCrm:
    crm = account.connect()
    assert isinstance(crm, LeadCrm)
    return crm


def leads(pages: list[Page]) -> dict[LeadId, Lead]:
    return {lead.id: lead for page in pages for lead in page.leads}


def read_leads(account: LeadAccount, checkpoint: str | None = None) -> dict[LeadId, Lead]:
    return leads(read(account.connect(), LEADS, checkpoint))


def wish(account: LeadAccount, lead: LeadId, label: str | None, of: str = "1") -> WriteBack:
    return WriteBack(ContactId(of), {on_lead(lead, account.label): label})


def test_every_lead_is_read_with_its_contact_and_its_label(account: LeadAccount) -> None:
    ana, ben = account.add_contact("Ana"), account.add_contact("Ben")
    first, second = account.open_lead(ana, "WARM"), account.open_lead(ben)
    account.close(second)
    account.settle()
    found = read_leads(account)
    assert {id_: (lead.contact, lead.written, lead.is_open) for id_, lead in found.items()} == {
        first: (ana, {account.label: "WARM"}, True),
        second: (ben, {account.label: None}, False),
    }
    assert all(lead.created_us <= lead.changed_us for lead in found.values())


def test_what_changed_after_the_last_page_is_read_next_time(account: LeadAccount) -> None:
    ana = account.add_contact("Ana")
    rests, closes, chosen = (account.open_lead(ana) for _ in range(3))
    account.settle()
    checkpoint = read(account.connect(), LEADS)[-1].checkpoint
    account.settle()
    account.close(closes)
    account.choose(chosen, "HOT")
    new = account.open_lead(ana, "COLD")
    account.settle()
    found = read_leads(account, checkpoint)
    assert rests not in found
    assert not found[closes].is_open
    assert found[chosen].written == {account.label: "HOT"}
    assert found[new].contact == ana


def test_leads_are_fetched_as_they_are_now(account: LeadAccount) -> None:
    ana = account.add_contact("Ana")
    stays, goes = account.open_lead(ana, "COLD"), account.open_lead(ana)
    account.choose(stays, "HOT")
    account.delete_lead(goes)
    (found,) = connect(account).fetch_leads([stays, goes])
    assert (found.id, found.written, found.is_open) == (stays, {account.label: "HOT"}, True)


def test_labels_are_set_and_cleared_in_the_order_of_the_batch(account: LeadAccount) -> None:
    ana = account.add_contact("Ana")
    made = [account.open_lead(ana, "COLD") for _ in range(3)]
    crm = connect(account)
    batch = [
        wish(account, made[2], "HOT"),
        wish(account, made[0], None),
        wish(account, made[1], "WARM"),
    ]
    outcomes = crm.write_leads(batch)
    assert [each.verdict for each in outcomes] == [Verdict.ACCEPTED] * 3
    assert [dict(each.values) for each in outcomes] == [dict(each.values) for each in batch]
    assert all(each.changed_at and each.contact is None for each in outcomes)
    account.settle()
    shown = {id_: lead.written[account.label] for id_, lead in read_leads(account).items()}
    assert shown == {made[0]: None, made[1]: "WARM", made[2]: "HOT"}


def test_a_refused_or_deleted_lead_does_not_hold_back_the_batch(account: LeadAccount) -> None:
    ana = account.add_contact("Ana")
    right, wrong, goes = (account.open_lead(ana) for _ in range(3))
    account.delete_lead(goes)
    batch = [
        wish(account, wrong, "BOILING"),
        wish(account, goes, "HOT"),
        wish(account, right, "HOT"),
    ]
    refused, gone, accepted = connect(account).write_leads(batch)
    assert (refused.verdict, gone.verdict, accepted.verdict) == (
        Verdict.REFUSED,
        Verdict.GONE,
        Verdict.ACCEPTED,
    )
    assert refused.reason


def test_the_estimate_is_what_writing_costs(account: LeadAccount) -> None:
    ana = account.add_contact("Ana")
    batch = [wish(account, account.open_lead(ana), "HOT") for _ in range(3)]
    crm = account.connect()
    assert isinstance(crm, LeadCrm)
    before = calls(crm)
    crm.write_leads(batch)
    estimate = crm.estimate(contacts=0, tasks=0, leads=len(batch))
    assert calls(crm) - before == estimate.total == estimate.leads == 1


def test_where_a_lead_is_a_contact_there_are_none_beside_them() -> None:
    with SalesforceAccount() as account:
        crm = account.connect()
        assert not isinstance(crm, LeadCrm)
        assert LEADS not in {stream.name for stream in crm.streams()}
        assert crm.estimate(contacts=0, tasks=0, leads=5).total == 0
