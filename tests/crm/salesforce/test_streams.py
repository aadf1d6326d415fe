"""What records tell: activities and their withdrawal, opportunities, people who became others."""

from datetime import UTC, datetime, timedelta

import pytest

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.adapter import SalesforceCrm
from connector.domain.contact import RETRACTED, Activity, Contact, Gone
from connector.domain.ids import ContactId
from connector.ports import Page
from tests.crm.reading import activities, contacts, read
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.provisioned import mapped
from tests.crm.salesforce_account import SalesforceAccount

MODES = pytest.mark.parametrize("bulk_from", [10_000, 0], ids=["pages", "file"])
CALL = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound"}


def last(pages: list[Page]) -> str:
    return pages[-1].checkpoint


def micros(*date: int) -> int:
    year, month, day, *time = date
    hour, minute = [*time, 0, 0][:2]
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000


def types(pages: list[Page]) -> list[tuple[str, str | None]]:
    return sorted((each.type, each.contact) for each in activities(pages))


def told(pages: list[Page]) -> Activity:
    """Return the one activity that pages tell."""
    (found,) = [each for each in activities(pages) if each.type != RETRACTED]
    return found


def taken_back(pages: list[Page], activity: Activity) -> bool:
    """Tell whether pages take an activity back, and tell of no other."""
    found = {each.id: each for each in activities(pages)}
    withdrawn = Activity(activity.id, RETRACTED, 0, activity.contact)
    return found[activity.id] == withdrawn and {each.type for each in found.values()} == {RETRACTED}


def named(pages: list[Page], id_: str) -> Contact:
    return next(each for each in contacts(pages) if each.id == id_)


def gone(pages: list[Page]) -> list[Gone]:
    return [each for page in pages for each in page.gone]


class Journal:
    """Reads a stream again and again, as runs do."""

    def __init__(self, account: SalesforceAccount, stream: str, **options: object) -> None:
        self.account, self.stream, self.options = account, stream, options
        self.checkpoint: str | None = None

    def crm(self) -> SalesforceCrm:
        return self.account.connect(**self.options)

    def news(self) -> list[Page]:
        self.account.settle()
        pages = read(self.crm(), self.stream, self.checkpoint)
        self.checkpoint = last(pages)
        self.account.settle()
        return pages


# -- tasks


@MODES
def test_a_call_is_told_once_it_is_done_and_taken_back_when_it_is_not(
    account: SalesforceAccount, bulk_from: int
) -> None:
    ana = account.add_lead("Ana")
    journal = Journal(account, "tasks", bulk_from=bulk_from)
    task = account.add("Task", Subject="Call", WhoId=ana, TaskSubtype="Call", CallType="Inbound")
    assert activities(journal.news()) == []
    account.edit(task, Status="Completed", CallDurationInSeconds=120)
    done = told(journal.news())
    assert (done.type, done.contact, done.is_outbound) == ("call_connected", ana, False)
    assert done.attributes == {"minutes": 2_000_000}
    assert done.occurred_us == account.row(task)["CompletedDateTime"] * 1_000_000  # type: ignore[operator]  # seconds
    account.edit(task, Status="In Progress")
    assert taken_back(journal.news(), done)
    account.edit(task, Status="Completed")
    assert told(journal.news()).type == "call_connected"
    account.delete(task)
    assert taken_back(journal.news(), done)


