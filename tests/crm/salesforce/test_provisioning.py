"""Provisioning a Salesforce org: what is made, what is left alone, what stands in the way."""

import itertools
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import tostring

import pytest

from connector.crm.salesforce.deploying import deploy
from connector.crm.salesforce.judging import ConflictError
from connector.crm.salesforce.metadata import LIST_VIEW, PERMISSION_SET, read_source
from connector.crm.salesforce.metadata_reading import read_metadata
from connector.crm.salesforce.provision import provision
from connector.errors import CrmRefusedError, CrmUnavailableError
from connector.sandbox.salesforce.fields import Field
from connector.sandbox.salesforce.people import People
from tests.crm.salesforce.conftest import Opener
from tests.crm.salesforce.provisioned import ProvisionedOrg, mapped

SET, OURS = "Leadripe", "Leadripe_Integration"


def field_xml(name: str, rest: str, description: str = "") -> str:
    return (
        f"<fullName>{name}</fullName><description>{description}</description>"
        f"<label>Theirs</label>{rest}"
    )


def described(org: ProvisionedOrg, kind: str) -> dict[str, Any]:
    answer: Any = org.client.get(f"/sobjects/{kind}/describe")
    return {field["name"]: field for field in answer["fields"]}


def test_our_user_sees_and_writes_every_field_with_its_type(provisioned: ProvisionedOrg) -> None:
    for kind in ("Lead", "Contact"):
        fields = described(provisioned, kind)
        ours = {name: field for name, field in fields.items() if name.startswith("Leadripe_")}
        assert {name: field["type"] for name, field in ours.items()} == {
            "Leadripe_Score__c": "double",
            "Leadripe_Fit__c": "double",
            "Leadripe_Grade__c": "picklist",
            "Leadripe_Persona__c": "string",
            "Leadripe_Stage__c": "picklist",
            "Leadripe_Temperature__c": "picklist",
            "Leadripe_Reasons__c": "textarea",
            "Leadripe_Need_At__c": "date",
            "Leadripe_Handed_Off_At__c": "datetime",
            "Leadripe_Question__c": "string",
            "Leadripe_Interests__c": "string",
            "Leadripe_Due_At__c": "datetime",
            "Leadripe_Sla__c": "picklist",
            "Leadripe_Segment__c": "string",
            "Leadripe_Track__c": "string",
            "Leadripe_Next_Content__c": "string",
            "Leadripe_Next_Content_Url__c": "string",
            "Leadripe_Do_Not_Press_Until__c": "date",
            "Leadripe_Feedback__c": "picklist",
            "Leadripe_Not_Before__c": "date",
        }
        assert all(field["updateable"] and field["nillable"] for field in ours.values())
        assert not any(field["restrictedPicklist"] for field in ours.values())
    key = described(provisioned, "Task")["Leadripe_Key__c"]
    assert (key["unique"], key["externalId"], key["caseSensitive"]) == (True, True, False)


def test_what_a_sync_writes_comes_back_as_it_was(provisioned: ProvisionedOrg) -> None:
    lead = provisioned.make("Lead", LastName="Silva", Company="Acme")
    written = {
        "Leadripe_Score__c": 87,
        "Leadripe_Fit__c": 100,
        "Leadripe_Grade__c": "U",
        "Leadripe_Persona__c": "Directrice industrielle",
        "Leadripe_Stage__c": "recycled",
        "Leadripe_Temperature__c": "hot",
        "Leadripe_Reasons__c": "+40 Asked for a demo\n+12 …",
        "Leadripe_Need_At__c": "2026-02-27",
        "Leadripe_Handed_Off_At__c": "2026-03-01T23:30:00.000+0000",
        "Leadripe_Due_At__c": "2026-03-02T09:30:00.000+0000",
        "Leadripe_Sla__c": "escalated",
        "Leadripe_Segment__c": "lead.warm.it_lead",
        "Leadripe_Track__c": "paused",
        "Leadripe_Next_Content__c": "Guide de l’automatisation",
        "Leadripe_Next_Content_Url__c": "https://www.example.com/guides/workflow?a=1&b=é",
        "Leadripe_Do_Not_Press_Until__c": "2026-03-09",
        "Leadripe_Not_Before__c": "2026-06-01",
    }
    provisioned.client.patch(f"/sobjects/Lead/{lead}", written)
    [row] = provisioned.rows("Lead", *written)
    assert row == written


