"""People and admins act over HTTP too, for whoever does not hold the org in the same process."""

from tests.sandbox.salesforce.desk import QUIET, Desk, Reply


def pull(desk: Desk, lever: str, **body: object) -> Reply:
    return desk.call("POST", f"/_sandbox/{lever}", body, token="")


def test_people_convert_merge_edit_delete_and_create(desk: Desk) -> None:
    first, second, third = (desk.lead(name) for name in "ABC")
    made = pull(desk, "people/convert", lead=first, with_opportunity=True).json
    assert desk.column("SELECT Id FROM Contact") == [made["contact"]]
    assert desk.column("SELECT Id FROM Opportunity") == [made["opportunity"]]
    assert pull(desk, "people/merge", master=second, losers=[third]).status == 200
    assert desk.column("SELECT LastName FROM Lead WHERE IsConverted = false") == ["B"]
    assert pull(desk, "people/edit", id=second, values={"Title": "CTO"}).status == 200
    assert desk.column(f"SELECT Title FROM Lead WHERE Id = '{second}'") == ["CTO"]  # noqa: S608
    values = {"LastName": "Late", "Company": "Acme"}
    late = pull(desk, "people/create", sobject="lead", values=values, seconds=60).json["id"]
    assert desk.get(f"/sobjects/Lead/{late}").status == 404
    pull(desk, "clock", advance_seconds=61)
    assert desk.get(f"/sobjects/Lead/{late}").json["LastName"] == "Late"
    assert pull(desk, "people/delete", id=second).status == 200
    gone = pull(desk, "people/delete", id=second)
    assert (gone.status, gone.code) == (404, "ENTITY_IS_DELETED")


def test_an_admin_sets_what_writes_meet(desk: Desk) -> None:
    lead = desk.lead()
    rule = {"sobject": "Lead", "condition": "Title = 'x'", "message": "No", "field": "Title"}
    told = pull(desk, "settings", validation_rules=[rule], required=["Lead.Rating"])
    assert told.json == {"set": ["required", "validation_rules"]}
    assert desk.change("Lead", lead, Title="x").code == "REQUIRED_FIELD_MISSING"
    refused = desk.change("Lead", lead, Title="x", Rating="Hot")
    assert refused.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    pull(desk, "settings", locked={lead: 1}, validation_rules=[], required=[])
    assert desk.change("Lead", lead, Title="x").code == "UNABLE_TO_LOCK_ROW"
    assert desk.call("PATCH", f"/sobjects/Lead/{lead}", {"Title": "x"}, **QUIET).status == 204


def test_a_lever_tells_what_it_cannot_do(desk: Desk) -> None:
    unknown = pull(desk, "settings", nope=1)
    assert (unknown.status, "known are" in unknown.json[0]["message"]) == (400, True)
    for lever, body in (("people/edit", b"["), ("people/merge", b'{"master": "x"}')):
        assert desk.call("POST", f"/_sandbox/{lever}", body, token="").status == 400
    assert pull(desk, "clock").status == 400


def test_the_app_that_may_sign_in_is_told(desk: Desk) -> None:
    told = desk.call("GET", "/_sandbox/app", token="").json
    assert told["private_key"] == desk.sandbox.private_key
    assert (told["username"], told["consumer_key"]) == (
        desk.sandbox.username, desk.sandbox.consumer_key
    )  # fmt: skip
