import csv
from datetime import timedelta
from io import StringIO

from connector.sandbox.salesforce import bulk_ingest, bulk_jobs
from connector.sandbox.salesforce.keeping import BulkJob
from connector.sandbox.salesforce.notation import field_of
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.salesforce.people import People
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import DATA, Desk, Reply


def begin(desk: Desk, soql: str, operation: str = "query") -> str:
    reply = desk.call("POST", "/jobs/query", {"operation": operation, "query": soql})
    assert reply.status == 200, reply.raw
    return str(reply.json["id"])


def state(desk: Desk, kind: str, job: str) -> str:
    return str(desk.get(f"/jobs/{kind}/{job}").json["state"])


def lines(reply: Reply) -> list[list[str]]:
    return list(csv.reader(StringIO(reply.raw.decode(), newline="")))


def ingest(desk: Desk, operation: str, data: str, sobject: str = "Lead", **more: str) -> str:
    body = {"object": sobject, "operation": operation, "contentType": "CSV", **more}
    job = str(desk.call("POST", "/jobs/ingest", body).json["id"])
    path = f"/jobs/ingest/{job}"
    put = desk.call("PUT", f"{path}/batches", data.encode(), Content_Type="text/csv")
    assert put.status == 201, put.raw
    assert desk.call("PATCH", path, {"state": "UploadComplete"}).status == 200
    for _ in range(3):
        state(desk, "ingest", job)
    return path


def test_a_query_runs_and_is_read_page_by_page(open_desk: Opener) -> None:
    desk = open_desk(bulk_page=2)
    for name in ('A "x"', "B\nb", "C", "D", "E"):
        desk.lead(name, HasOptedOutOfEmail=name == "C")
    job = begin(desk, "SELECT LastName, HasOptedOutOfEmail, Title, Owner.Name FROM Lead")
    path = f"/jobs/query/{job}"
    assert desk.get(f"{path}/results").code == "INVALIDJOBSTATE"
    assert [state(desk, "query", job) for _ in range(2)] == ["InProgress", "JobComplete"]
    found, locator = [], ""
    while locator != "null":
        page = desk.get(f"{path}/results?locator={locator}")
        locator = page.headers["sforce-locator"]
        header, *rows = lines(page)
        assert header == ["LastName", "HasOptedOutOfEmail", "Title", "Owner.Name"]
        assert page.headers["sforce-numberofrecords"] == str(len(rows))
        found += rows
    assert [row[0] for row in found] == ['A "x"', "B\nb", "C", "D", "E"]
    assert found[2][1:] == ["true", "", "Integration"]
    pages = desk.get(f"{path}/resultPages").json
    assert (len(pages["resultPages"]), pages["done"]) == (3, True)
    assert lines(desk.get(pages["resultPages"][2]["resultUrl"]))[1][0] == "E"
    old = desk.get(f"/services/data/v60.0{path}/results")
    assert old.status == 409
    desk.clock.advance(timedelta(days=7))
    assert desk.get(path).status == 404


def test_what_a_bulk_query_cannot_do(desk: Desk) -> None:
    for soql in (
        "SELECT COUNT() FROM Lead",
        "SELECT Id FROM Lead OFFSET 5",
        "SELECT Id, (SELECT Id FROM Tasks) FROM Lead",
    ):
        reply = desk.call("POST", "/jobs/query", {"operation": "query", "query": soql})
        assert (reply.status, reply.code) == (400, "API_ERROR")
    job = begin(desk, "SELECT Id FROM Lead ORDER BY Id")
    assert desk.get(f"/jobs/query/{job}").json["isPkChunkingSupported"] is False


def test_an_update_tells_row_by_row_and_out_of_order(desk: Desk) -> None:
    first, second, third = (desk.lead(name, Title="old") for name in "ABC")
    data = f"Id,Title,Rating\n{first},#N/A,\n{second},{'x' * 200},\n{third},new,Hot\n"
    path = ingest(desk, "update", data)
    assert state(desk, "ingest", path.rpartition("/")[2]) == "JobComplete"
    header, *rows = lines(desk.get(f"{path}/successfulResults"))
    assert header == ["sf__Id", "sf__Created", "Id", "Title", "Rating"]
    assert [row[:2] for row in rows] == [[third, "false"], [first, "false"]]
    [told] = lines(desk.get(f"{path}/failedResults"))[1:]
    assert told[0] == second
    assert told[1].startswith("STRING_TOO_LONG:Title: data value too large")
    assert told[1].endswith(":Title")
    assert lines(desk.get(f"{path}/unprocessedrecords")) == [["Id", "Title", "Rating"]]
    assert desk.rows("SELECT Title, Rating FROM Lead ORDER BY Id") == [
        {"Title": None, "Rating": None},
        {"Title": "old", "Rating": None},
        {"Title": "new", "Rating": "Hot"},
    ]
    counts = desk.get(path).json
    assert (counts["numberRecordsProcessed"], counts["numberRecordsFailed"]) == (3, 1)


