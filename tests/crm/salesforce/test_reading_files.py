"""Reading as files: jobs that are adopted, fail or vanish, pages that are cut, odd characters."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from connector.crm.salesforce.place import load
from connector.domain.contact import RETRACTED
from connector.errors import CrmRefusedError, CrmUnavailableError
from connector.ports import Page
from connector.sandbox.salesforce.org import Options
from tests.crm.reading import activities, contacts, read, stored_days
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.relay import Given, Heard, Relay, error
from tests.crm.salesforce_account import SalesforceAccount

SLICE = 2_000
ODD = 'a "quoted"\nline,\r\nand; more'


def ids(pages: list[Page]) -> list[str]:
    return [contact.id for contact in contacts(pages)]


def jobs(account: SalesforceAccount) -> list[str]:
    return list(account.org.jobs)


def feed_of(page: Page) -> str:
    """Return the job that a page's checkpoint knows for leads."""
    return load(page.checkpoint)["Lead"].job


@pytest.fixture
def small(open_account: AccountOpener) -> SalesforceAccount:
    """An org whose bulk results come in small pages."""
    return open_account(options=Options(bulk_page=300))


def test_many_rows_are_read_as_one_file(account: SalesforceAccount) -> None:
    leads = account.add_leads(2 * SLICE + 100)
    crm = account.connect(bulk_from=1_000)
    pages = read(crm, "contacts")
    assert sorted(ids(pages)) == sorted(leads)
    assert len(jobs(account)) == 1
    query = account.org.jobs[jobs(account)[0]].query
    # With either, the platform could not part the work.
    assert "ORDER BY" not in query
    assert "LIMIT" not in query
    # Which org it is, the first page, the job, two looks, one file.
    assert sum(crm.calls.values()) == 6
    assert crm.calls["bulk"] == 4


def test_a_job_is_remembered_before_its_result_is_fetched(account: SalesforceAccount) -> None:
    account.add_leads(20)
    crm = account.connect(bulk_from=10)
    first = next(iter(crm.pages(crm.streams()[0], None)))
    assert (first.contacts, feed_of(first)) == ([], jobs(account)[0])


def test_reading_goes_on_behind_any_slice_of_a_file(small: SalesforceAccount) -> None:
    leads = small.add_leads(SLICE + 250)
    small.settle()
    seen: set[str] = set()
    pages = read(small.connect(bulk_from=1_000), "contacts")
    assert [len(page.contacts) for page in pages] == [0, SLICE, 250, 0]
    for page in pages:
        seen |= {contact.id for contact in page.contacts}
        rest = ids(read(small.connect(bulk_from=1_000), "contacts", page.checkpoint))
        assert seen | set(rest) == set(leads)
        assert len(rest) == len(leads) - len(seen), "a row was read twice"
    assert len(jobs(small)) == 1


def test_a_file_that_was_begun_earlier_is_adopted(account: SalesforceAccount) -> None:
    leads = account.add_leads(20)
    account.settle()
    crm = account.connect(bulk_from=10)
    first = next(iter(crm.pages(crm.streams()[0], None)))
    account.clock.turn(timedelta(days=2))
    late = account.add_lead("Late")
    pages = read(account.connect(bulk_from=10), "contacts", first.checkpoint)
    assert set(ids(pages)) == {*leads, late}
    assert len(jobs(account)) == 1, "the job was begun a second time"


def _fail(account: SalesforceAccount) -> None:
    account.org.bulk_query_fails = "InternalServerError : oops"


def _abort(account: SalesforceAccount) -> None:
    for job in account.org.jobs.values():
        job.state = "Aborted"


def _expire(account: SalesforceAccount) -> None:
    account.clock.turn(timedelta(days=8))


def _belong_to_another(account: SalesforceAccount) -> None:
    for job in account.org.jobs.values():
        job.user = account.people.user


@pytest.mark.parametrize("happens", [_fail, _abort, _expire, _belong_to_another])
def test_a_job_without_a_result_does_not_stop_reading(
    account: SalesforceAccount, happens: Callable[[SalesforceAccount], None]
) -> None:
    leads = account.add_leads(20)
    crm = account.connect(bulk_from=10)
    first = next(iter(crm.pages(crm.streams()[0], None)))
    happens(account)
    with structlog.testing.capture_logs() as logs:
        pages = read(account.connect(bulk_from=10), "contacts", first.checkpoint)
    assert set(ids(pages)) == set(leads)
    assert feed_of(pages[-1]) == ""
    told = [entry for entry in logs if entry["event"] == "bulk.failed"]
    assert bool(told) == (happens in (_fail, _abort))


def test_a_job_that_fails_is_told_and_the_rest_is_read_by_pages(
    account: SalesforceAccount,
) -> None:
    leads = account.add_leads(20)
    account.org.bulk_query_fails = "InternalServerError : oops"
    with structlog.testing.capture_logs() as logs:
        pages = read(account.connect(bulk_from=10), "contacts")
    assert sorted(ids(pages)) == sorted(leads)
    told = next(entry["why"] for entry in logs if entry["event"] == "bulk.failed")
    assert "InternalServerError : oops" in told
    assert len(jobs(account)) == 1


