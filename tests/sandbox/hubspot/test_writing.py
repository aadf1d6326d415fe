from datetime import timedelta

import pytest

from connector.sandbox.hubspot import catalogue
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, LINKS, TASKS, Desk, codes, owner

BATCH = f"{CONTACTS}/batch"


def test_a_change_stamps_the_record(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    desk.portal.clock.advance(timedelta(milliseconds=1_500))
    reply = desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"phone": "1"}})
    assert reply.json["updatedAt"] == "2026-11-20T12:00:01.500Z"
    shown = desk.get(f"{CONTACTS}/{contact}?properties=hs_lastmodifieddate").json["properties"]
    assert shown["lastmodifieddate"] == shown["hs_lastmodifieddate"] == "2026-11-20T12:00:01.500Z"


def test_an_empty_text_clears(desk: Desk) -> None:
    contact = desk.contact("ana@example.org", phone="1")
    desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"phone": ""}})
    assert desk.get(f"{CONTACTS}/{contact}?properties=phone").json["properties"]["phone"] is None


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("no_such_thing", "1", "PROPERTY_DOESNT_EXIST"),
        ("hubspotscore", "1", "READ_ONLY_VALUE"),
        ("lastmodifieddate", "1", "READ_ONLY_VALUE"),
        ("hs_unique_creation_key", "1", "READ_ONLY_VALUE"),
        ("lifecyclestage", "Customer", "INVALID_OPTION"),
        ("associatedcompanyid", "1,000", "INVALID_NUMBER"),
        ("closedate", "2026-11-20T10:00:00", "INVALID_DATE"),
        ("email", "nobody", "INVALID_EMAIL"),
        ("hubspot_owner_id", "4711", "INVALID_OPTION"),
        ("hubspot_owner_id", "3", "INVALID_OPTION"),  # archived
        ("firstname", 7, "INVALID_TYPE"),
        ("firstname", None, "INVALID_TYPE"),
        ("firstname", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
    ],
)
def test_a_bad_value_is_refused_with_its_code(
    desk: Desk, name: str, value: object, code: str
) -> None:
    desk.portal.owners = {3: owner(3, archived_ms=1)}
    contact = desk.contact("ana@example.org")
    reply = desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {name: value}})
    assert reply.status == 400
    assert reply.json["category"] == "VALIDATION_ERROR"
    assert codes(reply) == [code]
    assert reply.json["errors"][0]["context"] == {"propertyName": [name]}


@pytest.mark.parametrize(
    ("type_", "field", "good", "kept", "bad"),
    [
        ("date", "date", "1795132800000", "2026-11-20", "1795132800001"),
        ("date", "date", "2026-11-20", "2026-11-20", "20.11.2026"),
        ("datetime", "date", "1795132800001", "2026-11-20T00:00:00.001Z", "yesterday"),
        ("datetime", "date", "2026-11-20T01:00:00+01:00", "2026-11-20T00:00:00.000Z", "2026-11-20"),
        ("bool", "booleancheckbox", "true", "true", "True"),
        ("number", "number", "-1.5", "-1.5", "1e3"),
    ],
)
def test_values_are_kept_in_one_form(
    desk: Desk, type_: str, field: str, good: str, kept: str, bad: str
) -> None:
    assert desk.add_property("thing", type=type_, fieldType=field).status == 201
    contact = desk.contact("ana@example.org", thing=good)
    assert desk.get(f"{CONTACTS}/{contact}?properties=thing").json["properties"]["thing"] == kept
    assert desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"thing": bad}}).status == 400


def test_several_choices_are_separated_and_can_be_appended(desk: Desk) -> None:
    options = [
        {"label": x, "value": x, "displayOrder": n, "hidden": False} for n, x in enumerate("abc")
    ]
    desk.add_property("many", type="enumeration", fieldType="checkbox", options=options)
    contact = desk.contact("ana@example.org", many="a;b")
    path = f"{CONTACTS}/{contact}"
    reply = desk.call("PATCH", path, {"properties": {"many": ";c"}})
    assert reply.json["properties"]["many"] == "a;b;c"
    assert desk.call("PATCH", path, {"properties": {"many": "a;z"}}).status == 400


def test_one_bad_value_refuses_the_whole_batch(desk: Desk) -> None:
    good, bad = desk.contacts(2)
    inputs = [
        {"id": good, "properties": {"phone": "1"}},
        {"id": bad, "properties": {"phone": "1", "nope": "1"}},
    ]
    assert desk.post(f"{BATCH}/update", {"inputs": inputs}).status == 400
    assert desk.get(f"{CONTACTS}/{good}?properties=phone").json["properties"]["phone"] is None


