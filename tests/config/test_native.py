"""The section that ties our stages to the CRM's own fields: its mistakes, and what is shipped."""

import re

import pytest

from connector.config.mapping import HubSpotMapping
from connector.config.mappings import check_mapping
from connector.config.starter import shipped
from connector.config.yaml_file import parse_document
from connector.ports import Native

HEAD = "version: 1\ncrm: hubspot\n"


def told(text: str) -> list[str]:
    _, problems = check_mapping(parse_document("m.yaml", HEAD + text))
    return [str(problem).removeprefix("m.yaml:") for problem in problems]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("native: {hs_lead_status: {write: {led: NEW}}}", "3:35: «led» "),
        ("native: {hs_lead_status: {read: {NEW: accepte}}}", "did you mean «accepted»?"),
        ("native: {hs_lead_status: {order: [NEW, OPEN]}}", "needs «write» or «read»"),
        ("native: {a: {write: {lead: x}, order: [x, y, x]}}", "«x» stands twice"),
        ("native: {a: {write: {lead: x}, order: []}}", "must have at least 1 entry"),
        (
            "write: {stage: lifecyclestage}\nnative: {lifecyclestage: {read: {customer: client}}}",
            "«lifecyclestage» is a property of ours already",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, says: str) -> None:
    (message,) = told(text)
    assert says in message


def test_the_section_that_is_shipped_switched_off_is_valid() -> None:
    text = (shipped() / "hubspot.yaml").read_text(encoding="utf-8")
    (section,) = re.findall(r"^# native:\n(?:#   .*\n)+", text, re.MULTILINE)
    on = re.sub(r"^# ", "", section, flags=re.MULTILINE)
    mapping, problems = check_mapping(parse_document("m.yaml", text + on))
    assert problems == []
    assert isinstance(mapping, HubSpotMapping)
    cycle, status = mapping.natives
    assert cycle == Native(
        "lifecyclestage",
        write={
            "lead": "lead",
            "handed_off": "marketingqualifiedlead",
            "prospect": "salesqualifiedlead",
            "open_deal": "opportunity",
            "client": "customer",
        },
        read={"customer": "client", "evangelist": "client"},
        order=(
            *("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead"),
            *("opportunity", "customer", "evangelist", "other"),
        ),
    )
    assert status.read["UNQUALIFIED"] == "rejected"
    assert mapping.kept_properties[-2:] == ("lifecyclestage", "hs_lead_status")
    assert mapping.shapes().watched.native == mapping.natives


def test_without_the_section_nothing_is_touched() -> None:
    text = (shipped() / "hubspot.yaml").read_text(encoding="utf-8")
    mapping, _ = check_mapping(parse_document("m.yaml", text))
    assert mapping is not None
    assert mapping.natives == ()
    assert "lifecyclestage" not in mapping.kept_properties


# -- leads


def with_leads(section: str) -> HubSpotMapping:
    mapping, problems = check_mapping(parse_document("m.yaml", HEAD + section))
    assert problems == []
    assert isinstance(mapping, HubSpotMapping)
    return mapping


def test_the_leads_that_are_shipped_switched_off_are_the_defaults() -> None:
    text = (shipped() / "hubspot.yaml").read_text(encoding="utf-8")
    (section,) = re.findall(r"^# leads:\n(?:#   .*\n)+", text, re.MULTILINE)
    on = with_leads(re.sub(r"^# ", "", section, flags=re.MULTILINE))
    assert on.label == with_leads("leads: {}").label
    assert on.label == Native(
        "hs_lead_label",
        write={"lead_cold": "COLD", "lead_warm": "WARM", "lead_hot": "HOT", "prospect_hot": "HOT"},
        order=("COLD", "WARM", "HOT"),
        may_fall=True,
    )


def test_without_the_section_leads_are_left_alone() -> None:
    text = (shipped() / "hubspot.yaml").read_text(encoding="utf-8")
    mapping, _ = check_mapping(parse_document("m.yaml", text))
    assert mapping is not None
    assert mapping.label is None


def test_options_of_one_s_own_are_taken() -> None:
    mapping = with_leads(
        "leads: {property: heat, write: {lead: low, handed_off: high}, order: [low, high],"
        " pipelines: ['7']}"
    )
    assert mapping.label == Native(
        "heat", write={"lead": "low", "handed_off": "high"}, order=("low", "high"), may_fall=True
    )


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("leads: {write: {led_hot: HOT}}", "3:17: «led_hot» must be "),
        ("leads: {write: {}}", "must have at least 1 entry"),
        ("leads: {order: [COLD, HOT, COLD]}", "«COLD» stands twice"),
        ("leads: {lable: x}", "unknown key «lable»"),
        ("leads: {pipelines: []}", "pipelines"),
    ],
)
def test_a_mistake_in_leads_is_told(section: str, says: str) -> None:
    (message,) = told(section)
    assert says in message


def test_salesforce_has_no_leads_beside_its_contacts() -> None:
    text = "version: 1\ncrm: salesforce\nleads: {}\n"
    _, problems = check_mapping(parse_document("m.yaml", text))
    assert "unknown key «leads»" in str(problems[0])
