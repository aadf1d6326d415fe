"""Reading page by page: ties, late commits, cursors, clocks, and what a network does to answers."""

from datetime import timedelta

import pytest
import structlog

from connector.crm.salesforce.place import load
from connector.domain.contact import Gone
from connector.errors import ConnectorError, CrmUnavailableError
from connector.ports import Page
from tests.crm.reading import contacts, read
from tests.crm.salesforce.conftest import AccountOpener
from tests.crm.salesforce.relay import Given, Heard, Relay, error, told
from tests.crm.salesforce_account import SalesforceAccount

PAGE = 2_000


def ids(pages: list[Page]) -> list[str]:
    return [contact.id for contact in contacts(pages)]


def test_thousands_of_rows_stamped_alike_are_read_once_each(account: SalesforceAccount) -> None:
    leads = account.add_leads(2 * PAGE + 500)
    pages = read(account.connect(), "contacts")
    assert [len(page.contacts) for page in pages] == [PAGE, PAGE, 500, 0]
    assert sorted(ids(pages)) == sorted(leads)


def test_reading_goes_on_behind_any_page_of_rows_stamped_alike(account: SalesforceAccount) -> None:
    leads = account.add_leads(2 * PAGE + 500)
    seen: set[str] = set()
    for page in read(account.connect(), "contacts"):
        seen |= {contact.id for contact in page.contacts}
        rest = ids(read(account.connect(), "contacts", page.checkpoint))
        assert seen | set(rest) == set(leads)
        if len(seen) < len(leads):
            assert not seen & set(rest), "a row that was stored already was read again"


def test_changes_stamped_alike_are_read_behind_any_page(account: SalesforceAccount) -> None:
    account.add_leads(10)
    account.settle()
    before = read(account.connect(), "contacts")[-1].checkpoint
    account.settle()
    leads = account.add_leads(PAGE + 300)
    pages = read(account.connect(), "contacts", before)
    assert set(leads) <= set(ids(pages))
    first = pages[0]
    rest = ids(read(account.connect(), "contacts", first.checkpoint))
    assert {each.id for each in first.contacts} | set(rest) == set(leads)
    assert len(rest) == 300


def test_a_change_during_reading_is_read_now_or_next_time(account: SalesforceAccount) -> None:
    leads = account.add_leads(PAGE + 10)
    crm = account.connect()
    pages = crm.pages(crm.streams()[0], None)
    first = next(pages)
    account.edit(leads[0], Title="Chief")
    rest = list(pages)
    later = read(account.connect(), "contacts", rest[-1].checkpoint)
    titles = [each.fields["job_title"] for each in contacts(later) if each.id == leads[0]]
    assert titles == ["Chief"]
    assert len(first.contacts) + len(ids(rest)) == PAGE + 10


@pytest.mark.parametrize("is_told", [True, False])
@pytest.mark.parametrize("seconds", [30, 500])
def test_a_row_committed_late_is_not_lost(
    account: SalesforceAccount, relay: Relay, seconds: int, *, is_told: bool
) -> None:
    ana = account.add_lead("Ana")
    account.settle()
    if not is_told:
        relay.meddle = _without_updated
    # Both are stamped now, and nobody sees them for a while.
    late = account.people.create_slowly("Lead", seconds, {"LastName": "Late", "Company": "Acme"})
    account.people.edit_slowly(ana, seconds, Title="Chief")
    checkpoint = None
    seen: set[str] = set()
    titles: set[object] = set()
    for _ in range(5):
        pages = read(account.connect(base_url=relay.url), "contacts", checkpoint)
        checkpoint = pages[-1].checkpoint
        seen |= set(ids(pages))
        titles |= {each.fields["job_title"] for each in contacts(pages) if each.id == ana}
        account.add_lead("Other")
        account.clock.turn(timedelta(seconds=150))
    assert late in seen
    assert titles == {None, "Chief"}


def _without_updated(heard: Heard, ask: object) -> Given:
    given: Given = ask()  # type: ignore[operator]  # what a relay hands over
    if not heard.subs:
        return given
    body = given.json
    for sub, answer in zip(heard.subs, body["compositeResponse"], strict=True):
        if "/updated/" in sub["url"]:
            answer["httpStatusCode"] = 400
            answer["body"] = [{"errorCode": "INVALID_TYPE_FOR_OPERATION", "message": "no"}]
    return given.with_json(body)


def test_a_row_committed_while_a_part_of_a_call_is_asked_again_is_not_lost(
    account: SalesforceAccount, relay: Relay
) -> None:
    account.add_lead("Ana")
    crm = account.connect(base_url=relay.url)
    crm.account()
    late = account.people.create_slowly("Lead", 300, {"LastName": "Late", "Company": "Acme"})
    account.clock.turn(timedelta(seconds=200))

    def commits(given: Given) -> Given:
        """Let the row be committed right after the queries, and nobody be told of it."""
        account.clock.turn(timedelta(seconds=150))
        body = given.json
        for answer in body["compositeResponse"]:
            if "latestDateCovered" in answer["body"]:
                answer["httpStatusCode"], answer["body"] = 503, []
        return given.with_json(body)

    relay.on(1, "/composite", commits)
    pages = read(crm, "contacts")
    assert late in ids(pages) + ids(read(account.connect(), "contacts", pages[-1].checkpoint))


