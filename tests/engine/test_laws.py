"""What is true of every evaluation, whatever happened."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.domain.ids import RuleId
from connector.domain.moment import Moment
from connector.domain.numbers import MILLION
from connector.domain.text import fold
from connector.engine.embedded import EmbeddedEngine
from connector.errors import StoreError
from connector.ports import Evaluation, Facts
from connector.rules import sql
from connector.rules.compile import compile_rules
from connector.rules.conditions import AnyOf, Kind, Not, Operator, Test
from connector.rules.decay import Decay, HalfLife
from connector.rules.model import AtMost, Group, PerAttribute, PerDays, Repeated, RuleSet
from connector.rules.operators import Op
from connector.rules.tables import MOVE, REASON, SCORE
from tests.engine.story import (
    ENGINE,
    NOW,
    TODAY,
    Row,
    did,
    evaluate,
    lines_of,
    rule,
    score_of,
    table,
    with_folded,
)

EVENT = PerAttribute("event")
RULES = RuleSet(
    rules=(
        rule("each", 3, decay=Decay(HalfLife(20)), at_most=AtMost(2, per=7), group="g"),
        rule("daily", -4, activities=("page",), once_per=PerDays(1), at_most=AtMost(4)),
        rule("often", 9, activities=("page", "click"), repeated=Repeated(3, 9), group="g"),
        rule("plan", 2, activities=("plan",), once_per=EVENT, replaced_by=RuleId("visit")),
        rule("visit", 30, activities=("visit",), once_per=EVENT, is_need=True, family="f"),
    ),
    groups=(Group("g", {"en": "g"}, cap=10 * MILLION, floor=-MILLION),),
)

HAPPENED = st.lists(
    st.builds(
        did,
        st.sampled_from(["click", "page", "plan", "visit"]),
        ago=st.integers(0, 40),
        contact=st.integers(1, 3),
        name=st.uuids().map(str),
        second=st.integers(-5, 0),
        outbound=st.sampled_from([False, False, True]),
        event=st.sampled_from(["a", "B", None]),
    ),
    max_size=25,
)
PEOPLE: tuple[Row, ...] = ({"contact": 1}, {"contact": 2}, {"contact": 3})
few = settings(max_examples=25, deadline=None)


def rows_of(evaluation: Evaluation) -> list[list[dict[str, object]]]:
    """Return the three tables as rows."""
    return [each.to_pylist() for each in (evaluation.score, evaluation.reason, evaluation.move)]


@few
@given(HAPPENED)
def test_reasons_add_up_to_the_points(activities: list[Row]) -> None:
    evaluation = evaluate(RULES, activities, people=PEOPLE)
    sums = dict.fromkeys((1, 2, 3), 0)
    for row in evaluation.reason.to_pylist():
        sums[row["contact"]] += row["points"]
    assert sums == {row["contact"]: row["points"] for row in evaluation.score.to_pylist()}


@few
@given(HAPPENED, st.randoms(use_true_random=False))
def test_order_and_batches_change_nothing(activities: list[Row], random: st.DrawFn) -> None:
    whole = rows_of(evaluate(RULES, activities, people=PEOPLE))
    shuffled = list(activities)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # the strategy draws a random.Random
    assert rows_of(evaluate(RULES, shuffled, people=PEOPLE[::-1])) == whole
    parts = [rows_of(evaluate(RULES, activities, people=[each])) for each in PEOPLE]
    assert [[row for part in parts for row in part[no]] for no in range(3)] == whole


@few
@given(HAPPENED, st.integers(0, 40))
def test_one_more_activity_of_a_positive_rule_never_lowers_points(
    activities: list[Row], ago: int
) -> None:
    rules = RuleSet(rules=RULES.rules[:1] + RULES.rules[2:3], groups=RULES.groups)
    more = [*activities, did(ago=ago, name="one more")]
    before, after = (
        score_of(evaluate(rules, [row for row in each if row["contact"] == 1]))["points"]
        for each in (activities, more)
    )
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after >= before


def test_tables_have_their_columns_and_types() -> None:
    arrow = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_()}
    for rules in (RULES, RuleSet(rules=())):
        found = evaluate(rules, [did()])
        for result, wanted in ((found.score, SCORE), (found.reason, REASON), (found.move, MOVE)):
            assert result.schema.names == list(wanted)
            assert result.schema.types == [arrow[kind] for kind in wanted.values()]


# ------------------------------------------------------------------- text

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_any_text_is_a_literal(value: str) -> None:
    name = "x" + value
    with duckdb.connect() as connection:
        found = connection.sql(f"SELECT {sql.text(value)} AS {sql.identifier(name)}")
        assert found.to_arrow_table().to_pylist() == [{name: value}]


@pytest.mark.parametrize("value", ["a\x00b", "\ud800"])
def test_what_sql_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        sql.text(value)


@few
@given(TEXT.filter(bool), st.sampled_from([Op.EQUALS, Op.CONTAINS, Op.IN]))
def test_a_text_finds_itself(value: str, op: Operator) -> None:
    rules = RuleSet(rules=(rule(where=Test("x", Kind.TEXT, op, (value,))),))
    activities = [did(x=value), did(ago=1), {**did(ago=2), "a_x": "", "a_x_folded": ""}]
    assert lines_of(evaluate(rules, activities)) == [("rule", "rule", 1, 1)]


def _counts(where: Test | Not | AnyOf, **attributes: object) -> bool:
    """Return whether an activity with these attributes is counted."""
    return bool(
        lines_of(
            evaluate(RuleSet(rules=(rule(where=where),)), [did() | with_folded("a_", attributes)])
        )
    )


@pytest.mark.parametrize(
    "test",
    [
        Test("x", Kind.TEXT, Op.EQUALS, ("a",)),
        Test("x", Kind.TEXT, Op.NOT_IN, ("a",)),
        Test("x", Kind.TEXT, Op.MATCHES, (".*",)),
        Test("x", Kind.TEXT, Op.CONTAINS, ("",)),
        Test("x", Kind.NUMBER, Op.LT, (5,)),
        Test("x", Kind.NUMBER, Op.NOT_IN, (5,)),
        Test("x", Kind.BOOLEAN, Op.EQUALS, (False,)),
        Test("x", Kind.MOMENT, Op.EXISTS, (True,)),
    ],
)
def test_a_comparison_with_what_is_unknown_is_false(test: Test) -> None:
    assert not _counts(test)
    assert _counts(Not(test))
    assert not _counts(Not(Not(test)))
    assert not _counts(AnyOf(()))
    assert _counts(Test("x", test.kind, Op.EXISTS, (False,)))


@pytest.mark.parametrize(
    ("pattern", "value", "is_exact", "is_found"),
    [
        ("étude", "Une ÉTUDE de cas", False, True),
        ("[éè]tude$", "etude", False, True),
        ("É", "é", True, False),
        ("É", "É", True, True),
        ("straße+x", "STRASSEEX", False, True),
        ("ß+$", "ssss", False, True),
        (r"\Qé.(\E", "e.(", False, True),
        ("（a", "(a", False, True),
        ("a.b", "a\nb", False, False),
        (r"[^\]é]", "e", False, False),
        ("it's", "IT'S", False, True),
    ],
)
def test_patterns_look_at_folded_text(
    pattern: str, value: str, is_exact: bool, is_found: bool
) -> None:
    test = Test("x", Kind.TEXT, Op.MATCHES, (pattern,), exact=is_exact)
    assert _counts(test, x=value) is is_found


@few
@given(TEXT.filter(lambda value: fold(value) != ""), TEXT)
def test_an_escaped_text_matches_where_it_is(value: str, around: str) -> None:
    test = Test("x", Kind.TEXT, Op.MATCHES, (str(re2.escape(value)),), exact=True)
    assert _counts(test, x=around + value + around)


# ------------------------------------------------------------------ engine


def _in_files(folder: Path, activities: Sequence[Row]) -> Facts:
    """Return facts whose activities lie in two files, one of them without attributes."""
    folder.mkdir()
    files = [folder / "a.parquet", folder / "b.parquet"]
    pq.write_table(table(activities), files[0])
    pq.write_table(table([did(ago=3, name="old"), did(contact=9)]), files[1])
    no_rows = table([])
    return Facts(contact=table(PEOPLE), activity=files, opportunity=no_rows, state=no_rows)


def test_files_say_the_same_as_a_table(tmp_path: Path) -> None:
    activities = [did(), did("visit", event="a"), did("page", contact=2)]
    compiled = compile_rules(RULES)
    engine = EmbeddedEngine(threads=1, memory_limit="500MB")
    expected = rows_of(evaluate(RULES, [*activities, did(ago=3, name="old")], people=PEOPLE))
    for folder in ("bucket=1", "it's"):
        facts = _in_files(tmp_path / folder, activities)
        found = engine.evaluate(compiled, facts, at=Moment(NOW, TODAY))
        assert rows_of(found) == expected
    engine.close()


def test_many_contacts_are_read_from_files_where_they_lie(tmp_path: Path) -> None:
    facts = _in_files(tmp_path / "files", [did(contact=number) for number in range(2000)])
    contact = table([{"contact": number} for number in range(1500)])
    facts = Facts(contact, facts.activity, facts.opportunity, facts.state)
    found = ENGINE.evaluate(compile_rules(RULES), facts, at=Moment(NOW, TODAY))
    assert found.score["contact"].to_pylist() == list(range(1500))
    assert set(found.reason["contact"].to_pylist()) == set(range(1500))


@pytest.mark.parametrize("content", [b"", b"PAR1 this is no Parquet file PAR1"])
def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "damaged.parquet"
    file.write_bytes(content)
    facts = Facts(table(PEOPLE), [file], table([]), table([]))
    with pytest.raises(StoreError, match="reads the CRM"):
        ENGINE.evaluate(compile_rules(RULES), facts, at=Moment(NOW, TODAY))
    assert score_of(evaluate(RULES))["points"] == 0


def test_a_missing_file_is_an_error_of_the_store(tmp_path: Path) -> None:
    facts = Facts(table(PEOPLE), [tmp_path / "gone.parquet"], table([]), table([]))
    with pytest.raises(StoreError):
        ENGINE.evaluate(compile_rules(RULES), facts, at=Moment(NOW, TODAY))


def test_too_little_memory_is_an_error_that_says_so(tmp_path: Path) -> None:
    engine = EmbeddedEngine(threads=1, memory_limit="1MB", temp_folder=tmp_path / "none")
    facts = Facts(table(PEOPLE), table([did()]), table([]), table([]))
    with pytest.raises(StoreError, match="memory"):
        engine.evaluate(compile_rules(RULES), facts, at=Moment(NOW, TODAY))
    engine.close()
