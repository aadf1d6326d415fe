"""What `check` says of a Salesforce org, each finding with its remedy."""

from typing import Any

import pytest

from connector.crm.salesforce.check import Checkup
from connector.ports import Finding, Severity
from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.record_types import define_record_type
from tests.crm.salesforce.conftest import Opener
from tests.crm.salesforce.provisioned import ProvisionedOrg, mapped

OURS = "Leadripe_Integration"


def checked(org: ProvisionedOrg, **mapping: Any) -> list[Finding]:
    if mapping:
        org.mapping = mapped(**mapping)
    return Checkup(org.client, org.mapping).run()


def bad(findings: list[Finding]) -> list[Finding]:
    return [each for each in findings if each.severity is not Severity.OK]


def the(findings: list[Finding], words: str) -> Finding:
    """Return the one finding that says some words."""
    [found] = [each for each in findings if words in each.what]
    return found


@pytest.fixture
def lively(provisioned: ProvisionedOrg) -> ProvisionedOrg:
    """An org in use: people have the permission set, and there is news of every kind."""
    org = provisioned.org
    person = People(org).user
    [people] = provisioned.rows("PermissionSet", "Id", Name="Leadripe")
    org.add("PermissionSetAssignment", {"AssigneeId": person, "PermissionSetId": people["Id"]})
    org.add("EmailMessage", {"Subject": "Re: offer", "Incoming": True})
    return provisioned


def test_an_org_in_use_that_is_provisioned_needs_nothing(lively: ProvisionedOrg) -> None:
    findings = checked(lively)
    assert bad(findings) == []
    assert "speaks up to 68.0" in findings[0].what
    assert "Europe/Paris" in findings[1].what
    assert the(findings, "41 fields of ours are there")
    assert "114," in the(findings, "calls of the last 24 hours").what


def test_a_check_takes_few_calls_and_changes_nothing(lively: ProvisionedOrg) -> None:
    before, calls = lively.snapshot(), lively.client.calls["rest"]
    checked(lively)
    assert lively.snapshot() == before
    # Versions, who we are, org and user, all objects, fields not seen, sharing, conversions,
    # engagement; and what may be edited if there is anybody.
    assert lively.client.calls["rest"] - calls == 8


def test_what_is_not_provisioned_is_named_with_its_remedy(bare: ProvisionedOrg) -> None:
    findings = checked(bare)
    for words in (
        "Lead does not have Leadripe_Score__c, Leadripe_Fit__c",
        "Contact does not have Leadripe_Score__c",
        "Task does not have Leadripe_Key__c yet",
    ):
        found = the(findings, words)
        assert (found.severity, found.do) == (Severity.ERROR, "Run `leadripe provision`.")
    assert the(findings, "a converted lead loses").do == "Run `leadripe provision`."
    assert the(findings, f"does not have the permission set {OURS}").severity is Severity.WARNING


def test_fields_without_the_permission_set_are_hidden_not_absent(lively: ProvisionedOrg) -> None:
    table = lively.org.table("PermissionSetAssignment")
    for row in list(table.having("AssigneeId", lively.org.main_user)):
        table.purge(row)
    findings = checked(lively)
    assert the(findings, "Lead hides from our user Leadripe_Score__c").severity is Severity.ERROR
    assert the(findings, "Task hides from our user Leadripe_Key__c")
    assert not [each for each in findings if "does not have Leadripe" in each.what]


def test_a_field_that_may_be_read_but_not_written_is_named(lively: ProvisionedOrg) -> None:
    grants = lively.org.table("FieldPermissions")
    for row in grants.having("Field", "Lead.Leadripe_Fit__c"):
        grants.change(row, {"PermissionsEdit": False})
    found = the(checked(lively), "Lead.Leadripe_Fit__c is there, but our user may not edit it")
    assert (found.severity, "leadripe provision" in found.do) == (Severity.ERROR, True)


