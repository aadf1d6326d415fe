from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.columns import (
    contact_schema,
    contact_table,
    fold_column,
    local_day,
    local_days,
    schema_of,
    table_of,
    value_column,
    with_derived,
)
from connector.domain.text import fold
from connector.rules.conditions import Kind
from connector.store.encoding import from_us, to_us

ZONES = ["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]
SOME_TIME = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds of Hypothesis have no zone


@given(st.lists(SOME_TIME, max_size=20), st.sampled_from(ZONES))
def test_a_column_of_instants_has_the_days_that_each_alone_has(
    instants: list[datetime], zone: str
) -> None:
    column = pa.array([to_us(at) for at in instants], pa.int64())
    assert local_days(column, zone).to_pylist() == [local_day(at, zone) for at in instants]


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_right_to_the_second_all_around_clock_changes(zone: str) -> None:
    start = datetime(2025, 1, 1, tzinfo=UTC)
    instants = [
        start + timedelta(minutes=15 * n, seconds=s) for n in range(35_040) for s in (-1, 0)
    ]
    column = pa.array([to_us(at) for at in instants], pa.int64())
    wanted = [local_day(at, zone) for at in instants]
    assert local_days(column, zone).to_pylist() == wanted


def test_an_instant_beyond_the_calendar_still_has_a_day() -> None:
    assert local_days(pa.array([2**62, -(2**62), None]), "Europe/Paris").null_count == 1


def test_the_day_before_1970_is_minus_one() -> None:
    column = pa.array([-1, 0, -86_400_000_000, -86_400_000_001])
    assert local_days(column, "UTC").to_pylist() == [-1, 0, -1, -2]
    assert from_us(-1) < from_us(0)


@given(st.lists(st.none() | st.text(max_size=5)))
def test_a_column_folds_as_its_texts_do(texts: list[str | None]) -> None:
    wanted = [None if text is None else fold(text) for text in texts]
    column = pa.array(texts, pa.string())
    assert fold_column(column).to_pylist() == wanted
    assert fold_column(pa.chunked_array([column, column])).to_pylist() == wanted * 2


def test_an_empty_text_is_unknown() -> None:
    assert value_column(["", "x", None], Kind.TEXT).to_pylist() == [None, "x", None]


@pytest.mark.parametrize(
    ("kind", "kept"),
    [(Kind.TEXT, "5"), (Kind.NUMBER, 5), (Kind.MOMENT, 5), (Kind.BOOLEAN, True)],
)
def test_a_value_of_another_kind_is_unknown(kind: Kind, kept: object) -> None:
    column = value_column(["5", 5, True, 2**70], kind).to_pylist()
    assert [value for value in column if value is not None] == [kept]


def test_text_fields_have_a_folded_twin() -> None:
    table = contact_table(
        [1, 2], [{"title": "Étude", "size": 3}, {}], {"title": Kind.TEXT, "size": Kind.NUMBER}
    )
    assert table.to_pylist() == [
        {"contact": 1, "f_title": "Étude", "f_title_folded": "etude", "f_size": 3},
        {"contact": 2, "f_title": None, "f_title_folded": None, "f_size": None},
    ]


def test_a_column_of_another_type_counts_as_missing() -> None:
    table = pa.table({"contact": pa.array([1]), "f_size": pa.array(["12"])})
    schema = contact_schema({"size": Kind.NUMBER, "title": Kind.TEXT})
    assert with_derived(table, schema).to_pylist() == [
        {"contact": 1, "f_size": None, "f_title": None, "f_title_folded": None}
    ]


def test_truth_values_may_come_as_numbers() -> None:
    schema = schema_of({"contact": "BIGINT", "is_won": "BOOLEAN"})
    rows = table_of(schema, [(1, 1), (2, 0), (3, None)])
    assert rows["is_won"].to_pylist() == [True, False, None]
    assert table_of(schema, []).schema == schema