def test_a_second_run_finds_everything_and_deploys_nothing(provisioned: ProvisionedOrg) -> None:
    before = provisioned.snapshot()
    calls = dict(provisioned.client.calls)
    assert provisioned.made() == []
    assert provisioned.snapshot() == before
    assert provisioned.client.calls["rest"] - calls["rest"] == 11


def test_a_dry_run_tells_everything_and_changes_nothing(bare: ProvisionedOrg) -> None:
    before = bare.snapshot()
    told = bare.provision(dry_run=True)
    assert bare.snapshot() == before
    assert [part.what for part in told] == bare.made()


def test_a_first_run_takes_few_calls(bare: ProvisionedOrg) -> None:
    bare.provision()
    assert bare.client.calls == {"rest": 16}


def test_people_read_the_fields_and_give_feedback_alone(provisioned: ProvisionedOrg) -> None:
    def granted(name: str) -> dict[str, bool]:
        columns = ("Field", "PermissionsEdit")
        rows = provisioned.rows("FieldPermissions", *columns, Parent__Name=name)
        return {row["Field"]: row["PermissionsEdit"] for row in rows}

    people = granted(SET)
    assert {name for name, edits in people.items() if edits} == {
        "Lead.Leadripe_Feedback__c",
        "Lead.Leadripe_Not_Before__c",
        "Contact.Leadripe_Feedback__c",
        "Contact.Leadripe_Not_Before__c",
    }
    assert len(people) == 40
    assert provisioned.rows("ObjectPermissions", "Id", Parent__Name=SET) == []
    ours = granted(OURS)
    # What the mapping reads is granted for reading, where it can be granted at all.
    read = {"Lead.Title", "Account.Industry", "Contact.MailingCountry", "Campaign.Type"}
    assert all(ours[name] is False for name in read)
    assert {"Lead.Company", "Lead.LastName", "Lead.Status", "Task.Status"}.isdisjoint(ours)
    assert ours["Task.Leadripe_Key__c"] is True
    assert ours["Event.Leadripe_Key__c"] is True


def test_our_user_may_change_people_and_delete_nothing(provisioned: ProvisionedOrg) -> None:
    rights = ("PermissionsRead", "PermissionsEdit", "PermissionsDelete", "PermissionsCreate")
    rows = provisioned.rows("ObjectPermissions", "SobjectType", *rights, Parent__Name=OURS)
    assert {row["SobjectType"]: row["PermissionsEdit"] for row in rows} == {
        "Account": False,
        "Campaign": False,
        "Contact": True,
        "Lead": True,
        "Opportunity": False,
    }
    assert all(row["PermissionsRead"] for row in rows)
    assert not any(row["PermissionsDelete"] or row["PermissionsCreate"] for row in rows)


def test_a_standard_field_that_is_hidden_becomes_readable(bare: ProvisionedOrg) -> None:
    bare.org.hidden.add("Lead.Industry")
    assert "Industry" not in described(bare, "Lead")
    bare.provision()
    assert described(bare, "Lead")["Industry"]["updateable"] is False


def test_labels_are_in_the_language_of_the_settings(bare: ProvisionedOrg) -> None:
    bare.provision(language="fr")
    stage = described(bare, "Lead")["Leadripe_Stage__c"]
    assert stage["label"] == "Maturité"
    assert [value["value"] for value in stage["picklistValues"]][-1] == "disqualified"
    views = read_metadata(bare.client, LIST_VIEW, ["Lead.Leadripe_Hot_Leads"])
    tree = views["Lead.Leadripe_Hot_Leads"].tree
    assert tree.findtext("label") == "Leads chauds"
    assert tree.findtext("filters/value") == "hot,Chaud"
    sla = described(bare, "Contact")["Leadripe_Sla__c"]
    assert (sla["label"], sla["picklistValues"][2]["value"]) == ("Délai de réponse", "breached")
    assert described(bare, "Contact")["Leadripe_Not_Before__c"]["label"] == (
        "Recontacter à partir du"
    )