def test_a_standard_field_that_is_hidden_is_told_from_one_that_is_not_there(
    bare: ProvisionedOrg,
) -> None:
    bare.org.hidden |= {"Lead.Industry", "Lead.Email"}
    fields = {
        "industry": {"lead": "Industry"},
        "title": {"lead": "Titel"},
        "budget": {"lead": "Budget__c"},
    }
    findings = checked(bare, contact={"objects": ("Lead",), "fields": fields})
    assert the(findings, "Lead.Industry is hidden").severity is Severity.WARNING
    assert the(findings, "Lead.Email is hidden").severity is Severity.ERROR
    missing = the(findings, "Lead has no field «Titel»")
    assert missing.do.startswith("Did you mean Title? ")
    assert the(findings, "Lead has no field «Budget__c»")


def test_fields_of_other_products_may_be_missing(bare: ProvisionedOrg) -> None:
    found = the(checked(bare), "fields of other products")
    assert (found.severity, "Lead.pi__last_activity__c" in found.what) == (Severity.OK, True)


def test_a_field_of_another_kind_than_the_mapping_says_is_named(bare: ProvisionedOrg) -> None:
    fields = {"employees": {"lead": "Title", "type": "number"}}
    found = the(checked(bare, contact={"fields": fields}), "«Title» of Lead is of type string")
    assert (found.severity, "read as number" in found.what) == (Severity.WARNING, True)


def test_what_our_user_may_not_do_is_named(lively: ProvisionedOrg) -> None:
    lively.org.denied |= {"Lead.edit", "Task.create", "Event.read"}
    findings = checked(lively)
    assert the(findings, "Lead cannot be edited by our user").severity is Severity.ERROR
    assert "«Edit Tasks»" in the(findings, "our user may not create tasks").do
    assert "Event cannot be read" in the(findings, "Event").what


def test_words_of_tasks_that_the_org_lacks_are_named(lively: ProvisionedOrg) -> None:
    lively.org.objects["Task"].fields["status"].values = ["Offen", "Erledigt"]
    findings = checked(lively)
    for key in ("tasks.status is «Not Started»", "tasks.status_done is «Completed»"):
        found = the(findings, key)
        assert (found.severity, found.do) == (Severity.ERROR, "Use one of Offen, Erledigt.")


def test_values_of_choices_that_no_record_has_are_named(bare: ProvisionedOrg) -> None:
    bare.org.add("CampaignMemberStatus", {"Label": "Besucht", "HasResponded": True})
    activities = (
        {"source": "Task", "type": "call", "where": {"CallType": ["inbound", "Zoom"]}},
        {"source": "CampaignMember", "type": "a", "where": {"Status": ["Besucht", "Attended"]}},
        {"source": "CampaignMember", "type": "b", "where": {"Campaign.Type": "Fair"}},
    )
    findings = checked(bare, activities=activities)
    assert "«Zoom», which its list does not offer" in the(findings, "Task.CallType").what
    assert "Trade Show" in the(findings, "CampaignMember.Campaign.Type is compared with «Fair»").do
    status = the(findings, "no campaign has members of the status «Attended»")
    assert (status.do, status.severity) == (
        "Campaigns have Besucht. Correct the mapping.",
        Severity.WARNING,
    )


def test_record_types_that_do_not_exist_are_named(bare: ProvisionedOrg) -> None:
    found = the(checked(bare, opportunities={"record_types": ("Renewal",)}), "record type")
    assert (found.severity, "«Renewal»" in found.what) == (Severity.ERROR, True)
    assert found.do == "The org has none: use `all`."
    define_record_type(bare.org, "Opportunity", "New_Business")
    found = the(checked(bare, opportunities={"record_types": ("Renewal",)}), "record type")
    assert found.do == "Use one of New_Business, or `all`."
    assert not [each for each in checked(
        bare, opportunities={"record_types": ("New_Business",)}
    ) if "record type" in each.what]  # fmt: skip


DEALS = {"score": "Deal_Score__c", "reasons": "Deal_Reasons__c"}