def test_an_attempt_is_ours_and_not_theirs(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana")
    account.add("Task", Subject="Call", WhoId=ana, Status="Completed", TaskSubtype="Call")
    account.add("Task", Subject="Mail", WhoId=ana, Status="Completed", TaskSubtype="Email")
    account.add("Task", Subject="To do", WhoId=ana, Status="Completed", TaskSubtype="Task")
    found = activities(read(account.connect(), "tasks"))
    assert sorted((each.type, each.is_outbound) for each in found) == [
        ("call", True),
        ("touch", True),
    ]


@MODES
def test_a_mail_to_a_list_presses_once_and_is_no_answer_of_sales(
    account: SalesforceAccount, bulk_from: int
) -> None:
    ana = account.add_lead("Ana")
    task = account.add(
        "Task", Subject="News", WhoId=ana, Status="Completed", TaskSubtype="List Email"
    )
    mail(account, (ana, "ToAddress"), Incoming=False, ActivityId=task)
    mail(account, (ana, "ToAddress"), Incoming=False)
    crm = account.connect(bulk_from=bulk_from)
    (sent,) = activities(read(crm, "tasks"))
    assert (sent.type, sent.contact, sent.is_outbound) == ("marketing_email", ana, True)
    assert types(read(crm, "activities:EmailMessage")) == [("email_sent", ana)]


@MODES
def test_archived_tasks_and_events_are_read(account: SalesforceAccount, bulk_from: int) -> None:
    ana = account.add_lead("Ana")
    account.add("Task", Subject="Call", WhoId=ana, ActivityDate="2023-05-04", **CALL)
    start = "2023-05-04T10:00:00Z"
    account.add("Event", Subject="Meeting", WhoId=ana, StartDateTime=start, DurationInMinutes=30)
    crm = account.connect(bulk_from=bulk_from)
    assert types(read(crm, "tasks")) == [("call_connected", ana)]
    assert ("meeting_held", ana) in types(read(crm, "activities:Event"))


def test_tasks_of_nobody_and_of_accounts_are_left_out(account: SalesforceAccount) -> None:
    company = account.add("Account", Name="Acme")
    account.add("Task", Subject="Call", WhatId=company, **CALL)
    assert activities(read(account.connect(), "tasks")) == []


def test_our_own_tasks_are_no_activities(ready: SalesforceAccount) -> None:
    ana = ready.add_lead("Ana")
    journal = Journal(ready, "tasks")
    task = ready.add("Task", Subject="Call", WhoId=ana, Leadripe_Key__c="key-1", **CALL)
    pages = journal.news()
    assert activities(pages) == []
    (known,) = [task for page in pages for task in page.tasks]
    assert (known.id, known.key, known.contact, known.is_done) == (task, "key-1", ana, True)
    ready.edit(task, Status="Not Started")
    (known,) = [task for page in journal.news() for task in page.tasks]
    assert not known.is_done
    ready.delete(task)
    (known,) = [task for page in journal.news() for task in page.tasks]
    assert known.is_done, "one that a person deleted is nobody's to do any more"


def test_a_task_that_goes_to_somebody_else_is_told_of_them(account: SalesforceAccount) -> None:
    ana, ben = account.add_lead("Ana"), account.add_lead("Ben")
    journal = Journal(account, "tasks")
    task = account.add("Task", Subject="Call", WhoId=ana, **CALL)
    first = told(journal.news())
    account.edit(task, WhoId=ben)
    moved = told(journal.news())
    assert (first.id, first.contact) == (moved.id, ana)
    assert moved.contact == ben


# -- events


def test_a_meeting_is_booked_then_held_and_taken_back_when_it_is_cancelled(
    account: SalesforceAccount,
) -> None:
    ana = account.add_lead("Ana")
    journal = Journal(account, "activities:Event")
    start = "2026-03-05T10:00:00Z"
    event = account.add(
        "Event", Subject="Demo", WhoId=ana, StartDateTime=start, DurationInMinutes=30
    )
    found = {each.type: each for each in activities(journal.news())}
    assert set(found) == {"meeting_booked", "meeting_held"}
    assert found["meeting_held"].occurred_us == micros(2026, 3, 5, 10, 30)
    assert found["meeting_booked"].occurred_us < micros(2026, 3, 2, 10)
    account.edit(event, Subject="Cancelled: Demo")
    now = {each.id: each.type for each in activities(journal.news())}
    assert now[found["meeting_held"].id] == RETRACTED
    assert now[found["meeting_booked"].id] == RETRACTED
    assert "meeting_cancelled" in now.values()


# -- campaigns


@MODES
def test_a_response_is_told_and_follows_a_converted_lead(
    account: SalesforceAccount, bulk_from: int
) -> None:
    ana = account.add_lead("Ana")
    campaign = account.add("Campaign", Name="White paper on pricing", Type="Content")
    journal = Journal(account, "activities:CampaignMember", bulk_from=bulk_from)
    member = account.add("CampaignMember", CampaignId=campaign, LeadId=ana)
    assert activities(journal.news()) == []
    account.edit(member, Status="Responded")
    found = told(journal.news())
    assert (found.type, found.contact) == ("content_download", ana)
    assert found.attributes["asset"] == "White paper on pricing"
    assert found.attributes["asset_kind"] == "white_paper"
    contact = account.convert(ana)
    moved = told(journal.news())
    assert (moved.id, moved.type, moved.contact) == (found.id, found.type, contact)
    assert account.row(member)["LeadId"] == ana
    account.edit(member, Status="Sent")
    assert taken_back(journal.news(), moved)


def test_a_day_begins_at_midnight_where_the_org_is(open_account: AccountOpener) -> None:
    account = open_account()
    ana = account.add_lead("Ana")
    campaign = account.add("Campaign", Name="Guide", Type="Content")
    account.add("CampaignMember", CampaignId=campaign, LeadId=ana, Status="Responded")
    found = told(read(account.connect(), "activities:CampaignMember"))
    assert found.occurred_us == micros(2026, 3, 1, 23)  # the second of March in Paris
    other = told(read(account.connect(time_zone="America/New_York"), "activities:CampaignMember"))
    assert other.occurred_us == micros(2026, 3, 2, 5)


# -- mails


def mail(account: SalesforceAccount, *people: tuple[str, str], **values: object) -> str:
    """Add a mail with its links: who, and whether they wrote it or got it."""
    id_ = account.add("EmailMessage", Subject="Hello", MessageDate="2026-03-02T08:00:00Z", **values)
    for person, role in people:
        account.add(
            "EmailMessageRelation", EmailMessageId=id_, RelationId=person, RelationType=role
        )
    return id_


@MODES
def test_mails_are_told_of_who_wrote_or_got_them(
    account: SalesforceAccount, bulk_from: int
) -> None:
    ana, ben = account.add_lead("Ana"), ContactMaker(account)("Ben")
    ours = account.people.user
    mail(account, (ana, "FromAddress"), (ours, "ToAddress"), (ben, "CcAddress"), Incoming=True)
    mail(account, (ours, "FromAddress"), (ana, "ToAddress"), (ben, "CcAddress"), Incoming=False)
    found = activities(read(account.connect(bulk_from=bulk_from), "activities:EmailMessage"))
    assert sorted((each.type, each.contact, each.is_outbound) for each in found) == sorted(
        [("email_reply", ana, False), ("email_sent", ana, True), ("email_sent", ben, True)],
        key=lambda each: (each[0], str(each[1])),
    )
    assert {each.occurred_us for each in found} == {micros(2026, 3, 2, 8)}


def test_a_mail_that_is_opened_again_moves_its_opening(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana")
    journal = Journal(account, "activities:EmailMessage")
    id_ = mail(account, (ana, "ToAddress"), Incoming=False)
    assert types(journal.news()) == [("email_sent", ana)]
    for day in (3, 4):
        account.edit(id_, LastOpenedDate=f"2026-03-0{day}T08:00:00Z")
        opened = next(each for each in activities(journal.news()) if each.type == "email_open")
        assert opened.occurred_us == micros(2026, 3, day, 8)
    account.delete(id_)
    found = activities(journal.news())
    assert {each.type for each in found} == {RETRACTED}
    assert opened.id in {each.id for each in found}


class ContactMaker:
    """Makes contacts."""

    def __init__(self, account: SalesforceAccount) -> None:
        self._account = account

    def __call__(self, name: str, **values: object) -> ContactId:
        known = {"FirstName": name, "LastName": "Silva", "Email": f"{name.lower()}@example.org"}
        return ContactId(self._account.add("Contact", **{**known, **values}))


# -- opportunities


def deals(pages: list[Page]) -> list[tuple[object, ...]]:
    return [
        (each.id, each.contacts, each.amount, each.probability, each.is_closed, each.is_won)
        for page in pages
        for each in page.opportunities
    ]


@MODES
def test_opportunities_have_the_contacts_in_their_roles(
    account: SalesforceAccount, bulk_from: int
) -> None:
    make = ContactMaker(account)
    ana, ben = make("Ana"), make("Ben")
    journal = Journal(account, "opportunities", bulk_from=bulk_from)
    deal = account.add(
        "Opportunity", Name="D", StageName="Qualification", CloseDate="2026-04-01", Amount=12_500.5
    )
    role = account.add("OpportunityContactRole", OpportunityId=deal, ContactId=ana)
    first = journal.news()
    assert deals(first) == [(deal, (ana,), 12_500_500_000, 200_000, False, False)]
    (found,) = [each for page in first for each in page.opportunities]
    assert found.close_us == micros(2026, 3, 31, 22)
    account.add("OpportunityContactRole", OpportunityId=deal, ContactId=ben)
    assert deals(journal.news())[-1][1] == (ana, ben)
    account.delete(role)
    assert deals(journal.news())[-1][1] == (ben,)
    account.edit(deal, StageName="Closed Won")
    assert deals(journal.news())[-1] == (deal, (ben,), 12_500_500_000, 1_000_000, True, True)
    account.delete(deal)
    assert deals(journal.news())[-1][1] == ()
    assert deals(journal.news()) == []


# -- people who became others


def test_a_chain_of_merges_and_a_conversion_leads_to_who_it_is_now(
    account: SalesforceAccount,
) -> None:
    ana, ben, cleo = (account.add_lead(name) for name in ("Ana", "Ben", "Cleo"))
    journal = Journal(account, "contacts")
    journal.news()
    account.merge(ana, into=ben)
    account.merge(ben, into=cleo)
    contact = account.convert(cleo)
    pages = journal.news()
    # The platform itself leads all that were merged to the survivor.
    assert set(gone(pages)) == {Gone(ana, cleo), Gone(ben, cleo), Gone(cleo, contact)}
    assert named(pages, contact).fields["first_name"] == "Cleo"
    assert [each.id for each in journal.crm().fetch_contacts([ana])] == [contact]


def test_a_lead_that_joins_a_contact_that_is_there(account: SalesforceAccount) -> None:
    ana, contact = account.add_lead("Ana"), ContactMaker(account)("Ana")
    journal = Journal(account, "contacts")
    journal.news()
    account.people.convert(ana, into=contact)
    assert gone(journal.news()) == [Gone(ana, contact)]


def test_a_survivor_comes_along_with_who_went_into_it(account: SalesforceAccount) -> None:
    ana, ben = account.add_lead("Ana"), account.add_lead("Ben")
    journal = Journal(account, "contacts")
    journal.news()
    account.merge(ana, into=ben)
    pages = journal.news()
    assert named(pages, ben).former_ids == (ana,)
    assert named(pages, ben).emails == ("ben@example.org", "ana@example.org")


def test_what_automation_changed_is_read(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana")
    journal = Journal(account, "contacts")
    journal.news()
    account.people.automate(ana, Title="Chief")
    assert named(journal.news(), ana).fields["job_title"] == "Chief"


def test_an_owner_may_be_a_queue(account: SalesforceAccount) -> None:
    queue = account.org.add("Group", {"Name": "Inbound", "Type": "Queue"}).id
    account.org.add("Group", {"Name": "Everybody", "Type": "Organization"})
    ana = account.add_lead("Ana", OwnerId=queue)
    crm = account.connect()
    assert named(read(crm, "contacts"), ana).owner == queue
    owners = {owner.id: owner for owner in crm.owners()}
    assert (owners[queue].name, owners[queue].is_active) == ("Inbound", False)  # type: ignore[index]  # a text
    assert "Everybody" not in {owner.name for owner in owners.values()}
    account.org.add("QueueSobject", {"QueueId": queue, "SobjectType": "Task"})
    assert {owner.id for owner in account.connect().owners() if owner.is_active} >= {queue}


# -- what an org lacks, or hides


def mapping_with(**fields: object) -> SalesforceMapping:
    return mapped(contact={"fields": fields})


def test_a_field_that_is_hidden_or_missing_harms_nothing_else(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana", Title="Chief", Industry="Retail")
    account.org.hidden.add("lead.title")
    mapping = mapping_with(title="Title", nothing="Nothing__c", industry="Industry", odd="X.Y")
    found = named(read(account.connect(mapping=mapping), "contacts"), ana)
    known = {name: value for name, value in found.fields.items() if value is not None}
    assert known == {"industry": "Retail", "email": "ana@example.org"}


def test_names_are_read_in_any_case(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana", Title="Chief", NumberOfEmployees=45)
    company = account.add("Account", Name="Acme")
    ben = ContactMaker(account)("Ben", AccountId=company)
    mapping = mapping_with(
        title="TITLE",
        again="title",
        mail="eMail",
        employees={"lead": "numberofEmployees"},
        company={"contact": "ACCOUNT.name"},
    )
    for bulk_from in (10_000, 0):
        pages = read(account.connect(mapping=mapping, bulk_from=bulk_from), "contacts")
        fields = named(pages, ana).fields
        assert (fields["title"], fields["again"], fields["employees"]) == ("Chief", "Chief", "45")
        assert fields["mail"] == "ana@example.org"
        assert named(pages, ben).fields["company"] == "Acme"


def test_a_field_that_appears_later_is_read_from_then_on(account: SalesforceAccount) -> None:
    ana, ben = account.add_lead("Ana", Title="Chief"), account.add_lead("Ben", Title="Clerk")
    account.org.hidden.add("lead.title")
    journal = Journal(account, "contacts")
    assert named(journal.news(), ana).fields.get("job_title") is None
    account.org.hidden.clear()
    account.edit(ana, Title="Chief of all")
    pages = journal.news()
    assert named(pages, ana).fields["job_title"] == "Chief of all"
    assert named(pages, ben).fields["job_title"] == "Clerk", "what was there before counts too"
    assert contacts(journal.news()) == []


@pytest.mark.parametrize("source", ["Event", "CampaignMember", "EmailMessage", "Opportunity"])
def test_an_object_that_is_missing_leaves_its_stream_empty_and_the_others_alone(
    account: SalesforceAccount, source: str
) -> None:
    ana = account.add_lead("Ana")
    account.add("Task", Subject="Call", WhoId=ana, **CALL)
    account.org._names.pop(source.lower())
    crm = account.connect()
    crm.expect(dict.fromkeys(crm.streams()))
    pages = {stream.name: list(crm.pages(stream, None)) for stream in crm.streams()}
    name = "opportunities" if source == "Opportunity" else f"activities:{source}"
    assert pages[name] == []
    assert types(pages["tasks"]) == [("call_connected", ana)]
    assert [each.id for each in contacts(pages["contacts"])] == [ana]


def test_a_mail_that_is_linked_or_unlinked_later_is_read(account: SalesforceAccount) -> None:
    ana = account.add_lead("Ana")
    journal = Journal(account, "activities:EmailMessage")
    id_ = mail(account, Incoming=False)
    assert activities(journal.news()) == []
    link = {"EmailMessageId": id_, "RelationId": ana, "RelationType": "ToAddress"}
    made = account.add("EmailMessageRelation", **link)
    account.clock.turn(timedelta(minutes=20))
    assert told(journal.news()).type == "email_sent"
    account.delete(made)
    assert {each.type for each in activities(journal.news())} == {RETRACTED}
