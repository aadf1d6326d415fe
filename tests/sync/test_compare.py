from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from connector.columns import STATE_SCHEMA, schema_of
from connector.domain.moment import micros
from connector.domain.numbers import MILLION
from connector.ports import Evaluation
from connector.rules.tables import OTHER_SCORE
from connector.sync.compare import WritePolicy, differing, to_show
from tests.fakes.clock import MONDAY

NOW = micros(MONDAY)
POLICY = WritePolicy()

SCORE = {
    "contact": 5,
    "points": 40 * MILLION,
    "fit": 70 * MILLION,
    "grade": "A",
    "persona": "ops",
    "missing": None,
    "stage": "lead",
    "temperature": "warm",
    "need_us": None,
    "handed_off": False,
    "hand_off_closed": None,
    "due_us": None,
    "sla": None,
    "escalates": False,
}
TYPES = pa.schema(
    [
        ("contact", pa.int64()),
        ("points", pa.int64()),
        ("fit", pa.int64()),
        ("grade", pa.string()),
        ("persona", pa.string()),
        ("missing", pa.string()),
        ("stage", pa.string()),
        ("temperature", pa.string()),
        ("need_us", pa.int64()),
        ("handed_off", pa.bool_()),
        ("hand_off_closed", pa.string()),
        ("due_us", pa.int64()),
        ("sla", pa.string()),
        ("escalates", pa.bool_()),
    ]
)
REASONS = pa.schema([("contact", pa.int64()), ("latest_us", pa.int64()), ("count", pa.int64())])


OTHERS = schema_of(OTHER_SCORE)


def evaluation(*counted: tuple[int | None, int | None], **changes: object) -> Evaluation:
    """Return what the rules say of contact 5; `counted`: (latest_us, count) of each line."""
    reasons = [{"contact": 5, "latest_us": at, "count": n} for at, n in counted]
    return Evaluation(
        score=pa.Table.from_pylist([{**SCORE, **changes}], TYPES),
        reason=pa.Table.from_pylist(reasons, REASONS),
        move=pa.table({}),
    )


def several(**points: int) -> Evaluation:
    """Return the same with whole points of scores beside the leading one."""
    rows = [{"contact": 5, "score": name, "points": n * MILLION} for name, n in points.items()]
    return replace(evaluation(), other_score=pa.Table.from_pylist(rows, OTHERS))


def shown(of: Evaluation, at_us: int = NOW) -> pa.Table:
    """Return the state after a plan showed an evaluation."""
    rows = to_show(of, at_us=at_us).to_pylist()
    return pa.Table.from_pylist(rows, STATE_SCHEMA)


def is_written(before: Evaluation, now: Evaluation, *, after: timedelta = timedelta(0)) -> bool:
    at_us = NOW + after // timedelta(microseconds=1)
    differ = differing(to_show(now, at_us=at_us), shown(before), now.score, POLICY)
    return bool(differ.to_pylist() == [5])


def test_a_contact_never_shown_is_written() -> None:
    now = evaluation()
    nothing = STATE_SCHEMA.empty_table()
    assert differing(to_show(now, at_us=NOW), nothing, now.score, POLICY).to_pylist() == [5]


def test_what_is_shown_already_is_not_written() -> None:
    assert not is_written(evaluation((9, 1)), evaluation((9, 1)), after=timedelta(days=300))


@pytest.mark.parametrize(("points", "is_due"), [(38, False), (42, False), (37, True), (43, True)])
def test_a_decayed_score_is_written_once_it_moved_by_three(points: int, is_due: bool) -> None:
    assert is_written(evaluation(), evaluation(points=points * MILLION)) is is_due


@pytest.mark.parametrize(
    ("others", "is_due"),
    [
        ({"risk": 10, "interest": 50}, False),
        ({"risk": 12, "interest": 48}, False),
        ({"risk": 7, "interest": 50}, True),
        ({"risk": 10, "interest": 53}, True),
        ({"risk": 10}, True),
        ({"risk": 10, "interest": 50, "idle": 0}, True),
    ],
)
def test_another_score_is_written_once_it_moved_by_three(
    others: dict[str, int], is_due: bool
) -> None:
    assert is_written(several(risk=10, interest=50), several(**others)) is is_due
    assert is_written(evaluation(), several(**others))


def test_another_question_is_written_at_once() -> None:
    assert is_written(evaluation(missing="job_title"), evaluation(missing="country"))
    assert is_written(evaluation(missing="job_title"), evaluation())


def test_a_score_that_moved_less_is_written_once_what_is_shown_is_old() -> None:
    before, now = evaluation(), evaluation(points=39 * MILLION)
    assert not is_written(before, now, after=timedelta(days=30))
    assert is_written(before, now, after=timedelta(days=30, seconds=1))


def test_a_score_that_a_new_activity_moved_is_written_at_once() -> None:
    assert is_written(evaluation((9, 1)), evaluation((12, 2), points=41 * MILLION))


def test_a_score_that_an_activity_logged_late_moved_is_written_at_once() -> None:
    assert is_written(evaluation((9, 1)), evaluation((9, 1), (3, 1), points=41 * MILLION))


def test_an_activity_that_moves_nothing_is_not_written() -> None:
    assert not is_written(evaluation((9, 1)), evaluation((12, 1), points=40 * MILLION + 4))


@pytest.mark.parametrize(
    "change",
    [
        {"fit": 71 * MILLION},
        {"fit": None},
        {"grade": "B"},
        {"persona": None},
        {"stage": "prospect"},
        {"temperature": "hot"},
        {"need_us": 77},
        {"handed_off": True},
        {"hand_off_closed": "touched"},
    ],
)
def test_every_other_change_is_written_at_once(change: dict[str, object]) -> None:
    assert is_written(evaluation(), evaluation(**change))


@pytest.mark.parametrize(
    ("micro", "whole"), [(2_500_000, 3), (2_499_999, 2), (-2_500_000, -2), (-2_500_001, -3), (0, 0)]
)
def test_shown_points_are_rounded_half_up_below_zero_too(micro: int, whole: int) -> None:
    assert to_show(evaluation(points=micro), at_us=NOW)["shown_score"].to_pylist() == [whole]
