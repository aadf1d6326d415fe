"""Field history: rows that tell what stood in a tracked field until somebody changed it."""

from datetime import timedelta

from connector.sandbox.salesforce.people import People
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import Desk

HISTORY = "SELECT Field, OldValue, NewValue FROM LeadHistory ORDER BY Id"
TRACKED = "SELECT QualifiedApiName, IsFieldHistoryTracked FROM FieldDefinition"


def told(desk: Desk, query: str = HISTORY) -> list[tuple[object, ...]]:
    return [
        tuple(value for name, value in row.items() if name != "attributes")
        for row in desk.rows(query)
    ]


def test_a_change_of_a_tracked_field_is_written_down(desk: Desk) -> None:
    lead = desk.lead(Title="Intern")
    desk.clock.advance(timedelta(hours=1))
    desk.change("Lead", lead, Title="Head of Ops", Website="https://a.example")
    desk.change("Lead", lead, Title="Head of Ops")
    People(desk.org).edit(lead, Title=None, HasOptedOutOfEmail=True, NumberOfEmployees=12)
    assert told(desk) == [
        ("Title", "Intern", "Head of Ops"),
        ("Title", "Head of Ops", None),
        ("HasOptedOutOfEmail", False, True),
        ("NumberOfEmployees", None, 12),
    ]
    row = desk.rows("SELECT LeadId, CreatedById, CreatedDate, DataType FROM LeadHistory LIMIT 1")[0]
    assert (row["LeadId"], row["CreatedById"]) == (lead, desk.org.main_user)
    assert (row["CreatedDate"], row["DataType"]) == ("2026-11-20T13:00:00.000+0000", "string")


def test_of_a_long_text_only_the_change_is_written_down(open_desk: Opener) -> None:
    desk = open_desk(tracked=frozenset({"Lead.Description"}))
    lead = desk.lead(Description="a")
    desk.change("Lead", lead, Description="b")
    assert told(desk) == [("Description", None, None)]


def test_what_is_taken_back_leaves_no_row(desk: Desk) -> None:
    lead = desk.lead(Title="Intern")
    rows = [
        {"attributes": {"type": "Lead"}, "id": lead, "Title": "Pilot"},
        {"attributes": {"type": "Lead"}, "id": lead, "Email": "nothing"},
    ]
    desk.call("PATCH", "/composite/sobjects", {"allOrNone": True, "records": rows})
    assert told(desk) == []


def test_the_history_of_a_converted_lead_stays_with_the_lead(desk: Desk) -> None:
    lead = desk.lead(Title="Intern")
    desk.change("Lead", lead, Title="Pilot")
    made = People(desk.org).convert(lead)
    desk.change("Contact", made.contact, Title="Astronaut")
    assert told(desk, "SELECT LeadId, Field, OldValue FROM LeadHistory WHERE Field = 'Title'") == [
        (lead, "Title", "Intern")
    ]
    assert told(desk, "SELECT ContactId, OldValue FROM ContactHistory") == [(made.contact, "Pilot")]


def test_a_history_goes_with_its_record_and_cannot_be_filtered_by_value(desk: Desk) -> None:
    lead = desk.lead(Title="Intern")
    desk.change("Lead", lead, Title="Pilot")
    refused = desk.query("SELECT Id FROM LeadHistory WHERE OldValue = 'Intern'")
    assert refused.status == 400
    People(desk.org).delete(lead)
    assert told(desk) == []


def test_an_admin_says_what_is_tracked(desk: Desk) -> None:
    where = "WHERE EntityDefinition.QualifiedApiName = 'Lead'"
    assert ("Title", True) in told(desk, f"{TRACKED} {where}")
    assert ("Website", False) in told(desk, f"{TRACKED} {where}")
    desk.org.tracked = {"Contact.Title"}
    assert all(not is_tracked for _, is_tracked in told(desk, f"{TRACKED} {where}"))
    assert desk.query(HISTORY).code == "INVALID_TYPE"
    assert desk.get("/sobjects/LeadHistory/describe").status == 404
    described = desk.get("/sobjects/ContactHistory/describe").json
    types = {one["name"]: one["type"] for one in described["fields"]}
    assert types["OldValue"] == "anyType"
    assert "SystemModstamp" not in types