def test_the_account_can_answer_such_a_batch_by_rows_instead(open_desk: Opener) -> None:
    desk = open_desk(partial_updates="207")
    good, bad = desk.contacts(2)
    inputs = [
        {"id": good, "properties": {"phone": "1"}, "objectWriteTraceId": "a"},
        {"id": bad, "properties": {"nope": "1"}, "objectWriteTraceId": "b"},
    ]
    reply = desk.post(f"{BATCH}/update", {"inputs": inputs})
    assert reply.status == 207
    assert [row["id"] for row in reply.json["results"]] == [good]
    [error] = reply.json["errors"]
    assert error["context"]["objectWriteTraceId"] == ["b"]
    assert error["context"]["ids"] == [bad]
    assert error["category"] == "VALIDATION_ERROR"


def test_a_batch_update_tells_which_record_is_gone(desk: Desk) -> None:
    good, gone = desk.contacts(2)
    desk.call("DELETE", f"{CONTACTS}/{gone}")
    inputs = [{"id": contact, "properties": {"phone": "1"}} for contact in (good, gone)]
    reply = desk.post(f"{BATCH}/update", {"inputs": inputs})
    assert reply.status == 207
    assert [row["id"] for row in reply.json["results"]] == [good]
    assert reply.json["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert reply.json["errors"][0]["context"]["ids"] == [gone]


def test_a_record_may_stand_once_in_a_batch(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    row = {"id": contact, "properties": {"phone": "1"}}
    assert desk.post(f"{BATCH}/update", {"inputs": [row, row]}).status == 400


@pytest.mark.parametrize("name", ["email", "hs_object_id", "firstname"])
def test_a_batch_update_goes_by_record_id_or_a_unique_custom_property(
    desk: Desk, name: str
) -> None:
    contact = desk.contact("ana@example.org")
    row = {"id": contact, "idProperty": name, "properties": {"phone": "1"}}
    assert desk.post(f"{BATCH}/update", {"inputs": [row]}).status == 400
    desk.add_property("our_key", hasUniqueValue=True)
    desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"our_key": "k1"}})
    row = {"id": "k1", "idProperty": "our_key", "properties": {"phone": "1"}}
    assert desk.post(f"{BATCH}/update", {"inputs": [row]}).json["results"][0]["id"] == contact


def test_a_conflict_fails_a_batch_create_unless_every_row_has_a_trace_id(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    rows = [{"properties": {"email": f"{name}@example.org"}} for name in ("new", "ana")]
    reply = desk.post(f"{BATCH}/create", {"inputs": rows})
    assert reply.status == 409
    assert reply.json["message"] == f"Contact already exists. Existing ID: {contact}"
    assert len(desk.get(CONTACTS).json["results"]) == 1
    traced = [{**row, "objectWriteTraceId": str(n)} for n, row in enumerate(rows)]
    reply = desk.post(f"{BATCH}/create", {"inputs": traced})
    assert reply.status == 207
    assert reply.json["results"][0]["objectWriteTraceId"] == "0"
    assert reply.json["errors"][0]["context"]["objectWriteTraceId"] == ["1"]
    assert reply.json["errors"][0]["category"] == "CONFLICT"


def test_two_rows_of_a_batch_cannot_have_the_same_address(desk: Desk) -> None:
    rows = [{"properties": {"email": "twin@example.org"}}] * 2
    assert desk.post(f"{BATCH}/create", {"inputs": rows}).status == 409


def test_an_upsert_by_address_is_all_or_nothing(open_desk: Opener) -> None:
    desk = open_desk(partial_updates="207")
    contact = desk.contact("ana@example.org")
    rows = [
        {"id": "ana@example.org", "idProperty": "email", "properties": {"phone": "1"}},
        {"id": "ben@example.org", "idProperty": "email", "properties": {"nope": "1"}},
    ]
    assert desk.post(f"{BATCH}/upsert", {"inputs": rows}).status == 400
    assert desk.get(f"{CONTACTS}/{contact}?properties=phone").json["properties"]["phone"] is None
    rows[1]["properties"] = {"phone": "2"}
    reply = desk.post(f"{BATCH}/upsert", {"inputs": rows})
    assert [(row["new"], row["properties"]["phone"]) for row in reply.json["results"]] == [
        (False, "1"),
        (True, "2"),
    ]


def test_an_upsert_takes_no_links_and_no_other_name(desk: Desk) -> None:
    row = {"id": "a@example.org", "idProperty": "email", "properties": {}}
    for bad in (
        {**row, "associations": []},
        {**row, "idProperty": "firstname"},
        {**row, "idProperty": "hs_unique_creation_key"},
        {"id": "1", "properties": {}},
    ):
        assert desk.post(f"{BATCH}/upsert", {"inputs": [bad]}).status == 400


def test_a_task_with_a_unique_key_is_made_once(desk: Desk) -> None:
    reply = desk.add_property("our_task_key", "tasks", hasUniqueValue=True)
    assert reply.status == 201
    values = {"hs_timestamp": "1795000000000", "hs_task_subject": "Call"}
    body = {"inputs": [{"id": "k1", "idProperty": "our_task_key", "properties": values}]}
    first = desk.post(f"{TASKS}/batch/upsert", body).json["results"][0]
    second = desk.post(f"{TASKS}/batch/upsert", body).json["results"][0]
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]
    read = {"inputs": [{"id": "k1"}], "idProperty": "our_task_key", "properties": ["our_task_key"]}
    [row] = desk.post(f"{TASKS}/batch/read", read).json["results"]
    assert row["properties"]["our_task_key"] == "k1"
    taken = {"properties": {**values, "our_task_key": "k1"}}
    assert desk.post(TASKS, taken).status == 409


