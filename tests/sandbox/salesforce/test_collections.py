from typing import Any

from connector.sandbox.salesforce.notation import field_of
from tests.sandbox.salesforce.desk import DATA, QUIET, Desk, Reply


def row(record_id: str, **values: object) -> dict[str, object]:
    return {"attributes": {"type": "Lead"}, "id": record_id, **values}


def patch(desk: Desk, *rows: dict[str, object], all_or_none: bool = False) -> Reply:
    body = {"allOrNone": all_or_none, "records": list(rows)}
    return desk.call("PATCH", "/composite/sobjects", body, **QUIET)


def test_each_row_has_its_own_outcome_in_order(desk: Desk) -> None:
    first, second, third = (desk.lead(name) for name in "ABC")
    desk.org.locked[second] = 1
    reply = patch(
        desk,
        row(third, Title="C"),
        row(second, Title="B"),
        row(first, Title="x" * 200),
        row("00Q5g0000000099", Title="Z"),
    )
    assert reply.status == 200
    assert reply.json[0] == {"id": third, "success": True, "errors": []}
    codes = [line["errors"][0]["statusCode"] for line in reply.json[1:]]
    assert codes == ["UNABLE_TO_LOCK_ROW", "STRING_TOO_LONG", "INVALID_CROSS_REFERENCE_KEY"]
    assert reply.json[2]["errors"][0]["fields"] == ["Title"]
    assert patch(desk, row(second, Title="B")).json[0]["success"] is True


def test_all_or_none_takes_everything_back(desk: Desk) -> None:
    first, second = desk.lead("A", Title="old"), desk.lead("B")
    reply = patch(
        desk, row(first, Title="new", Email="a@b.example"), row(second, LastName=None),
        all_or_none=True,
    )  # fmt: skip
    codes = [line["errors"][0]["statusCode"] for line in reply.json]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert desk.rows("SELECT Title, Email FROM Lead WHERE LastName = 'A'") == [
        {"Title": "old", "Email": None}
    ]


def test_an_unknown_column_refuses_the_whole_request(desk: Desk) -> None:
    reply = patch(desk, row(desk.lead(), Nope__c=1))
    assert (reply.status, reply.code) == (400, "INVALID_FIELD")


def test_at_most_200_rows(desk: Desk) -> None:
    lead = desk.lead()
    assert patch(desk, *[row(lead)] * 201).code == "EXCEEDED_ID_LIMIT"
    mixed = [{"attributes": {"type": kind}} for kind in ("Lead", "Contact") * 6]
    reply = desk.call("POST", "/composite/sobjects", {"records": mixed})
    assert reply.code == "EXCEEDED_MAX_TYPES_LIMIT"


def test_a_unique_key_makes_a_task_once(desk: Desk) -> None:
    key = field_of("Key__c string(40) unique")
    key.external_id = key.custom = True
    desk.org.objects["Task"].add([key])
    tasks = [{"attributes": {"type": "Task"}, "Subject": "Call", "Key__c": k} for k in "abA"]
    made = desk.call("POST", "/composite/sobjects", {"records": tasks}).json
    assert [line["success"] for line in made] == [True, True, False]
    error = made[2]["errors"][0]
    assert error["statusCode"] == "DUPLICATE_VALUE"
    assert error["message"].endswith(f"on record with id: {made[0]['id']}")
    path = "/composite/sobjects/Task/Key__c"
    again = desk.call("PATCH", path, {"records": [tasks[0], {**tasks[0], "Key__c": "c"}]}).json
    assert [line["created"] for line in again] == [False, True]
    twice = desk.call("PATCH", path, {"records": [tasks[0], tasks[0]]}).json
    assert [line["success"] for line in twice] == [False, False]
    desk.call("DELETE", f"/sobjects/Task/{made[0]['id']}")
    assert desk.call("POST", "/sobjects/Task", {"Key__c": "a"}).status == 201


