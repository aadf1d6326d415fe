from datetime import timedelta

from connector.sandbox.hubspot.catalogue import OPTIONS
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, LINKS, TASKS, Desk, owner


def test_a_list_walks_by_the_id_of_the_next_record(desk: Desk) -> None:
    ids = desk.contacts(5)
    first = desk.get(f"{CONTACTS}?limit=2").json
    assert [row["id"] for row in first["results"]] == ids[:2]
    assert first["paging"]["next"]["after"] == ids[2]
    last = desk.get(f"{CONTACTS}?limit=100&after={ids[2]}").json
    assert [row["id"] for row in last["results"]] == ids[2:]
    assert "paging" not in last


def test_a_page_has_at_most_100_records_and_50_with_history(desk: Desk) -> None:
    assert desk.get(f"{CONTACTS}?limit=100").status == 200
    assert desk.get(f"{CONTACTS}?limit=101").status == 400
    assert desk.get(f"{CONTACTS}?limit=50&propertiesWithHistory=email").status == 200
    assert desk.get(f"{CONTACTS}?limit=51&propertiesWithHistory=email").status == 400


def test_values_are_texts_or_null_and_unknown_names_are_left_out(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    shown = desk.get(f"{CONTACTS}/{contact}?properties=email,phone,no_such_thing").json
    assert shown["properties"]["email"] == "ana@example.org"
    assert shown["properties"]["phone"] is None
    assert "no_such_thing" not in shown["properties"]
    assert shown["properties"]["hs_object_id"] == contact
    assert shown["createdAt"] == "2026-11-20T12:00:00.000Z"


def test_without_names_the_default_properties_come(desk: Desk) -> None:
    desk.contact("ana@example.org")
    [row] = desk.get(CONTACTS).json["results"]
    assert set(row["properties"]) == {
        "createdate",
        "email",
        "firstname",
        "hs_object_id",
        "lastmodifieddate",
        "lastname",
    }


def test_dated_and_older_paths_and_type_ids_show_the_same(desk: Desk) -> None:
    desk.contacts(2)
    paths = (CONTACTS, "/crm/v3/objects/contacts", "/crm/objects/2026-03/0-1")
    pages = [desk.get(path).json["results"] for path in paths]
    assert pages[0] == pages[1] == pages[2]


def test_a_contact_is_found_by_its_address(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    assert desk.get(f"{CONTACTS}/Ana@example.org?idProperty=email").json["id"] == contact
    assert desk.get(f"{CONTACTS}/x?idProperty=firstname").status == 400


def test_a_batch_read_names_what_it_did_not_find(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    body = {"inputs": [{"id": contact}, {"id": "999"}], "properties": ["email"]}
    reply = desk.post(f"{CONTACTS}/batch/read", body)
    assert reply.status == 207
    assert [row["id"] for row in reply.json["results"]] == [contact]
    assert reply.json["numErrors"] == 1
    assert reply.json["errors"][0]["context"] == {"ids": ["999"]}


def test_a_batch_holds_100_inputs(desk: Desk) -> None:
    twice = {"inputs": [{"id": "101"}] * 2}
    assert desk.post(f"{CONTACTS}/batch/read", twice).status == 400
    body = {"inputs": [{"id": str(n)} for n in range(101)]}
    assert desk.post(f"{CONTACTS}/batch/read", body).status == 400


def test_a_batch_reads_the_history_of_50_at_most(desk: Desk) -> None:
    ids = [{"id": id_} for id_ in desk.contacts(51)]
    desk.call("PATCH", f"{CONTACTS}/{ids[0]['id']}", {"properties": {"firstname": "Ana"}})
    body = {"inputs": ids, "propertiesWithHistory": ["firstname"]}
    refused = desk.post(f"{CONTACTS}/batch/read", body)
    assert refused.status == 400
    assert "property histories is 50" in refused.json["message"]
    rows = desk.post(f"{CONTACTS}/batch/read", {**body, "inputs": ids[:50]}).json["results"]
    told = {row["id"]: row["propertiesWithHistory"]["firstname"] for row in rows}
    assert [each["value"] for each in told[ids[0]["id"]]] == ["Ana", "P0"]
    assert [each["value"] for each in told[ids[1]["id"]]] == ["P1"]


def test_history_gives_each_value_the_newest_first(desk: Desk) -> None:
    contact = desk.contact("ana@example.org", firstname="Ana")
    desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"firstname": "Anna"}})
    shown = desk.get(f"{CONTACTS}/{contact}?propertiesWithHistory=firstname").json
    assert [v["value"] for v in shown["propertiesWithHistory"]["firstname"]] == ["Anna", "Ana"]