def test_the_creation_key_can_be_made_writable(open_desk: Opener) -> None:
    desk = open_desk(creation_key_writable=True)
    assert desk.task(hs_unique_creation_key="k")
    meta = desk.get("/crm/properties/2026-09/tasks/hs_unique_creation_key").json
    assert meta["modificationMetadata"]["readOnlyValue"] is False


def test_a_task_needs_a_due_date_and_a_subject(desk: Desk) -> None:
    reply = desk.post(TASKS, {"properties": {"hs_task_body": "x"}})
    assert reply.status == 400
    assert codes(reply) == ["MISSING_REQUIRED_PROPERTY"] * 2
    reminder = {"hs_timestamp": "1", "hs_task_subject": "x", "hs_task_reminders": "2026-11-20"}
    assert codes(desk.post(TASKS, {"properties": reminder})) == ["INVALID_LONG"]


def test_a_task_logged_on_a_contact_stamps_the_contact(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    desk.portal.clock.advance(timedelta(minutes=1))
    desk.task(contact=contact)
    shown = desk.get(f"{CONTACTS}/{contact}?properties=notes_last_updated").json
    assert shown["updatedAt"] == "2026-11-20T12:01:00.000Z"
    assert shown["properties"]["notes_last_updated"] == "2026-11-20T12:01:00.000Z"


def test_a_completed_task_says_when(desk: Desk) -> None:
    task = desk.task()
    desk.call("PATCH", f"{TASKS}/{task}", {"properties": {"hs_task_status": "COMPLETED"}})
    shown = desk.get(f"{TASKS}/{task}?properties=hs_task_is_completed,hs_task_completion_date")
    assert shown.json["properties"]["hs_task_is_completed"] == "1"
    assert shown.json["properties"]["hs_task_completion_date"] == "2026-11-20T12:00:00.000Z"


def test_a_link_of_the_wrong_kind_or_to_nobody_is_refused(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    for to, type_id in ((contact, 203), (contact, 9_999), ("4711", 204)):
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}
        body = {
            "properties": {"hs_timestamp": "1", "hs_task_subject": "x"},
            "associations": [{"to": {"id": to}, "types": [link]}],
        }
        assert desk.post(TASKS, body).status == 400
    assert desk.get(TASKS).json["results"] == []


def test_the_stage_moves_forward_only_and_back_through_nothing(desk: Desk) -> None:
    contact = desk.contact("ana@example.org", lifecyclestage="salesqualifiedlead")
    path = f"{CONTACTS}/{contact}"

    def stage(value: str) -> object:
        body = {"inputs": [{"id": contact, "properties": {"lifecyclestage": value}}]}
        [row] = desk.post(f"{BATCH}/update", body).json["results"]
        return row["properties"]["lifecyclestage"]

    assert stage("lead") == "salesqualifiedlead"  # accepted and ignored without a word
    assert stage("customer") == "customer"
    assert stage("") is None
    assert stage("lead") == "lead"
    assert desk.get(f"{path}?properties=lifecyclestage").json["properties"]["lifecyclestage"] == (
        "lead"
    )


def test_a_batch_archive_empties_the_list(desk: Desk) -> None:
    ids = desk.contacts(3)
    body = {"inputs": [{"id": contact} for contact in ids[:2]]}
    assert desk.post(f"{BATCH}/archive", body).status == 204
    assert [row["id"] for row in desk.get(CONTACTS).json["results"]] == ids[2:]


def test_after_a_merge_both_old_ids_lead_to_the_new_record(desk: Desk) -> None:
    kept = desk.contact("ana@example.org", phone="1")
    lost = desk.contact("anna@example.org", phone="2", jobtitle="CTO", lifecyclestage="opportunity")
    task = desk.task(contact=lost)
    body = {"primaryObjectId": kept, "objectIdToMerge": lost}
    merged = desk.post(f"{CONTACTS}/merge", body).json["id"]
    assert merged not in {kept, lost}
    names = "phone,jobtitle,lifecyclestage,hs_merged_object_ids"
    for old in (kept, lost):
        shown = desk.get(f"{CONTACTS}/{old}?properties={names}").json
        assert shown["id"] == merged
    assert shown["properties"]["phone"] == "1"
    assert shown["properties"]["jobtitle"] == "CTO"
    assert shown["properties"]["lifecyclestage"] == "opportunity"
    assert shown["properties"]["hs_merged_object_ids"] == f"{kept};{lost}"
    assert desk.get(f"{CONTACTS}?archived=true").json["results"] == []
    links = desk.post(f"{LINKS}/contacts/tasks/batch/read", {"inputs": [{"id": merged}]}).json
    assert links["results"][0]["to"][0]["toObjectId"] == task
    third = desk.contact("a@example.org")
    body = {"primaryObjectId": merged, "objectIdToMerge": third}
    again = desk.post(f"{CONTACTS}/merge", body).json["id"]
    shown = desk.get(f"{CONTACTS}/{kept}?properties={names},hs_calculated_merged_vids").json
    assert shown["id"] == again
    assert shown["properties"]["hs_merged_object_ids"] == f"{kept};{lost};{merged};{third}"
    assert kept not in shown["properties"]["hs_calculated_merged_vids"].split(":")


def test_an_erased_contact_leaves_nothing(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    body = {"objectId": "ana@example.org", "idProperty": "email"}
    assert desk.post(f"{CONTACTS}/gdpr-delete", body).status == 204
    assert desk.get(f"{CONTACTS}/{contact}").status == 404
    assert desk.get(f"{CONTACTS}?archived=true").json["results"] == []
    assert "ana@example.org" in desk.portal.blocked_emails


def test_a_body_that_is_not_json_is_a_400(desk: Desk) -> None:
    headers = {"Authorization": "Bearer pat-sandbox", "Content-Type": "application/json"}
    url = desk.sandbox.url + CONTACTS
    for body in (b"{", b"[]", b"\xff"):
        assert desk.pool.request("POST", url, body=body, headers=headers).status == 400
    assert desk.pool.request("POST", url, body=b"{}", headers=headers).status == 400


def test_an_answer_to_a_write_leaves_out_what_has_no_value(desk: Desk) -> None:
    made = desk.post(CONTACTS, {"properties": {"email": "ana@example.org", "phone": "1"}}).json
    assert "firstname" not in made["properties"]
    cleared = desk.call("PATCH", f"{CONTACTS}/{made['id']}", {"properties": {"phone": ""}}).json
    assert cleared["properties"]["phone"] is None
    shown = desk.get(f"{CONTACTS}/{made['id']}").json["properties"]
    assert shown["firstname"] is None


def test_a_record_tells_when_it_entered_and_left_its_stages(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    path = f"{CONTACTS}/{contact}"
    desk.clock.advance(timedelta(hours=1))
    desk.call("PATCH", path, {"properties": {"lifecyclestage": "customer"}})
    names = ["date_entered_lead", "date_exited_lead", "cumulative_time_in_lead"]
    names += ["date_entered_customer", "date_exited_customer", "date_entered_current_stage"]
    wanted = ",".join(f"hs_v2_{name}" for name in names)
    shown = desk.get(f"{path}?properties={wanted}").json["properties"]
    noon, one = "2026-11-20T12:00:00.000Z", "2026-11-20T13:00:00.000Z"
    assert [shown[f"hs_v2_{name}"] for name in names] == [noon, one, "3600000", one, None, one]


def test_a_deal_won_later_makes_its_contact_a_customer(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
    made = desk.post(
        "/crm/objects/2026-09/deals",
        {
            "properties": {"dealname": "D", "dealstage": "contractsent"},
            "associations": [{"to": {"id": contact}, "types": [link]}],
        },
    )
    path = f"/crm/objects/2026-09/deals/{made.json['id']}"

    def stage() -> str:
        shown = desk.get(f"{CONTACTS}/{contact}?properties=lifecyclestage").json["properties"]
        return str(shown["lifecyclestage"])

    assert stage() == "opportunity"
    desk.call("PATCH", path, {"properties": {"dealstage": "closedwon"}})
    assert stage() == "customer"
    names = "num_associated_contacts,hs_v2_date_entered_closedwon"
    deal = desk.get(f"{path}?properties={names}").json["properties"]
    assert deal["num_associated_contacts"] == "1"
    assert deal["hs_v2_date_entered_closedwon"] == "2026-11-20T12:00:00.000Z"


def test_every_deal_stage_has_its_times(desk: Desk) -> None:
    stages = desk.get("/crm/pipelines/2026-09/deals/default/stages").json["results"]
    assert [stage["id"] for stage in stages] == catalogue.DEAL_STAGES.split()
