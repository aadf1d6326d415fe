from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import LINKS, Desk

READ = f"{LINKS}/contacts/tasks/batch/read"


def _link(desk: Desk, contact: str, tasks: list[str]) -> None:
    pairs = [{"from": {"id": task}, "to": {"id": contact}} for task in tasks]
    path = f"{LINKS}/tasks/contacts/batch/associate/default"
    assert desk.post(path, {"inputs": pairs}).status == 200


def test_linked_ids_are_texts_on_dated_paths_and_numbers_on_older_ones(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    task = desk.task(contact=contact)
    body = {"inputs": [{"id": contact}]}
    dated = desk.post(READ, body).json["results"][0]
    older = desk.post("/crm/v4/associations/contacts/tasks/batch/read", body).json["results"][0]
    assert dated["to"][0]["toObjectId"] == task
    assert older["to"][0]["toObjectId"] == int(task)
    assert dated["to"][0]["associationTypes"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 203, "label": None}
    ]
    assert "paging" not in dated


def test_each_input_has_pages_of_its_own(open_desk: Opener) -> None:
    desk = open_desk(association_page=2)
    contact = desk.contact("ana@example.org")
    tasks = [desk.task(f"t{n}") for n in range(3)]
    _link(desk, contact, tasks)
    first = desk.post(READ, {"inputs": [{"id": contact}]}).json["results"][0]
    assert [to["toObjectId"] for to in first["to"]] == tasks[:2]
    after = first["paging"]["next"]["after"]
    rest = desk.post(READ, {"inputs": [{"id": contact, "after": after}]}).json["results"][0]
    assert [to["toObjectId"] for to in rest["to"]] == tasks[2:]


def test_the_oldest_endpoint_ignores_the_cursor(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    tasks = [desk.task(f"t{n}") for n in range(101)]
    _link(desk, contact, tasks)
    path = "/crm/v3/associations/contacts/tasks/batch/read"
    pages = [
        desk.post(path, {"inputs": [entry]}).json["results"][0]["to"]
        for entry in ({"id": contact}, {"id": contact, "after": tasks[100]})
    ]
    assert len(pages[0]) == 100
    assert pages[0] == pages[1]


def test_records_without_links_are_named_in_errors(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    reply = desk.post(READ, {"inputs": [{"id": contact}, {"id": "4711"}]})
    assert reply.status == 207
    assert [error["context"]["fromObjectId"] for error in reply.json["errors"]] == [
        [contact],
        ["4711"],
    ]


def test_a_read_takes_1000_inputs(desk: Desk) -> None:
    rows = [{"id": str(n)} for n in range(1, 1_002)]
    assert desk.post(READ, {"inputs": rows}).status == 400
    assert desk.post(READ, {"inputs": rows[:1_000]}).status == 207


def test_linking_again_changes_nothing(desk: Desk) -> None:
    contact, task = desk.contact("ana@example.org"), desk.task()
    _link(desk, contact, [task])
    before = desk.get(f"/crm/objects/2026-09/contacts/{contact}").json["updatedAt"]
    desk.clock.advance(desk.portal.options.index_lag)
    _link(desk, contact, [task])
    assert desk.get(f"/crm/objects/2026-09/contacts/{contact}").json["updatedAt"] == before
    assert len(desk.post(READ, {"inputs": [{"id": contact}]}).json["results"][0]["to"]) == 1


def test_pairs_are_put_and_deleted_by_path(desk: Desk) -> None:
    contact, task = desk.contact("ana@example.org"), desk.task()
    pair = f"/crm/objects/2026-09/tasks/{task}/associations"
    assert desk.call("PUT", f"{pair}/default/contacts/{contact}").status == 200
    assert desk.post(READ, {"inputs": [{"id": contact}]}).status == 200
    assert desk.get(f"{pair}/contacts").status == 404  # the newest path reads batches only
    assert desk.get(f"{pair}/contacts".replace("2026-09", "2026-03")).status == 200
    older = desk.get(f"/crm/v4/objects/tasks/{task}/associations/contacts").json["results"]
    assert [row["toObjectId"] for row in older] == [int(contact)]
    assert desk.call("DELETE", f"{pair}/contacts/{contact}").status == 204
    assert desk.post(READ, {"inputs": [{"id": contact}]}).status == 207
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    assert desk.call("PUT", f"{pair}/contacts/{contact}", spec).status == 201


def test_labels_tell_the_types_of_a_pair(desk: Desk) -> None:
    rows = desk.get(f"{LINKS}/contacts/companies/labels").json["results"]
    assert [(row["typeId"], row["label"]) for row in rows] == [(279, None), (1, "Primary")]


def test_a_batch_archive_unlinks(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    task = desk.task(contact=contact)
    body = {"inputs": [{"from": {"id": task}, "to": [{"id": contact}]}]}
    assert desk.post(f"{LINKS}/tasks/contacts/batch/archive", body).status == 204
    assert desk.post(READ, {"inputs": [{"id": contact}]}).status == 207


def test_a_batch_create_gives_a_primary_company(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    company = desk.post("/crm/objects/2026-09/companies", {"properties": {"name": "X"}}).json["id"]
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    row = {"from": {"id": contact}, "to": {"id": company}, "types": types}
    path = f"{LINKS}/contacts/companies/batch"
    assert desk.post(f"{path}/create", {"inputs": [row]}).json["results"][0]["labels"] == [
        "Primary"
    ]
    [read] = desk.post(f"{path}/read", {"inputs": [{"id": contact}]}).json["results"]
    assert [kind["typeId"] for kind in read["to"][0]["associationTypes"]] == [1, 279]


def test_a_new_deal_moves_its_contact_on(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 3}
    for stage, expected in (("qualifiedtobuy", "opportunity"), ("closedwon", "customer")):
        body = {
            "properties": {"dealname": "Big", "dealstage": stage},
            "associations": [{"to": {"id": contact}, "types": [link]}],
        }
        assert desk.post("/crm/objects/2026-09/deals", body).status == 201
        path = f"/crm/objects/2026-09/contacts/{contact}"
        shown = desk.get(f"{path}?properties=lifecyclestage,num_associated_deals").json
        assert shown["properties"]["lifecyclestage"] == expected
    assert shown["properties"]["num_associated_deals"] == "2"


def test_an_archived_record_is_linked_with_nothing(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    task = desk.task(contact=contact)
    desk.call("DELETE", f"/crm/objects/2026-09/tasks/{task}")
    reply = desk.post(READ, {"inputs": [{"id": contact}]})
    assert reply.json["results"] == []


def test_a_label_comes_off_while_the_pair_stays_linked(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    made = desk.post("/crm/objects/2026-09/companies", {"properties": {"name": "A"}})
    company = made.json["id"]
    ends = {"from": {"id": contact}, "to": {"id": company}}
    primary = {
        **ends,
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}],
    }
    path = f"{LINKS}/contacts/companies/batch"
    desk.post(f"{path}/create", {"inputs": [primary]})

    def types() -> list[int]:
        row = desk.post(f"{path}/read", {"inputs": [{"id": contact}]}).json["results"][0]
        return [entry["typeId"] for entry in row["to"][0]["associationTypes"]]

    assert types() == [1, 279]
    assert desk.post(f"{path}/labels/archive", {"inputs": [primary]}).status == 204
    assert types() == [279]
    back = desk.post(f"{LINKS}/companies/contacts/batch/read", {"inputs": [{"id": company}]})
    kinds = back.json["results"][0]["to"][0]["associationTypes"]
    assert [entry["typeId"] for entry in kinds] == [280]
