from datetime import timedelta

import pytest

from connector.sandbox.hubspot.moments import to_ms
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, NOON, Desk

MODIFIED = "lastmodifieddate"


def condition(name: str, operator: str, value: object = None, **rest: object) -> dict[str, object]:
    given = {"propertyName": name, "operator": operator, **rest}
    return given if value is None else {**given, "value": value}


def names(desk: Desk, *filters: dict[str, object], **rest: object) -> list[str]:
    reply = desk.search("contacts", *filters, properties=["firstname"], **rest)
    assert reply.status == 200, reply.raw
    return [row["properties"]["firstname"] for row in reply.json["results"]]


@pytest.fixture
def people(desk: Desk) -> Desk:
    desk.contact("ana@example.org", firstname="Ana", associatedcompanyid="5", phone="1")
    desk.contact("ben@example.org", firstname="Ben", associatedcompanyid="40")
    desk.contact("cleo@other.example", firstname="Cleo", lifecyclestage="customer")
    return desk


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (condition("firstname", "EQ", "ANA"), ["Ana"]),
        (condition("firstname", "NEQ", "ana"), ["Ben", "Cleo"]),
        (condition("associatedcompanyid", "LT", "40"), ["Ana"]),
        (condition("associatedcompanyid", "LTE", "40"), ["Ana", "Ben"]),
        (condition("associatedcompanyid", "GT", "5"), ["Ben"]),
        (condition("associatedcompanyid", "GTE", "5"), ["Ana", "Ben"]),
        (condition("associatedcompanyid", "BETWEEN", "6", highValue="40"), ["Ben"]),
        (condition("firstname", "IN", values=["ana", "cleo"]), ["Ana", "Cleo"]),
        (condition("firstname", "IN", values=["Ana"]), []),  # texts of a list have to be lower-case
        (condition("firstname", "NOT_IN", values=["ana"]), ["Ben", "Cleo"]),
        (condition("lifecyclestage", "IN", values=["customer"]), ["Cleo"]),
        (condition("lifecyclestage", "EQ", "CUSTOMER"), []),  # options keep their case
        (condition("phone", "HAS_PROPERTY"), ["Ana"]),
        (condition("phone", "NOT_HAS_PROPERTY"), ["Ben", "Cleo"]),
        (condition("email", "CONTAINS_TOKEN", "other"), ["Cleo"]),
        (condition("email", "CONTAINS_TOKEN", "cl*"), ["Cleo"]),
        (condition("email", "NOT_CONTAINS_TOKEN", "other"), ["Ana", "Ben"]),
        (condition("hs_object_id", "GT", "101"), ["Ben", "Cleo"]),
        (condition("email", "EQ", "ben@example.org"), ["Ben"]),
    ],
)
def test_an_operator_finds_what_it_says(
    people: Desk, wanted: dict[str, object], found: list[str]
) -> None:
    assert names(people, wanted) == found


def test_groups_are_alternatives_and_filters_conditions(people: Desk) -> None:
    groups = [
        {"filters": [condition("phone", "HAS_PROPERTY"), condition("firstname", "EQ", "ana")]},
        {"filters": [condition("lifecyclestage", "EQ", "customer")]},
    ]
    reply = people.post(f"{CONTACTS}/search", {"filterGroups": groups})
    assert reply.json["total"] == 2


def test_text_is_looked_for_in_the_usual_places(people: Desk) -> None:
    assert names(people, query="cle") == ["Cleo"]
    assert names(people, query="nobody") == []


