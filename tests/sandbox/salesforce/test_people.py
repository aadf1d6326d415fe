from datetime import timedelta

import pytest

from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import ValidationRule
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.soql_parser import parse_condition
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import Desk


@pytest.fixture
def people(desk: Desk) -> People:
    return People(desk.org)


def custom(desk: Desk, notation: str, *kinds: str, granted: bool = False) -> None:
    for kind in kinds:
        one = field_of(notation)
        one.custom, one.granted = True, granted
        desk.org.objects[kind].add([one])


def member(desk: Desk, lead: str) -> str:
    campaign = desk.make("Campaign", Name="Webinar", IsActive=True)
    return desk.make("CampaignMember", CampaignId=campaign, LeadId=lead, Status="Responded")


def test_a_converted_lead_lives_on_as_a_contact(desk: Desk, people: People) -> None:
    custom(desk, "Score__c double(5,1)", "Lead", "Contact")
    custom(desk, "Stage__c string(40)", "Lead", "Contact")
    desk.org.lead_mapping["Score__c"] = "Score__c"
    lead = desk.lead(Email="a@b.example", Score__c=40.5, Stage__c="mql")
    desk.make("Task", WhoId=lead, Subject="Call")
    joined = member(desk, lead)
    made = people.convert(lead, with_opportunity=True)
    assert desk.rows("SELECT Name, Email, Score__c, Stage__c, Account.Name FROM Contact") == [
        {
            "Name": "Silva", "Email": "a@b.example", "Score__c": 40.5, "Stage__c": None,
            "Account": {
                "attributes": {
                    "type": "Account",
                    "url": f"/services/data/v68.0/sobjects/Account/{made.account}",
                },
                "Name": "Acme",
            },
        }
    ]  # fmt: skip
    assert desk.rows("SELECT IsConverted, ConvertedContactId, Status FROM Lead") == [
        {
            "IsConverted": True, "ConvertedContactId": made.contact, "Status": "Closed - Converted"
        }
    ]  # fmt: skip
    assert desk.column("SELECT WhoId FROM Task") == [made.contact]
    rows = desk.rows("SELECT Id, LeadId, ContactId FROM CampaignMember")
    assert rows == [{"Id": joined, "LeadId": lead, "ContactId": made.contact}]
    refused = desk.change("Lead", lead, Title="x")
    assert refused.code == "CANNOT_UPDATE_CONVERTED_LEAD"
    other = desk.make("Campaign", Name="Other")
    reply = desk.call("POST", "/sobjects/CampaignMember", {"CampaignId": other, "LeadId": lead})
    assert reply.code == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_converted_leads_can_be_edited_where_the_org_lets_them(open_desk: Opener) -> None:
    desk = open_desk(edits_converted_leads=True)
    lead = desk.lead()
    People(desk.org).convert(lead)
    assert desk.change("Lead", lead, Title="x").status == 204


def test_a_merge_deletes_the_loser_and_keeps_its_children(desk: Desk, people: People) -> None:
    master, loser = desk.lead("A"), desk.lead("B", Title="CTO")
    task = desk.make("Task", WhoId=loser, Subject="Call")
    desk.clock.advance(timedelta(seconds=9))
    people.merge(master, loser)
    assert desk.rows("SELECT Id, Title FROM Lead") == [{"Id": master, "Title": "CTO"}]
    assert desk.rows("SELECT MasterRecordId FROM Lead WHERE IsDeleted = true", "queryAll") == [
        {"MasterRecordId": master}
    ]
    assert desk.rows("SELECT Id, WhoId FROM Task") == [{"Id": task, "WhoId": master}]
    assert desk.change("Lead", loser, Title="x").code == "ENTITY_IS_DELETED"


def test_a_lead_can_be_converted_into_a_contact_that_is_there(desk: Desk, people: People) -> None:
    account = desk.make("Account", Name="Acme")
    contact = desk.make("Contact", LastName="Silva", Title="CTO", AccountId=account)
    lead = desk.lead("Silva", Title="Head", Email="a@b.example")
    made = people.convert(lead, into=contact)
    assert (made.contact, made.account) == (contact, account)
    rows = desk.rows("SELECT Title, Email FROM Contact")
    assert rows == [{"Title": "CTO", "Email": "a@b.example"}]
    assert len(desk.rows("SELECT Id FROM Account")) == 1


def test_nobody_is_in_a_campaign_twice_after_a_merge(desk: Desk, people: People) -> None:
    master, loser = desk.lead("A"), desk.lead("B")
    campaign = desk.make("Campaign", Name="Webinar", IsActive=True)
    for lead in (master, loser):
        desk.make("CampaignMember", CampaignId=campaign, LeadId=lead)
    people.merge(master, loser)
    assert desk.column("SELECT LeadId FROM CampaignMember") == [master]
    assert len(desk.rows("SELECT Id FROM CampaignMember", "queryAll")) == 2


