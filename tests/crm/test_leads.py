"""Leads of a HubSpot account: what reading and writing them costs, what a check says."""

from collections.abc import Iterator

import pytest

from connector.config.mapping import HubSpotMapping, Leads
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.domain.ids import ContactId, LeadId
from connector.errors import CrmRefusedError
from connector.ports import LEADS, Finding, Severity, Verdict, WriteBack, on_lead
from connector.sandbox.hubspot.portal import Options
from tests.crm.hubspot_account import HubSpotAccount
from tests.crm.reading import calls, read
from tests.crm.scripted import Said, ScriptedServer
from tests.crm.shipped import shipped_for_hubspot
from tests.fakes.clock import FakeClock

LABEL = "hs_lead_label"
SCOPES = ("crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.owners.read")


def mapped(**section: object) -> HubSpotMapping:
    mapping = shipped_for_hubspot()
    leads = Leads.model_validate(section)
    nothing_else = {"activities": (), "opportunities": None, "tasks": None}
    return mapping.model_copy(update={"leads": leads, **nothing_else})


@pytest.fixture
def account() -> Iterator[HubSpotAccount]:
    with HubSpotAccount(options=Options(leads=True), mapping=mapped()) as account:
        account.settle()
        yield account


def wish(lead: LeadId, label: str) -> WriteBack:
    return WriteBack(ContactId("1"), {on_lead(lead, LABEL): label})


def leads_of(crm: HubSpotCrm, checkpoint: str | None = None) -> dict[LeadId, bool]:
    pages = read(crm, LEADS, checkpoint)
    return {lead.id: lead.is_open for page in pages for lead in page.leads}


def test_leads_are_read_like_deals_a_hundred_to_a_call_with_their_contacts(
    account: HubSpotAccount,
) -> None:
    ids = account.add_many(120)
    made = {account.add_lead(id_): id_ for id_ in ids}
    account.settle()
    crm = account.connect()
    pages = read(crm, LEADS)
    assert {lead.id: lead.contact for page in pages for lead in page.leads} == made
    assert dict(crm.calls) == {"general": 2, "search": 1}
    account.settle()
    quiet = account.connect()
    assert leads_of(quiet, pages[-1].checkpoint) == {}
    assert dict(quiet.calls) == {"search": 1}


def test_a_lead_is_its_primary_contact_s(account: HubSpotAccount) -> None:
    colleague, ana = account.add_contact("Colleague"), account.add_contact("Ana")
    lead = account.add_lead(ana)
    account.link("leads", lead, colleague)
    account.settle()
    pages = read(account.connect(), LEADS)
    assert [one.contact for page in pages for one in page.leads] == [ana], "as listed"
    account.settle()
    account.edit_lead(lead, hs_lead_label="HOT")
    account.settle()
    again = read(account.connect(), LEADS, pages[-1].checkpoint)
    assert [one.contact for page in again for one in page.leads] == [ana], "as searched for"


def test_only_the_pipelines_that_count_have_open_leads(account: HubSpotAccount) -> None:
    lead = account.add_lead(account.add_contact("Ana"))
    account.settle()
    assert leads_of(account.connect()) == {lead: True}
    account.mapping = mapped(pipelines=("elsewhere",))
    assert leads_of(account.connect()) == {lead: False}


@pytest.mark.parametrize(
    ("says", "is_open"),
    [
        ({"hs_lead_is_open": "true"}, True),
        ({"hs_lead_is_open": "false", "hs_lead_is_open_v2": "true"}, False),
        ({"hs_lead_is_open": None, "hs_lead_is_open_v2": "true"}, True),
        ({}, False),
    ],
    ids=["the one", "the first", "the other", "neither"],
)
def test_a_lead_is_open_if_hubspot_says_so(says: dict[str, str | None], is_open: bool) -> None:
    row = {"id": "1", "properties": says, "updatedAt": "2026-03-02T09:00:00Z"}
    with ScriptedServer(Said(body={"results": [row]})) as server:
        crm = HubSpotCrm(lambda: "token", mapped(), FakeClock(), base_url=server.url)
        (lead,) = crm.fetch_leads([LeadId("1")])
    assert lead.is_open is is_open
    assert lead.created_us == lead.changed_us, "no better is known"