def test_an_upsert_makes_and_changes(desk: Desk) -> None:
    key = field_of("Key__c string(40) unique")
    key.external_id = key.custom = True
    desk.org.objects["Task"].add([key])
    lead = desk.lead(Email="a@b.example")
    data = "Key__c,Subject,Lead:Who.Email\r\nk1,Call,a@b.example\r\nk2,x,no@b.example\r\n"
    more = {"externalIdFieldName": "Key__c", "lineEnding": "CRLF"}
    path = ingest(desk, "upsert", data, "Task", **more)
    assert lines(desk.get(f"{path}/failedResults"))[1][1].startswith("INVALID_FIELD:Foreign key")
    assert desk.rows("SELECT Key__c, WhoId FROM Task") == [{"Key__c": "k1", "WhoId": lead}]
    again = ingest(
        desk, "upsert", "Key__c,Subject\nk1,Mail\n", "Task", externalIdFieldName="Key__c"
    )
    assert lines(desk.get(f"{again}/successfulResults"))[1][1] == "false"
    assert desk.column("SELECT Subject FROM Task") == ["Mail"]


def test_a_job_that_fails_may_have_saved_rows(desk: Desk) -> None:
    desk.org.bulk_stops_after = 1
    path = ingest(desk, "insert", "LastName,Company\nA,x\nB,x\n")
    info = desk.get(path).json
    assert (info["state"], info["numberRecordsProcessed"]) == ("Failed", 1)
    assert lines(desk.get(f"{path}/unprocessedrecords")) == [["LastName", "Company"], ["B", "x"]]
    assert desk.column("SELECT LastName FROM Lead") == ["A"]


def test_data_that_do_not_fit_fail_the_job(desk: Desk) -> None:
    wrong = desk.get(ingest(desk, "insert", "LastName,Nope__c\nA,x\n")).json
    assert (wrong["state"], "Nope__c" in wrong["errorMessage"]) == ("Failed", True)
    ending = desk.get(ingest(desk, "insert", "LastName,Company\r\nA,x\r\n")).json
    assert "LineEnding is invalid" in ending["errorMessage"]


def test_a_job_goes_on_though_nobody_asks(desk: Desk) -> None:
    body = {"object": "Lead", "operation": "insert", "contentType": "CSV"}
    job = desk.call("POST", "/jobs/ingest", body).json
    path = f"/jobs/ingest/{job['id']}"
    assert job["contentUrl"] == f"{DATA}{path}/batches"[1:]
    desk.call("PUT", f"{path}/batches", b"LastName,Company\nA,x\n", Content_Type="text/csv")
    desk.call("PATCH", path, {"state": "UploadComplete"})
    desk.clock.advance(timedelta(seconds=5))
    assert desk.column("SELECT LastName FROM Lead") == ["A"]
    twice = desk.call("PUT", f"{path}/batches", b"LastName\nB\n", Content_Type="text/csv")
    assert twice.code == "INVALIDJOBSTATE"


def test_a_small_job_comes_in_one_request(desk: Desk) -> None:
    job = b'{"object":"Lead","operation":"insert","contentType":"CSV"}'
    parts = (
        (b"job", b"application/json", job),
        (b"content", b"text/csv", b"LastName,Company\nA,x"),
    )
    body = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\nContent-Type: %s\r\n\r\n%s\r\n' % part
        for part in parts
    )
    kind = "multipart/form-data; boundary=B"
    reply = desk.call("POST", "/jobs/ingest", body + b"--B--\r\n", Content_Type=kind)
    assert reply.json["state"] == "UploadComplete"
    for _ in range(2):
        state(desk, "ingest", reply.json["id"])
    assert desk.column("SELECT LastName FROM Lead") == ["A"]


def test_bulk_runs_no_assignment_rule_unless_named(desk: Desk) -> None:
    desk.org.assigned_to["Lead"] = desk.make("Group", Name="New", Type="Queue")
    ingest(desk, "insert", "LastName,Company\nA,x\n")
    assert desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'") == []