def test_lists_show_whom_sales_lets_wait_and_whom_nobody_should_press(
    provisioned: ProvisionedOrg,
) -> None:
    for kind in ("Lead", "Contact"):
        names = [f"{kind}.Leadripe_Overdue", f"{kind}.Leadripe_Do_Not_Press"]
        views = read_metadata(provisioned.client, LIST_VIEW, names)
        filters = {
            view.get("label"): [
                tuple(part.text for part in one) for one in view.tree.iterfind("filters")
            ]
            for view in views.values()
        }
        assert filters == {
            "Overdue for sales": [("Leadripe_Sla__c", "equals", "breached,Overdue,escalated")],
            "Do not press": [("Leadripe_Do_Not_Press_Until__c", "greaterThan", "TODAY")],
        }


def test_how_often_a_contact_is_touched_has_fields_where_it_is_written(
    bare: ProvisionedOrg,
) -> None:
    bare.mapping = mapped(write={"touches_7d": "Week__c", "touches_30d": "Leadripe_Touches_30d__c"})
    bare.provision()
    fields = described(bare, "Contact")
    assert (fields["Week__c"]["label"], fields["Week__c"]["type"]) == (
        "Touches in 7 days",
        "double",
    )
    assert fields["Leadripe_Touches_30d__c"]["updateable"] is True
    assert bare.made() == []


def test_a_mapping_with_other_names_and_fewer_of_them_works(bare: ProvisionedOrg) -> None:
    bare.mapping = mapped(
        write={"score": "Ripeness__c", "handed_off_at": "To_Sales_At__c"},
        contact={"objects": ("Lead",)},
        permission_set="Ripeness",
    )
    assert bare.made() == [
        "field Ripeness__c of Lead",
        "field To_Sales_At__c of Lead",
        "permission set Ripeness",
        "permission set Ripeness_Integration",
        "list view Handed over of Lead (Leadripe_Handed_Over)",
        "permission set Ripeness_Integration assigned to our user",
    ]
    assert described(bare, "Lead")["Ripeness__c"]["updateable"] is True
    view = read_metadata(bare.client, LIST_VIEW, ["Lead.Leadripe_Handed_Over"])
    tree = view["Lead.Leadripe_Handed_Over"].tree
    assert [column.text for column in tree.iterfind("columns")] == [
        "FULL_NAME", "LEAD.COMPANY", "Ripeness__c", "To_Sales_At__c", "CORE.USERS.ALIAS",
    ]  # fmt: skip
    assert bare.org.lead_mapping == {}
    assert bare.made() == []


def test_each_of_several_scores_gets_a_field_like_that_of_the_one(bare: ProvisionedOrg) -> None:
    several = {
        "interest": "Interest__c",
        "churn": {"points": "Churn__c", "reasons": "Why_Churn__c"},
    }
    bare.mapping = mapped(write={"score": "Leadripe_Score__c", "scores": several})
    bare.provision(language="fr")
    for kind in ("Lead", "Contact"):
        fields = described(bare, kind)
        assert fields["Interest__c"]["label"] == "Score : Interest"
        assert (fields["Churn__c"]["type"], fields["Churn__c"]["updateable"]) == ("double", True)
        assert fields["Why_Churn__c"]["length"] == 32_768
    assert set(bare.org.lead_mapping) == {
        "Leadripe_Score__c", "Interest__c", "Churn__c", "Why_Churn__c"
    }  # fmt: skip
    assert bare.made() == []


DEALS = {"write": {"score": "Leadripe_Score__c", "reasons": "Deal_Reasons__c"}}
"""The names are an admin's: one of them is that of a field of leads, too."""