def test_an_org_that_scores_opportunities_needs_nothing_once_provisioned(
    lively: ProvisionedOrg,
) -> None:
    lively.mapping = mapped(
        activities=({"source": "Task", "type": "call"},),
        opportunities={"fields": {"industry": "Account.Industry"}, "write": DEALS},
    )
    lively.org.add("Task", {"Subject": "Call", "Status": "Completed"})
    lively.provision()
    findings = checked(lively)
    assert bad(findings) == []
    assert the(findings, "2 fields of ours are there")


def test_what_scores_of_opportunities_lack_is_named(bare: ProvisionedOrg) -> None:
    bare.org.hidden.add("Opportunity.LeadSource")
    fields = {
        "source": "LeadSource",
        "type": "Typ",
        "stage": {"property": "StageName", "type": "number"},
        "industry": {"property": "Account.Industrie"},
    }
    findings = checked(bare, opportunities={"fields": fields, "write": DEALS})
    missing = the(findings, "Opportunity does not have Deal_Score__c, Deal_Reasons__c yet")
    assert (missing.severity, missing.do) == (Severity.ERROR, "Run `leadripe provision`.")
    assert the(findings, "Opportunity.LeadSource is hidden").severity is Severity.WARNING
    assert the(findings, "Opportunity has no field «Typ»").do.startswith("Did you mean Type? ")
    assert the(findings, "Account has no field «Industrie»").do.startswith("Did you mean Industry?")
    assert "read as number" in the(findings, "«StageName» of Opportunity is of type picklist").what


def test_opportunities_that_our_user_may_not_edit_are_named(lively: ProvisionedOrg) -> None:
    lively.mapping = mapped(opportunities={"write": DEALS})
    lively.provision()
    grants = lively.org.table("FieldPermissions")
    for row in grants.having("Field", "Opportunity.Deal_Score__c"):
        grants.change(row, {"PermissionsEdit": False})
    what = "Opportunity.Deal_Score__c is there, but our user may not edit it"
    assert the(checked(lively), what).severity is Severity.ERROR
    deal = {"Name": "D", "StageName": "Qualification", "CloseDate": "2026-04-01"}
    lively.org.add("Opportunity", {**deal, "OwnerId": People(lively.org).user})
    lively.org.private.add("Opportunity")
    found = the(checked(lively), "our user may not edit 1 of 1 recent records of Opportunity")
    assert (found.severity, "sharing rule" in found.do) == (Severity.ERROR, True)
    lively.org.denied.add("Opportunity.edit")
    found = the(checked(lively), "Opportunity cannot be edited by our user")
    assert (found.severity, "leadripe provision" in found.do) == (Severity.ERROR, True)
    assert the(checked(lively, opportunities={}), "readable: Lead, Contact, Opportunity")
    assert not [each for each in checked(lively, opportunities={}) if "edit" in each.what]


def test_a_field_of_theirs_in_place_of_ours_is_named(bare: ProvisionedOrg) -> None:
    lead, task = bare.org.objects["Lead"], bare.org.objects["Task"]
    lead.add(
        [
            Field("Score__c", "string", length=20, custom=True),
            Field("Who__c", "string", length=20, custom=True),
            Field("Stage__c", "picklist", custom=True, restricted=True, values=["lead", "client"]),
        ]
    )
    task.add([Field("Key__c", "string", length=40, custom=True)])
    write = {"score": "Score__c", "persona": "Who__c", "stage": "Stage__c"}
    findings = checked(bare, contact={"objects": ("Lead",)}, write=write, tasks={"key": "Key__c"})
    errors = [each.what for each in findings if each.severity is Severity.ERROR]
    assert errors == [
        "Task.Key__c is not unique and an external ID: a task could be made twice",
        "Lead.Score__c is of type string, not double",
        "Lead.Who__c holds 20 characters, fewer than 255",
        "Lead.Stage__c takes only values of its own, and lacks suspect, prospect, recycled, "
        "disqualified",
    ]


