from datetime import timedelta
from urllib.parse import quote, urlencode

import jwt
import pytest

from connector.sandbox.salesforce.notation import field_of
from tests.sandbox.salesforce.conftest import Opener
from tests.sandbox.salesforce.desk import NOON, QUIET, Desk

FORM = "application/x-www-form-urlencoded"
ENDPOINT = "/services/oauth2/token"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def claims(desk: Desk, **other: object) -> dict[str, object]:
    return {
        "iss": desk.sandbox.consumer_key, "sub": desk.sandbox.username,
        "aud": "https://login.salesforce.com", "exp": int(NOON.timestamp()) + 180, **other,
    }  # fmt: skip


def ask(desk: Desk, grant: str, **form: str) -> tuple[int, str]:
    body = urlencode({"grant_type": grant, **form}).encode()
    reply = desk.call("POST", ENDPOINT, body, token="", Content_Type=FORM)
    return reply.status, reply.json.get("access_token") or reply.json["error_description"]


def test_a_signed_assertion_opens_a_session(desk: Desk, private_key: str) -> None:
    assertion = jwt.encode(claims(desk), private_key, algorithm="RS256")
    status, token = ask(desk, JWT, assertion=assertion)
    assert status == 200
    who = desk.call("GET", "/services/oauth2/userinfo", token=token).json
    assert who["preferred_username"] == desk.sandbox.username
    desk.clock.advance(timedelta(hours=2))
    late = desk.call("GET", "/limits", token=token)
    assert (late.status, late.code) == (401, "INVALID_SESSION_ID")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"aud": "https://acme.my.salesforce.com"}, "audience is invalid"),
        ({"sub": "else@sandbox.example"}, "user hasn't approved this consumer"),
        ({"exp": int(NOON.timestamp())}, "expired authorization code"),
        ({"exp": int(NOON.timestamp()) + 3_600}, "exp lies too far ahead"),
        ({"iss": "unknown"}, "client identifier invalid"),
    ],
)
def test_an_assertion_has_to_be_right(
    desk: Desk, private_key: str, wrong: dict[str, object], told: str
) -> None:
    assertion = jwt.encode(claims(desk, **wrong), private_key, algorithm="RS256")
    status, said = ask(desk, JWT, assertion=assertion)
    assert (status, told in said) == (400, True)


def test_the_vendors_command_line_may_give_milliseconds(desk: Desk, private_key: str) -> None:
    wrong = claims(desk, exp=int(NOON.timestamp() * 1_000) + 300)
    assertion = jwt.encode(wrong, private_key, algorithm="RS256")
    assert ask(desk, JWT, assertion=assertion)[0] == 200


def test_the_signature_is_checked(desk: Desk, private_key: str) -> None:
    assertion = jwt.encode(claims(desk), private_key, algorithm="RS256")
    head, body, signature = assertion.split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    assert ask(desk, JWT, assertion=forged) == (400, "invalid assertion")


def test_client_credentials_and_what_is_not_offered(desk: Desk) -> None:
    right = {"client_id": desk.sandbox.consumer_key, "client_secret": desk.sandbox.consumer_secret}
    assert ask(desk, "client_credentials", **right)[0] == 200
    assert ask(desk, "client_credentials", **{**right, "client_secret": "x"})[0] == 401
    assert ask(desk, "password", username="a")[0] == 400


def test_logins_are_counted_and_limited(open_desk: Opener) -> None:
    desk = open_desk(logins_an_hour=2, audiences=("https://login.salesforce.com",))
    right = {"client_id": desk.sandbox.consumer_key, "client_secret": desk.sandbox.consumer_secret}
    asked = [ask(desk, "client_credentials", **right) for _ in range(3)]
    assert [status for status, _ in asked] == [200, 200, 400]
    assert asked[2][1] == "login rate exceeded"
    counted = desk.call("DELETE", "/_sandbox/calls").json
    assert (counted["total"], counted["logins"]) == (0, 3)
    wrong = claims(desk, aud="https://test.salesforce.com")
    assertion = jwt.encode(wrong, desk.sandbox.private_key, algorithm="RS256")
    assert ask(desk, JWT, assertion=assertion) == (400, "audience is invalid")
    desk.clock.advance(timedelta(hours=1))
    assert ask(desk, "client_credentials", **right)[0] == 200


def test_a_token_tells_who_it_is_and_how_long_it_lives(desk: Desk) -> None:
    right = {"client_id": desk.sandbox.consumer_key, "client_secret": desk.sandbox.consumer_secret}
    _, token = ask(desk, "client_credentials", **right)
    body = urlencode({"token": token, **right}).encode()
    told = desk.call("POST", "/services/oauth2/introspect", body, token="", Content_Type=FORM).json
    assert (told["active"], told["username"]) == (True, desk.sandbox.username)
    assert told["exp"] == int(NOON.timestamp()) + 7_200
    who = desk.call("GET", desk.get("/").json["identity"].removeprefix(desk.sandbox.url)).json
    assert (who["user_id"], who["username"]) == (desk.org.main_user, desk.sandbox.username)
    wrong = urlencode({"token": token, **right, "client_secret": "x"}).encode()
    refused = desk.call("POST", "/services/oauth2/introspect", wrong, token="", Content_Type=FORM)
    assert refused.status == 401


