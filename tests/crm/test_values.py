"""HubSpot's texts as canonical values, and a mapping's conditions on them."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.config.mapping import HubSpotMapping
from connector.crm.conditions import compiled
from connector.crm.hubspot.mail import types_read
from connector.crm.hubspot.place import Echo, cut
from connector.crm.values import EPOCH, boolean, converter, micros, moment, number
from connector.rules.conditions import Kind
from tests.reference.conditions import holds
from tests.reference.made_up_conditions import TEXTS, make_condition


@given(st.integers(0, 7_258_118_400_000))
def test_a_moment_is_the_same_in_each_spelling(ms: int) -> None:
    at = EPOCH + timedelta(milliseconds=ms)
    exact = micros(at)
    assert exact == ms * 1_000
    assert moment(at.isoformat()) == exact
    assert moment(at.isoformat().replace("+00:00", "Z")) == exact
    assert moment(str(exact // 1_000)) == exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1700101012345", 1_700_101_012_345_000),  # digits that Python reads as the year 1700
        ("2026-03-02", 1_772_409_600_000_000),
        ("2026-03-02T01:00:00+01:00", 1_772_409_600_000_000),
        ("tomorrow", None),
        ("99999999999999999999", None),
    ],
)
def test_moments(text: str, expected: int | None) -> None:
    assert moment(text) == expected


@given(st.decimals(-(10**9), 10**9, places=6))
def test_a_number_is_exact(value: Decimal) -> None:
    assert number(format(value, "f")) == int(value * 1_000_000)


@pytest.mark.parametrize("text", ["", "x", "1,5", "NaN", "1e30", "٣"])
def test_what_is_no_number_is_unknown_or_exact(text: str) -> None:
    assert number(text) in (None, 3_000_000)


def test_truth_values() -> None:
    assert [boolean(text) for text in ("true", "False", "maybe")] == [True, False, None]


def test_a_number_can_be_divided_while_it_is_read() -> None:
    minutes = converter(Kind.NUMBER, Decimal(60_000))
    assert (minutes("90000"), minutes("1"), minutes("x")) == (1_500_000, 17, None)


KINDS = {"a": Kind.TEXT, "b": Kind.NUMBER, "c": Kind.BOOLEAN}
SENT = st.none() | st.sampled_from(["", "true", "False", "0.5", "50", "-1", *TEXTS])


@given(
    st.randoms(use_true_random=False),
    st.dictionaries(st.sampled_from(sorted(KINDS)), SENT, min_size=1),
)
def test_conditions_hold_as_the_readable_evaluator_says(
    made: Random, properties: dict[str, str | None]
) -> None:
    condition = make_condition(made, KINDS)
    values = {
        name: converter(KINDS[name])(text) if text else None for name, text in properties.items()
    }
    assert compiled(condition)(properties) == holds(condition, values)


@pytest.mark.parametrize(
    ("wheres", "expected"),
    [
        ([{"event_type": "click"}], {"CLICK"}),
        (
            [{"event_type": ("CLICK", "OPEN")}, {"event_type": "BOUNCE"}],
            {"CLICK", "OPEN", "BOUNCE"},
        ),
        ([{"event_type": "CLICK", "url": {"contains": "x"}}], {"CLICK"}),
        ([{"any": ({"event_type": "CLICK"}, {"event_type": "OPEN"})}], {"CLICK", "OPEN"}),
        ([{"event_type": "CLICK"}, {"url": {"exists": True}}], set()),
        ([{"not": {"event_type": "CLICK"}}], set()),
        ([{"event_type": ("A", "B", "C", "D", "E")}], set()),
    ],
)
def test_the_mail_events_that_can_count_are_known(
    wheres: list[dict[str, object]], expected: set[str]
) -> None:
    entries = [{"source": "email_events", "type": "t", "where": where} for where in wheres]
    data = {"version": 1, "crm": "hubspot", "activities": tuple(entries)}
    assert types_read(HubSpotMapping.model_validate(data)) == expected


MOMENTS = st.integers(0, 5_000_000)


@given(MOMENTS, st.lists(st.builds(Echo, MOMENTS, MOMENTS), max_size=5))
def test_spans_cover_all_time_from_the_start_on_once(start: int, echoes: list[Echo]) -> None:
    spans = cut(start, echoes)
    assert spans[0].start == start
    assert spans[-1].end is None
    for earlier, later in pairwise(spans):
        assert earlier.end == later.start
    for span in spans:
        if span.echo is not None:
            assert span.start <= span.echo.since < span.echo.until
            assert span.end is None or span.echo.until <= span.end
