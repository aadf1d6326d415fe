"""Reading contacts of HubSpot: what it costs, what it does not miss, what it leaves out."""

from datetime import datetime, timedelta

import pytest

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.crm.hubspot.contacts import WROTE_AT
from connector.domain.contact import Gone
from connector.domain.ids import ContactId
from connector.ports import Verdict, WriteBack
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import activities, calls, contacts, read, stored_days

SCORE = "leadripe_score"
SECOND = timedelta(seconds=1)
Echo = tuple[datetime, datetime]


def _mapped(**fields: object) -> HubSpotMapping:
    data = {"version": 1, "crm": "hubspot", "contact": {"fields": fields}}
    return HubSpotMapping.model_validate({**data, "write": {"score": SCORE}})


def _push(account: HubSpotAccount, crm: HubSpotCrm, ids: list[ContactId]) -> Echo:
    began = account.clock.now()
    outcomes = crm.write([WriteBack(id_, {SCORE: "42"}) for id_ in ids])
    assert {each.verdict for each in outcomes} == {Verdict.ACCEPTED}
    until = max(each.changed_at for each in outcomes if each.changed_at)
    crm.wrote(since=began, until=until)
    return began, until


def test_a_first_load_costs_a_call_for_a_hundred_contacts(account: HubSpotAccount) -> None:
    account.add_many(250)
    account.settle()
    crm = account.connect()
    assert len(contacts(read(crm, "contacts"))) == 250
    assert crm.calls == {"general": 3, "search": 1}


def test_a_quiet_run_costs_one_search(account: HubSpotAccount) -> None:
    account.add_many(30)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.clock.turn(timedelta(hours=1))
    again = account.connect()
    assert contacts(read(again, "contacts", checkpoint)) == []
    assert again.calls == {"search": 1}


def test_fields_are_read_as_the_mapping_says() -> None:
    mapping = _mapped(
        company="company",
        revenue={"property": "hs_analytics_num_visits", "type": "number"},
        opted_out={"property": "hs_email_optout", "type": "boolean"},
        opened={"property": "hs_email_last_open_date", "type": "datetime"},
        since={"property": "createdate", "type": "datetime"},
    )
    with HubSpotAccount(mapping=mapping) as account:
        at = account.clock.now()
        id_ = account.add_contact("Ana")
        record = account.portal.tables["contacts"].rows[int(id_)]
        record.props |= {
            "hs_analytics_num_visits": "2.5",
            "hs_email_optout": "true",
            "hs_email_last_open_date": "no date",
        }
        crm = account.connect()
        contact = contacts(read(crm, "contacts"))[0]
    assert contact.fields == {
        "company": None,
        "revenue": 2_500_000,
        "opted_out": True,
        "opened": None,
        "since": int(at.timestamp()) * 1_000_000,
        "email": "ana@example.org",
    }
    assert contact.written == {SCORE: None}
    assert crm.unreadable == {"hs_email_last_open_date": 1}


def test_dates_on_a_contact_are_activities_at_no_call(account: HubSpotAccount) -> None:
    id_ = account.add_contact("Ana")
    record = account.portal.tables["contacts"].rows[int(id_)]
    record.props |= {
        "hs_analytics_last_timestamp": "2026-03-01T10:00:00.500Z",
        "hs_analytics_last_url": "https://example.org/fr/Tarifs",
    }
    found = activities(read(account.connect(), "contacts"))
    assert [(each.id, each.type, each.contact) for each in found] == [
        ("contact:key_page_view:1772359200500", "key_page_view", id_)
    ]
    assert found[0].attributes == {"url": "https://example.org/fr/Tarifs"}


def test_the_last_marketing_mail_is_a_touch_of_ours_collected_run_by_run(
    account: HubSpotAccount,
) -> None:
    id_ = account.add_contact("Ana")
    record = account.portal.tables["contacts"].rows[int(id_)]
    told = []
    for day in (1, 2):
        record.props["hs_email_last_send_date"] = f"2026-03-0{day}T10:00:00Z"
        crm = account.connect()
        told += activities(read(crm, "contacts"))
        assert crm.calls["general"] == 1
    assert [(each.id, each.type, each.contact, each.is_outbound) for each in told] == [
        ("contact:marketing_email:1772359200000", "marketing_email", id_, True),
        ("contact:marketing_email:1772445600000", "marketing_email", id_, True),
    ]