def test_one_bad_label_costs_few_calls_and_no_other_label(account: HubSpotAccount) -> None:
    ana = account.add_contact("Ana")
    leads = [account.add_lead(ana) for _ in range(16)]
    crm = account.connect()
    outcomes = crm.write_leads(
        [wish(lead, "BOILING" if place == 11 else "HOT") for place, lead in enumerate(leads)]
    )
    assert [place for place, each in enumerate(outcomes) if each.verdict is Verdict.REFUSED] == [11]
    assert "BOILING" in outcomes[11].reason
    assert account.lead_shows(leads[10]) == account.lead_shows(leads[12]) == "HOT"
    assert account.lead_shows(leads[11]) is None
    assert calls(crm) <= 1 + 2 * 4


def test_writing_a_label_leaves_the_rest_of_the_lead_alone(account: HubSpotAccount) -> None:
    lead = account.add_lead(account.add_contact("Ana"), hs_pipeline_stage="connected-stage-id")
    account.connect().write_leads([wish(lead, "HOT")])
    assert account.lead_shows(lead, "hs_pipeline_stage") == "connected-stage-id"
    assert account.lead_shows(lead, "hs_lead_name") == "A lead"


def test_without_the_section_nothing_is_asked_of_leads(account: HubSpotAccount) -> None:
    lead = account.add_lead(account.add_contact("Ana"))
    account.mapping = account.mapping.model_copy(update={"leads": None})
    crm = account.connect()
    assert LEADS not in {stream.name for stream in crm.streams()}
    assert crm.fetch_leads([lead]) == []
    assert not any("lead" in each.what for each in crm.check() if "leadripe" not in each.what)


# -- check


def errors(crm: HubSpotCrm) -> list[Finding]:
    return [each for each in crm.check() if each.severity is not Severity.OK]


def test_a_right_account_is_told_so(account: HubSpotAccount) -> None:
    before = account.portal.changes
    crm = account.connect()
    assert errors(crm) == []
    assert "leads: hs_lead_label may be written" in [each.what for each in crm.check()]
    assert account.portal.changes == before


@pytest.mark.parametrize("missing", ["read", "write"])
def test_a_missing_scope_is_named(account: HubSpotAccount, missing: str) -> None:
    held = "write" if missing == "read" else "read"
    account.portal.tokens.register("narrow", *SCOPES, f"crm.objects.leads.{held}")
    (finding,) = errors(account.connect(token="narrow"))  # noqa: S106  opens a toy account
    assert finding.severity is Severity.ERROR
    assert f"missing: crm.objects.leads.{missing}" in finding.what
    assert "take `leads` out of the mapping" in finding.do


def test_an_account_without_leads_learns_what_they_need() -> None:
    with HubSpotAccount(mapping=mapped()) as account:
        (finding,) = errors(account.connect())
        assert "Sales Hub Professional" in finding.do
        with pytest.raises(CrmRefusedError, match=r"crm\.objects\.leads\.read"):
            read(account.connect(), LEADS)


def test_options_properties_and_pipelines_are_held_against_the_account(
    account: HubSpotAccount,
) -> None:
    account.mapping = mapped(
        write={"lead_hot": "Hot", "lead_cold": "COLD"}, pipelines=("lead-pipeline-id", "7")
    )
    option, pipeline = errors(account.connect())
    assert "leads: hs_lead_label has no option «Hot»" in option.what
    assert "Write its internal name, HOT." in option.do
    assert "there is no lead pipeline «7»" in pipeline.what
    assert "lead-pipeline-id (Lead Pipeline)" in pipeline.do
    account.mapping = mapped(property="hs_lead_labell")
    (unknown,) = errors(account.connect())
    assert "leads: the CRM has no field «hs_lead_labell»" in unknown.what
    assert unknown.do == "Correct its name, or take it out of `leads`."


def test_options_without_a_place_are_told_to_be_left_alone(account: HubSpotAccount) -> None:
    account.mapping = mapped(order=("WARM", "HOT"), write={"lead_hot": "HOT"})
    (finding,) = errors(account.connect())
    assert finding.severity is Severity.WARNING
    assert "without a place in «order»: COLD" in finding.what


def test_provisioning_touches_nothing_of_leads(account: HubSpotAccount) -> None:
    parts = account.connect().provision(dry_run=True)
    assert not [part.what for part in parts if " leads" in part.what]