def test_a_query_shows_what_was_there_when_it_ran(open_desk: Opener) -> None:
    desk = open_desk(bulk_page=2)
    people = People(desk.org)
    leads = [desk.lead(name) for name in "ABC"]
    people.delete(leads[2])
    job = begin(desk, "SELECT LastName, IsDeleted FROM Lead", "queryAll")
    path = f"/jobs/query/{job}/results"
    desk.clock.advance(timedelta(seconds=5))  # nobody asks, and it is done all the same
    first = desk.get(path)
    people.edit(leads[1], LastName="Changed")
    assert lines(desk.get(path)) == lines(first) == [
        ["LastName", "IsDeleted"], ["A", "false"], ["B", "false"]
    ]  # fmt: skip
    rest = f"{path}?locator={first.headers['sforce-locator']}"
    for _ in range(2):
        last = desk.get(rest)
        assert (lines(last)[1:], last.headers["sforce-locator"]) == ([["C", "true"]], "null")
        assert last.headers["sforce-numberofrecords"] == "1"
    other = desk.get(f"/services/data/v67.0/jobs/query/{job}/results")
    assert other.status == 409
    desk.clock.advance(timedelta(days=7))
    assert desk.get(path).status == 404


def test_large_pages_come_packed_when_the_client_takes_them(desk: Desk) -> None:
    for number in range(60):
        desk.org.add("Account", {"Name": f"A{number:050}"})
    job = begin(desk, "SELECT Name FROM Account")
    desk.clock.advance(timedelta(seconds=5))
    reply = desk.call("GET", f"/jobs/query/{job}/results", Accept_Encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(lines(reply)) == 61


def test_queries_can_fail_be_given_up_and_belong_to_who_began_them(desk: Desk) -> None:
    given_up = begin(desk, "SELECT Id FROM Lead")
    path = f"/jobs/query/{given_up}"
    assert desk.call("PATCH", path, {"state": "Aborted"}).json["state"] == "Aborted"
    assert desk.get(f"{path}/results").code == "INVALIDJOBSTATE"
    desk.org.bulk_query_fails = "InternalServerError : retried too often"
    failed = begin(desk, "SELECT Id FROM Lead")
    desk.clock.advance(timedelta(seconds=5))
    told = desk.get(f"/jobs/query/{failed}").json
    assert (told["state"], told["errorMessage"][:19]) == ("Failed", "InternalServerError")
    other = desk.org.sessions.open(People(desk.org).user, desk.org.now_s()).token
    foreign = desk.call("GET", f"/jobs/query/{failed}", token=other)
    assert (foreign.status, foreign.code) == (400, "INVALIDUSER")


def test_a_large_job_goes_on_between_the_calls_about_it(desk: Desk) -> None:
    lead = desk.lead()
    data = "Id,Title\n" + "".join(f"{lead},{number}\n" for number in range(12_000))
    body = {"object": "Lead", "operation": "update"}
    path = f"/jobs/ingest/{desk.call('POST', '/jobs/ingest', body).json['id']}"
    desk.call("PUT", f"{path}/batches", data.encode(), Content_Type="text/csv")
    desk.call("PATCH", path, {"state": "UploadComplete"})
    seen = [desk.get(path).json for _ in range(2)]
    assert [told["numberRecordsProcessed"] for told in seen] == [0, 5_000]
    while seen[-1]["state"] == "InProgress":
        seen.append(desk.get(path).json)
    assert (seen[-1]["state"], seen[-1]["numberRecordsProcessed"]) == ("JobComplete", 12_000)
    assert desk.column("SELECT Title FROM Lead") == ["11999"]


def test_a_job_given_up_keeps_what_it_has_written() -> None:
    org = Org(Options(limits=False))
    lead = org.add("Lead", {"LastName": "Silva", "Company": "Acme"}).id
    job = BulkJob("1", False, "update", "Lead", org.main_user, "68.0", org.now_s(), "InProgress")
    job.upload = ("Id,Title\n" + "".join(f"{lead},{n}\n" for n in range(6_000))).encode()
    job.work = bulk_ingest.carry_out(org, job)
    bulk_jobs.step(job)
    bulk_jobs.give_up(job)
    assert (len(job.successful), len(job.unprocessed)) == (5_000, 1_000)
    assert org.table("Lead").rows[lead].values["Title"] == "4999"
