"""What reading on from a watermark asks of queries: keysets, ties, types, children, headers."""

# ruff: noqa: S608 - queries of our own, sent to an org in memory

from datetime import timedelta
from urllib.parse import quote

from connector.sandbox.salesforce.people import People
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import DATA, QUIET, Desk, Reply

NOON_S, LATER_S = "2026-11-20T12:00:00Z", "2026-11-20T12:00:05Z"


def part(name: str, url: str, method: str = "GET", **rest: object) -> dict[str, object]:
    return {"referenceId": name, "method": method, "url": DATA + url, **rest}


def send(desk: Desk, *parts: dict[str, object], **headers: str) -> Reply:
    return desk.call("POST", "/composite", {"compositeRequest": list(parts)}, **headers)


def test_a_keyset_leaves_out_nothing_of_a_second_that_many_share(desk: Desk) -> None:
    ids = [desk.lead(f"L{number}") for number in range(5)]
    desk.clock.advance(timedelta(seconds=5))
    ids += [desk.lead(f"M{number}") for number in range(3)]
    seen: list[str] = []
    where = f"SystemModstamp >= {NOON_S}"
    while len(seen) < 8:
        page = desk.rows(
            f"SELECT Id, SystemModstamp FROM Lead WHERE {where} AND SystemModstamp < "
            "2026-11-20T13:00:00Z ORDER BY SystemModstamp, Id LIMIT 2"
        )
        assert page, seen
        seen += [row["Id"] for row in page]
        stamp = page[-1]["SystemModstamp"].replace(".000+0000", "Z")
        where = f"(SystemModstamp > {stamp} OR (SystemModstamp = {stamp} AND Id > '{seen[-1]}'))"
    assert seen == ids


def test_ids_are_ordered_with_their_case(desk: Desk) -> None:
    # The 36th id ends in a capital A, the 62nd is the first beyond the small z.
    ids = [desk.lead() for _ in range(70)]
    assert desk.column(f"SELECT Id FROM Lead WHERE Id > '{ids[34]}' ORDER BY Id") == ids[35:]
    assert desk.column(f"SELECT Id FROM Lead WHERE Id <= '{ids[34][:15]}'") == ids[:35]
    five_hundred = ", ".join(f"'{record_id}'" for record_id in ids * 7)
    assert len(desk.column(f"SELECT Id FROM Lead WHERE Id IN ({five_hundred})")) == 70


def test_a_composite_polls_five_objects_with_their_windows_in_one_call(desk: Desk) -> None:
    lead = desk.lead()
    gone = desk.lead("Gone")
    desk.call("DELETE", f"/sobjects/Lead/{gone}")
    desk.call("DELETE", "/_sandbox/calls")
    soql = quote("SELECT Id FROM Lead WHERE SystemModstamp >= 2026-11-20T11:00:00Z")
    window = "?start=2026-11-20T11:00:00Z&end=2026-11-20T12:30:00Z"
    answers = send(
        desk,
        part("all", f"/queryAll/?q={soql}"),
        part("live", f"/query/?q={soql}"),
        part("upd", f"/sobjects/Lead/updated/{window}"),
        part("del", f"/sobjects/Lead/deleted/{window}"),
        part("desc", "/sobjects/Lead/describe"),
        part("get", "/composite/sobjects/Lead", "POST", body={"ids": [lead], "fields": ["Id"]}),
    ).json["compositeResponse"]
    bodies = {answer["referenceId"]: answer["body"] for answer in answers}
    assert [answer["httpStatusCode"] for answer in answers] == [200] * 6
    assert (bodies["all"]["totalSize"], bodies["live"]["totalSize"]) == (2, 1)
    assert bodies["upd"] == {"ids": [lead], "latestDateCovered": "2026-11-20T12:00:00.000+0000"}
    assert [row["id"] for row in bodies["del"]["deletedRecords"]] == [gone]
    assert bodies["get"][0]["Id"] == lead
    counted = desk.call("GET", "/_sandbox/calls").json
    assert (counted["total"], counted["logins"]) == (1, 0)