def test_the_day_to_come_back_is_read_as_a_day_however_it_was_set(account: HubSpotAccount) -> None:
    ids = account.add_many(3)
    account.edit(ids[0], leadripe_not_before="2026-06-01")
    account.edit(ids[1], leadripe_not_before="1780272000000")
    found = {each.id: each.written for each in contacts(read(account.connect(), "contacts"))}
    days = [found[id_]["leadripe_not_before"] for id_ in ids]
    assert days == ["2026-06-01", "2026-06-01", None]
    assert stored_days(days) == [20_605, 20_605, None]


def test_our_own_writes_are_not_read_back(account: HubSpotAccount) -> None:
    ids = account.add_many(30)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    _push(account, crm, ids)
    account.settle()
    before = calls(crm)
    assert contacts(read(crm, "contacts", checkpoint)) == []
    assert calls(crm) - before == 1


def test_another_process_is_told_when_we_wrote(account: HubSpotAccount) -> None:
    ids = account.add_many(3)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    echoes = [_push(account, crm, ids)]
    account.settle()
    assert contacts(read(account.connect(echoes=echoes), "contacts", checkpoint)) == []
    assert len(contacts(read(account.connect(), "contacts", checkpoint))) == 3


@pytest.mark.parametrize("after", [timedelta(minutes=3), timedelta(hours=1)])
def test_an_edit_after_our_write_is_read(account: HubSpotAccount, after: timedelta) -> None:
    ana, ben = account.add_many(2)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    _push(account, crm, [ana, ben])
    account.clock.turn(after)
    account.edit(ben, **{SCORE: "7"})
    account.settle()
    found = contacts(read(crm, "contacts", checkpoint))
    assert [(each.id, each.written[SCORE]) for each in found] == [(ben, "7")]


def test_an_edit_beside_our_writes_is_read(account: HubSpotAccount) -> None:
    ana, ben = account.add_many(2)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.edit(ben, firstname="Benno")
    _push(account, crm, [ana])
    account.settle()
    assert [each.id for each in contacts(read(crm, "contacts", checkpoint))] == [ben]