def test_opportunities_get_fields_and_our_user_the_right_to_write_them(
    bare: ProvisionedOrg,
) -> None:
    fields = {"source": "LeadSource", "industry": "Account.Industry", "kind": "Campaign.Type"}
    bare.mapping = mapped(
        write={"score": "Leadripe_Score__c"}, opportunities={**DEALS, "fields": fields}
    )
    told = bare.provision(dry_run=True)
    made = bare.made()
    assert [part.what for part in told] == made
    assert {"field Leadripe_Score__c of Opportunity", "field Deal_Reasons__c of Opportunity"} < {
        *made
    }
    found = described(bare, "Opportunity")
    score, reasons = found["Leadripe_Score__c"], found["Deal_Reasons__c"]
    assert (score["type"], score["label"]) == ("double", "Opportunity score")
    assert (reasons["type"], reasons["length"]) == ("textarea", 32_768)
    assert reasons["label"] == "Why this score"
    assert all(one["updateable"] and one["nillable"] for one in (score, reasons))
    grants = bare.rows("FieldPermissions", "Field", "PermissionsEdit", Parent__Name=OURS)
    ours = {row["Field"]: row["PermissionsEdit"] for row in grants}
    written = ("Opportunity.Leadripe_Score__c", "Opportunity.Deal_Reasons__c")
    assert [ours[name] for name in written] == [True, True]
    read = ("Opportunity.LeadSource", "Account.Industry", "Campaign.Type")
    assert [ours[name] for name in read] == [False, False, False]
    people = bare.rows("FieldPermissions", "Field", "PermissionsEdit", Parent__Name=SET)
    assert {row["Field"]: row["PermissionsEdit"] for row in people}.items() >= {
        *dict.fromkeys(written, False).items()
    }
    rows = bare.rows("ObjectPermissions", "SobjectType", "PermissionsEdit", Parent__Name=OURS)
    assert {row["SobjectType"]: row["PermissionsEdit"] for row in rows} == {
        "Account": False,
        "Campaign": False,
        "Contact": True,
        "Lead": True,
        "Opportunity": True,
    }
    before = bare.snapshot()
    assert bare.made() == []
    assert bare.snapshot() == before


def test_scores_of_opportunities_that_come_later_add_what_is_lacking(bare: ProvisionedOrg) -> None:
    bare.mapping = mapped(opportunities={})
    bare.provision(language="fr")
    bare.mapping = mapped(opportunities=DEALS)
    lacking = [part.what for part in bare.provision(language="fr") if not part.is_present]
    assert lacking[:2] == [
        "field Leadripe_Score__c of Opportunity", "field Deal_Reasons__c of Opportunity",
    ]  # fmt: skip
    assert [what.partition(":")[0] for what in lacking[2:]] == [
        f"in permission set {name}" for name in (SET, OURS)
    ]
    assert "Opportunity (edit)" in lacking[3]
    labels = {name: each["label"] for name, each in described(bare, "Opportunity").items()}
    assert labels["Leadripe_Score__c"] == "Score de l’opportunité"
    assert labels["Deal_Reasons__c"] == "Pourquoi ce score"
    assert bare.made() == []


def test_a_field_of_opportunities_that_does_not_fit_is_named(bare: ProvisionedOrg) -> None:
    text = field_xml("Deal_Reasons__c", "<type>Text</type><length>40</length>")
    bare.admin_deploys("CustomField", "Opportunity.Deal_Reasons__c", text)
    bare.mapping = mapped(opportunities=DEALS)
    with pytest.raises(CrmRefusedError, match="Deal_Reasons__c of Opportunity is of type text"):
        bare.provision()


def test_files_that_were_deployed_as_they_are_leave_little_to_do(bare: ProvisionedOrg) -> None:
    deploy(bare.client, read_source())
    made = bare.made()
    assert [what.partition(":")[0] for what in made] == [
        f"in permission set {OURS}",
        f"permission set {OURS} assigned to our user",
    ]
    assert "Lead.Title" in made[0]
    assert bare.made() == []


def test_a_converted_lead_keeps_its_values(provisioned: ProvisionedOrg) -> None:
    lead = provisioned.make(
        "Lead", LastName="Silva", Company="Acme", Leadripe_Score__c=64, Leadripe_Stage__c="prospect"
    )
    contact = People(provisioned.org).convert(lead).contact
    columns = ("Leadripe_Score__c", "Leadripe_Stage__c")
    [row] = provisioned.rows("Contact", *columns, Id=contact)
    assert row == {"Leadripe_Score__c": 64, "Leadripe_Stage__c": "prospect"}


