from pathlib import Path

from connector.config.mapping import HubSpotMapping
from connector.config.mappings import load_mapping_of
from connector.config.starter import shipped
from connector.ports import Watched
from connector.rules.conditions import All, AnyOf, Condition, Kind, Not, Test
from connector.rules.operators import Op
from connector.rules.predicate import predicate


def mapping(**sections: object) -> HubSpotMapping:
    return HubSpotMapping.of({"version": 1, "crm": "hubspot", **sections})


def activity(**keys: object) -> dict[str, object]:
    return {"source": "calls", "type": "call", **keys}


def condition(where: dict[str, object]) -> Condition:
    return mapping(activities=[activity(where=where)]).activities[0].condition


def test_a_bare_name_is_a_text_property() -> None:
    found = mapping(contact={"fields": {"title": "jobtitle"}}).contact.fields["title"]
    assert (found.name, found.kind, found.divide_by) == ("jobtitle", Kind.TEXT, None)


def test_shapes_tell_kinds_and_where_people_speak() -> None:
    shapes = mapping(
        contact={"fields": {"employees": {"property": "numemployees", "type": "number"}}},
        activities=[
            activity(attributes={"minutes": {"property": "hs_call_duration", "type": "number"}}),
            activity(set={"asset_kind": "guide", "rank": 2}),
        ],
        write={"stage": "leadripe_stage"},
        feedback="leadripe_feedback",
    ).shapes()
    assert shapes.fields == {"email": Kind.TEXT, "employees": Kind.NUMBER}
    assert shapes.attributes == {
        "minutes": Kind.NUMBER,
        "asset_kind": Kind.TEXT,
        "rank": Kind.NUMBER,
    }
    assert shapes.watched == Watched(stage="leadripe_stage", verdict="leadripe_feedback")


def test_what_is_set_arrives_as_attributes_hold_it() -> None:
    (entry,) = mapping(activities=[activity(set={"kind": "guide", "rank": 2.5})]).activities
    assert entry.constants == {"kind": "guide", "rank": 2_500_000}


def test_all_properties_that_an_entry_needs_are_known() -> None:
    (entry,) = mapping(
        activities=[
            activity(
                where={"any": [{"hs_call_status": "COMPLETED"}, {"hs_call_duration": {"gt": 5}}]},
                at="hs_createdate",
                attributes={"title": "hs_call_title"},
            )
        ]
    ).activities
    assert entry.properties == {
        "hs_call_status": Kind.TEXT,
        "hs_call_duration": Kind.NUMBER,
        "hs_call_title": Kind.TEXT,
        "hs_createdate": Kind.MOMENT,
    }


def test_the_grammar_of_where() -> None:
    assert condition({"a": "x"}) == Test("a", Kind.TEXT, Op.EQUALS, ("x",))
    assert condition({"a": ["x", "y"]}) == Test("a", Kind.TEXT, Op.IN, ("x", "y"))
    assert condition({"a": True}) == Test("a", Kind.BOOLEAN, Op.EQUALS, (True,))
    assert condition({"a": {"gte": 2.5}}) == Test("a", Kind.NUMBER, Op.GTE, (2_500_000,))
    assert condition({"a": {"lt": "1970-01-02"}}) == Test(
        "a", Kind.MOMENT, Op.LT, (86_400_000_000,)
    )
    assert condition({"a": {"contains": "X", "exact": True}}) == Test(
        "a", Kind.TEXT, Op.CONTAINS, ("X",), exact=True
    )
    assert condition({"a": {"exists": False}}) == Test("a", Kind.TEXT, Op.EXISTS, (False,))
    assert condition({"a": "x", "not": {"b": "y"}}) == All(
        (
            Test("a", Kind.TEXT, Op.EQUALS, ("x",)),
            Not(Test("b", Kind.TEXT, Op.EQUALS, ("y",))),
        )
    )
    assert condition({"any": [{"a": 1}, {"all": [{"b": "x"}, {"c": "y"}]}]}) == AnyOf(
        (
            Test("a", Kind.NUMBER, Op.EQUALS, (1_000_000,)),
            All(
                (
                    Test("b", Kind.TEXT, Op.EQUALS, ("x",)),
                    Test("c", Kind.TEXT, Op.EQUALS, ("y",)),
                )
            ),
        )
    )


def test_a_property_may_be_called_as_one_of_our_own_words() -> None:
    assert condition({"copy": "x", "keys": "y"}) == All(
        (Test("copy", Kind.TEXT, Op.EQUALS, ("x",)), Test("keys", Kind.TEXT, Op.EQUALS, ("y",)))
    )


SHIPPED = load_mapping_of(HubSpotMapping, shipped() / "hubspot.yaml")


def named(source: str, **properties: str | int) -> str | None:
    """Return what the shipped mapping calls a record of a source."""
    for entry in SHIPPED.activities:
        if entry.source == source and predicate(entry.condition)(properties):
            kind = entry.set_.get("asset_kind")
            return f"{entry.type} {kind}" if kind else entry.type
    return None


def test_the_shipped_mapping_knows_usual_form_names() -> None:
    expected = {
        "Demo request": "demo_request",
        "Demander une démonstration": "demo_request",
        "Contact us": "contact_request",
        "Quote request": "quote_request",
        "Trial": "trial_request",
        "White paper: Ten measures of data quality": "content_download white_paper",
        "Livre blanc : la sécurité": "content_download white_paper",
        "Guide: First week guide": "content_download guide",
        "Case study: A dairy cuts its delays by half": "content_download case_study",
        "ROI calculator: Savings in your first year": "content_download roi_tool",
        "Comparison: Five tools side by side": "content_download comparison",
        "Newsletter": "form_submission",
    }
    assert {name: named("form_submissions", form_name=name) for name in expected} == expected


def test_the_shipped_mapping_names_meetings_by_their_outcome() -> None:
    outcomes = ("SCHEDULED", "COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED")
    assert [named("meetings", hs_meeting_outcome=outcome) for outcome in outcomes] == [
        "meeting_booked",
        "meeting_held",
        "meeting_missed",
        "meeting_cancelled",
        "meeting_booked",
    ]


def test_the_shipped_mapping_tells_a_conversation_from_an_attempt() -> None:
    connected = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
    assert named("calls", hs_call_disposition=connected) == "call_connected"
    assert named("calls", hs_call_disposition="73a0d17f", hs_call_status="COMPLETED") == "call"


def test_the_shipped_mapping_reads_what_tells_the_clicks_of_machines() -> None:
    (click,) = (each for each in SHIPPED.activities if each.type == "email_click")
    assert {name: (read.name, read.kind) for name, read in click.attributes.items()} == {
        "campaign": ("campaign_id", Kind.TEXT),
        "url": ("url", Kind.TEXT),
        "user_agent": ("user_agent", Kind.TEXT),
        "filtered": ("is_filtered", Kind.BOOLEAN),
        "delivered_at": ("sent_at", Kind.MOMENT),
    }


def test_the_shipped_mapping_sees_what_page_was_visited() -> None:
    def visited(path: str) -> str | None:
        return named("contact", hs_analytics_last_url=f"https://www.example.com{path}")

    assert visited("/pricing") == "key_page_view"
    assert visited("/careers/developer") == "careers_page_view"
    assert visited("/blog/data") == "page_view"
    assert visited("/carrières") == "careers_page_view"


def test_a_file_without_activities_is_a_mapping(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text("version: 1\ncrm: hubspot\n")
    assert load_mapping_of(HubSpotMapping, path).sources == ()