def test_an_edit_hidden_behind_our_write_is_seen_by_the_sweep(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    began = account.clock.now()
    crm.write([WriteBack(ana, {SCORE: "42"})])
    account.edit(ana, **{SCORE: "7"})
    crm.wrote(since=began, until=account.clock.now())
    account.settle()
    pages = read(crm, "contacts", checkpoint)
    assert contacts(pages) == []
    account.settle_deletions()
    found = contacts(read(crm, "contacts", pages[-1].checkpoint))
    assert [each.written[SCORE] for each in found] == ["7"]


def test_an_account_without_our_mark_is_written_and_read_all_the_same() -> None:
    with HubSpotAccount(provisioned=False) as account:
        path = "/crm/properties/2026-09/contacts"
        body = {"name": SCORE, "label": "Score", "type": "number", "fieldType": "number"}
        account.ask("POST", path, {**body, "groupName": "contactinformation"})
        (ana,) = account.add_many(1)
        account.settle()
        crm = account.connect()
        checkpoint = read(crm, "contacts")[-1].checkpoint
        _push(account, crm, [ana])
        account.settle()
        assert [each.id for each in contacts(read(crm, "contacts", checkpoint))] == [ana]


def test_the_mark_is_no_value_of_the_cores(account: HubSpotAccount) -> None:
    (ana,) = account.add_many(1)
    outcome = account.connect().write([WriteBack(ana, {SCORE: "42"})])[0]
    assert outcome.values == {SCORE: "42"}
    assert account.shows(ana, WROTE_AT) is not None
    assert WROTE_AT not in contacts(read(account.connect(), "contacts"))[0].written


def test_more_changes_than_a_search_shows_are_all_read(account: HubSpotAccount) -> None:
    account.add_many(1)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.settle()
    table, now = account.portal.tables["contacts"], account.portal.now_ms()
    # All in one millisecond, as HubSpot's month-end jobs stamp them.
    added = {table.add({"firstname": "x"}, now).id for _ in range(10_450)}
    account.settle()
    found = contacts(read(crm, "contacts", checkpoint))
    assert {int(each.id) for each in found} == added
    assert crm.calls["search"] == 1 + 53


def test_a_change_that_the_index_shows_late_is_not_lost(account: HubSpotAccount) -> None:
    account.add_many(1)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.settle()
    ben = account.add_contact("Ben")
    account.clock.turn(SECOND)
    pages = read(crm, "contacts", checkpoint)
    assert contacts(pages) == []
    account.clock.turn(timedelta(minutes=1))
    found = contacts(read(crm, "contacts", pages[-1].checkpoint))
    assert [each.id for each in found] == [ben]


def test_a_row_that_moves_while_it_is_read_is_not_skipped(account: HubSpotAccount) -> None:
    account.add_many(1)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.settle()
    ids = set(account.add_many(450))
    account.settle()
    seen: set[str] = set()
    stream = crm.streams()[0]
    for page in crm.pages(stream, checkpoint):
        seen |= {contact.id for contact in page.contacts}
        checkpoint = page.checkpoint
        account.edit(min(ids), firstname="again")
        account.clock.turn(timedelta(seconds=3))
    assert ids <= seen
    account.settle()
    assert min(ids) in {each.id for each in contacts(read(crm, "contacts", checkpoint))}


def test_deletions_are_reported_once(account: HubSpotAccount) -> None:
    ana, ben, cleo = account.add_many(3)
    account.delete(cleo)
    account.clock.turn(timedelta(hours=2))
    crm = account.connect(sweep_every=timedelta(hours=6))
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.clock.turn(timedelta(hours=3))
    account.delete(ana)
    account.clock.turn(timedelta(hours=4))
    pages = read(crm, "contacts", checkpoint)
    assert [gone for page in pages for gone in page.gone] == [Gone(ana)]
    account.clock.turn(timedelta(hours=7))
    pages = read(crm, "contacts", pages[-1].checkpoint)
    assert [gone for page in pages for gone in page.gone] == []
    assert [each.id for each in contacts(pages)] == [ben]


def test_a_load_cut_off_at_any_page_goes_on_there(account: HubSpotAccount) -> None:
    ids = set(account.add_many(350))
    account.settle()
    stream = account.connect().streams()[0]
    checkpoint, seen, spent = None, set(), 0
    for _ in range(10):
        crm = account.connect()
        page = next(crm.pages(stream, checkpoint), None)
        spent += calls(crm)
        if page is None:
            break
        checkpoint = page.checkpoint
        seen |= {contact.id for contact in page.contacts}
        account.clock.turn(SECOND)
    assert seen == ids
    assert spent == 10


@pytest.mark.parametrize("spoilt", ["", "{", "[]", '{"phase": 3}', "null", '{"todo": [1]}'])
def test_a_checkpoint_that_cannot_be_read_means_the_beginning(
    account: HubSpotAccount, spoilt: str
) -> None:
    account.add_many(3)
    account.settle()
    assert len(contacts(read(account.connect(), "contacts", spoilt))) == 3


def test_a_mapping_of_very_many_properties_is_read_too() -> None:
    fields = {f"f{number}": f"property_number_{number}_of_the_account" for number in range(200)}
    with HubSpotAccount(mapping=_mapped(first="firstname", **fields)) as account:
        account.add_many(120)
        account.settle()
        crm = account.connect()
        pages = read(crm, "contacts")
        assert {each.fields["first"] for each in contacts(pages)} >= {"p0", "p119"}
        assert crm.calls == {"general": 4, "search": 1}
        account.edit(contacts(pages)[0].id, firstname="new")
        account.settle()
        found = contacts(read(crm, "contacts", pages[-1].checkpoint))
        assert [each.fields["first"] for each in found] == ["new"]


@pytest.mark.parametrize("asks", [True, False], ids=["account asked", "not asked"])
@pytest.mark.parametrize("skew", [timedelta(hours=24), timedelta(hours=-24), timedelta(seconds=90)])
def test_a_clock_of_ours_that_is_wrong_loses_nothing(
    account: HubSpotAccount, skew: timedelta, asks: bool
) -> None:
    account.portal.clock.advance(skew)
    account.add_many(3)
    account.settle()
    crm = account.connect()
    checkpoint = read(crm, "contacts")[-1].checkpoint
    account.settle()
    checkpoint = read(account.connect(), "contacts", checkpoint)[-1].checkpoint
    ana, ben = account.add_many(2)
    account.settle()
    crm = account.connect()
    if asks:
        crm.account()
    pages = read(crm, "contacts", checkpoint)
    assert {each.id for each in contacts(pages)} >= {ana, ben}
    _push(account, crm, [ana, ben])
    account.clock.turn(timedelta(minutes=30))
    assert contacts(read(crm, "contacts", pages[-1].checkpoint)) == []