def test_versions_and_retired_ones(desk: Desk) -> None:
    listed = desk.call("GET", "/services/data", token="").json
    assert listed[-1] == {
        "label": "Winter '27", "url": "/services/data/v68.0", "version": "68.0"
    }  # fmt: skip
    assert listed[-2]["label"] == "Summer '26"
    assert desk.get("/services/data/v30.0/limits").status == 410
    assert desk.get("/services/data/v69.0/limits").status == 404


def test_an_org_may_have_retired_more_versions(open_desk: Opener) -> None:
    desk = open_desk(oldest_version=67)
    listed = desk.call("GET", "/services/data", token="").json
    assert [one["version"] for one in listed] == ["67.0", "68.0"]
    assert desk.get("/services/data/v66.0/limits").code == "GONE"


def test_describe_tells_types_lengths_and_rights(desk: Desk) -> None:
    desk.org.hidden.add("Lead.Title")
    fields = {one["name"]: one for one in desk.get("/sobjects/Lead/describe").json["fields"]}
    assert (fields["Company"]["length"], fields["Company"]["nillable"]) == (255, False)
    assert (fields["Description"]["length"], fields["Description"]["filterable"]) == (32000, False)
    assert fields["IsConverted"]["updateable"] is False
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert fields["Status"]["picklistValues"][0]["value"] == "Open - Not Contacted"
    assert "Title" not in fields
    names = [one["name"] for one in desk.get("/sobjects").json["sobjects"]]
    assert {"Lead", "Task", "EmailMessageRelation", "LeadStatus", "Group"} <= set(names)
    assert desk.get("/sobjects/Nix/describe").status == 404