def test_without_updated_ten_minutes_are_read_again(
    account: SalesforceAccount, relay: Relay
) -> None:
    account.add_lead("Ana")
    relay.meddle = _without_updated
    place = load(read(account.connect(base_url=relay.url), "contacts")[-1].checkpoint)["Lead"]
    assert account.now_s() - place.read == 600


@pytest.mark.parametrize("ahead", [timedelta(hours=3), -timedelta(hours=3)])
def test_the_clock_of_this_machine_does_not_matter(
    account: SalesforceAccount, ahead: timedelta
) -> None:
    account.add_lead("Ana")
    account.org.clock.advance(ahead)
    checkpoint = read(account.connect(), "contacts")[-1].checkpoint
    place = load(checkpoint)["Lead"]
    assert 60 <= account.now_s() - place.read <= 62
    account.settle()
    ben = account.add_lead("Ben")
    assert ids(read(account.connect(), "contacts", checkpoint)) == [ben]


def test_a_cursor_that_expired_is_opened_anew_behind_the_last_row(
    account: SalesforceAccount,
) -> None:
    leads = account.add_leads(2 * PAGE + 1)
    crm = account.connect()
    pages = crm.pages(crm.streams()[0], None)
    first = next(pages)
    account.clock.turn(timedelta(days=2, hours=1))
    rest = list(pages)
    assert [len(page.contacts) for page in rest] == [PAGE, 1, 0]
    assert sorted([each.id for each in first.contacts] + ids(rest)) == sorted(leads)


@pytest.mark.parametrize("kind", ["truncate", "html", "503", "420", "406", "429", "502", "busy"])
def test_an_answer_that_is_none_is_asked_for_again(open_account: AccountOpener, kind: str) -> None:
    account = open_account()
    leads = account.add_leads(PAGE + 5)
    crm = account.connect()
    for call in (1, 3, 5):  # which org it is, the first page, the next one
        account.fault(kind, after=call)
    assert sorted(ids(read(crm, "contacts"))) == sorted(leads)
    assert sum(crm.calls.values()) == account.faults.calls
    assert len(account.clock.waited) == 3


def test_a_connection_that_breaks_is_made_again(account: SalesforceAccount, relay: Relay) -> None:
    leads = account.add_leads(PAGE + 5)
    for broken in (Given(200, {}, b"", is_reset=True), Given(200, {}, b'{"re', announced=400)):
        relay.clear()
        relay.on(1, "/query/", broken)
        assert sorted(ids(read(account.connect(base_url=relay.url), "contacts"))) == sorted(leads)
        assert len(relay.asked("/query/")) == 2


def test_a_failure_that_lasts_ends_in_an_error_that_says_so(
    account: SalesforceAccount, relay: Relay
) -> None:
    relay.meddle = lambda heard, ask: (
        told(200, "<html>maintenance</html>") if "/services/data" in heard.path else ask()
    )
    with pytest.raises(CrmUnavailableError, match="no JSON"):
        read(account.connect(base_url=relay.url), "contacts")
    assert len(relay.asked("/composite")) == 6
    assert sum(account.clock.waited, timedelta()) < timedelta(minutes=2)


def test_one_part_of_a_call_that_fails_for_now_is_asked_again(
    account: SalesforceAccount, relay: Relay
) -> None:
    ana = account.add_lead("Ana")
    crm = account.connect(base_url=relay.url)
    crm.account()

    def first_fails(given: Given) -> Given:
        body = given.json
        for answer in body["compositeResponse"]:
            answer["httpStatusCode"] = 503
            answer["body"] = [{"errorCode": "SERVER_UNAVAILABLE", "message": "busy"}]
        return given.with_json(body)

    relay.on(1, "/composite", first_fails)
    assert ids(read(crm, "contacts")) == [ana]


def test_an_empty_page_that_is_not_the_last_does_not_end_reading(
    account: SalesforceAccount, relay: Relay
) -> None:
    leads = account.add_leads(2 * PAGE + 1)

    def emptied(given: Given) -> Given:
        return given.with_json(given.json | {"records": []})

    relay.on(1, "/query/", emptied)
    found = ids(read(account.connect(base_url=relay.url), "contacts"))
    assert len(found) == PAGE + 1
    assert set(found) < set(leads)


