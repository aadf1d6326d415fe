"""Deals take properties of others and changes to them as contacts do."""

from datetime import timedelta

import pytest

from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import Desk

DEALS = "/crm/objects/2026-09/deals"
PROPERTIES = "/crm/properties/2026-09/deals"
SCORE = {"name": "our_score", "label": "Score", "type": "number", "fieldType": "number"}


def deal(desk: Desk) -> str:
    body = {"properties": {"dealname": "D", "dealstage": "contractsent"}}
    return str(desk.post(DEALS, body).json["id"])


def take_scores(desk: Desk) -> None:
    group = {"name": "ours", "label": "Ours"}
    assert desk.post(f"{PROPERTIES}/groups", group).status == 201
    assert desk.post(PROPERTIES, {**SCORE, "groupName": "ours"}).status == 201


def rows(values: dict[str, str]) -> dict[str, object]:
    inputs = [
        {"id": id_, "properties": {"our_score": value}, "objectWriteTraceId": str(number)}
        for number, (id_, value) in enumerate(values.items())
    ]
    return {"inputs": inputs}


def test_a_batch_changes_deals_and_stamps_them_and_the_search_sees_it_late(
    open_desk: Opener,
) -> None:
    desk = open_desk(index_lag=timedelta(seconds=2))
    take_scores(desk)
    first, second = deal(desk), deal(desk)
    desk.portal.clock.advance(timedelta(minutes=1))
    reply = desk.post(f"{DEALS}/batch/update", rows({first: "7", second: "9"}))
    assert reply.status == 200
    assert [row["properties"]["our_score"] for row in reply.json["results"]] == ["7", "9"]
    stamps = {row["updatedAt"] for row in reply.json["results"]}
    assert stamps == {"2026-11-20T12:01:00.000Z"}
    since = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "1795176060000"}
    search = {"filterGroups": [{"filters": [since]}], "properties": ["our_score"]}
    assert desk.post(f"{DEALS}/search", search).json["total"] == 0
    desk.portal.clock.advance(timedelta(seconds=5))
    assert desk.post(f"{DEALS}/search", search).json["total"] == 2


@pytest.mark.parametrize("partial", ["400", "207"])
def test_one_bad_value_refuses_the_batch_or_its_row(open_desk: Opener, partial: str) -> None:
    desk = open_desk(partial_updates=partial)
    take_scores(desk)
    right, wrong = deal(desk), deal(desk)
    reply = desk.post(f"{DEALS}/batch/update", rows({right: "7", wrong: "high"}))
    shown = desk.get(f"{DEALS}/{right}?properties=our_score").json["properties"]["our_score"]
    assert (reply.status, shown) == ((207, "7") if partial == "207" else (400, None))


def test_a_deleted_deal_is_a_row_of_its_own_and_keeps_its_stamp_in_the_bin(desk: Desk) -> None:
    take_scores(desk)
    stays, goes = deal(desk), deal(desk)
    desk.portal.clock.advance(timedelta(minutes=1))
    desk.call("DELETE", f"{DEALS}/{goes}")
    reply = desk.post(f"{DEALS}/batch/update", rows({stays: "7", goes: "9"}))
    assert reply.status == 207
    (error,) = reply.json["errors"]
    assert (error["category"], error["context"]["ids"]) == ("OBJECT_NOT_FOUND", [goes])
    (binned,) = desk.get(f"{DEALS}?archived=true").json["results"]
    assert binned["updatedAt"] < binned["archivedAt"] == "2026-11-20T12:01:00.000Z"


def test_a_merged_deal_names_those_that_it_took_over(desk: Desk) -> None:
    kept, lost = deal(desk), deal(desk)
    body = {"primaryObjectId": kept, "objectIdToMerge": lost}
    survivor = desk.post(f"{DEALS}/merge", body).json["id"]
    shown = desk.get(f"{DEALS}/{lost}?properties=hs_merged_object_ids").json
    assert shown["id"] == survivor
    assert set(shown["properties"]["hs_merged_object_ids"].split(";")) == {kept, lost}


def test_writing_deals_and_their_properties_takes_scopes_of_its_own(desk: Desk) -> None:
    desk.portal.tokens.register("narrow", "crm.objects.deals.read", "crm.schemas.contacts.write")
    for path, body in ((f"{DEALS}/batch/update", {"inputs": []}), (PROPERTIES, SCORE)):
        refused = desk.call("POST", path, body, "narrow")
        assert refused.status == 403