def test_many_are_read_and_deleted_at_once(desk: Desk) -> None:
    first, second = desk.lead("A"), desk.lead("B")
    body = {"ids": [second, "00Q5g0000000099", first], "fields": ["LastName"]}
    read = desk.call("POST", "/composite/sobjects/Lead", body).json
    assert [line and line["LastName"] for line in read] == ["B", None, "A"]
    gone = desk.call("DELETE", f"/composite/sobjects?ids={first},{second}").json
    assert [line["success"] for line in gone] == [True, True]
    assert desk.rows("SELECT Id FROM Lead") == []


def composite(desk: Desk, *parts: dict[str, Any], all_or_none: bool = False) -> list[Any]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(parts)}
    reply = desk.call("POST", "/composite", body)
    assert reply.status == 200, reply.raw
    answers: list[Any] = reply.json["compositeResponse"]
    return answers


def part(name: str, method: str, url: str, **rest: object) -> dict[str, Any]:
    return {"referenceId": name, "method": method, "url": DATA + url, **rest}


def test_five_queries_cost_one_call(desk: Desk) -> None:
    before = desk.get("/limits").headers["sforce-limit-info"]
    kinds = ("Lead", "Contact", "Task", "Event", "CampaignMember")
    queries = [part(k, "GET", f"/query?q=SELECT+Id+FROM+{k}") for k in kinds]
    assert [a["httpStatusCode"] for a in composite(desk, *queries)] == [200] * 5
    after = desk.get("/limits").headers["sforce-limit-info"]
    assert (before, after) == ("api-usage=1/115000", "api-usage=3/115000")
    sixth = part("more", "GET", "/query?q=SELECT+Id+FROM+Lead")
    reply = desk.call("POST", "/composite", {"compositeRequest": [*queries, sixth]})
    assert (reply.status, reply.code) == (400, "LIMIT_EXCEEDED")


def test_a_batch_goes_on_after_a_failure_unless_told_to_halt(desk: Desk) -> None:
    wishes: list[dict[str, object]] = [
        {"method": "POST", "url": "v68.0/sobjects/Account", "richInput": {}},
        {"method": "POST", "url": "v68.0/sobjects/Account", "richInput": {"Name": "Acme"}},
    ]
    told = desk.call("POST", "/composite/batch", {"batchRequests": wishes}).json
    assert [one["statusCode"] for one in told["results"]] == [400, 201]
    assert told["hasErrors"] is True
    halting = {"haltOnError": True, "batchRequests": wishes}
    told = desk.call("POST", "/composite/batch", halting).json
    assert told["results"][1]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


def test_a_request_uses_what_an_earlier_one_returned(desk: Desk) -> None:
    account = part("a", "POST", "/sobjects/Account", body={"Name": "Acme"})
    contact = part("c", "POST", "/sobjects/Contact", body={"LastName": "X", "AccountId": "@{a.id}"})
    made = composite(desk, account, contact, part("r", "GET", "/sobjects/Contact/@{c.id}"))
    assert [answer["httpStatusCode"] for answer in made] == [201, 201, 200]
    assert made[2]["body"]["AccountId"] == made[0]["body"]["id"]
    broken = composite(desk, part("a", "POST", "/sobjects/Account", body={}), contact)
    assert broken[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_a_composite_is_taken_back_as_a_whole(desk: Desk) -> None:
    good = part("a", "POST", "/sobjects/Account", body={"Name": "Acme"})
    bad = part("b", "POST", "/sobjects/Lead", body={"LastName": "X"})
    answers = composite(desk, good, bad, good | {"referenceId": "c"}, all_or_none=True)
    codes = [answer["body"][0]["errorCode"] for answer in answers]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert desk.rows("SELECT Id FROM Account") == []


def test_a_header_within_protects_the_owner(desk: Desk) -> None:
    queue = desk.make("Group", Name="New leads", Type="Queue")
    lead = desk.lead()
    desk.org.assigned_to["Lead"] = queue
    change = part("u", "PATCH", f"/sobjects/Lead/{lead}", body={"Title": "CTO"}, httpHeaders=QUIET)
    composite(desk, change)
    assert desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'") == []
    composite(desk, {**change, "httpHeaders": {}})
    assert len(desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'")) == 1