@pytest.mark.parametrize("is_replaced", [True, False])
def test_what_an_admin_maps_for_conversions_stays(open_org: Opener, is_replaced: bool) -> None:
    org = open_org(mapping_is_replaced=is_replaced)
    theirs = {"Budget__c": "Budget__c", "Leadripe_Fit__c": "Budget_Fit__c"}
    org.org.lead_mapping = dict(theirs)
    for kind in ("Lead", "Contact"):
        for name in ("Budget__c", "Budget_Fit__c"):
            text = field_xml(name, "<type>Number</type><precision>18</precision><scale>0</scale>")
            org.admin_deploys("CustomField", f"{kind}.{name}", text)
    org.provision()
    mapping = org.org.lead_mapping
    assert mapping.items() >= theirs.items()
    assert mapping["Leadripe_Score__c"] == "Leadripe_Score__c"
    assert org.made() == []


def test_a_task_with_the_same_key_is_refused(provisioned: ProvisionedOrg) -> None:
    provisioned.make("Task", Subject="Call", Leadripe_Key__c="leadripe-0a1b")
    with pytest.raises(ConflictError, match="DUPLICATE_VALUE"):
        provisioned.make("Task", Subject="Call", Leadripe_Key__c="LEADRIPE-0A1B")


def test_a_field_of_another_type_is_refused_before_anything_is_made(bare: ProvisionedOrg) -> None:
    text = field_xml("Leadripe_Score__c", "<type>Text</type><length>20</length>")
    bare.admin_deploys("CustomField", "Lead.Leadripe_Score__c", text)
    before = bare.snapshot()
    with pytest.raises(CrmRefusedError, match="Leadripe_Score__c of Lead is of type text") as told:
        bare.provision()
    assert "Nothing was changed" in told.value.do
    assert bare.snapshot() == before


@pytest.mark.parametrize(
    ("name", "rest", "told"),
    [
        (
            "Lead.Leadripe_Persona__c",
            "<type>Text</type><length>40</length>",
            "holds 40 characters, fewer than 255",
        ),
        (
            "Activity.Leadripe_Key__c",
            "<type>Text</type><length>40</length><externalId>true</externalId>",
            "is not unique and an external ID",
        ),
        (
            "Contact.Leadripe_Fit__c",
            "<type>Number</type><precision>4</precision><scale>2</scale>",
            "has 2 digits, too few for 100",
        ),
        (
            "Lead.Leadripe_Grade__c",
            "<type>Picklist</type><valueSet><restricted>true</restricted><valueSetDefinition>"
            "<value><fullName>A</fullName><label>A</label></value>"
            "</valueSetDefinition></valueSet>",
            "takes only values of its own, and lacks B, C, D, U",
        ),
    ],
)
def test_a_field_of_theirs_that_does_not_fit_is_named(
    bare: ProvisionedOrg, name: str, rest: str, told: str
) -> None:
    bare.admin_deploys("CustomField", name, field_xml(name.rpartition(".")[2], rest))
    with pytest.raises(CrmRefusedError) as refused:
        bare.provision(dry_run=True)
    assert told in refused.value.what


def test_a_field_of_theirs_that_fits_is_used_and_not_changed(bare: ProvisionedOrg) -> None:
    text = field_xml(
        "Leadripe_Score__c", "<type>Number</type><precision>6</precision><scale>1</scale>", "Ours!"
    )
    bare.admin_deploys("CustomField", "Lead.Leadripe_Score__c", text)
    assert "field Leadripe_Score__c of Lead" not in bare.made()
    score = described(bare, "Lead")["Leadripe_Score__c"]
    assert (score["label"], score["scale"], score["updateable"]) == ("Theirs", 1, True)


