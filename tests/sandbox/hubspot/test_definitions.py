from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, PROPERTIES, Desk

PATH = f"{PROPERTIES}/contacts"


def test_the_documented_properties_are_there(desk: Desk) -> None:
    listed = {row["name"]: row for row in desk.get(PATH).json["results"]}
    for name in ("hs_email_open", "notes_last_contacted", "recent_conversion_date"):
        assert listed[name]["modificationMetadata"]["readOnlyValue"] is True
    assert listed["hubspotscore"]["calculated"] is True
    assert listed["email"]["modificationMetadata"]["readOnlyValue"] is False
    stages = [option["value"] for option in listed["lifecyclestage"]["options"]]
    assert stages[0] == "subscriber"
    assert desk.get(f"{PROPERTIES}/deals").status == 200
    names = {row["name"] for row in desk.get(f"{PROPERTIES}/tasks").json["results"]}
    assert {"hs_task_subject", "hs_unique_creation_key"} <= names


def test_a_property_is_created_in_a_group_once(desk: Desk) -> None:
    group = {"name": "ripeness", "label": "Ripeness"}
    assert desk.post(f"{PATH}/groups", group).status == 201
    assert desk.post(f"{PATH}/groups", group).status == 409
    reply = desk.add_property("ripe_score", type="number", fieldType="number", groupName="ripeness")
    assert reply.status == 201
    again = desk.add_property("ripe_score", type="number", fieldType="number")
    assert again.status == 409
    assert again.json["category"] == "OBJECT_ALREADY_EXISTS"
    assert again.json["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert desk.get(f"{PATH}/ripe_score").json["groupName"] == "ripeness"
    in_use = desk.call("DELETE", f"{PATH}/groups/ripeness")
    assert in_use.status == 400
    assert "GROUP_WITH_ACTIVE_PROPERTIES" in in_use.raw.decode()


def test_what_does_not_fit_is_refused(desk: Desk) -> None:
    assert desk.add_property("a", type="score").status == 400
    assert desk.add_property("a", type="number", fieldType="text").status == 400
    assert desk.add_property("a", groupName="nowhere").status == 400
    assert desk.add_property("A b").status == 400
    assert desk.add_property("hs_mine").status == 400
    assert desk.add_property("a", type="enumeration", fieldType="select").status == 400


def test_a_batch_create_has_an_outcome_for_each_property(desk: Desk) -> None:
    rest = {"type": "string", "fieldType": "text", "groupName": "contactinformation"}
    rows = [{"name": name, "label": name, **rest} for name in ("one", "two")]
    assert desk.post(f"{PATH}/batch/create", {"inputs": rows[:1]}).status == 201
    reply = desk.post(f"{PATH}/batch/create", {"inputs": rows})
    assert reply.status == 207
    assert [row["name"] for row in reply.json["results"]] == ["two"]
    assert reply.json["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"


def test_options_are_replaced_whole_or_kept(desk: Desk) -> None:
    options = [{"label": x, "value": x, "displayOrder": 0, "hidden": False} for x in ("a", "b")]
    desk.add_property("band", type="enumeration", fieldType="select", options=options)
    kept = desk.call("PATCH", f"{PATH}/band", {"label": "Band"}).json
    assert [option["value"] for option in kept["options"]] == ["a", "b"]
    new = [{"label": "c", "value": "c", "displayOrder": 0, "hidden": False}]
    changed = desk.call("PATCH", f"{PATH}/band", {"options": new}).json
    assert [option["value"] for option in changed["options"]] == ["c"]
    assert desk.call("PATCH", f"{PATH}/band", {"hasUniqueValue": True}).status == 400
    assert desk.call("PATCH", f"{PATH}/email", {"label": "Mail"}).status == 400


def test_an_archived_property_is_gone_and_comes_back_when_created_again(desk: Desk) -> None:
    desk.add_property("mine")
    contact = desk.contact("ana@example.org", mine="1")
    assert desk.call("DELETE", f"{PATH}/mine").status == 204
    missing = desk.get(f"{PATH}/mine")
    assert (missing.status, missing.json["category"]) == (404, "OBJECT_NOT_FOUND")
    shown = desk.get(f"{CONTACTS}/{contact}?properties=mine").json["properties"]
    assert "mine" not in shown
    assert desk.add_property("mine").status == 201
    shown = desk.get(f"{CONTACTS}/{contact}?properties=mine").json["properties"]
    assert shown["mine"] == "1"
    assert desk.call("DELETE", f"{PATH}/email").status == 400


def test_ten_properties_can_be_unique(desk: Desk) -> None:
    made = [desk.add_property(f"key{n}", "tasks", hasUniqueValue=True).status for n in range(11)]
    assert made == [201] * 10 + [400]


def test_an_account_may_take_no_custom_properties_on_tasks(open_desk: Opener) -> None:
    desk = open_desk(tasks_take_custom_properties=False)
    assert desk.add_property("our_key", "tasks").status == 403


def test_usage_of_the_allowances_is_told(desk: Desk) -> None:
    desk.add_property("mine")
    desk.contacts(3)
    custom = desk.get("/crm/limits/2026-09/custom-properties").json
    assert custom["overallUsage"] == 1
    assert {row["objectTypeId"]: row["usage"] for row in custom["byObjectType"]}["0-1"] == 1
    records = desk.get("/crm/limits/2026-09/records").json["hubspotDefinedObjectTypes"]
    assert {row["pluralLabel"]: row["usage"] for row in records}["Contacts"] == 3
    assert desk.get("/crm/limits/2026-09/nonsense").status == 404


def test_archived_definitions_are_read_when_asked_for(desk: Desk) -> None:
    desk.add_property("mine")
    desk.call("DELETE", f"{PATH}/mine")
    read = desk.get(f"{PATH}/mine?archived=true")
    assert (read.status, read.json["archived"]) == (200, True)
    assert desk.get(f"{PATH}/email?archived=true").status == 404
    batch = {"archived": True, "inputs": [{"name": "mine"}, {"name": "email"}]}
    reply = desk.post(f"{PATH}/batch/read", batch)
    assert (reply.status, [row["name"] for row in reply.json["results"]]) == (207, ["mine"])


def test_a_group_has_a_place(desk: Desk) -> None:
    made = desk.post(f"{PATH}/groups", {"name": "ours", "label": "Ours", "displayOrder": 3})
    assert made.json["displayOrder"] == 3
    desk.call("PATCH", f"{PATH}/groups/ours", {"displayOrder": 5})
    shown = desk.get(f"{PATH}/groups/ours").json
    assert (shown["label"], shown["displayOrder"]) == ("Ours", 5)


def test_a_property_that_a_list_filters_by_cannot_be_archived(desk: Desk) -> None:
    desk.add_property("mine")
    known = {"operationType": "STRING", "operator": "IS_KNOWN"}
    where = {"filterType": "PROPERTY", "property": "mine", "operation": known}
    branch = {
        "filterBranchType": "OR",
        "filters": [],
        "filterBranches": [{"filterBranchType": "AND", "filterBranches": [], "filters": [where]}],
    }
    wish = {"objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": branch}
    made = desk.post("/crm/lists/2026-09", {"name": "Mine", **wish}).json["list"]["listId"]
    refused = desk.call("DELETE", f"{PATH}/mine")
    assert refused.status == 400
    assert refused.json["subCategory"] == "Properties.CANNOT_DELETE_PROPERTY_IN_USE"
    desk.call("DELETE", f"/crm/lists/2026-09/{made}")
    assert desk.call("DELETE", f"{PATH}/mine").status == 204


def test_an_option_needs_all_of_its_fields(desk: Desk) -> None:
    options = [{"label": "A", "value": "a"}]
    made = desk.add_property("mine", type="enumeration", fieldType="select", options=options)
    assert (made.status, "displayOrder, hidden" in made.json["message"]) == (400, True)
