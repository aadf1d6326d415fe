from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from connector.sandbox.hubspot.fill import fill
from connector.sandbox.hubspot.portal import Portal
from connector.sandbox.world import Company, Deal, Deed, Happening, Person, Rep, World
from tests.sandbox.hubspot.conftest import Opener
from tests.sandbox.hubspot.desk import CONTACTS, LINKS, Desk

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def deed(number: int, kind: Deed, **details: str) -> Happening:
    at = START + timedelta(days=number)
    return Happening(f"h{number}", "p1", kind, at, details, "r1")


HAPPENINGS = (
    deed(1, Deed.PAGE_VISIT, url="https://x.example/pricing", pages="3"),
    deed(2, Deed.FORM, form="Demo", page_url="https://x.example/demo", topic="data"),
    deed(3, Deed.MAIL_SENT, campaign="News", subject="Hello"),
    deed(4, Deed.MAIL_DELIVERED, campaign="News"),
    deed(5, Deed.MAIL_OPENED, campaign="News", user_agent="UA"),
    deed(6, Deed.MAIL_CLICKED, campaign="News", url="https://x.example/a", user_agent="UA"),
    deed(7, Deed.UNSUBSCRIBED, campaign="News"),
    deed(8, Deed.EVENT_REGISTERED, event="Web", event_kind="webinar", topic="data"),
    deed(9, Deed.EVENT_ATTENDED, event="Web", event_kind="webinar", topic="data", minutes="30"),
    deed(10, Deed.CALL, direction="outbound", outcome="no_answer", minutes="0"),
    deed(11, Deed.EMAIL, direction="inbound", subject="Re: offer"),
    deed(12, Deed.MEETING, outcome="cancelled", title="Intro"),
    deed(13, Deed.MESSAGE, direction="outbound", channel="linkedin"),
    deed(14, Deed.NOTE, body="Nice"),
)
WORLD = World(
    reps=[Rep("r1", "Rita", "Roy", "rita@example.org")],
    companies=[Company("c1", "Acme", "acme.example", "industry", "France", 50, 1_000)],
    people=[
        Person("p2", "", "No", "Mail", "", START + timedelta(days=1)),
        Person(
            "p1", "Ana@Acme.example", "Ana", "Silva", "CTO", START, "c1", "r1", "France", "fr",
            "+33", "webinar", "vp", "it", {"Fit Score": "7", "tags": "a"},
        ),
    ],
    happenings=HAPPENINGS,
    deals=[Deal("d1", "p1", "Big", "won", 900, 100, START, START + timedelta(days=20), "r1")],
    ends_at=START + timedelta(days=30),
)  # fmt: skip


@pytest.fixture
def filled(open_desk: Opener) -> Desk:
    desk = open_desk()
    fill(desk.portal, WORLD)
    return desk


def props_of(desk: Desk, *names: str) -> dict[str, str]:
    path = f"{CONTACTS}/ana@acme.example?idProperty=email&properties={','.join(names)}"
    shown: dict[str, str] = desk.get(path).json["properties"]
    return shown


def test_a_person_becomes_a_contact_with_all_that_is_known(filled: Desk) -> None:
    shown = props_of(
        filled, "firstname", "jobtitle", "company", "hs_language", "hs_seniority", "world_key",
        "fit_score", "tags", "hubspot_owner_id", "lifecyclestage",
    )  # fmt: skip
    assert shown["hs_object_id"] == "101"  # the oldest person has the lowest id
    assert shown["createdate"] == "2026-03-02T09:00:00.000Z"
    assert shown["firstname"] == "Ana"
    assert (shown["jobtitle"], shown["company"]) == ("CTO", "Acme")
    assert (shown["hs_language"], shown["hs_seniority"]) == ("fr", "vp")
    assert (shown["fit_score"], shown["tags"], shown["world_key"]) == ("7", "a", "p1")
    assert shown["hubspot_owner_id"] == "70001"
    assert shown["lifecyclestage"] == "customer"
    schema = filled.get("/crm/properties/2026-09/contacts/fit_score").json
    assert (schema["type"], schema["groupName"]) == ("number", "sandbox_world")