def test_an_object_that_cannot_be_read_as_a_file_is_read_by_pages(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(20)
    relay.on(1, "/jobs/query", error(400, "INVALIDENTITY", "Entity 'Lead' is not supported"))
    pages = read(account.connect(bulk_from=10, base_url=relay.url), "contacts")
    assert sorted(ids(pages)) == sorted(leads)


def _too_slow(heard: Heard, ask: Callable[[], Given]) -> Given:
    given = ask()
    if not heard.subs:
        return given
    body = given.json
    for sub, answer in zip(heard.subs, body["compositeResponse"], strict=True):
        if "FROM+Lead" in sub["url"]:
            answer["httpStatusCode"] = 400
            answer["body"] = [{"errorCode": "QUERY_TIMEOUT", "message": "ran too long"}]
    return given.with_json(body)


def test_a_query_that_takes_too_long_is_read_as_a_file(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(20)
    relay.meddle = _too_slow
    crm = account.connect(base_url=relay.url)
    assert sorted(ids(read(crm, "contacts"))) == sorted(leads)
    assert len(jobs(account)) == 1
    assert account.clock.waited == [timedelta(milliseconds=500), timedelta(milliseconds=1500)]


def test_what_can_be_read_neither_way_ends_in_the_crms_words(
    account: SalesforceAccount, relay: Relay
) -> None:
    account.add_leads(20)
    account.org.bulk_query_fails = "InternalServerError : oops"
    relay.meddle = _too_slow
    with pytest.raises(CrmRefusedError, match="Failed: InternalServerError : oops"):
        read(account.connect(base_url=relay.url), "contacts")


def _cut_in_the_middle(given: Given) -> Given:
    return replace(given, body=given.body[: len(given.body) // 2], announced=len(given.body))


def _cut_without_a_length(given: Given) -> Given:
    return replace(given, body=given.body[: len(given.body) // 2], announced=-1)


def _one_row_short(given: Given) -> Given:
    return replace(given, body=given.body[: given.body[:-1].rfind(b"\n") + 1])


def _without_a_locator(given: Given) -> Given:
    kept = {name: text for name, text in given.headers.items() if name != "sforce-locator"}
    assert len(kept) < len(given.headers)
    return replace(given, headers=kept)


def _busy(_: Given) -> Given:
    return error(503, "SERVER_UNAVAILABLE")


@pytest.mark.parametrize(
    "meddle", [_cut_in_the_middle, _cut_without_a_length, _one_row_short, _without_a_locator, _busy]
)
@pytest.mark.parametrize("page", [1, 2, 3])
def test_a_page_of_a_file_that_is_cut_off_is_fetched_again(
    small: SalesforceAccount, page: int, meddle: Callable[[Given], Given]
) -> None:
    leads = small.add_leads(700, Description=ODD)
    with small.relay() as relay:
        relay.on(page, "/results", meddle)
        found = contacts(read(small.connect(bulk_from=10, base_url=relay.url), "contacts"))
        assert sorted(each.id for each in found) == sorted(leads)
        assert len(relay.asked("/results")) == 4


def test_a_file_that_stays_cut_off_ends_in_an_error_and_is_gone_on_with(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(20)
    account.settle()
    relay.meddle = lambda heard, ask: (
        _cut_in_the_middle(ask()) if "/results" in heard.path else ask()
    )
    crm = account.connect(bulk_from=10, base_url=relay.url)
    pages = crm.pages(crm.streams()[0], None)
    first = next(pages)
    with pytest.raises(CrmUnavailableError, match="did not answer"):
        list(pages)
    relay.clear()
    assert feed_of(first) == jobs(account)[0]
    assert set(ids(read(crm, "contacts", first.checkpoint))) == set(leads)
    assert len(jobs(account)) == 1


def test_a_result_with_fewer_rows_than_the_job_tells_is_asked_for_anew(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(20)

    def boasting(given: Given) -> Given:
        return given.with_json(given.json | {"numberRecordsProcessed": 21})

    relay.on(3, "/jobs/query/", boasting)
    relay.on(2, "/jobs/query/", boasting)
    found = ids(read(account.connect(bulk_from=10, base_url=relay.url), "contacts"))
    assert set(found) == set(leads)
    assert len(jobs(account)) == 2


def test_a_job_that_vanishes_while_it_is_read_is_begun_anew(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(20)
    relay.on(1, "/results", error(404, "NOT_FOUND"))
    found = ids(read(account.connect(bulk_from=10, base_url=relay.url), "contacts"))
    assert sorted(found) == sorted(leads)
    assert len(jobs(account)) == 2


def test_a_session_that_ends_while_a_file_is_read(small: SalesforceAccount) -> None:
    leads = small.add_leads(700)
    crm = small.connect(bulk_from=10)
    pages = []
    for page in crm.pages(crm.streams()[0], None):
        pages.append(page)
        small.org.sessions.close_all()
    assert sorted(ids(pages)) == sorted(leads)


def test_texts_come_the_same_from_files_and_from_pages(account: SalesforceAccount) -> None:
    values = {
        "Description": ODD,
        "Title": 'né\u2028e "x", ; \u0085',
        "NumberOfEmployees": 45,
        "AnnualRevenue": 12_345_678.0,
        "HasOptedOutOfEmail": True,
        "Email": "Ana@Example.org",
    }
    account.add_lead("Ana", **values)
    account.add_lead("Ben", AnnualRevenue=0.5, NumberOfEmployees=0)
    account.add_lead("Cleo", AnnualRevenue=1e16)
    company = account.add("Account", Name="Acme, Inc.", NumberOfEmployees=1200)
    account.add("Contact", FirstName="Dan", LastName="D", AccountId=company)
    account.add("Contact", FirstName="Eve", LastName="E")
    mapping = account.mapping.model_copy(deep=True)
    mapping = mapping.model_validate(
        mapping.model_dump(by_alias=True, exclude_unset=True)
        | {
            "contact": {
                "fields": {
                    "about": {"lead": "Description"},
                    "revenue": {"lead": "AnnualRevenue"},
                    "title": "Title",
                    "employees": {
                        "lead": "NumberOfEmployees",
                        "contact": "Account.NumberOfEmployees",
                    },
                    "company": {"lead": "Company", "contact": "Account.Name"},
                    "opted_out": {"property": "HasOptedOutOfEmail", "type": "boolean"},
                }
            }
        }
    )
    by_pages = contacts(read(account.connect(mapping=mapping), "contacts"))
    by_file = contacts(read(account.connect(mapping=mapping, bulk_from=1), "contacts"))
    key = lambda each: each.id  # noqa: E731  one word for both
    assert [replace(each, written={}) for each in sorted(by_file, key=key)] == [
        replace(each, written={}) for each in sorted(by_pages, key=key)
    ]
    first = next(each for each in by_file if each.fields["title"])
    assert first.fields == {
        "about": ODD,
        "revenue": "12345678",
        "title": 'né\u2028e "x", ; \u0085',
        "employees": "45",
        "company": "Acme",
        "opted_out": True,
        "email": "Ana@Example.org",
    }


@pytest.mark.parametrize("bulk_from", [10_000, 1], ids=["pages", "file"])
def test_the_day_to_come_back_is_read_as_a_day(ready: SalesforceAccount, bulk_from: int) -> None:
    ana, ben = ready.add_lead("Ana"), ready.add_lead("Ben")
    ready.edit(ana, Leadripe_Not_Before__c="2026-06-01")
    ready.settle()
    crm = ready.connect(bulk_from=bulk_from)
    found = {each.id: each.written for each in contacts(read(crm, "contacts"))}
    days = [found[id_]["Leadripe_Not_Before__c"] for id_ in (ana, ben)]
    assert days == ["2026-06-01", None]
    assert stored_days(days) == [20_605, None]


def test_nul_bytes_in_a_file_are_left_out(account: SalesforceAccount, relay: Relay) -> None:
    account.add_leads(20, Title="Chief")
    relay.on(1, "/results", lambda given: replace(given, body=given.body.replace(b"Chi", b"C\0hi")))
    found = contacts(read(account.connect(bulk_from=10, base_url=relay.url), "contacts"))
    assert {each.fields["job_title"] for each in found} == {"Chief"}


def test_an_empty_file_is_read(account: SalesforceAccount, relay: Relay) -> None:
    relay.meddle = _too_slow
    pages = read(account.connect(base_url=relay.url), "contacts")
    assert ids(pages) == []
    assert load(pages[-1].checkpoint)["Lead"].read > 0


def test_what_a_task_tells_no_longer_is_taken_back_right_behind_an_adopted_file(
    account: SalesforceAccount,
) -> None:
    ana = account.add_lead("Ana")
    call = {"Status": "Completed", "TaskSubtype": "Call", "CallType": "Inbound", "WhoId": ana}
    tasks = [account.add("Task", Subject=f"Call {n}", **call) for n in range(20)]
    account.settle()
    crm = account.connect(bulk_from=10)
    stream = next(each for each in crm.streams() if each.name == "tasks")
    pages = crm.pages(stream, None)
    first = next(pages)
    assert list(first.activities) == []
    account.settle()
    account.edit(tasks[3], Status="Not Started")
    account.delete(tasks[4])
    account.settle()
    # The file still says that they happened; what came behind it takes that back.
    found = activities(read(account.connect(bulk_from=10), "tasks", first.checkpoint))
    last = {each.id: each.type for each in found}
    taken_back = {id_.split(":")[1] for id_, type_ in last.items() if type_ == RETRACTED}
    assert taken_back == {tasks[3], tasks[4]}
    assert len(last) == 20
