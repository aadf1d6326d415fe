"""Deals of a HubSpot account: what is read of them, what writing costs, what a check says."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

import pytest

from connector.config.mapping import HubSpotMapping
from connector.config.mappings import check_mapping
from connector.config.starter import shipped
from connector.config.yaml_file import parse_document
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.crm.hubspot.place import load
from connector.crm.values import micros
from connector.domain.contact import Opportunity
from connector.domain.ids import OpportunityId
from connector.errors import CrmRefusedError
from connector.ports import (
    OPPORTUNITIES,
    Finding,
    OpportunityWrite,
    Page,
    Severity,
    Verdict,
)
from connector.sandbox.hubspot.portal import Options
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import calls, read
from tests.crm.scripted import Said, ScriptedServer
from tests.crm.shipped import hubspot_with_deals
from tests.fakes.clock import FakeClock

SCORE, REASONS = "leadripe_score", "leadripe_reasons"
FIELDS = {
    "type": "dealtype",
    "forecast": {"property": "hs_forecast_amount", "type": "number", "divide_by": 1000},
    "contacted": {"property": "notes_last_contacted", "type": "datetime"},
    "unheard_of": {"property": "of_another_portal", "type": "number"},
}
WRITE = {"score": SCORE, "reasons": REASONS}
SCOPES = (
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.owners.read",
)
DAY = timedelta(days=1, minutes=1)


def mapped(**section: object) -> HubSpotMapping:
    """Return a mapping of deals alone."""
    nothing_else = {"activities": (), "tasks": None}
    return hubspot_with_deals(**{"write": WRITE, **section}).model_copy(update=nothing_else)


@pytest.fixture
def account() -> Iterator[HubSpotAccount]:
    with HubSpotAccount(mapping=mapped()) as account:
        account.settle()
        yield account


def deals(pages: list[Page]) -> list[Opportunity]:
    return [each for page in pages for each in page.opportunities]


def counting(pages: list[Page]) -> dict[OpportunityId, bool]:
    return {each.id: each.counts for each in deals(pages)}


def last(pages: list[Page]) -> str:
    return pages[-1].checkpoint


def wish(deal: OpportunityId, score: str) -> OpportunityWrite:
    return OpportunityWrite(deal, {SCORE: score})


# -- reading


def test_fields_are_read_by_their_kind_and_ours_as_they_stand(account: HubSpotAccount) -> None:
    deal = account.add_opportunity()
    values = {"dealtype": "newbusiness", "hs_forecast_amount": "2500.5", SCORE: "12"}
    account.edit_opportunity(deal, **values)
    at = {"notes_last_contacted": "2026-02-01T10:00:00.000Z"}
    table = account.portal.tables["deals"]
    table.change(table.rows[int(deal)], at, account.portal.now_ms())
    account.settle()
    account.mapping = mapped(fields=FIELDS)
    (found,) = deals(read(account.connect(), OPPORTUNITIES))
    assert found.fields == {
        "type": "newbusiness",
        "forecast": 2_500_500,
        "contacted": 1_769_940_000_000_000,
        "unheard_of": None,
    }
    assert found.written == {SCORE: "12", REASONS: None}


def test_a_property_that_is_named_anew_lets_all_deals_be_read_once(
    account: HubSpotAccount,
) -> None:
    deal = account.add_opportunity()
    account.edit_opportunity(deal, dealtype="newbusiness")
    account.settle()
    before = read(account.connect(), OPPORTUNITIES)
    account.mapping = mapped(fields={"type": "dealtype"})
    anew = read(account.connect(), OPPORTUNITIES, last(before))
    assert [each.fields for each in deals(anew)] == [{"type": "newbusiness"}]
    account.settle()
    assert deals(read(account.connect(), OPPORTUNITIES, last(anew))) == []
    account.mapping = mapped()  # to ask for less is no reason to ask again
    assert deals(read(account.connect(), OPPORTUNITIES, last(anew))) == []


def test_a_value_of_another_kind_is_unknown_and_counted(account: HubSpotAccount) -> None:
    account.edit_opportunity(account.add_opportunity(), dealtype="newbusiness")
    account.settle()
    account.mapping = mapped(fields={"kind": {"property": "dealtype", "type": "boolean"}})
    crm = account.connect()
    (found,) = deals(read(crm, OPPORTUNITIES))
    assert found.fields == {"kind": None}
    assert crm.unreadable == {"dealtype": 1}


def test_reading_goes_on_without_our_properties() -> None:
    with HubSpotAccount(mapping=mapped(), provisioned=False) as account:
        account.add_opportunity()
        account.settle()
        (found,) = deals(read(account.connect(), OPPORTUNITIES))
        assert found.written == {SCORE: None, REASONS: None}


def test_a_deal_that_leaves_the_pipelines_is_told_without_asking_for_its_contacts(
    account: HubSpotAccount,
) -> None:
    account.mapping = mapped(pipelines=("default",))
    deal = account.add_opportunity(account.add_contact("Ana"))
    account.settle()
    pages = read(account.connect(), OPPORTUNITIES)
    assert counting(pages) == {deal: True}
    account.settle()
    table = account.portal.tables["deals"]
    table.change(table.rows[int(deal)], {"pipeline": "renewals"}, account.portal.now_ms())
    account.settle()
    crm = account.connect()
    assert counting(read(crm, OPPORTUNITIES, last(pages))) == {deal: False}
    assert dict(crm.calls) == {"search": 1}
    assert [each.counts for each in crm.fetch_opportunities([deal])] == [False]


def test_deleted_deals_are_told_once_a_day_by_a_look_into_the_bin(account: HubSpotAccount) -> None:
    stays, goes = account.add_opportunity(), account.add_opportunity()
    account.settle()
    checkpoint = last(read(account.connect(), OPPORTUNITIES))
    account.clock.turn(timedelta(hours=2))
    account.delete_opportunity(goes)
    account.settle()
    soon = account.connect()
    pages = read(soon, OPPORTUNITIES, checkpoint)
    assert counting(pages) == {}
    assert dict(soon.calls) == {"search": 1}
    account.clock.turn(DAY)
    later = account.connect()
    pages = read(later, OPPORTUNITIES, last(pages))
    assert counting(pages) == {goes: False}
    assert dict(later.calls) == {"general": 1, "search": 1}, "the others are not listed again"
    account.clock.turn(DAY)
    assert counting(read(account.connect(), OPPORTUNITIES, last(pages))) == {}
    assert stays in counting(read(account.connect(), OPPORTUNITIES))


def test_a_look_into_a_full_bin_goes_on_behind_any_page(account: HubSpotAccount) -> None:
    made = {account.add_opportunity() for _ in range(130)}
    account.settle()
    checkpoint = last(read(account.connect(), OPPORTUNITIES))
    account.clock.turn(timedelta(hours=2))
    for deal in made:
        account.delete_opportunity(deal)
    account.clock.turn(DAY)
    first, *rest = read(account.connect(), OPPORTUNITIES, checkpoint)
    pages = [first, *read(account.connect(), OPPORTUNITIES, first.checkpoint)]
    assert 0 < len(first.opportunities) < len(made)
    assert {each.id for each in deals(pages)} == {each.id for each in deals([first, *rest])} == made


def test_a_change_that_still_waits_to_be_read_survives_a_look_into_the_bin(
    account: HubSpotAccount,
) -> None:
    deal = account.add_opportunity()
    account.settle()
    checkpoint = last(read(account.connect(), OPPORTUNITIES))
    account.settle()
    account.edit_opportunity(deal, amount="70")
    account.clock.turn(DAY)
    looked, *_ = read(account.connect(), OPPORTUNITIES, checkpoint)
    assert looked.opportunities == []
    assert load(looked.checkpoint).read == load(checkpoint).read
    (found,) = deals(read(account.connect(), OPPORTUNITIES, looked.checkpoint))
    assert found.amount == 70_000_000


def test_deals_that_were_merged_into_another_do_not_count(account: HubSpotAccount) -> None:
    first, second = account.add_opportunity(), account.add_opportunity()
    account.settle()
    pages = read(account.connect(), OPPORTUNITIES)
    account.settle()
    survivor = account.merge_deals(first, second)
    account.settle()
    pages = read(account.connect(), OPPORTUNITIES, last(pages))
    assert counting(pages) == {first: False, second: False, survivor: True}
    account.delete_opportunity(survivor)
    account.clock.turn(DAY)
    pages = read(account.connect(), OPPORTUNITIES, last(pages))
    assert counting(pages) == dict.fromkeys((first, second, survivor), False)


def test_without_the_section_nothing_is_asked_of_deals(account: HubSpotAccount) -> None:
    deal = account.add_opportunity()
    account.mapping = account.mapping.model_copy(update={"opportunities": None})
    crm = account.connect()
    assert OPPORTUNITIES not in {stream.name for stream in crm.streams()}
    assert crm.fetch_opportunities([deal]) == []
    assert not any("deal" in each.what for each in crm.check())
    assert not any("deals" in part.what for part in crm.provision(dry_run=True))


# -- writing


@pytest.mark.parametrize("partial", ["400", "207"])
@pytest.mark.parametrize("place", [0, 11, 15])
def test_one_bad_value_costs_few_calls_and_no_other_deal(
    partial: Literal["400", "207"], place: int
) -> None:
    with HubSpotAccount(options=Options(partial_updates=partial), mapping=mapped()) as account:
        made = [account.add_opportunity() for _ in range(16)]
        batch = [wish(deal, "high" if no == place else str(no)) for no, deal in enumerate(made)]
        crm = account.connect()
        outcomes = crm.write_opportunities(batch)
        refused = [no for no, each in enumerate(outcomes) if each.verdict is Verdict.REFUSED]
        assert refused == [place]
        assert SCORE in outcomes[place].reason
        shown = [account.opportunity_shows(deal, SCORE) for deal in made]
        assert shown == [None if no == place else str(no) for no in range(16)]
        assert calls(crm) <= (1 if partial == "207" else 1 + 2 * 4)


def test_a_property_that_does_not_exist_does_not_cost_a_call_for_each_deal() -> None:
    with HubSpotAccount(mapping=mapped(), provisioned=False) as account:
        made = [account.add_opportunity() for _ in range(16)]
        crm = account.connect()
        outcomes = crm.write_opportunities([wish(deal, "1") for deal in made])
        assert {each.verdict for each in outcomes} == {Verdict.REFUSED}
        assert calls(crm) == 1


def test_writing_a_score_leaves_the_rest_of_the_deal_alone_and_stamps_it(
    account: HubSpotAccount,
) -> None:
    deal = account.add_opportunity(amount="70")
    before = account.connect().fetch_opportunities([deal])[0]
    account.settle()
    crm = account.connect()
    (outcome,) = crm.write_opportunities([OpportunityWrite(deal, {SCORE: "7", REASONS: "a\nb"})])
    (after,) = crm.fetch_opportunities([deal])
    assert after.written == outcome.values == {SCORE: "7", REASONS: "a\nb"}
    assert (after.amount, after.is_closed) == (before.amount, before.is_closed)
    assert outcome.changed_at is not None
    assert after.changed_us == micros(outcome.changed_at) > before.changed_us


def test_what_we_wrote_is_found_by_the_next_search_once_the_index_has_it(
    account: HubSpotAccount,
) -> None:
    deal = account.add_opportunity()
    account.settle()
    pages = read(account.connect(), OPPORTUNITIES)
    account.settle()
    crm = account.connect()
    crm.write_opportunities([wish(deal, "7")])
    assert counting(read(crm, OPPORTUNITIES, last(pages))) == {}
    account.settle()
    (found,) = deals(read(account.connect(), OPPORTUNITIES, last(pages)))
    assert found.written[SCORE] == "7"


def test_a_write_to_a_merged_deal_says_that_it_is_gone(account: HubSpotAccount) -> None:
    first, second, other = (account.add_opportunity() for _ in range(3))
    survivor = account.merge_deals(first, second)
    merged, kept = account.connect().write_opportunities([wish(first, "1"), wish(other, "2")])
    assert (merged.verdict, kept.verdict) == (Verdict.GONE, Verdict.ACCEPTED)
    assert merged.reason == f"merged into deal {survivor}"


@pytest.mark.parametrize("fault", ["lost", "500", "truncate", "html", "429", "423"])
def test_whatever_call_fails_the_scores_arrive(account: HubSpotAccount, fault: str) -> None:
    made = [account.add_opportunity() for _ in range(3)]
    account.faults.calls, account.faults.planned = 0, {1: fault}
    outcomes = account.connect().write_opportunities([wish(deal, "9") for deal in made])
    assert {each.verdict for each in outcomes} == {Verdict.ACCEPTED}
    assert [account.opportunity_shows(deal, SCORE) for deal in made] == ["9"] * 3


def test_what_is_not_answered_is_unavailable_not_lost() -> None:
    row = {"id": "1", "properties": {SCORE: "1"}, "updatedAt": "2026-03-02T09:00:00Z"}
    with ScriptedServer(Said(body={"results": [row]})) as server:
        crm = HubSpotCrm(lambda: "t", mapped(), FakeClock(), base_url=server.url)
        batch = [wish(OpportunityId(id_), "1") for id_ in ("1", "2", "3")]
        verdicts = [each.verdict for each in crm.write_opportunities(batch)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.UNAVAILABLE, Verdict.UNAVAILABLE]


def test_a_missing_scope_is_one_refusal_not_a_hundred(account: HubSpotAccount) -> None:
    made = [account.add_opportunity() for _ in range(3)]
    account.portal.tokens.register("reader", *SCOPES, "crm.objects.deals.read")
    crm = account.connect(token="reader")  # noqa: S106  opens a toy account
    with pytest.raises(CrmRefusedError) as caught:
        crm.write_opportunities([wish(deal, "1") for deal in made])
    assert caught.value.scopes == ("crm.objects.deals.write",)
    assert calls(crm) == 1


def test_two_hundred_and_fifty_scores_fit_into_three_calls(account: HubSpotAccount) -> None:
    inputs = [{"properties": {"dealname": str(n), "dealstage": "contractsent"}} for n in range(50)]
    made: list[OpportunityId] = []
    for _ in range(5):
        path = "/crm/objects/2026-09/deals/batch/create"
        results = account.ask("POST", path, {"inputs": inputs})["results"]
        assert isinstance(results, list)
        made += [OpportunityId(each["id"]) for each in results]
    crm = account.connect()
    for start in range(0, 250, crm.batch_size):
        some = made[start : start + crm.batch_size]
        crm.write_opportunities([wish(deal, "1") for deal in some])
    estimate = crm.estimate(contacts=0, tasks=0, opportunities=250)
    assert calls(crm) == estimate.total == estimate.opportunities == 3


# -- provisioning


PROPERTIES = "/crm/properties/2026-09/deals"


@pytest.mark.parametrize(
    ("language", "labels"),
    [
        ("en", ["Opportunity score", "Why this score"]),
        (
            "fr",
            ["Score de l’opportunité", "Pourquoi ce score"],
        ),
    ],
)
def test_deals_get_a_group_and_the_properties_that_are_written(
    language: str, labels: list[str]
) -> None:
    with HubSpotAccount(mapping=mapped(), provisioned=False) as account:
        crm = account.connect(language=language)
        ours = [part for part in crm.provision(dry_run=True) if part.what.endswith(" of deals")]
        assert [part.what for part in ours] == [
            "group leadripe of deals",
            f"property {SCORE} of deals",
            f"property {REASONS} of deals",
        ]
        assert not any(part.is_present for part in ours)
        assert account.ask("GET", f"{PROPERTIES}/{SCORE}")["status"] == "error"
        crm.provision(dry_run=False)
        score, reasons = (account.ask("GET", f"{PROPERTIES}/{name}") for name in (SCORE, REASONS))
        assert (score["type"], score["groupName"]) == ("number", "leadripe")
        assert (reasons["type"], reasons["fieldType"]) == ("string", "textarea")
        assert [score["label"], reasons["label"]] == labels
        changes = account.portal.changes
        assert all(part.is_present for part in crm.provision(dry_run=False))
        assert account.portal.changes == changes


def test_provisioning_deals_needs_a_scope_of_its_own() -> None:
    with HubSpotAccount(mapping=mapped(), provisioned=False) as account:
        account.portal.tokens.register("narrow", *SCOPES, "crm.schemas.contacts.write")
        with pytest.raises(CrmRefusedError) as caught:
            account.connect(token="narrow").provision(dry_run=False)  # noqa: S106  a toy account
        assert caught.value.scopes == ("crm.schemas.deals.write",)


def test_deals_that_are_only_read_get_nothing(account: HubSpotAccount) -> None:
    account.mapping = mapped(write={})
    parts = account.connect().provision(dry_run=True)
    assert not [part.what for part in parts if part.what.endswith(" of deals")]


# -- check


def errors(crm: HubSpotCrm) -> list[Finding]:
    return [each for each in crm.check() if each.severity is not Severity.OK]


def test_a_right_account_is_told_so_and_left_as_it_is(account: HubSpotAccount) -> None:
    before = account.portal.changes
    account.mapping = mapped(fields={"kind": "dealtype"})
    findings = account.connect().check()
    assert {each.severity for each in findings} == {Severity.OK}
    assert {"deals: 1 pipelines", "writing deals: allowed"} <= {each.what for each in findings}
    assert account.portal.changes == before


def test_the_example_of_the_shipped_mapping_fits_an_account() -> None:
    text = (shipped() / "hubspot.yaml").read_text(encoding="utf-8")
    before, section, after = re.split(r"(?m)^(opportunities:\n(?:  .*\n)+)", text)
    on = before + re.sub(r"(?m)^  # (fields:|write:|  \w+: )", r"  \1", section) + after
    mapping, problems = check_mapping(parse_document("m.yaml", on))
    assert problems == []
    assert isinstance(mapping, HubSpotMapping)
    assert mapping.opportunities is not None
    assert mapping.opportunities.fields.keys() == {"type", "forecast", "last_contact"}
    assert mapping.opportunities.write.properties == {
        "score": "leadripe_deal_score",
        "reasons": "leadripe_deal_reasons",
    }
    with HubSpotAccount(mapping=mapping) as account:
        assert errors(account.connect()) == []


@pytest.mark.parametrize("missing", ["read", "write"])
def test_a_missing_scope_is_named(account: HubSpotAccount, missing: str) -> None:
    held = "write" if missing == "read" else "read"
    account.portal.tokens.register("narrow", *SCOPES, f"crm.objects.deals.{held}")
    (finding,) = errors(account.connect(token="narrow"))  # noqa: S106  opens a toy account
    assert finding.severity is Severity.ERROR
    assert f"crm.objects.deals.{missing}" in finding.do


def test_whether_deals_may_be_written_is_asked_only_if_they_are(account: HubSpotAccount) -> None:
    account.mapping = mapped(write={})
    account.portal.tokens.register("reader", *SCOPES, "crm.objects.deals.read")
    assert errors(account.connect(token="reader")) == []  # noqa: S106  opens a toy account


def test_what_is_not_provisioned_is_named_with_its_remedy() -> None:
    with HubSpotAccount(mapping=mapped(), provisioned=False) as account:
        found = {each.what: each.do for each in errors(account.connect())}
    for name in (SCORE, REASONS):
        assert found[f"property {name} of deals does not exist yet"] == "Run `leadripe provision`."


def test_properties_to_read_are_held_against_the_account(account: HubSpotAccount) -> None:
    fields = {"kind": "dealtyp", "stage": {"property": "dealstage", "type": "number"}}
    account.mapping = mapped(fields=fields)
    missing, mistyped = errors(account.connect())
    assert missing.severity is Severity.ERROR
    assert "deals have no property «dealtyp»" in missing.what
    assert "Did you mean dealtype?" in missing.do
    assert mistyped.severity is Severity.WARNING
    assert "«dealstage» of deals is of type enumeration" in mistyped.what


def test_a_property_of_another_type_is_not_ours(account: HubSpotAccount) -> None:
    account.mapping = mapped(write={"score": "dealname"})
    (finding,) = errors(account.connect())
    assert "property dealname of deals is of type string, not number" in finding.what
    with pytest.raises(CrmRefusedError, match="dealname of deals"):
        account.connect().provision(dry_run=False)
