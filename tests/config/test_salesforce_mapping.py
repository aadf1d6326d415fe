"""The Salesforce mapping that we ship, and what its own keys mean."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from connector.config.load import load_all
from connector.config.mapping import HubSpotMapping
from connector.config.mappings import load_mapping, load_mapping_of
from connector.config.salesforce_mapping import SalesforceMapping
from connector.config.settings import SalesforceSettings, load_settings
from connector.config.starter import shipped, write_starter
from connector.errors import ConfigError, CredentialsError
from connector.rules.compile import compile_rules
from connector.rules.conditions import Kind
from connector.rules.predicate import predicate
from connector.rules.quarantine import Quarantine

SHIPPED = load_mapping_of(SalesforceMapping, shipped() / "salesforce.yaml")
HEAD = "version: 1\ncrm: salesforce\n"


def mapping(folder: Path, text: str) -> SalesforceMapping:
    path = folder / "mapping.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    return load_mapping_of(SalesforceMapping, path)


def named(source: str, **values: str | bool) -> list[str]:
    """Return what the shipped mapping makes of a record, one type for each of its dates."""
    found: dict[tuple[str, ...], str] = {}
    texts = {name.replace("__", "."): value for name, value in values.items()}
    for entry in SHIPPED.activities:
        if entry.source == source and entry.moments not in found:
            row = {name: texts.get(name) for name in entry.properties}
            if predicate(entry.condition)(row):
                found[entry.moments] = entry.type
    return list(found.values())


def test_what_we_ship_fits_together(tmp_path: Path) -> None:
    write_starter(tmp_path, "salesforce")
    loaded = load_all(tmp_path / "leadripe.yaml")
    # What tells robots is what Salesforce does not give: no clicks, no user agents.
    compiled = compile_rules(replace(loaded.rules, quarantine=Quarantine()))
    shapes = loaded.mapping.shapes()
    assert compiled.fields.items() <= shapes.fields.items()
    assert compiled.attributes.items() <= shapes.attributes.items()


def test_both_crms_fill_the_same_rules(tmp_path: Path) -> None:
    hubspot = load_mapping_of(HubSpotMapping, shipped() / "hubspot.yaml")
    missing = hubspot.types - SHIPPED.types
    # Machines' clicks and the last touch are HubSpot's own notions; campaigns hold no clicks apart.
    assert missing <= {"email_click_machine", "touch", "email_delivered", "meeting_rescheduled"}


def test_a_mapping_of_the_other_crm_is_told_where_it_says_so(tmp_path: Path) -> None:
    write_starter(tmp_path, "salesforce")
    path = tmp_path / "mappings" / "salesforce.yaml"
    path.write_text((shipped() / "hubspot.yaml").read_text())
    with pytest.raises(ConfigError) as caught:
        load_all(tmp_path / "leadripe.yaml")
    (problem,) = caught.value.problems
    assert problem.message == (
        "this mapping is for hubspot, but leadripe.yaml says `crm: salesforce`"
    )
    assert problem.file.endswith("salesforce.yaml")


def test_a_field_may_differ_between_leads_and_contacts(tmp_path: Path) -> None:
    text = "contact: {fields: {company: {lead: Company, contact: Account.Name}, title: Title}}\n"
    fields = mapping(tmp_path, text).contact.fields
    assert [fields["company"].in_object(each) for each in ("Lead", "Contact")] == [
        "Company",
        "Account.Name",
    ]
    assert fields["title"].in_object("Lead") == fields["title"].in_object("Contact") == "Title"


def test_a_field_that_one_object_lacks_is_unknown_there(tmp_path: Path) -> None:
    found = mapping(tmp_path, "contact: {fields: {status: {lead: Status}}}\n")
    assert found.contact.fields["status"].in_object("Contact") is None
    assert found.shapes().fields == {"email": Kind.TEXT, "status": Kind.TEXT}


def test_one_date_may_have_several_fields(tmp_path: Path) -> None:
    entries = (
        "activities:\n  - {source: Event, type: met, at: [EndDateTime, ActivityDate]}\n"
        "  - {source: Event, type: booked, at: CreatedDate}\n  - {source: Task, type: call}\n"
    )
    found = [entry.moments for entry in mapping(tmp_path, entries).activities]
    assert found == [("EndDateTime", "ActivityDate"), ("CreatedDate",), ()]


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ({"Campaign__Name": "Demo request", "HasResponded": True}, ["demo_request"]),
        ({"Campaign__Name": "Livre blanc: achats", "HasResponded": True}, ["content_download"]),
        (
            {
                "Campaign__Name": "Automation live",
                "Campaign__Type": "Webinar",
                "Status": "Attended",
                "HasResponded": True,
            },
            ["webinar_attended"],
        ),
        ({"Campaign__Type": "Webinar", "Status": "Registered"}, ["webinar_registered"]),
        ({"Campaign__Type": "Trade Show", "HasResponded": True}, ["event_talk"]),
        ({"Campaign__Type": "Email", "Status": "Sent", "HasResponded": False}, []),
        ({"Campaign__Name": "Newsletter", "HasResponded": True}, ["form_submission"]),
    ],
)
def test_the_shipped_mapping_reads_campaigns(
    values: dict[str, str | bool], types: list[str]
) -> None:
    assert named("CampaignMember", **values) == types


def test_the_shipped_mapping_tells_a_conversation_from_an_attempt() -> None:
    def called(disposition: str) -> list[str]:
        return named("Task", IsClosed=True, TaskSubtype="Call", CallDisposition=disposition)

    assert called("Connected") == ["call_connected"]
    assert called("Voicemail") == ["call"]
    assert named("Task", TaskSubtype="Call", IsClosed=False) == []


def test_the_shipped_mapping_books_meetings_and_holds_them() -> None:
    assert set(named("Event", Subject="Demo")) == {"meeting_held", "meeting_booked"}
    assert named("Event", Subject="Cancelled: demo") == ["meeting_cancelled"]
    assert "meeting_missed" in named("Event", Subject="No-show: demo")


def test_settings_for_salesforce_have_defaults(tmp_path: Path) -> None:
    write_starter(tmp_path, "salesforce")
    settings = load_settings(tmp_path / "leadripe.yaml")
    assert isinstance(settings, SalesforceSettings)
    assert settings.connect.base_url == "https://acme.my.salesforce.com"
    assert settings.connect.api_version == "66.0"
    assert settings.connect.max_daily_share == Decimal("0.8")
    assert settings.connect.jwt is not None
    assert settings.connect.jwt.audience == "https://login.salesforce.com"


def test_a_private_key_has_several_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_starter(tmp_path, "salesforce")
    settings = load_settings(tmp_path / "leadripe.yaml")
    assert isinstance(settings, SalesforceSettings)
    assert settings.connect.jwt is not None
    key = settings.connect.jwt.private_key
    with pytest.raises(CredentialsError, match="does not exist"):
        key.reveal_key()
    (tmp_path / "server.key").write_text("-----BEGIN\nabc\n-----END\n")
    assert key.reveal_key() == "-----BEGIN\nabc\n-----END"
    text = (tmp_path / "leadripe.yaml").read_text()
    (tmp_path / "leadripe.yaml").write_text(text.replace("file:server.key", "${SF_KEY}"))
    monkeypatch.setenv("SF_KEY", "-----BEGIN\\nabc\\n-----END")
    settings = load_settings(tmp_path / "leadripe.yaml")
    assert isinstance(settings, SalesforceSettings)
    assert settings.connect.jwt is not None
    assert settings.connect.jwt.private_key.reveal_key() == "-----BEGIN\nabc\n-----END"


def test_a_mapping_is_read_as_what_it_says_it_is() -> None:
    assert isinstance(load_mapping(shipped() / "salesforce.yaml"), SalesforceMapping)
    assert isinstance(load_mapping(shipped() / "hubspot.yaml"), HubSpotMapping)
