from datetime import timedelta
from urllib.parse import quote

import pytest

from connector.sandbox.salesforce.people import People
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import Desk


@pytest.fixture
def people(desk: Desk) -> Desk:
    account = desk.make("Account", Name="Acme", Industry="Energy")
    desk.make("Contact", LastName="Kay", FirstName="Al", AccountId=account, Email="al@acme.example")
    desk.make("Contact", LastName="Oz", AccountId=account)
    desk.clock.advance(timedelta(seconds=5))
    desk.lead("Silva", FirstName="Ana", NumberOfEmployees=50, HasOptedOutOfEmail=True)
    desk.lead("O'Neil", Company="B_1%", Email="O@b.example")
    desk.lead("Zoé", Company="Bx1", NumberOfEmployees=7)
    return desk


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("NumberOfEmployees > 7", ["Silva"]),
        ("NumberOfEmployees >= 7 AND LastName != 'Silva'", ["Zoé"]),
        ("NumberOfEmployees = null", ["O'Neil"]),
        ("lastname = 'sILVA'", ["Silva"]),
        ("LastName = 'O\\'Neil'", ["O'Neil"]),
        ("Company LIKE 'B%1'", ["Zoé"]),
        ("Company LIKE 'B\\_1\\%'", ["O'Neil"]),
        ("Company LIKE 'b_1_'", ["O'Neil"]),
        ("LastName IN ('Silva', 'zoÉ')", ["Silva", "Zoé"]),
        ("LastName NOT IN ('Silva', 'Zoé')", ["O'Neil"]),
        ("NOT HasOptedOutOfEmail = true", ["O'Neil", "Zoé"]),
        ("(LastName = 'Silva' OR LastName = 'Zoé') AND (NOT Company = 'Acme')", ["Zoé"]),
        ("CreatedDate = TODAY AND CreatedDate = LAST_N_DAYS:1", ["O'Neil", "Silva", "Zoé"]),
        ("CreatedDate < TODAY", []),
        ("CreatedDate >= 2026-11-20T12:00:05.999Z", ["O'Neil", "Silva", "Zoé"]),
        ("SystemModstamp > 2026-11-20T13:00:04+01:00", ["O'Neil", "Silva", "Zoé"]),
        ("SystemModstamp > 2026-11-20T12:00:05Z", []),
        ("Owner.Type = 'User' AND LastName < 'T'", ["O'Neil", "Silva"]),
        ("Id IN (SELECT LeadId FROM CampaignMember)", []),
        ("LastName = ''", []),
    ],
)  # fmt: skip
def test_conditions_find_what_they_say(people: Desk, where: str, names: list[str]) -> None:
    soql = f"SELECT LastName FROM Lead WHERE {where} ORDER BY LastName"  # noqa: S608 - our own text
    assert people.column(soql) == names