def test_what_people_added_to_a_choice_of_ours_stays(bare: ProvisionedOrg) -> None:
    value = "<value><fullName>{}</fullName><default>false</default><label>{}</label></value>"
    held = "".join(value.format(name, name) for name in ("suspect", "lead", "on_hold"))
    text = field_xml(
        "Leadripe_Stage__c",
        f"<type>Picklist</type><valueSet><valueSetDefinition>{held}</valueSetDefinition></valueSet>",
        "Leadripe: how ripe the contact is.",
    )
    bare.admin_deploys("CustomField", "Lead.Leadripe_Stage__c", text)
    lacking = "values prospect, client, recycled, disqualified of Leadripe_Stage__c of Lead"
    assert lacking in bare.made()
    stage = described(bare, "Lead")["Leadripe_Stage__c"]
    assert [value["value"] for value in stage["picklistValues"]] == [
        "suspect", "lead", "on_hold", "prospect", "client", "recycled", "disqualified",
    ]  # fmt: skip
    assert stage["label"] == "Theirs"


def test_a_permission_set_that_is_not_ours_is_refused(bare: ProvisionedOrg) -> None:
    bare.admin_deploys(PERMISSION_SET, SET, "<label>Leadripe</label>")
    before = bare.snapshot()
    with pytest.raises(CrmRefusedError, match="permission set Leadripe that is not ours"):
        bare.provision()
    assert bare.snapshot() == before


def test_what_an_admin_added_to_our_permission_set_stays(provisioned: ProvisionedOrg) -> None:
    sets = read_metadata(provisioned.client, PERMISSION_SET, [OURS])
    theirs = (
        "<fieldPermissions><editable>true</editable><field>Lead.Website</field>"
        "<readable>true</readable></fieldPermissions>"
        "<userPermissions><enabled>true</enabled><name>ViewSetup</name></userPermissions>"
    )
    kept = [part for part in sets[OURS].tree if part.findtext("field") != "Lead.Leadripe_Fit__c"]
    inner = "".join(tostring(part, encoding="unicode") for part in kept) + theirs
    provisioned.admin_deploys(PERMISSION_SET, OURS, inner)
    assert provisioned.made() == [
        f"in permission set {OURS}: Lead.Leadripe_Fit__c (edit)",
    ]
    now = read_metadata(provisioned.client, PERMISSION_SET, [OURS])[OURS].tree
    assert "ViewSetup" in [name.text for name in now.iterfind("userPermissions/name")]
    assert "Lead.Website" in [name.text for name in now.iterfind("fieldPermissions/field")]


def test_a_list_view_of_the_same_name_is_left_alone(bare: ProvisionedOrg) -> None:
    theirs = (
        "<fullName>Leadripe_Hot_Leads</fullName><columns>FULL_NAME</columns>"
        "<filterScope>Mine</filterScope><label>My hot ones</label>"
    )
    bare.admin_deploys(LIST_VIEW, "Lead.Leadripe_Hot_Leads", theirs)
    assert "list view Hot leads of Lead (Leadripe_Hot_Leads)" not in bare.made()
    views = bare.rows("ListView", "Name", DeveloperName="Leadripe_Hot_Leads")
    assert {view["Name"] for view in views} == {"My hot ones", "Hot leads"}


def test_a_part_that_is_refused_keeps_all_the_others_out(open_org: Opener) -> None:
    org = open_org(custom_fields_each=5)
    before = org.snapshot()
    with pytest.raises(CrmRefusedError) as refused:
        org.provision()
    assert "Salesforce takes none of it" in refused.value.what
    assert "maximum number of custom fields" in refused.value.what
    deploys = len(org.org.deploys)
    org.org.deploys.clear()
    assert (deploys, org.snapshot()) == (1, before)


def test_a_field_that_cannot_be_granted_after_all_keeps_nothing_out(bare: ProvisionedOrg) -> None:
    bare.org.undeployable |= {"Lead.Title", "Contact.Phone"}
    parts = bare.provision()
    told = "the org lets no permission set grant it"
    assert [part.what for part in parts[-2:]] == [f"Contact.Phone: {told}", f"Lead.Title: {told}"]
    assert described(bare, "Lead")["Leadripe_Score__c"]["updateable"] is True
    assert len(bare.org.deploys) == 3


