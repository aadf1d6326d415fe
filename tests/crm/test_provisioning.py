"""Provisioning and checking a HubSpot account."""

from collections.abc import Iterator
from typing import Any

import pytest

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.crm.hubspot.contacts import WROTE_AT
from connector.crm.vocabulary import feedback_name
from connector.domain.ids import TaskKey
from connector.errors import CrmRefusedError
from connector.ports import Finding, Severity, TaskWish, Verdict
from connector.sandbox.hubspot.portal import Options
from tests.crm.hubspot_account import HubSpotAccount

PROPERTIES = "/crm/properties/2026-09"


@pytest.fixture
def bare() -> Iterator[HubSpotAccount]:
    """An account in which nothing of ours is."""
    with HubSpotAccount(provisioned=False) as account:
        yield account


def _mapped(**sections: Any) -> HubSpotMapping:
    return HubSpotMapping.model_validate({"version": 1, "crm": "hubspot", **sections})


def _definition(account: HubSpotAccount, name: str, kind: str = "contacts") -> dict[str, Any]:
    return account.ask("GET", f"{PROPERTIES}/{kind}/{name}")


def test_everything_is_created_in_the_language_of_the_account(bare: HubSpotAccount) -> None:
    crm = bare.connect(language="fr")
    assert not any(part.is_present for part in crm.provision(dry_run=True))
    assert _definition(bare, "leadripe_score")["status"] == "error"
    crm.provision(dry_run=False)
    stage = _definition(bare, "leadripe_stage")
    assert (stage["label"], stage["type"], stage["groupName"]) == (
        "Maturité",
        "enumeration",
        "leadripe",
    )
    assert {each["value"]: each["label"] for each in stage["options"]}["recycled"] == "Recyclé"
    assert _definition(bare, "leadripe_score")["type"] == "number"
    assert _definition(bare, "leadripe_reasons")["fieldType"] == "textarea"
    label = _definition(bare, "leadripe_feedback")["label"]
    assert feedback_name(bare.mapping.feedback, "fr") == f"{label} (leadripe_feedback)"
    sla = _definition(bare, "leadripe_sla")
    assert {each["value"]: each["label"] for each in sla["options"]} == {
        "running": "En cours",
        "warned": "Bientôt échu",
        "breached": "En retard",
        "escalated": "Escaladé",
        "met": "Tenu",
        "late": "Tardif",
    }
    kinds = {
        "leadripe_due_at": "datetime",
        "leadripe_segment": "string",
        "leadripe_track": "string",
        "leadripe_next_content": "string",
        "leadripe_next_content_url": "string",
        "leadripe_do_not_press_until": "date",
        "leadripe_not_before": "date",
    }
    assert {name: _definition(bare, name)["type"] for name in kinds} == kinds
    assert _definition(bare, "leadripe_not_before")["label"] == "Recontacter à partir du"
    assert _definition(bare, "leadripe_touches_7d")["status"] == "error"
    assert _definition(bare, WROTE_AT)["type"] == "datetime"
    key = _definition(bare, "leadripe_key", "tasks")
    assert key["hasUniqueValue"] is True


def test_how_often_a_contact_is_touched_has_a_property_where_it_is_written(
    bare: HubSpotAccount,
) -> None:
    bare.mapping = _mapped(write={"touches_7d": "touches_week", "touches_30d": "touches_month"})
    bare.connect().provision(dry_run=False)
    week, month = (_definition(bare, f"touches_{span}") for span in ("week", "month"))
    assert (week["label"], week["type"]) == ("Touches in 7 days", "number")
    assert (month["label"], month["type"]) == ("Touches in 30 days", "number")
    assert not _errors(bare.connect())


def test_a_property_of_another_type_is_refused_before_anything_is_made(
    bare: HubSpotAccount,
) -> None:
    body = {"name": "leadripe_score", "label": "S", "type": "string", "fieldType": "text"}
    bare.ask("POST", f"{PROPERTIES}/contacts", {**body, "groupName": "contactinformation"})
    with pytest.raises(CrmRefusedError, match="leadripe_score of contacts is of type string"):
        bare.connect().provision(dry_run=False)
    assert _definition(bare, "leadripe_stage")["status"] == "error"