@pytest.mark.parametrize(
    ("soql", "code", "told"),
    [
        ("SELECT Id FROM", "MALFORMED_QUERY", "<EOF>"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead WHERE Id IN ()", "MALFORMED_QUERY", "unexpected token: ')'"),
        ("SELECT Id FROM Lead ALL ROWS", "MALFORMED_QUERY", "ROWS"),
        ("SELECT Id FROM Lead WHERE Title='a' AND Name='b' OR Id=''", "MALFORMED_QUERY", "OR"),
        ("SELECT Id FROM Lead WHERE Name = 'a\\q'", "MALFORMED_QUERY", "Illegal character"),
        ("SELECT Id FROM Lead WHERE Name = 'it's'", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id, id FROM Lead", "MALFORMED_QUERY", "duplicate field"),
        ("SELECT Nope__c FROM Lead", "INVALID_FIELD", "No such column 'Nope__c' on entity 'Lead'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'", "INVALID_FIELD", "dateTime"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "dateTime"),
        ("SELECT Id FROM Lead WHERE NumberOfEmployees = '5'", "INVALID_FIELD", "type int"),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID"),
        ("SELECT Nix.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Nix'"),
        ("SELECT Id FROM Leads", "INVALID_TYPE", "sObject type 'Leads' is not supported"),
        ("SELECT Id, (SELECT Id FROM Nix) FROM Lead", "INVALID_TYPE", "Didn't understand"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_query_is_told(desk: Desk, soql: str, code: str, told: str) -> None:
    reply = desk.query(soql)
    assert (reply.status, reply.code) == (400, code)
    assert told in reply.json[0]["message"]


def test_parents_and_children_come_along(people: Desk) -> None:
    [al, oz] = people.rows(
        "SELECT LastName, Account.Name, Account.Owner.Name FROM Contact ORDER BY Id"
    )
    assert al["Account"]["attributes"]["type"] == "Account"
    assert (al["Account"]["Name"], al["Account"]["Owner"]["Name"]) == ("Acme", "Integration")
    assert oz["LastName"] == "Oz"
    [acme] = people.rows(
        "SELECT Name, (SELECT LastName FROM Contacts WHERE Email != null), "
        "(SELECT Id FROM Opportunities) FROM Account"
    )
    assert acme["Contacts"]["totalSize"] == 1
    assert acme["Contacts"]["records"][0]["LastName"] == "Kay"
    assert acme["Opportunities"] is None


def test_the_person_of_an_activity_may_be_a_lead_or_a_contact(people: Desk) -> None:
    [lead] = people.column("SELECT Id FROM Lead WHERE LastName = 'Silva'")
    [contact] = people.column("SELECT Id FROM Contact WHERE LastName = 'Kay'")
    for person in (lead, contact):
        people.make("Task", Subject="Call", WhoId=person)
    people.make("Task", Subject="Alone")
    rows = people.rows("SELECT Who.Type, Who.Name, AccountId FROM Task ORDER BY Id")
    assert [row["Who"] and row["Who"]["Type"] for row in rows] == ["Lead", "Contact", None]
    assert [row["AccountId"] is None for row in rows] == [True, False, True]
    assert people.column("SELECT Subject FROM Task WHERE Who.Type = 'Lead'") == ["Call"]
    assert rows[0]["Who"]["attributes"] == {
        "type": "Name", "url": f"/services/data/v68.0/sobjects/Lead/{lead}"
    }  # fmt: skip


def test_columns_tell_how_an_answer_is_nested(desk: Desk) -> None:
    soql = "SELECT Id, Owner.Name, Owner.Id, (SELECT Subject FROM Tasks) FROM Lead"
    told = desk.get(f"/query?q={quote(soql)}&columns=true").json
    names = [(one["columnName"], one["aggregate"]) for one in told["columnMetadata"]]
    assert names == [("Id", False), ("Owner", False), ("Tasks", True)]
    inner = [[one["columnName"] for one in c["joinColumns"]] for c in told["columnMetadata"]]
    assert inner == [[], ["Name", "Id"], ["Subject"]]
    counted = desk.get("/query?columns=true&q=SELECT+COUNT(Id)+FROM+Lead").json["columnMetadata"]
    assert (counted[0]["columnName"], counted[0]["displayName"]) == ("expr0", "COUNT(Id)")


def test_order_limit_offset_and_counts(people: Desk) -> None:
    ordered = "SELECT LastName FROM Lead ORDER BY NumberOfEmployees"
    assert people.column(ordered) == ["O'Neil", "Zoé", "Silva"]
    assert people.column(f"{ordered} DESC NULLS LAST LIMIT 1 OFFSET 1") == ["Zoé"]
    counted = people.query("SELECT COUNT() FROM Lead WHERE Company LIKE 'B%'").json
    assert counted == {"totalSize": 2, "done": True, "records": []}
    assert people.rows("SELECT COUNT(Id) n, COUNT(Email) FROM Lead") == [{"n": 3, "expr0": 1}]
    grouped = people.rows("SELECT Company, COUNT(Id) FROM Lead GROUP BY Company")
    assert grouped[0] == {"Company": "Acme", "expr0": 1}


def test_aggregates_of_a_field(people: Desk) -> None:
    [row] = people.rows(
        "SELECT MIN(NumberOfEmployees) low, MAX(CreatedDate), SUM(NumberOfEmployees) s, "
        "AVG(NumberOfEmployees) a, COUNT_DISTINCT(Company), MAX(Email) FROM Lead"
    )
    assert row == {
        "low": 7, "expr0": "2026-11-20T12:00:05.000+0000", "s": 57.0, "a": 28.5, "expr1": 3,
        "expr2": "O@b.example",
    }  # fmt: skip
    ordered = "SELECT Company, COUNT(Id) FROM Lead GROUP BY Company ORDER BY Company DESC LIMIT 2"
    assert [row["Company"] for row in people.rows(ordered)] == ["Bx1", "B_1%"]
    assert people.query(ordered.replace("BY Company DESC", "BY Title")).code == "MALFORMED_QUERY"
    assert people.rows("SELECT MAX(Rating) FROM Lead") == [{"expr0": None}]
    assert people.query("SELECT SUM(LastName) FROM Lead").code == "MALFORMED_QUERY"
    assert people.query("SELECT MAX() FROM Lead").code == "MALFORMED_QUERY"


def test_an_answer_comes_in_pages_until_its_cursor_is_two_days_old(desk: Desk) -> None:
    org = desk.org
    for number in range(450):
        org.add("Account", {"Name": f"A{number:03}", "OwnerId": org.main_user})
    options = {"Sforce_Query_Options": "batchSize=1"}  # below the least of 200
    first = desk.query("SELECT Name FROM Account ORDER BY Name", **options).json
    assert (first["totalSize"], first["done"], len(first["records"])) == (450, False, 200)
    assert first["nextRecordsUrl"].startswith("/services/data/v68.0/query/01g")
    second = desk.get(first["nextRecordsUrl"]).json
    last = desk.get(second["nextRecordsUrl"]).json
    names = [row["Name"] for page in (first, second, last) for row in page["records"]]
    assert names == [f"A{number:03}" for number in range(450)]
    assert (last["done"], "nextRecordsUrl" in last) == (True, False)
    assert len(desk.query("SELECT Name FROM Account").json["records"]) == 450
    desk.clock.advance(timedelta(days=2))
    stale = desk.get(second["nextRecordsUrl"])
    assert (stale.status, stale.code) == (400, "INVALID_QUERY_LOCATOR")


def test_stamps_are_whole_seconds_and_tie(desk: Desk) -> None:
    desk.clock.advance(timedelta(milliseconds=700))
    for name in ("A", "B"):
        desk.lead(name)
        desk.clock.advance(timedelta(milliseconds=200))
    stamps = desk.column("SELECT SystemModstamp FROM Lead")
    assert stamps == ["2026-11-20T12:00:00.000+0000"] * 2


def test_changed_and_deleted_ids_of_a_window(people: Desk) -> None:
    window = "?start=2026-11-20T11:59:00Z&end=2026-11-20T12:01:00Z"
    reply = people.get(f"/sobjects/Lead/updated{window}").json
    assert len(reply["ids"]) == 3
    assert reply["latestDateCovered"] == "2026-11-20T12:00:05.000+0000"
    gone = reply["ids"][1]
    assert people.call("DELETE", f"/sobjects/Lead/{gone}").status == 204
    assert len(people.get(f"/sobjects/Lead/updated{window}").json["ids"]) == 2
    deleted = people.get(f"/sobjects/Lead/deleted{window}").json
    assert [row["id"] for row in deleted["deletedRecords"]] == [gone]
    assert people.column("SELECT IsDeleted FROM Lead WHERE IsDeleted = true", "queryAll") == [True]
    assert people.column("SELECT Id FROM Lead WHERE IsDeleted = true") == []
    old = people.get("/sobjects/Lead/deleted?start=2026-10-30T00:00:00Z&end=2026-11-20T12:00:00Z")
    assert old.code == "INVALID_REPLICATION_DATE"
    people.clock.advance(timedelta(days=16))
    assert people.column("SELECT Id FROM Lead WHERE IsDeleted = true", "queryAll") == []


def test_a_window_with_too_many_changes_is_refused(open_desk: Opener) -> None:
    desk = open_desk(most_changed_ids=2)
    leads = [desk.lead(name) for name in "ABC"]
    window = "?start=2026-11-20T11:59:00Z&end=2026-11-20T12:01:00Z"
    assert desk.get(f"/sobjects/Lead/updated{window}").code == "EXCEEDED_ID_LIMIT"
    desk.call("DELETE", f"/composite/sobjects?ids={','.join(leads)}")
    assert desk.get(f"/sobjects/Lead/deleted{window}").code == "EXCEEDED_ID_LIMIT"


def test_archived_activities_show_in_query_all_alone(desk: Desk) -> None:
    lead = desk.lead()
    desk.make("Task", WhoId=lead, Status="Completed", ActivityDate="2025-11-20", Subject="Old")
    desk.make("Task", WhoId=lead, ActivityDate="2025-11-20", Subject="Open")
    desk.make("Event", WhoId=lead, Subject="Old", ActivityDateTime="2025-01-01T09:00:00Z",
              DurationInMinutes=30)  # fmt: skip
    assert desk.column("SELECT Subject FROM Task") == ["Open"]
    assert desk.column("SELECT Subject FROM Event") == []
    seen = desk.rows("SELECT Subject, IsArchived FROM Task ORDER BY Subject", "queryAll")
    assert seen == [
        {"Subject": "Old", "IsArchived": True},
        {"Subject": "Open", "IsArchived": False},
    ]
    assert desk.column("SELECT Subject FROM Event WHERE IsArchived = true", "queryAll") == ["Old"]


def test_what_a_user_may_edit_is_told_of_named_records(desk: Desk) -> None:
    user = desk.org.main_user
    ours, other = desk.lead(), desk.lead()
    desk.org.private.add("Lead")
    person = People(desk.org).user
    People(desk.org).edit(other, OwnerId=person)
    soql = "SELECT RecordId, HasEditAccess FROM UserRecordAccess WHERE UserId = '{}'"
    both = f"{soql.format(user)} AND RecordId IN ('{ours}', '{other}')"
    assert desk.rows(both) == [
        {"RecordId": ours, "HasEditAccess": True},
        {"RecordId": other, "HasEditAccess": False},
    ]
    assert desk.change("Lead", other, Title="x").code == "INSUFFICIENT_ACCESS_OR_READONLY"
    assert desk.query(soql.format(user)).code == "MALFORMED_QUERY"