def test_a_next_page_elsewhere_is_not_followed(account: SalesforceAccount, relay: Relay) -> None:
    account.add_leads(PAGE + 1)

    def elsewhere(given: Given) -> Given:
        body = given.json
        for answer in body["compositeResponse"]:
            if "nextRecordsUrl" in answer["body"]:
                answer["body"]["nextRecordsUrl"] = (
                    "https://evil.example/services/data/v66.0/query/1"
                )
        return given.with_json(body)

    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", elsewhere)
    with pytest.raises(ConnectorError, match="leads elsewhere"):
        read(crm, "contacts")


def test_deleted_and_restored(account: SalesforceAccount) -> None:
    ana, ben = account.add_lead("Ana"), account.add_lead("Ben")
    checkpoint = read(account.connect(), "contacts")[-1].checkpoint
    account.settle()
    account.delete(ana)
    account.delete(ben)
    account.settle()
    pages = read(account.connect(), "contacts", checkpoint)
    assert {gone for page in pages for gone in page.gone} == {Gone(ana), Gone(ben)}
    account.settle()
    account.restore(ben)
    account.settle()
    pages = read(account.connect(), "contacts", pages[-1].checkpoint)
    assert ids(pages) == [ben]
    assert [gone.id for page in pages for gone in page.gone if gone.id == ben] == []


def test_what_left_the_recycle_bin_is_gone_as_well(account: SalesforceAccount) -> None:
    ana, ben = account.add_lead("Ana"), account.add_lead("Ben")
    account.settle()
    checkpoint = read(account.connect(), "contacts")[-1].checkpoint
    account.settle()
    account.delete(ana)
    account.purge(ana)
    account.settle()
    pages = read(account.connect(), "contacts", checkpoint)
    assert [gone for page in pages for gone in page.gone] == [Gone(ana)]
    assert ben not in ids(pages)


def test_after_a_long_pause_the_latest_deletions_are_told_and_the_gap_is_named(
    account: SalesforceAccount,
) -> None:
    early, late = account.add_lead("Early"), account.add_lead("Late")
    account.settle()
    checkpoint = read(account.connect(), "contacts")[-1].checkpoint
    account.clock.turn(timedelta(days=2))
    account.delete(early)
    account.clock.turn(timedelta(days=16))
    account.delete(late)
    account.purge(late)
    account.clock.turn(timedelta(days=1))
    with structlog.testing.capture_logs() as logs:
        pages = read(account.connect(), "contacts", checkpoint)
    assert [gone for page in pages for gone in page.gone] == [Gone(late)]
    assert [entry["object"] for entry in logs if entry["event"] == "deletions.untold"] == [
        "Lead",
        "Contact",
    ]


def test_deletions_that_could_not_be_asked_for_are_asked_for_again(
    account: SalesforceAccount, relay: Relay
) -> None:
    ana = account.add_lead("Ana")
    checkpoint = read(account.connect(), "contacts")[-1].checkpoint
    account.settle()
    account.delete(ana)
    account.purge(ana)
    account.settle()

    def without_deletions(heard: Heard, ask: object) -> Given:
        given: Given = ask()  # type: ignore[operator]  # what a relay hands over
        body = given.json if heard.subs else {}
        for sub, answer in zip(heard.subs, body.get("compositeResponse", []), strict=True):
            if "/deleted/" in sub["url"]:
                answer["httpStatusCode"] = 500
                answer["body"] = [{"errorCode": "UNKNOWN_EXCEPTION", "message": "oops"}]
        return given.with_json(body) if heard.subs else given

    relay.meddle = without_deletions
    with pytest.raises(CrmUnavailableError):
        read(account.connect(base_url=relay.url), "contacts", checkpoint)
    relay.clear()
    pages = read(account.connect(base_url=relay.url), "contacts", checkpoint)
    assert [gone for page in pages for gone in page.gone] == [Gone(ana)]


def test_an_error_of_one_object_names_it(account: SalesforceAccount, relay: Relay) -> None:
    crm = account.connect(base_url=relay.url)
    crm.account()
    relay.on(1, "/composite", error(400, "INVALID_TYPE", "sObject type 'Lead' is not supported."))
    with pytest.raises(ConnectorError, match="'Lead' is not supported"):
        read(crm, "contacts")


def test_a_network_that_is_bad_throughout_loses_nothing(open_account: AccountOpener) -> None:
    account = open_account(faults="503=0.1,truncate=0.1,lost=0.1,401=0.05,html=0.05,429=0.05")
    leads = account.add_leads(3 * PAGE)
    account.settle()
    found: set[str] = set()
    for bulk_from in (10_000, 100):
        checkpoint = None
        for _ in range(10):
            crm = account.connect(bulk_from=bulk_from)
            try:
                for page in crm.pages(crm.streams()[0], checkpoint):
                    checkpoint = page.checkpoint
                    found |= {contact.id for contact in page.contacts}
            except CrmUnavailableError:
                continue
            break
        assert found == set(leads)
        found.clear()