def test_what_happened_leaves_summaries(filled: Desk) -> None:
    shown = props_of(
        filled, "hs_analytics_last_url", "num_page_views", "num_conversion_events",
        "recent_conversion_event_name", "hs_email_open", "hs_email_click", "hs_email_optout",
        "notes_last_contacted", "hs_sales_email_last_replied", "num_notes", "num_contacted_notes",
        "hs_last_sales_activity_type", "total_revenue", "hs_email_last_send_date",
    )  # fmt: skip
    assert shown["hs_analytics_last_url"] == "https://x.example/pricing"
    assert (shown["num_page_views"], shown["num_conversion_events"]) == ("3", "1")
    assert shown["recent_conversion_event_name"] == "Demo"
    assert (shown["hs_email_open"], shown["hs_email_click"]) == ("1", "1")
    assert shown["hs_email_optout"] == "true"
    assert shown["hs_email_last_send_date"] == "2026-03-05T09:00:00.000Z"
    assert shown["notes_last_contacted"] == "2026-03-15T09:00:00.000Z"
    assert shown["hs_sales_email_last_replied"] == "2026-03-13T09:00:00.000Z"
    assert (shown["num_notes"], shown["num_contacted_notes"]) == ("5", "4")
    assert shown["hs_last_sales_activity_type"] == "MEETING_BOOKED"
    assert shown["total_revenue"] == "900"
    assert shown["lastmodifieddate"] == "2026-03-16T09:00:00.000Z"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("calls", {"hs_call_direction": "OUTBOUND", "hs_call_status": "NO_ANSWER"}),
        ("emails", {"hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Re: offer"}),
        ("meetings", {"hs_meeting_outcome": "CANCELED", "hs_meeting_title": "Intro"}),
        ("communications", {"hs_communication_channel_type": "LINKEDIN_MESSAGE"}),
        ("notes", {"hs_note_body": "Nice"}),
    ],
)
def test_activities_are_records_linked_with_the_contact(
    filled: Desk, kind: str, values: dict[str, str]
) -> None:
    path = f"/crm/objects/2026-09/{kind}?properties={','.join(values)}&associations=contacts"
    [row] = filled.get(path).json["results"]
    assert {name: row["properties"][name] for name in values} == values
    assert [link["id"] for link in row["associations"]["contacts"]["results"]] == ["101"]
    body = {"inputs": [{"id": "101"}]}
    linked = filled.post(f"{LINKS}/contacts/{kind}/batch/read", body).json["results"][0]["to"]
    assert [to["toObjectId"] for to in linked] == [row["id"]]


def test_deals_have_stage_people_and_company(filled: Desk) -> None:
    path = "/crm/objects/2026-09/deals?associations=contacts,companies"
    names = "&properties=dealstage,amount,hs_is_closed_won,closedate"
    [deal] = filled.get(path + names).json["results"]
    assert deal["properties"]["dealstage"] == "closedwon"
    assert deal["properties"]["hs_is_closed_won"] == "true"
    assert deal["associations"]["contacts"]["results"][0]["id"] == "101"
    assert deal["associations"]["companies"]["results"][0]["type"] == "deal_to_company"


def test_submissions_come_newest_first(filled: Desk) -> None:
    [form] = filled.get("/marketing/forms/2026-09-beta").json["results"]
    assert filled.get("/marketing/v3/forms/").json["results"] == [form]
    path = f"/form-integrations/v1/submissions/forms/{form['id']}"
    [sent] = filled.get(f"{path}?limit=50").json["results"]
    assert sent["pageUrl"] == "https://x.example/demo"
    assert {"name": "topic", "value": "data", "objectTypeId": "0-1"} in sent["values"]
    assert filled.get(f"{path}?limit=51").status == 400
    assert filled.get("/form-integrations/v1/submissions/forms/none").status == 404