def test_a_list_view_that_is_refused_keeps_nothing_else_out(bare: ProvisionedOrg) -> None:
    bare.org.undeployable.add("LEAD.COMPANY")
    with pytest.raises(CrmRefusedError) as refused:
        bare.provision()
    assert "Lead.Leadripe_Hot_Leads: Could not resolve list view column" in refused.value.what
    assert refused.value.do.startswith("Everything else is in place.")
    lacking = [part.what for part in bare.provision(dry_run=True) if not part.is_present]
    assert lacking == [
        "list view Do not press of Lead (Leadripe_Do_Not_Press)",
        "list view Handed over of Lead (Leadripe_Handed_Over)",
        "list view Hot leads of Lead (Leadripe_Hot_Leads)",
        "list view Overdue for sales of Lead (Leadripe_Overdue)",
    ]
    with pytest.raises(CrmRefusedError, match="Could not resolve list view column"):
        bare.provision()


def test_an_org_without_fields_on_activities_is_told_the_way_out(bare: ProvisionedOrg) -> None:
    bare.org.objects["Event"].add(
        [Field(f"Key{n}__c", "string", external_id=True, custom=True) for n in range(25)]
    )
    with pytest.raises(CrmRefusedError) as refused:
        bare.provision()
    assert "Activity.Leadripe_Key__c: Event has reached the maximum" in refused.value.what
    assert "leave `tasks` out" in refused.value.do
    assert len(bare.org.deploys) == 1


def test_another_user_can_be_given_the_permission_set(bare: ProvisionedOrg) -> None:
    user = People(bare.org).user
    [row] = bare.rows("User", "Username", Id=user)
    provision(
        bare.client, bare.mapping, language="en", dry_run=False, username=str(row["Username"])
    )
    held = bare.rows("PermissionSetAssignment", "AssigneeId")
    assert [one["AssigneeId"] for one in held] == [user]
    with pytest.raises(CrmRefusedError, match="no user of the name"):
        provision(bare.client, bare.mapping, language="en", dry_run=True, username="nobody@x.y")


def test_a_user_who_may_not_change_metadata_learns_what_is_needed(bare: ProvisionedOrg) -> None:
    bare.org.denied.add("Metadata.edit")
    with pytest.raises(CrmRefusedError) as refused:
        bare.provision()
    assert "INSUFFICIENT_ACCESS" in refused.value.what
    assert "«Modify Metadata Through Metadata API Functions»" in refused.value.do
    assert bare.clock.waited == []
    with pytest.raises(CrmRefusedError, match="INSUFFICIENT_ACCESS"):
        bare.admin_deploys(PERMISSION_SET, SET, "<label>Leadripe</label>")


def test_an_expired_session_is_renewed_while_reading(provisioned: ProvisionedOrg) -> None:
    provisioned.client.get("/limits")
    provisioned.org.sessions.close_all()
    found = read_metadata(provisioned.client, PERMISSION_SET, [SET, "Nothing"])
    assert list(found) == [SET]


@pytest.mark.parametrize("fault", ["lost", "truncate"])
def test_a_run_cut_off_at_any_call_is_made_good_by_the_next(open_org: Opener, fault: str) -> None:
    for call in itertools.count(1):
        org = open_org()
        first = org.connect(attempts=1)
        org.faults.planned[call] = fault
        try:
            provision(first, org.mapping, language="en", dry_run=False)
        except CrmUnavailableError:
            org.provision()
        assert all(part.is_present for part in org.provision(dry_run=True))
        if org.faults.calls < call:
            return  # every call has been cut once


def test_faults_by_chance_are_overcome(open_org: Opener) -> None:
    org = open_org(faults="429=0.1,502=0.1,lost=0.05,truncate=0.05,401=0.1")
    provision(org.connect(attempts=9), org.mapping, language="en", dry_run=False)
    org.faults.shares.clear()
    assert org.made() == []


def test_a_deploy_that_does_not_end_is_left_to_the_next_run(open_org: Opener) -> None:
    org = open_org(deploy_polls=100_000)
    with pytest.raises(CrmUnavailableError, match="is not through after 10 minutes"):
        org.provision()
    assert timedelta(minutes=10) <= sum(org.clock.waited, timedelta()) < timedelta(minutes=11)
