"""What the clock, pressure and nurture of a rules file mean."""

from dataclasses import replace
from datetime import date

import pytest

from connector.config.rules_file import check_rules
from connector.config.yaml_file import parse_document
from connector.ports import Shapes
from connector.rules.compile import compile_rules
from connector.rules.conditions import ALWAYS, Kind, Not, Test
from connector.rules.model import (
    Budget,
    Content,
    HandOff,
    Nurture,
    Pressure,
    RuleSet,
    Sla,
    Track,
    WorkingHours,
)
from connector.rules.operators import Op

ONE = "version: 1\nrules: [{id: a, activity: x, points: 1}]\n"


def rules(text: str, shapes: Shapes | None = None) -> RuleSet:
    found, problems = check_rules(parse_document("rules.yaml", ONE + text), shapes)
    assert problems == []
    assert found is not None
    return found


def test_a_file_that_says_nothing_of_it_has_the_usual_clock_and_no_more() -> None:
    found = rules("")
    assert found.hand_off == HandOff()
    assert found.hand_off.sla == Sla(need=60, points=540, warned=750_000, escalated=2_000_000)
    assert found.hand_off.working == WorkingHours(frozenset({1, 2, 3, 4, 5}), ((540, 1080),))
    assert (found.nurture, found.pressure) == (None, None)


def test_the_clock_arrives() -> None:
    found = rules(
        """\
hand_off:
  due: {need: 45m, points: 2d}
  working_hours:
    days: [sat, mon]
    hours: [13:30-18:00, "9:00 - 12:30"]
    holidays: [1970-01-02, 2026-12-25]
    time_zone: Europe/Paris
  sla: {warned: 62.5%, escalated: 150%, escalate_to: [a@x.example, b@x.example]}
"""
    ).hand_off
    assert found.working == WorkingHours(
        weekdays=frozenset({1, 6}),
        spans=((540, 750), (810, 1080)),
        holidays=frozenset({1, (date(2026, 12, 25) - date(1970, 1, 1)).days}),
        zone="Europe/Paris",
    )
    assert found.sla == Sla(45, 2 * 480, 625_000, 1_500_000, ("a@x.example", "b@x.example"))


@pytest.mark.parametrize(
    ("written", "minutes"),
    [("1m", 1), ("90m", 90), ("4h", 240), ("1d", 300), ("60d", 18_000), ("1440h", 86_400)],
)
def test_a_working_day_is_as_long_as_its_hours(written: str, minutes: int) -> None:
    hours = "working_hours: {hours: [08:00-12:00, 12:00-13:00]}"
    found = rules(f"hand_off: {{due: {{need: {written}}}, {hours}}}\n").hand_off
    assert found.sla.need == minutes


def test_a_day_may_last_until_midnight() -> None:
    found = rules("hand_off: {working_hours: {hours: [00:00-24:00]}}\n").hand_off
    assert (found.working.spans, found.sla.points) == (((0, 1440),), 1440)


def test_pressure_arrives_and_a_budget_counts_all_touches_unless_it_names_some() -> None:
    found = rules(
        """\
pressure:
  touches: [call, mail, open_task]
  budget:
    - {at_most: 3, within: 2w}
    - {touches: [mail], at_most: 1, within: 7d}
"""
    )
    touches = frozenset({"call", "mail", "open_task"})
    assert found.pressure == Pressure(
        touches, (Budget(touches, 3, 14), Budget(frozenset({"mail"}), 1, 7))
    )
    compile_rules(found)


NURTURE = """\
interests: {}
personas: [{id: it, criteria: [{field: title, is: cio}]}]
nurture:
  where: {not: {opted_out: true}}
  attribute: paper
  tracks:
    - id: deepen
      label: {fr: Approfondir}
      stages: [lead, prospect]
      temperatures: [hot]
      personas: [it]
      where: {employees: {gte: 50}}
    - {id: wake_up}
  content:
    - id: guide
      label: Guide
      url: https://www.example.com/guide
      topics: [ERP, security]
      tracks: [wake_up, deepen]
      seen: {minutes: {gt: 5}}
    - {id: paper}
"""


def test_nurture_arrives() -> None:
    found = rules(NURTURE)
    assert found.nurture == Nurture(
        tracks=(
            Track(
                "deepen",
                {"en": "Approfondir", "fr": "Approfondir"},
                frozenset({"lead", "prospect"}),
                frozenset({"hot"}),
                frozenset({"it"}),
                Test("employees", Kind.NUMBER, Op.GTE, (50_000_000,)),
            ),
            Track("wake_up", {"en": "Wake up"}, where=ALWAYS),
        ),
        content=(
            Content(
                "guide",
                {"en": "Guide"},
                "https://www.example.com/guide",
                ("ERP", "security"),
                ("wake_up", "deepen"),
                Test("minutes", Kind.NUMBER, Op.GT, (5_000_000,)),
            ),
            Content("paper", {"en": "Paper"}),
        ),
        attribute="paper",
        where=Not(Test("opted_out", Kind.BOOLEAN, Op.EQUALS, (True,))),
    )
    compiled = compile_rules(found)
    assert compiled.fields.keys() >= {"opted_out", "employees"}
    assert compiled.attributes.keys() >= {"paper", "minutes"}


def test_the_mapping_says_what_kind_the_fields_of_tracks_have() -> None:
    shapes = Shapes({"employees": Kind.TEXT}, {"minutes": Kind.TEXT})
    text = NURTURE.replace("{gte: 50}", "large").replace("{gt: 5}", "many")
    nurture = rules(text, shapes).nurture
    assert nurture is not None
    assert nurture.tracks[0].where == Test("employees", Kind.TEXT, Op.EQUALS, ("large",))
    _, problems = check_rules(parse_document("rules.yaml", ONE + NURTURE), shapes)
    assert [(one.line, one.message) for one in problems] == [
        (14, "«gte» is for numbers and dates, but «employees» holds text"),
        (22, "«gt» is for numbers and dates, but «minutes» holds text"),
    ]


def test_each_part_has_a_hash_of_its_own() -> None:
    found = rules(NURTURE)
    hours = replace(found.hand_off.working, zone="Europe/Paris")
    others = [
        found,
        replace(found, nurture=None),
        replace(found, pressure=Pressure(frozenset({"call"}))),
        replace(found, hand_off=replace(found.hand_off, working=hours)),
    ]
    assert len({compile_rules(each).hash for each in others}) == len(others)