def test_headers_protect_the_owner_on_the_outer_request_too(open_desk: Opener) -> None:
    for passes, moved in ((True, 0), (False, 1)):
        desk = open_desk(composite_passes_headers=passes)
        queue = desk.make("Group", Name="New leads", Type="Queue")
        lead = desk.lead()
        desk.org.assigned_to["Lead"] = queue
        rows = {"records": [{"attributes": {"type": "Lead"}, "id": lead, "Title": "CTO"}]}
        patch = part("p", "/composite/sobjects", "PATCH", body=rows)
        assert send(desk, patch, **QUIET).json["compositeResponse"][0]["body"][0]["success"]
        owned = desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'")
        assert len(owned) == moved
        send(desk, {**patch, "httpHeaders": {"sforce-auto-assign": "false"}})
        assert len(desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'")) == moved


def test_what_cannot_stand_within_a_composite(desk: Desk) -> None:
    own = part("a", "/query?q=SELECT+Id+FROM+Lead", httpHeaders={"Authorization": "Bearer x"})
    answers = send(desk, part("l", "/limits"), own).json["compositeResponse"]
    assert [answer["body"][0]["errorCode"] for answer in answers] == ["INVALID_INPUT"] * 2


def test_typeof_shows_fields_by_the_object_of_the_parent(desk: Desk) -> None:
    account = desk.make("Account", Name="Acme")
    contact = desk.make("Contact", LastName="Kay", AccountId=account)
    lead = desk.lead(NumberOfEmployees=9)
    for who in (lead, contact):
        desk.make("Task", Subject="Call", WhoId=who)
    desk.make("Task", Subject="Alone")
    select = "SELECT TYPEOF Who WHEN Lead THEN Company, NumberOfEmployees {} END FROM Task"
    rows = desk.column(select.format("WHEN Contact THEN Account.Name"))
    assert (rows[0]["Company"], rows[0]["NumberOfEmployees"]) == ("Acme", 9)
    assert rows[0]["attributes"]["type"] == "Lead"
    assert rows[1]["Account"]["Name"] == "Acme"
    assert rows[2] is None
    assert desk.column(select.format(""))[1] is None
    assert desk.column(select.format("ELSE Name"))[1]["Name"] == "Kay"
    assert desk.query(select.format("WHEN User THEN Name")).code == "INVALID_FIELD"
    assert desk.query("SELECT TYPEOF Who THEN Name END FROM Task").code == "MALFORMED_QUERY"


def test_deletes_and_merges_move_the_stamp_and_show_in_query_all(desk: Desk) -> None:
    people = People(desk.org)
    master, loser, gone = (desk.lead(name) for name in "ABC")
    desk.clock.advance(timedelta(seconds=5))
    people.delete(gone)
    people.merge(master, loser)
    soql = f"SELECT Id, IsDeleted, MasterRecordId FROM Lead WHERE SystemModstamp >= {LATER_S}"
    assert desk.rows(soql, "queryAll") == [
        {"Id": master, "IsDeleted": False, "MasterRecordId": None},
        {"Id": loser, "IsDeleted": True, "MasterRecordId": master},
        {"Id": gone, "IsDeleted": True, "MasterRecordId": None},
    ]


def test_children_come_through_query_all_and_count_in_a_page(desk: Desk) -> None:
    org = desk.org
    mails = [org.add("EmailMessage", {"Subject": f"S{n}"}).id for n in range(3)]
    for mail in mails:
        for _ in range(150):
            values = {"EmailMessageId": mail, "RelationType": "ToAddress"}
            last = org.add("EmailMessageRelation", dict(values))
    desk.call("DELETE", f"/sobjects/EmailMessageRelation/{last.id}")
    soql = "SELECT Subject, (SELECT RelationId, RelationType FROM EmailMessageRelations) "
    soql += "FROM EmailMessage"
    [*_, third] = desk.rows(soql, "queryAll")
    assert third["EmailMessageRelations"]["totalSize"] == 150
    assert desk.rows(soql)[2]["EmailMessageRelations"]["totalSize"] == 149
    first = desk.query(soql, Sforce_Query_Options="batchSize=200").json
    assert (len(first["records"]), first["totalSize"], first["done"]) == (2, 3, False)
    second = desk.get(first["nextRecordsUrl"]).json
    assert [row["Subject"] for row in second["records"]] == ["S2"]


def test_many_children_of_one_record_have_pages_of_their_own(desk: Desk) -> None:
    org = desk.org
    mail = org.add("EmailMessage", {"Subject": "S"}).id
    for _ in range(450):
        org.add("EmailMessageRelation", {"EmailMessageId": mail, "RelationType": "ToAddress"})
    soql = "SELECT Subject, (SELECT Id FROM EmailMessageRelations) FROM EmailMessage"
    [row] = desk.query(soql, Sforce_Query_Options="batchSize=200").json["records"]
    found, ids = row["EmailMessageRelations"], set()
    while True:
        ids |= {child["Id"] for child in found["records"]}
        if found["done"]:
            break
        found = desk.get(found["nextRecordsUrl"]).json
    assert len(ids) == 450


def test_every_escape_of_a_literal_means_what_it_means(desk: Desk) -> None:
    text = "'\\\n\r\t\b\f\"é\U0001f600"
    desk.lead(Title=text)
    escaped = "\\'\\\\\\n\\r\\t\\b\\f\\\"\\u00e9\\uD83D\\uDE00"
    assert desk.column(f"SELECT Title FROM Lead WHERE Title = '{escaped}'") == [text]
    assert desk.column(f"SELECT Title FROM Lead WHERE Title LIKE '{escaped}%'") == [text]
    assert desk.query("SELECT Id FROM Lead WHERE Title = '\\uD83D'").code == "MALFORMED_QUERY"