def test_what_people_added_to_a_choice_of_ours_stays(bare: HubSpotAccount) -> None:
    crm = bare.connect()
    crm.provision(dry_run=False)
    stage = _definition(bare, "leadripe_stage")
    theirs = {"value": "on_hold", "label": "On hold", "displayOrder": 9, "hidden": False}
    kept = [each for each in stage["options"] if each["value"] != "recycled"]
    bare.ask("PATCH", f"{PROPERTIES}/contacts/leadripe_stage", {"options": [*kept, theirs]})
    parts = crm.provision(dry_run=False)
    assert [part.what for part in parts if not part.is_present] == [
        "options recycled of leadripe_stage"
    ]
    values = {each["value"] for each in _definition(bare, "leadripe_stage")["options"]}
    assert {"on_hold", "recycled", "suspect"} <= values


def test_an_archived_property_of_ours_comes_back(bare: HubSpotAccount) -> None:
    crm = bare.connect()
    crm.provision(dry_run=False)
    bare.ask("DELETE", f"{PROPERTIES}/contacts/leadripe_fit")
    assert [part.what for part in crm.provision(dry_run=False) if not part.is_present] == [
        "property leadripe_fit of contacts"
    ]
    assert _definition(bare, "leadripe_fit")["name"] == "leadripe_fit"


def test_where_tasks_take_no_property_the_admin_learns_the_way_out() -> None:
    options = Options(tasks_take_custom_properties=False, creation_key_writable=True)
    with HubSpotAccount(options=options, provisioned=False) as account:
        with pytest.raises(CrmRefusedError) as caught:
            account.connect().provision(dry_run=False)
        assert "hs_unique_creation_key" in caught.value.do
        account.mapping = _mapped(tasks={"key": "hs_unique_creation_key"})
        crm = account.connect()
        assert [part.is_present for part in crm.provision(dry_run=False)] == [True]
        (ana,) = account.add_many(1)
        wish = TaskWish(TaskKey("k1"), ana, "Call", "", account.clock.now())
        first, again = crm.write_tasks([wish])[0], crm.write_tasks([wish])[0]
        assert (first.verdict, first.task) == (Verdict.ACCEPTED, again.task)


def test_a_key_that_cannot_be_written_is_refused() -> None:
    mapping = _mapped(tasks={"key": "hs_unique_creation_key"})
    with (
        HubSpotAccount(mapping=mapping, provisioned=False) as account,
        pytest.raises(CrmRefusedError, match="hs_unique_creation_key"),
    ):
        account.connect().provision(dry_run=False)


def _errors(crm: HubSpotCrm) -> list[Finding]:
    return [each for each in crm.check() if each.severity is Severity.ERROR]


def test_a_provisioned_account_has_no_error(account: HubSpotAccount) -> None:
    findings = account.connect().check()
    assert {each.severity for each in findings} == {Severity.OK}
    assert "20260001" in findings[0].what


def test_a_check_changes_nothing(account: HubSpotAccount) -> None:
    before = account.portal.changes
    account.connect().check()
    assert account.portal.changes == before


def test_a_wrong_token_is_one_finding(account: HubSpotAccount) -> None:
    (finding,) = account.connect(token="wrong").check()  # noqa: S106  opens nothing
    assert finding.severity is Severity.ERROR
    assert "token" in finding.what


def test_what_is_not_provisioned_is_named_with_its_remedy(bare: HubSpotAccount) -> None:
    findings = _errors(bare.connect())
    assert any("leadripe_score" in each.what for each in findings)
    assert any("leadripe_key" in each.what for each in findings)
    assert {each.do for each in findings} == {"Run `leadripe provision`."}


def test_a_property_that_does_not_exist_is_named_with_the_likely_word() -> None:
    fields = {"title": "jobtitel", "visits": {"property": "company", "type": "number"}}
    with HubSpotAccount(mapping=_mapped(contact={"fields": fields})) as account:
        findings = [each for each in account.connect().check() if each.severity != Severity.OK]
    missing, mistyped = findings
    assert "«jobtitel»" in missing.what
    assert "Did you mean jobtitle?" in missing.do
    assert "«company» of contacts is of type string" in mistyped.what
    assert mistyped.severity is Severity.WARNING


def test_missing_scopes_are_named_each(account: HubSpotAccount) -> None:
    account.portal.tokens.register("reader", "crm.objects.contacts.read")
    findings = _errors(account.connect(token="reader"))  # noqa: S106  opens a toy account
    text = " ".join(each.do for each in findings)
    for scope in (
        "crm.objects.contacts.write",
        "crm.objects.deals.read",
        "crm.objects.owners.read",
        "forms",
        "content",
        "crm.objects.marketing_events.read",
    ):
        assert scope in text


def test_a_pipeline_that_does_not_exist_is_named() -> None:
    with HubSpotAccount(mapping=_mapped(opportunities={"pipelines": ("sales",)})) as account:
        (finding,) = _errors(account.connect())
    assert "«sales»" in finding.what
    assert "default" in finding.do
