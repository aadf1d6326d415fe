"""Activities and deals of HubSpot: each source to its own checkpoint, nothing lost."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from connector.config.mapping import HubSpotMapping
from connector.domain.contact import Activity
from connector.ports import Page
from connector.sandbox.hubspot.streams import (
    Form,
    MailEvent,
    MarketingEvent,
    Participation,
    Submission,
)
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import activities, calls, read

MINUTE = timedelta(minutes=1)
CALLS, MAIL = "activities:calls", "activities:email_events"
FORMS, EVENTS = "activities:form_submissions", "activities:marketing_events"


def _mapped(*entries: dict[str, Any], **sections: Any) -> HubSpotMapping:
    return HubSpotMapping.model_validate(
        {"version": 1, "crm": "hubspot", "activities": entries, **sections}
    )


def _call(account: HubSpotAccount, contact: str, **properties: str) -> str:
    at = account.clock.now().isoformat()
    call = account.add("calls", hs_timestamp=at, **properties)
    account.link("calls", call, contact)
    return call


def _brief(found: Sequence[Activity]) -> list[tuple[str, str, str | None]]:
    return [(each.id, each.type, each.contact or each.email) for each in found]


# ---------------------------------------------------------------- objects


def test_calls_are_named_by_the_first_entry_that_fits(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    first = _call(account, ana, hs_call_status="COMPLETED", hs_call_duration="90000")
    second = _call(account, ana, hs_call_status="NO_ANSWER")
    account.settle()
    found = activities(read(account.connect(), CALLS))
    assert _brief(found) == [
        (f"calls:{first}", "call_connected", ana),
        (f"calls:{second}", "call", ana),
    ]
    assert found[0].attributes == {"minutes": 1_500_000}
    assert [each.is_outbound for each in found] == [False, True]


def test_an_activity_of_several_contacts_counts_for_each(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    call = _call(account, ana)
    account.link("calls", call, ben)
    account.settle()
    crm = account.connect()
    pages = read(crm, CALLS)
    assert {(each.id, each.contact) for each in activities(pages)} == {
        (f"calls:{call}", ana),
        (f"calls:{call}", ben),
    }


def test_new_and_changed_records_are_read_with_their_contacts(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    old = _call(account, ana, hs_call_status="NO_ANSWER")
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, CALLS)[-1].checkpoint
    account.settle()
    new = _call(account, ben)
    body = {"properties": {"hs_call_status": "COMPLETED", "hs_call_duration": "60000"}}
    account.ask("PATCH", f"/crm/objects/2026-09/calls/{old}", body)
    account.settle()
    before = Counter(crm.calls)
    found = activities(read(crm, CALLS, checkpoint))
    assert _brief(found) == [
        (f"calls:{old}", "call_connected", ana),
        (f"calls:{new}", "call", ben),
    ]
    assert Counter(crm.calls) - before == {"search": 1, "associations": 1}


def test_more_links_than_a_list_shows_are_all_read(account: HubSpotAccount) -> None:
    ids = account.add_many(130)
    call = account.add("calls", hs_timestamp=account.clock.now().isoformat())
    inputs = [{"from": {"id": call}, "to": {"id": each}} for each in ids]
    path = "/crm/associations/2026-09/calls/contacts/batch/associate/default"
    account.ask("POST", path, {"inputs": inputs})
    account.settle()
    found = activities(read(account.connect(), CALLS))
    assert {each.contact for each in found} == set(ids)


def test_our_own_tasks_are_no_activities() -> None:
    entry = {"source": "tasks", "type": "task_logged"}
    with HubSpotAccount(mapping=_mapped(entry, tasks={"key": "leadripe_key"})) as account:
        (ana,) = account.add_many(1)
        shared = {"hs_timestamp": account.clock.now().isoformat(), "hs_task_subject": "Call"}
        for properties in ({}, {"leadripe_key": "k1"}):
            task = account.add("tasks", **shared, **properties)
            account.link("tasks", task, ana)
        account.settle()
        crm = account.connect()
        assert len(activities(read(crm, "activities:tasks"))) == 1
        assert [task.key for page in read(crm, "tasks") for task in page.tasks] == ["k1"]


# ---------------------------------------------------------------- marketing mail


def _mail(account: HubSpotAccount, count: int, kind: str = "CLICK") -> None:
    streams, now = account.portal.streams, account.portal.now_ms()
    first = len(streams.mail)
    streams.mail += [
        MailEvent(f"e{first + n}", now, kind, "P1@Example.org", 5, {"url": "https://x.org/a"})
        for n in range(count)
    ]


def test_mail_events_are_named_by_address(account: HubSpotAccount) -> None:
    _mail(account, 1)
    _mail(account, 1, "OPEN")
    found = activities(read(account.connect(), MAIL))
    assert _brief(found) == [("email_events:e0", "email_click", "p1@example.org")]
    assert found[0].attributes["url"] == "https://x.org/a"
    assert found[0].attributes["campaign"] == "5"


def test_mail_events_are_read_by_the_thousand_and_go_on_at_any_page(
    account: HubSpotAccount,
) -> None:
    _mail(account, 2_300)
    _mail(account, 500, "DELIVERED")
    account.settle()
    crm = account.connect()
    pages = read(crm, MAIL)
    assert len(activities(pages)) == 2_300
    assert calls(crm) == 4  # three of clicks, one of changes of status; none of deliveries
    seen = {each.id for each in pages[0].activities}
    rest = activities(read(account.connect(), MAIL, pages[0].checkpoint))
    assert seen | {each.id for each in rest} == {f"email_events:e{n}" for n in range(2_300)}


def test_later_only_new_mail_events_are_read_in_one_call(account: HubSpotAccount) -> None:
    _mail(account, 50)
    account.clock.turn(timedelta(hours=1))
    crm = account.connect()
    checkpoint = read(crm, MAIL)[-1].checkpoint
    account.clock.turn(timedelta(hours=1))
    _mail(account, 1)
    before = calls(crm)
    found = activities(read(crm, MAIL, checkpoint))
    assert [each.id for each in found] == ["email_events:e50"]
    assert calls(crm) - before == 1


# ---------------------------------------------------------------- forms


def _form(account: HubSpotAccount, name: str, count: int, who: str = "ana@example.org") -> str:
    forms, now = account.portal.streams.forms, account.portal.now_ms()
    guid = f"form-{len(forms)}"
    form = forms.setdefault(guid, Form(guid, name, now))
    _fill(account, form, count, who)
    return guid


def _fill(account: HubSpotAccount, form: Form, count: int, who: str = "ana@example.org") -> None:
    now = account.portal.now_ms()
    for _ in range(count):
        values = {"email": who.upper(), "topic": "data", "many": "x"}
        number = len(form.submissions)
        form.submissions.append(
            Submission(f"s{number}", now + number, "https://x.org/fr/demo?a=1", values)
        )


def _convert(account: HubSpotAccount, contact: str) -> None:
    table = account.portal.tables["contacts"]
    stamp = account.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    record = table.rows[int(contact)]
    table.change(record, {"recent_conversion_date": stamp}, account.portal.now_ms())


def test_a_submission_is_an_activity_of_its_address(account: HubSpotAccount) -> None:
    guid = _form(account, "Request a demo", 1)
    found = activities(read(account.connect(), FORMS))
    assert _brief(found) == [(f"forms:{guid}:s0", "demo_request", "ana@example.org")]
    assert found[0].attributes == {"form": "Request a demo", "page": "/fr/demo", "topic": "data"}


def test_long_forms_are_read_to_their_end_and_go_on_at_any_page(account: HubSpotAccount) -> None:
    first, second = _form(account, "Demo", 130), _form(account, "White paper: X", 70)
    account.settle()
    expected = {f"forms:{first}:s{n}" for n in range(130)} | {
        f"forms:{second}:s{n}" for n in range(70)
    }
    pages = read(account.connect(), FORMS)
    seen: set[str] = set()
    for page in pages:
        seen |= {each.id for each in page.activities}
        rest = {each.id for each in activities(read(account.connect(), FORMS, page.checkpoint))}
        assert seen | rest == expected
    assert seen == expected


def test_forms_wait_until_a_contact_shows_a_new_submission(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    guid = _form(account, "Demo", 60)
    account.clock.turn(timedelta(hours=1))
    crm = account.connect()
    contacts = read(crm, "contacts")[-1].checkpoint
    forms = read(crm, FORMS)[-1].checkpoint

    account.clock.turn(timedelta(hours=1))
    quiet = account.connect()
    contacts = read(quiet, "contacts", contacts)[-1].checkpoint
    before = calls(quiet)
    assert read(quiet, FORMS, forms) == []
    assert calls(quiet) == before

    _fill(account, account.portal.streams.forms[guid], 1)
    _convert(account, ana)
    account.settle()
    crm = account.connect()
    contacts = read(crm, "contacts", contacts)[-1].checkpoint
    before = calls(crm)
    pages = read(crm, FORMS, forms)
    assert [each.id for each in activities(pages)] == [f"forms:{guid}:s60"]
    assert calls(crm) - before == 2

    account.clock.turn(MINUTE)
    late = account.connect()
    read(late, "contacts", contacts)
    assert read(late, FORMS, pages[-1].checkpoint) == []


def test_forms_are_read_after_a_crash_between_contacts_and_forms(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    guid = _form(account, "Demo", 1)
    account.clock.turn(timedelta(hours=1))
    crm = account.connect()
    contacts = read(crm, "contacts")[-1].checkpoint
    forms = read(crm, FORMS)[-1].checkpoint
    account.settle()
    _fill(account, account.portal.streams.forms[guid], 1)
    _convert(account, ana)
    account.settle()
    contacts = read(account.connect(), "contacts", contacts)[-1].checkpoint  # and then it crashes
    account.clock.turn(timedelta(hours=1))
    crm = account.connect()
    read(crm, "contacts", contacts)
    assert f"forms:{guid}:s1" in {each.id for each in activities(read(crm, FORMS, forms))}


# ---------------------------------------------------------------- marketing events


def _event(account: HubSpotAccount, id_: int, name: str) -> None:
    now = account.portal.now_ms()
    event = MarketingEvent(id_, name, "WEBINAR", now, now + 3_600_000, now, now)
    account.portal.streams.events[id_] = event


def _join(account: HubSpotAccount, event: int, contact: str, state: str, minutes: int = 0) -> None:
    streams = account.portal.streams
    number = sum(len(rows) for rows in streams.by_event.values())
    now = account.portal.now_ms()
    streams.join(Participation(f"p{number}", event, int(contact), state, now, minutes or None))


def test_participants_are_read_when_the_counters_of_an_event_move(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    _event(account, 7, "Data quality")
    _event(account, 8, "Workflows")
    _join(account, 7, ana, "REGISTERED")
    crm = account.connect()
    pages = read(crm, EVENTS)
    assert _brief(activities(pages)) == [
        (f"marketing_events:7:{ana}:REGISTERED", "webinar_registered", ana)
    ]
    before = calls(crm)
    assert read(crm, EVENTS, pages[-1].checkpoint) == []
    assert calls(crm) - before == 1
    _join(account, 8, ben, "ATTENDED", minutes=42)
    before = calls(crm)
    found = activities(read(crm, EVENTS, pages[-1].checkpoint))
    assert _brief(found) == [(f"marketing_events:8:{ben}:ATTENDED", "webinar_attended", ben)]
    assert found[0].attributes == {"event": "Workflows", "minutes": 42_000_000}
    assert calls(crm) - before == 2


def test_a_large_event_goes_on_at_any_page(account: HubSpotAccount) -> None:
    ids = account.add_many(230)
    _event(account, 7, "Data quality")
    _event(account, 9, "Fair")
    for id_ in ids:
        _join(account, 7, id_, "REGISTERED")
    _join(account, 9, ids[0], "REGISTERED")
    expected = {f"marketing_events:7:{id_}:REGISTERED" for id_ in ids}
    expected.add(f"marketing_events:9:{ids[0]}:REGISTERED")
    seen: set[str] = set()
    for page in read(account.connect(), EVENTS):
        seen |= {each.id for each in page.activities}
        rest = {each.id for each in activities(read(account.connect(), EVENTS, page.checkpoint))}
        assert seen | rest == expected
    assert seen == expected


# ---------------------------------------------------------------- deals


def _deal(account: HubSpotAccount, contact: str, **properties: str) -> str:
    deal = account.add("deals", dealname="D", pipeline="default", **properties)
    account.link("deals", deal, contact)
    return deal


def test_a_deal_says_what_it_is_worth_and_how_likely_it_is(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    closes = {"closedate": "2026-05-01T00:00:00Z"}
    open_ = _deal(account, ana, dealstage="contractsent", amount="1200.50", **closes)
    won = _deal(account, ben, dealstage="closedwon")
    account.settle()
    pages = read(account.connect(), "opportunities")
    first, second = (deal for page in pages for deal in page.opportunities)
    assert (first.id, first.contacts, first.amount) == (open_, (ana,), 1_200_500_000)
    assert (first.probability, first.is_closed, first.is_won) == (800_000, False, False)
    assert first.close_us == 1_777_593_600_000_000
    assert (second.id, second.amount, second.close_us) == (won, None, None)
    assert (second.probability, second.is_closed, second.is_won) == (1_000_000, True, True)


def test_a_stage_speaks_for_deals_that_do_not(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    deal = _deal(account, ana, dealstage="closedlost")
    props = account.portal.tables["deals"].rows[int(deal)].props
    for name in ("hs_deal_stage_probability", "hs_is_closed", "hs_is_closed_won"):
        props.pop(name, None)
    account.settle()
    (found,) = (d for page in read(account.connect(), "opportunities") for d in page.opportunities)
    assert (found.probability, found.is_closed, found.is_won) == (0, True, False)


def test_a_changed_deal_is_read_with_its_contacts(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    deal = _deal(account, ana, dealstage="contractsent")
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "opportunities")[-1].checkpoint
    account.settle()
    body = {"properties": {"dealstage": "closedwon"}}
    account.ask("PATCH", f"/crm/objects/2026-09/deals/{deal}", body)
    account.settle()
    pages = read(crm, "opportunities", checkpoint)
    (found,) = (each for page in pages for each in page.opportunities)
    assert (found.contacts, found.is_won) == ((ana,), True)


# ---------------------------------------------------------------- all together


def _market(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    _call(account, ana)
    _form(account, "Demo", 2)
    _mail(account, 3)
    _event(account, 7, "Data quality")
    _join(account, 7, ben, "REGISTERED")
    _deal(account, ana, dealstage="contractsent")


def _read_all(account: HubSpotAccount, checkpoints: dict[str, str]) -> list[Page]:
    crm = account.connect()
    pages = []
    for stream in crm.streams():
        for page in crm.pages(stream, checkpoints.get(stream.name)):
            checkpoints[stream.name] = page.checkpoint
            pages.append(page)
    return pages


def test_a_quiet_run_of_the_shipped_mapping_costs_at_most_eight_calls(
    account: HubSpotAccount,
) -> None:
    _market(account)
    account.clock.turn(timedelta(hours=1))
    checkpoints: dict[str, str] = {}
    _read_all(account, checkpoints)
    account.clock.turn(timedelta(hours=1))
    crm = account.connect()
    for stream in crm.streams():
        list(crm.pages(stream, checkpoints.get(stream.name)))
    assert calls(crm) <= 8


def test_reading_cut_off_at_any_call_ends_with_the_same(account: HubSpotAccount) -> None:
    _market(account)
    account.settle()
    expected = {each.id for each in activities(_read_all(account, {}))}
    assert len(expected) == 8
    for call in itertools.count(1):
        account.faults.calls = 0
        # Seven in a row: more than one call is tried.
        account.faults.planned = dict.fromkeys(range(call, call + 7), "502")
        checkpoints: dict[str, str] = {}
        seen: list[Page] = []
        crm = account.connect()
        was_cut = False
        for stream in crm.streams():
            try:
                for page in crm.pages(stream, None):
                    checkpoints[stream.name] = page.checkpoint
                    seen.append(page)
            except Exception:  # noqa: BLE001  whatever it is, the next run has to make it good
                was_cut = True
                break
        account.faults.planned = {}
        seen += _read_all(account, checkpoints)
        assert {each.id for each in activities(seen)} == expected
        if not was_cut:
            return