def test_automation_moves_the_system_stamp_alone(desk: Desk, people: People) -> None:
    lead = desk.lead()
    desk.clock.advance(timedelta(minutes=1))
    people.automate(lead, Rating="Hot")
    [row] = desk.rows("SELECT Rating, SystemModstamp, LastModifiedDate FROM Lead")
    assert row == {
        "Rating": "Hot", "SystemModstamp": "2026-11-20T12:01:00.000+0000",
        "LastModifiedDate": "2026-11-20T12:00:00.000+0000",
    }  # fmt: skip


def test_a_slow_transaction_appears_behind_the_watermark(desk: Desk, people: People) -> None:
    lead = desk.lead("Old")
    desk.clock.advance(timedelta(minutes=1))
    people.edit_slowly(lead, 300, LastName="New")
    late = people.create_slowly("Lead", 300, {"LastName": "Late", "Company": "Acme"})
    desk.clock.advance(timedelta(minutes=2))
    assert desk.column("SELECT LastName FROM Lead") == ["Old"]
    assert desk.change("Lead", lead, Title="x").code == "UNABLE_TO_LOCK_ROW"
    window = "?start=2026-11-20T12:00:00Z&end=2026-11-20T12:30:00Z"
    seen = desk.get(f"/sobjects/Lead/updated{window}").json
    assert (seen["ids"], seen["latestDateCovered"]) == ([lead], "2026-11-20T12:01:00.000+0000")
    desk.clock.advance(timedelta(minutes=4))
    behind = "SELECT LastName FROM Lead WHERE SystemModstamp = 2026-11-20T12:01:00Z"
    assert desk.column(behind) == ["New", "Late"]
    assert late in desk.get(f"/sobjects/Lead/updated{window}").json["ids"]


def test_an_admin_requires_fields_and_sets_rules(desk: Desk, people: People) -> None:
    lead = desk.lead(Rating="Hot")
    people.edit(lead, Title="By hand")
    assert desk.column("SELECT LastModifiedBy.Name FROM Lead")[0]["Name"] == "Pat Person"
    condition = parse_condition("Rating = 'Hot' AND Phone = null")
    desk.org.validation_rules.append(ValidationRule("Lead", condition, "Call first", "Phone"))
    refused = desk.change("Lead", lead, Title="x")
    assert refused.json == [
        {"message": "Call first", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
         "fields": ["Phone"]}
    ]  # fmt: skip
    assert desk.change("Lead", lead, Phone="1").status == 204
    desk.org.required.add("Lead.Industry")
    assert desk.change("Lead", lead, Title="x").code == "REQUIRED_FIELD_MISSING"


def test_rows_can_be_locked_in_approval_or_out_of_reach(desk: Desk) -> None:
    lead = desk.lead()
    desk.org.locked[lead] = 1
    assert desk.change("Lead", lead, Title="x").code == "UNABLE_TO_LOCK_ROW"
    desk.org.in_approval.add(lead)
    assert desk.change("Lead", lead, Title="x").code == "ENTITY_IS_LOCKED"
    desk.org.denied.add("Lead.edit")
    assert desk.change("Lead", lead, Title="x").status == 403
    desk.org.denied.add("Task.read")
    assert desk.query("SELECT Id FROM Task").code == "INVALID_TYPE"


def test_a_field_without_grant_is_as_good_as_absent(desk: Desk) -> None:
    custom(desk, "Score__c double(5,1)", "Lead", granted=True)
    lead = desk.lead()
    assert desk.query("SELECT Score__c FROM Lead").code == "INVALID_FIELD"
    assert desk.change("Lead", lead, Score__c=1).code == "INVALID_FIELD"
    name = desk.make("PermissionSet", Name="Score", Label="Score")
    grant = {"ParentId": name, "SobjectType": "Lead", "Field": "Lead.Score__c"}
    given = desk.make("FieldPermissions", **grant, PermissionsRead=True)
    desk.make("PermissionSetAssignment", PermissionSetId=name, AssigneeId=desk.org.main_user)
    assert desk.rows("SELECT Score__c FROM Lead") == [{"Score__c": None}]
    assert desk.change("Lead", lead, Score__c=1).code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    desk.change("FieldPermissions", given, PermissionsEdit=True)
    assert desk.change("Lead", lead, Score__c=1.25).status == 204
    assert desk.column("SELECT Score__c FROM Lead") == [1.2]


def test_duplicate_rules_let_saves_pass_when_asked(open_desk: Opener) -> None:
    desk = open_desk(duplicate_rules=frozenset({"Lead"}))
    desk.lead("A", Email="a@b.example")
    twin = {"LastName": "B", "Company": "Acme", "Email": "A@B.example"}
    assert desk.call("POST", "/sobjects/Lead", twin).code == "DUPLICATES_DETECTED"
    header = {"Sforce_Duplicate_Rule_Header": "allowSave=true"}
    assert desk.call("POST", "/sobjects/Lead", twin, **header).status == 201


def test_an_inactive_owner_takes_nothing(desk: Desk, people: People) -> None:
    people.edit(people.user, IsActive=False)
    reply = desk.call("POST", "/sobjects/Task", {"Subject": "Call", "OwnerId": people.user})
    assert reply.code == "INACTIVE_OWNER_OR_USER"