def test_a_walk_through_submissions_is_not_shifted_by_a_new_one(filled: Desk) -> None:
    [form] = filled.portal.streams.forms.values()
    [one] = form.submissions
    form.submissions = [type(one)(str(n), n, "", {}) for n in range(5)]
    path = f"/form-integrations/v1/submissions/forms/{form.guid}?limit=2"
    first = filled.get(path).json
    form.submissions.append(type(one)("5", 5, "", {}))
    second = filled.get(f"{path}&after={first['paging']['next']['after']}").json
    assert [row["submittedAt"] for row in first["results"] + second["results"]] == [4, 3, 2, 1]


def test_mail_events_come_newest_first_within_bounds(filled: Desk) -> None:
    path = "/email/public/v1/events"
    events = filled.get(path).json["events"]
    types = [event["type"] for event in events]
    assert types == ["STATUSCHANGE", "CLICK", "OPEN", "DELIVERED", "SENT"]
    assert events[0]["portalSubscriptionStatus"] == "UNSUBSCRIBED"
    assert events[1]["url"] == "https://x.example/a"
    first = filled.get(f"{path}?limit=2").json
    assert (first["hasMore"], len(first["events"])) == (True, 2)
    rest = filled.get(f"{path}?limit=3&offset={first['offset']}").json
    assert (rest["hasMore"], [event["type"] for event in rest["events"]]) == (False, types[2:])
    at = events[1]["created"]
    bounded = filled.get(f"{path}?startTimestamp={at}&endTimestamp={at}").json["events"]
    assert [event["type"] for event in bounded] == ["CLICK"]
    assert len(filled.get(f"{path}?eventType=OPEN").json["events"]) == 1
    assert filled.get(f"{path}?recipient=ben@example.org").json["events"] == []
    assert filled.get(f"{path}?limit=1001").status == 400
    campaign = filled.get(f"/email/public/v1/campaigns/{events[0]['emailCampaignId']}").json
    assert (campaign["name"], campaign["subject"]) == ("News", "Hello")


def test_marketing_events_tell_who_took_part(filled: Desk) -> None:
    base = "/marketing/marketing-events/2026-09"
    [event] = filled.get(base).json["results"]
    assert (event["eventName"], event["eventType"]) == ("Web", "webinar")
    assert (event["registrants"], event["attendees"]) == (1, 1)
    assert event["startDateTime"] == "2026-03-11T09:00:00.000Z"  # when the first one came
    assert event["customProperties"] == [{"name": "topic", "value": "data"}]
    path = f"{base}/participations/{event['objectId']}/breakdown"
    rows = filled.get(path).json["results"]
    states = [row["properties"]["attendanceState"] for row in rows]
    assert states == ["REGISTERED", "ATTENDED"]
    assert rows[1]["properties"]["attendanceDurationSeconds"] == 1_800
    assert rows[1]["associations"]["contact"]["contactId"] == "101"
    assert filled.get(f"{path}?state=ATTENDED").json["total"] == 1
    assert filled.get(f"{path}?state=ASLEEP").status == 400
    assert filled.get(f"{path}?limit=101").status == 400
    for key in ("101", "ana@acme.example"):
        mine = filled.get(f"{base}/participations/contacts/{key}/breakdown").json
        assert mine["results"] == rows


def test_a_search_finds_a_fresh_world_at_once(open_desk: Opener) -> None:
    desk = open_desk(index_lag=timedelta(hours=1))
    fill(desk.portal, WORLD)
    assert desk.search("contacts").json["total"] == 2


def test_the_same_world_makes_the_same_account() -> None:
    made = []
    for _ in range(2):
        portal = Portal()
        fill(portal, WORLD)
        table = portal.tables["contacts"]
        made.append([(i, table.rows[i].props, table.rows[i].updated_ms) for i in table.live])
    assert made[0] == made[1]
    assert Counter(len(rows) for rows in made) == {2: 2}