def test_a_list_shows_linked_ids_cut_at_100(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    tasks = [desk.task(f"t{n}") for n in range(101)]
    inputs = [{"from": {"id": task}, "to": {"id": contact}} for task in tasks]
    desk.post(f"{LINKS}/tasks/contacts/batch/associate/default", {"inputs": inputs})
    [row] = desk.get(f"{CONTACTS}?associations=tasks").json["results"]
    assert len(row["associations"]["tasks"]["results"]) == 100
    assert row["associations"]["tasks"]["paging"]["next"]["after"] == tasks[100]
    [first, *_] = desk.get(f"{TASKS}?associations=contacts").json["results"]
    assert first["associations"]["contacts"]["results"] == [
        {"id": contact, "type": "task_to_contact"}
    ]


def test_an_archived_record_shows_only_where_asked_for(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    before = desk.get(f"{CONTACTS}/{contact}").json["updatedAt"]
    desk.clock.advance(timedelta(minutes=1))
    assert desk.call("DELETE", f"{CONTACTS}/{contact}").status == 204
    assert desk.get(CONTACTS).json["results"] == []
    assert desk.get(f"{CONTACTS}/{contact}").status == 404
    [row] = desk.get(f"{CONTACTS}?archived=true").json["results"]
    assert row["archived"] is True
    assert row["archivedAt"] == "2026-11-20T12:01:00.000Z"
    assert row["updatedAt"] == before  # archiving does not move the modification time
    assert desk.contact("ana@example.org") != contact


def test_an_unknown_type_is_a_400_and_an_unknown_path_an_html_404(desk: Desk) -> None:
    assert desk.get("/crm/objects/2026-09/unicorns").status == 400
    reply = desk.get("/crm/objects/2025-01/contacts")
    assert reply.status == 404
    assert reply.headers["content-type"].startswith("text/html")
    assert desk.get("/crm/2026-09/associations/contacts/deals/labels").status == 404


def test_a_long_url_is_refused(desk: Desk) -> None:
    names = ",".join(["firstname"] * 1_700)
    assert desk.get(f"{CONTACTS}?properties={names}").status == 414


def test_owners_come_in_pages_and_archived_ones_only_when_asked_for(open_desk: Opener) -> None:
    desk = open_desk()
    desk.portal.owners = {1: owner(1), 2: owner(2), 3: owner(3, archived_ms=5)}
    page = desk.get("/crm/owners/2026-09?limit=1").json
    assert [row["id"] for row in page["results"]] == ["1"]
    after = page["paging"]["next"]["after"]
    assert [r["id"] for r in desk.get(f"/crm/v3/owners/?after={after}").json["results"]] == ["2"]
    archived = desk.get("/crm/owners/2026-09?archived=true").json["results"]
    assert [(row["id"], row["userId"]) for row in archived] == [("3", None)]


def test_deal_stages_tell_probability_and_end_as_texts(desk: Desk) -> None:
    [pipeline] = desk.get("/crm/pipelines/2026-09/deals").json["results"]
    stages = {stage["id"]: stage["metadata"] for stage in pipeline["stages"]}
    assert stages["closedwon"] == {"isClosed": "true", "probability": "1.0"}
    assert stages["closedlost"] == {"isClosed": "true", "probability": "0.0"}
    assert stages["qualifiedtobuy"]["isClosed"] == "false"


def test_account_facts_name_the_portal_and_its_zone(desk: Desk) -> None:
    facts = desk.get("/account-info/2026-09/details").json
    assert facts["portalId"] == desk.portal.options.portal_id
    assert facts["timeZone"] == "Europe/Paris"
    assert facts["utcOffsetMilliseconds"] == 3_600_000
    assert desk.get("/account-info/v3/details").json == facts


def test_usage_of_the_day_is_told(open_desk: Opener) -> None:
    desk = open_desk(limits=True)
    desk.get(CONTACTS)
    [usage] = desk.get("/account-info/2026-09/api-usage/daily/private-apps").json["results"]
    assert (usage["currentUsage"], usage["usageLimit"]) == (2, 625_000)


def test_there_are_no_validation_rules(desk: Desk) -> None:
    assert desk.get("/crm/property-validations/2026-09/0-1").json == {"results": []}


def test_the_catalogue_has_the_documented_stages_in_order() -> None:
    assert OPTIONS["lifecyclestage"].split()[:3] == ["subscriber", "lead", "marketingqualifiedlead"]


def test_a_bad_limit_is_a_400(desk: Desk) -> None:
    assert desk.get(f"{CONTACTS}?limit=ten").status == 400
    assert desk.get(f"{CONTACTS}?limit={'9' * 5_000}").status == 400


def test_links_to_a_type_that_is_not_kept_are_none(desk: Desk) -> None:
    contact = desk.contact("ana@example.org")
    path = f"{CONTACTS}/{contact}?associations="
    reply = desk.get(f"{path}tickets,companies,deals")
    assert (reply.status, reply.json["associations"]) == (200, {})
    assert desk.get(f"{path}unicorns").status == 400