def test_one_sort_orders_the_hits(people: Desk) -> None:
    sort = [{"propertyName": "firstname", "direction": "DESCENDING"}]
    assert names(people, sorts=sort) == ["Cleo", "Ben", "Ana"]
    assert names(people, sorts=["-firstname"]) == ["Cleo", "Ben", "Ana"]
    assert people.search("contacts", sorts=[*sort, *sort]).status == 400


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"limit": 200, "after": "9801"},
        {"filterGroups": [{"filters": [condition("phone", "HAS_PROPERTY")]}] * 6},
        {"filterGroups": [{"filters": [condition("phone", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [condition("phone", "HAS_PROPERTY")] * 4}] * 5},
        {"filterGroups": [{"filters": [condition("nope", "EQ", "1")]}]},
        {"filterGroups": [{"filters": [condition("firstname", "LIKE", "a")]}]},
        {"filterGroups": [{"filters": [condition(MODIFIED, "GTE", "2026-11-20T12:00:00Z")]}]},
        {"filterGroups": [{"filters": [condition("associatedcompanyid", "EQ", "many")]}]},
        {"properties": ["x" * 3_000]},
        {"sorts": [{"propertyName": "nope"}]},
    ],
)
def test_a_search_beyond_what_is_allowed_is_a_400(desk: Desk, body: dict[str, object]) -> None:
    assert desk.post(f"{CONTACTS}/search", body).status == 400


def test_pages_go_by_offset_up_to_ten_thousand(desk: Desk) -> None:
    desk.contacts(300)
    first = desk.search("contacts", limit=200).json
    assert (first["total"], first["paging"]["next"]["after"]) == (300, "200")
    second = desk.search("contacts", limit=200, after="200").json
    assert len(second["results"]) == 100
    assert "paging" not in second
    assert desk.search("contacts", limit=200, after=9_800).status == 200
    assert desk.search("contacts", limit=200, after=9_801).status == 400


def test_a_walk_by_id_within_a_window_misses_nothing(desk: Desk) -> None:
    ids = desk.contacts(25)
    now = str(to_ms(NOON))
    seen: list[str] = []
    last = "0"
    while True:
        window = [condition(MODIFIED, "GTE", now), condition(MODIFIED, "LTE", now)]
        bound = condition("hs_object_id", "GT", last)
        order = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        rows = desk.search("contacts", *window, bound, sorts=order, limit=10).json["results"]
        if not rows:
            break
        seen += [row["id"] for row in rows]
        last = seen[-1]
    assert seen == ids


def test_the_index_knows_a_change_only_after_its_lag(open_desk: Opener) -> None:
    desk = open_desk(index_lag=timedelta(seconds=2))
    contact = desk.contact("ana@example.org", firstname="Ana")
    assert names(desk) == []
    desk.clock.advance(timedelta(seconds=2))
    assert names(desk) == ["Ana"]
    desk.call("PATCH", f"{CONTACTS}/{contact}", {"properties": {"firstname": "Anna"}})
    # Found by what the index still holds, shown as the record stands by now.
    assert names(desk, condition("firstname", "EQ", "ana")) == ["Anna"]
    assert names(desk, condition("firstname", "EQ", "anna")) == []
    window = condition(MODIFIED, "LTE", str(to_ms(NOON)))
    [row] = desk.search("contacts", window).json["results"]
    assert row["updatedAt"] == "2026-11-20T12:00:02.000Z"  # newer than the bound
    desk.clock.advance(timedelta(seconds=2))
    assert names(desk, condition("firstname", "EQ", "ana")) == []
    assert names(desk, condition("firstname", "EQ", "anna")) == ["Anna"]


def test_archived_records_never_appear(people: Desk) -> None:
    people.call("DELETE", f"{CONTACTS}/101")
    assert names(people) == ["Ben", "Cleo"]


def test_tasks_of_a_contact_are_found_by_their_link(desk: Desk) -> None:
    ana, ben = desk.contact("ana@example.org"), desk.contact("ben@example.org")
    task = desk.task(contact=ana)
    desk.task(contact=ben)
    reply = desk.search("tasks", condition("associations.contact", "EQ", ana))
    assert [row["id"] for row in reply.json["results"]] == [task]
    assert desk.search("tasks", condition("hs_body_preview_html", "EQ", "x")).status == 400
    assert desk.search("tasks", query="call").json["total"] == 2