def test_a_version_the_org_does_not_speak_ends_the_check(bare: ProvisionedOrg) -> None:
    for version in ("99.0", "30.0"):
        [finding] = Checkup(bare.connect(version), bare.mapping).run()
        assert finding.severity is Severity.ERROR
        assert finding.do == "Set connect.api_version to one from 31.0 to 68.0."


def test_an_old_version_is_named_before_it_is_retired(bare: ProvisionedOrg) -> None:
    assert Checkup(bare.connect("60.0"), bare.mapping).run()[0].severity is Severity.OK
    first = Checkup(bare.connect("59.0"), bare.mapping).run()[0]
    assert (first.severity, "three years" in first.what) == (Severity.WARNING, True)


def test_a_person_whose_user_we_use_is_told(lively: ProvisionedOrg) -> None:
    user = lively.org.main_user
    lively.make("Lead", LastName="Silva", Company="Acme", OwnerId=user)
    assert "integration" in the(checked(lively), "we are the user").what.lower()
    profile = lively.org.add("Profile", {"Name": "System Administrator"})
    lively.org.table("User").change(lively.org.table("User").rows[user], {"ProfileId": profile.id})
    found = the(checked(lively), "a person, it seems")
    assert (found.severity, "user of its own" in found.do) == (Severity.WARNING, True)


def test_silence_is_named_rather_than_scored(provisioned: ProvisionedOrg) -> None:
    found = the(checked(provisioned), "no engagement source found")
    assert (found.severity, "Einstein Activity Capture" in found.do) == (Severity.WARNING, True)


def test_calls_without_mails_hint_at_mails_kept_elsewhere(provisioned: ProvisionedOrg) -> None:
    provisioned.org.add("Task", {"Subject": "Call", "Status": "Completed"})
    found = the(checked(provisioned), "no mail came to EmailMessage")
    assert "Einstein Activity Capture" in found.do


def test_few_calls_left_are_named(open_org: Opener) -> None:
    org = open_org(daily_requests=1_005)
    found = the(checked(org), "calls of the last 24 hours are left")
    assert (found.severity, found.what.startswith("only 99")) == (Severity.WARNING, True)


def test_an_app_that_may_not_tell_who_we_are_is_no_flaw(lively: ProvisionedOrg) -> None:
    lively.org.denied.add("Identity.read")
    findings = checked(lively)
    assert bad(findings) == []
    assert lively.org.main_user in the(findings, "we are the user").what


def test_records_of_others_that_are_private_are_named(lively: ProvisionedOrg) -> None:
    people = People(lively.org)
    leads = [lively.make("Lead", LastName=f"L{n}", Company="Acme") for n in range(3)]
    for lead in leads[:2]:
        people.edit(lead, OwnerId=people.user)
    assert bad(checked(lively)) == []
    lively.org.private.add("Lead")
    found = the(checked(lively), "our user may not edit 2 of 2 recent records of Lead")
    assert (found.severity, "sharing rule" in found.do) == (Severity.ERROR, True)


def test_a_conversion_that_takes_no_field_along_is_named(lively: ProvisionedOrg) -> None:
    lively.org.lead_mapping = {"Leadripe_Score__c": "Leadripe_Score__c"}
    found = the(checked(lively), "a converted lead loses")
    assert "Leadripe_Score__c" not in found.what
    assert "Leadripe_Fit__c" in found.what


def test_a_user_who_may_not_see_metadata_is_no_flaw(lively: ProvisionedOrg) -> None:
    lively.org.denied.add("Metadata.edit")
    findings = checked(lively)
    assert bad(findings) == []
    assert the(findings, "what a converted lead takes along is not ours to see")


def test_a_user_that_cannot_sign_in_is_one_finding(bare: ProvisionedOrg) -> None:
    bare.org.apps[bare.sandbox.consumer_key].approved.clear()
    [finding] = checked(bare)
    assert finding.severity is Severity.ERROR
    assert "pre-authorise" in finding.do