def test_a_record_is_made_read_changed_and_deleted(desk: Desk) -> None:
    lead = desk.lead(Email="a@b.example", AnnualRevenue=5)
    shown = desk.get(f"/sobjects/Lead/{lead[:15]}").json
    assert (shown["Id"], shown["Name"], shown["AnnualRevenue"]) == (lead, "Silva", 5.0)
    assert shown["CreatedDate"] == "2026-11-20T12:00:00.000+0000"
    desk.clock.advance(timedelta(seconds=2))
    assert desk.change("Lead", lead, FirstName="Ana", Email=None).status == 204
    some = desk.get(f"/sobjects/Lead/{lead}?fields=Name,Email,SystemModstamp").json
    assert (some["Name"], some["Email"]) == ("Ana Silva", None)
    assert some["SystemModstamp"] == "2026-11-20T12:00:02.000+0000"
    assert desk.call("DELETE", f"/sobjects/Lead/{lead}").status == 204
    gone = desk.get(f"/sobjects/Lead/{lead}")
    assert (gone.status, gone.code) == (404, "ENTITY_IS_DELETED")
    assert desk.get("/sobjects/Lead/00Q5g0000000099").code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD"),
        ({"LastName": 5}, "JSON_PARSER_ERROR"),
        ({"NumberOfEmployees": "5"}, "JSON_PARSER_ERROR"),
        ({"HasOptedOutOfEmail": "true"}, "JSON_PARSER_ERROR"),
        ({"EmailBouncedDate": "yesterday"}, "JSON_PARSER_ERROR"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"NumberOfEmployees": 10**8}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"OwnerId": "x"}, "MALFORMED_ID"),
        ({"OwnerId": "0055g0000000099AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"OwnerId": "0015g0000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(
    desk: Desk, values: dict[str, object], code: str
) -> None:
    lead = desk.lead()
    reply = desk.change("Lead", lead, **values)
    assert (reply.status, reply.code) == (400, code)


def test_an_upsert_makes_changes_and_tells_when_there_are_several(desk: Desk) -> None:
    key = field_of("Ext__c string(40)")
    key.external_id = key.custom = True
    desk.org.objects["Lead"].add([key])
    path = f"/sobjects/Lead/Ext__c/{quote('a/b', safe='')}"
    values = {"LastName": "Silva", "Company": "Acme"}
    made = desk.call("PATCH", path, values, **QUIET)
    assert (made.status, made.json["created"]) == (201, True)
    changed = desk.call("PATCH", path, {"FirstName": "Ana"}, **QUIET)
    assert (changed.status, changed.json) == (200, made.json | {"created": False})
    older = "/services/data/v45.0" + path  # before 46.0 nothing was told of what was there
    assert desk.call("PATCH", older, {"FirstName": "Ana"}, **QUIET).status == 204
    by_id = f"/sobjects/Lead/Id/{made.json['id']}"
    assert desk.call("PATCH", by_id, {"FirstName": "Ana"}, **QUIET).json["created"] is False
    assert desk.call("PATCH", "/sobjects/Lead/Id/00Q5g0000000099", values).status == 404
    without = desk.call("POST", "/sobjects/Lead/Id", values | {"LastName": "New"}).json
    assert (without["created"], desk.column("SELECT Id FROM Lead WHERE LastName = 'New'")) == (
        True, [without["id"]]
    )  # fmt: skip
    assert desk.get(path).json["Name"] == "Ana Silva"
    other = desk.lead("Other", Ext__c="A/B")
    several = desk.call("PATCH", path, {"FirstName": "Bo"}, **QUIET)
    assert (several.status, several.json[1][-18:]) == (300, other)
    only = desk.call("PATCH", "/sobjects/Lead/Ext__c/new?updateOnly=true", values, **QUIET)
    assert only.status == 404


def test_assignment_rules_run_unless_told_not_to(desk: Desk) -> None:
    queue = desk.make("Group", Name="New leads", Type="Queue")
    lead = desk.lead()
    desk.org.assigned_to["Lead"] = queue
    assert desk.change("Lead", lead, Title="CTO").status == 204
    assert desk.column("SELECT Owner.Type FROM Lead")[0]["Type"] == "User"
    desk.call("PATCH", f"/sobjects/Lead/{lead}", {"Title": "CEO"})
    assert desk.rows("SELECT OwnerId FROM Lead") == [{"OwnerId": queue}]
    assert desk.rows("SELECT Id FROM Lead WHERE Owner.Type = 'Queue'") == [{"Id": lead}]


def test_the_day_of_calls_ends_with_403(open_desk: Opener) -> None:
    desk = open_desk(daily_requests=2)
    assert desk.get("/limits").headers["sforce-limit-info"] == "api-usage=1/2"
    left = desk.get("/limits").json["DailyApiRequests"]
    assert left == {"Max": 2, "Remaining": 0}
    over = desk.get("/limits")
    assert (over.status, over.code) == (403, "REQUEST_LIMIT_EXCEEDED")
    desk.clock.advance(timedelta(hours=24))
    assert desk.get("/limits").status == 200


def test_the_usage_may_name_the_calling_app(open_desk: Opener) -> None:
    desk = open_desk(tells_app_usage=True)
    told = desk.get("/limits").headers["sforce-limit-info"]
    assert told == "api-usage=1/115000; per-app-api-usage=1/115000(appName=Sandbox)"


def test_long_addresses_answer_in_html(desk: Desk) -> None:
    reply = desk.query("SELECT Id FROM Lead WHERE Title = '" + "x" * 16_500 + "'")
    assert (reply.status, reply.raw[:6]) == (414, b"<html>")
    heavy = desk.call("GET", "/limits", X_Heavy="x" * 16_400)
    assert heavy.status == 431


def test_faults_happen_when_told(open_desk: Opener) -> None:
    desk = open_desk(faults="503@1,busy@2,html@3,truncate@4,lost@5,420@6,401@8")
    assert desk.get("/limits").code == "SERVER_UNAVAILABLE"
    assert "Concurrent" in desk.get("/limits").json[0]["message"]
    assert desk.get("/limits").raw[:6] == b"<html>"
    assert not desk.get("/limits").raw.endswith(b"}}")
    values = {"LastName": "Silva", "Company": "Acme"}
    assert desk.call("POST", "/sobjects/Lead", values).status == 502
    assert desk.get("/limits").status == 420
    assert len(desk.rows("SELECT Id FROM Lead")) == 1
    assert [desk.get("/limits").status for _ in range(2)] == [401, 401]


def test_a_fault_locks_the_first_row_of_a_call(open_desk: Opener) -> None:
    desk = open_desk(faults="lock@3,lock@4,slow@6")
    leads = [desk.lead("A"), desk.lead("B")]
    rows = [{"attributes": {"type": "Lead"}, "id": lead, "Title": "x"} for lead in leads]
    reply = desk.call("PATCH", "/composite/sobjects", {"records": rows}, **QUIET).json
    assert [row["success"] for row in reply] == [False, True]
    assert reply[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert desk.call("POST", "/sobjects/Task", {"Subject": "x"}).code == "UNABLE_TO_LOCK_ROW"
    assert desk.change("Lead", leads[0], Title="x").status == 204
    assert desk.query("SELECT Id FROM Lead").code == "QUERY_TIMEOUT"


def test_describe_tells_what_a_user_may_not_do(desk: Desk) -> None:
    desk.org.denied |= {"Lead.edit", "Task.create", "Event.read"}
    lead = desk.get("/sobjects/Lead/describe").json
    assert (lead["updateable"], lead["createable"]) == (False, True)
    assert desk.get("/sobjects/Task/describe").json["createable"] is False
    assert desk.get("/sobjects/Event/describe").status == 404
