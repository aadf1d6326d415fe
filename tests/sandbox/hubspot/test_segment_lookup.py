from datetime import timedelta

from tests.sandbox.hubspot.desk import Desk
from tests.sandbox.hubspot.test_segments_and_jobs import LISTS, branch, members, segment


def test_filters_are_shown_only_when_asked_for(desk: Desk) -> None:
    made = segment(desk, "As", "DYNAMIC", filterBranch=branch("firstname", "IS_KNOWN")).json
    path = f"{LISTS}/{made['list']['listId']}"
    assert "filterBranch" not in desk.get(path).json["list"]
    shown = desk.get(f"{path}?includeFilters=true").json["list"]
    assert shown["filterBranch"]["filterBranchType"] == "OR"


def test_segments_are_found_by_ids_and_by_a_part_of_their_names(desk: Desk) -> None:
    ids = [segment(desk, n, "MANUAL").json["list"]["listId"] for n in ("Ripe", "Unripe", "Lost")]
    by_ids = desk.get(f"{LISTS}?listIds={ids[0]}&listIds={ids[2]}&listIds=99").json["lists"]
    assert [row["name"] for row in by_ids] == ["Ripe", "Lost"]
    found = desk.post(f"{LISTS}/search", {"query": "ripe", "count": 1}).json
    assert (found["total"], found["hasMore"], found["offset"]) == (2, True, 1)
    assert found["lists"][0]["additionalProperties"] == {"hs_list_size": "0"}
    rest = desk.post(f"{LISTS}/search", {"query": "ripe", "offset": 1}).json
    assert ([row["name"] for row in rest["lists"]], rest["hasMore"]) == (["Unripe"], False)
    assert desk.post(f"{LISTS}/search", {"count": 501}).status == 400


def test_memberships_are_told_from_both_sides(desk: Desk) -> None:
    ids = desk.contacts(3)
    source = segment(desk, "Source", "MANUAL").json["list"]["listId"]
    desk.call("PUT", f"{LISTS}/{source}/memberships/add", [ids[2]])
    desk.call("PUT", f"{LISTS}/{source}/memberships/add", [ids[0]])
    copy = segment(desk, "Copy", "MANUAL").json["list"]["listId"]
    copied = desk.call("PUT", f"{LISTS}/{copy}/memberships/add-from/{source}")
    assert (copied.status, members(desk, copy)) == (204, [ids[0], ids[2]])
    held = desk.get(f"{LISTS}/records/0-1/{ids[2]}/memberships").json["results"]
    assert [row["listId"] for row in held] == [source, copy]
    page = desk.get(f"{LISTS}/{source}/memberships/join-order?limit=1").json
    assert (page["total"], page["paging"]["next"]["after"]) == (2, "1")
    assert desk.call("DELETE", f"{LISTS}/{source}/memberships").status == 204
    assert members(desk, source) == []


def test_found_segments_are_sorted_as_asked(desk: Desk) -> None:
    for name in ("Old", "New"):
        segment(desk, name, "MANUAL")
        desk.clock.advance(timedelta(hours=1))
    desk.call("PUT", f"{LISTS}/1/update-list-name?listName=Old+renamed")

    def names(**body: object) -> list[str]:
        return [row["name"] for row in desk.post(f"{LISTS}/search", body).json["lists"]]

    assert names(sort="-HS_CREATED_AT") == ["New", "Old renamed"]
    assert names(sort="HS_UPDATED_AT") == ["New", "Old renamed"]
    assert names(sort="HS_LIST_ID", objectTypeId="0-1") == ["Old renamed", "New"]
    assert names(objectTypeId="0-2") == []
    assert desk.post(f"{LISTS}/search", {"sort": "MOOD"}).status == 400
