"""Tells, column by column, which contacts show something else now than what was last shown.

All contacts go through here at every run, so it works on whole columns; the few that differ are
then looked at one by one by `connector.sync.plan`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

from connector.domain.numbers import MILLION
from connector.ports import SHOWN, Evaluation

_ARROW = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
_NO_NUMBER = -(1 << 62)
_NO_TEXT = "\x00"
_ALL_NEW = 1 << 20  # more points than any score can move
_WRITTEN: Mapping[str, Mapping[str, str]] = {
    "sla": {"sla": "sla", "due_at": "due_us"},
    "nurture": {"track": "track", "next_content": "content", "next_content_url": "content"},
    "pressure": {
        "do_not_press_until": "until_day",
        "touches_7d": "touches_7d",
        "touches_30d": "touches_30d",
    },
}
"""{what is shown: {output: the column that it comes from}}; only outputs that are written count."""
_MUST_BE_EQUAL = (
    *("fit", "grade", "persona", "stage", "temperature", "need_us", "missing", "native"),
    *("interests", "sla", "nurture", "pressure", "form"),
)


@dataclass(frozen=True, slots=True)
class WritePolicy:
    """When a moved score is worth writing (DESIGN, decision 6).

    A score that only decayed is written when it moved by `min_change` points, or when what is shown
    is older than `max_age`; one that an activity moved, at once.
    """

    min_change: int = 3
    max_age: timedelta = timedelta(days=30)


def to_show(
    evaluation: Evaluation,
    *,
    at_us: int,
    written: Collection[str] = (),
    form: str = "",
    standing: pa.ChunkedArray | None = None,
) -> pa.Table:
    """Return what each contact would show: `contact` and the columns of `SHOWN`.

    `written`: the outputs that the mapping writes. `form`: as from `form_of`. `standing`: a text
    for each contact that changes when the CRM's own fields may have to.
    """
    score = evaluation.score
    counted = evaluation.reason.group_by("contact").aggregate(
        [("latest_us", "max"), ("count", "sum")]
    )
    where = pc.index_in(score["contact"], value_set=counted["contact"])
    nothing = pa.chunked_array([pa.nulls(len(score), pa.string())])
    columns = {
        "contact": score["contact"],
        "shown_score": whole_points(score["points"]),
        "shown_fit": whole_points(score["fit"]),
        "shown_grade": score["grade"],
        "shown_persona": score["persona"],
        "shown_stage": score["stage"],
        "shown_temperature": score["temperature"],
        "shown_need_us": score["need_us"],
        "shown_reasons": _digest(counted).take(where),
        "shown_missing": score["missing"],
        "shown_scores": _others(evaluation.other_score, score["contact"]),
        "shown_interests": _topics(evaluation.interest, score["contact"]),
        "shown_native": nothing if standing is None else standing,
        **{
            f"shown_{name}": _joined(table, _columns(name, written), score["contact"])
            for name, table in (
                ("sla", score),
                ("nurture", evaluation.nurture),
                ("pressure", evaluation.pressure),
            )
        },
        "shown_form": pa.chunked_array([pa.repeat(pa.scalar(form, pa.string()), len(score))]),
        "shown_at_us": pa.chunked_array([pa.repeat(pa.scalar(at_us, pa.int64()), len(score))]),
    }
    return pa.table(columns)


def differing(now: pa.Table, state: pa.Table, score: pa.Table, policy: WritePolicy) -> pa.Array:
    """Return the numbers of the contacts that are worth writing, given what was shown before.

    `now` as from `to_show`; `state` as from `Store.load_facts`; `score` of the same evaluation.
    """
    before = _aligned(state, now["contact"])
    moved = _farthest_moved(now, before)
    is_stale = pc.greater(
        pc.subtract(now["shown_at_us"], before["shown_at_us"]),
        policy.max_age // timedelta(microseconds=1),
    )
    by_activity = _differs(now["shown_reasons"], before["shown_reasons"], _NO_TEXT)
    marks = [
        pc.is_null(before["shown_at_us"]),
        pc.greater_equal(moved, policy.min_change),
        pc.and_(pc.greater_equal(moved, 1), pc.or_kleene(is_stale, by_activity)),
        score["handed_off"],
        pc.is_valid(score["hand_off_closed"]),
        score["escalates"],
    ]
    marks += [_column_differs(now, before, f"shown_{name}") for name in _MUST_BE_EQUAL]
    mask = marks[0]
    for mark in marks[1:]:
        mask = pc.or_(mask, pc.fill_null(mark, False))  # noqa: FBT003  Arrow's own signature
    return now["contact"].filter(mask)


def _others(scores: pa.Table | None, contacts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the points of each contact's further scores, sorted by name, as `12/30`."""
    if scores is None:
        return pa.chunked_array([pa.nulls(len(contacts), pa.string())])
    points = pc.cast(whole_points(scores["points"]), pa.string())
    ordered = pa.table({"contact": scores["contact"], "score": scores["score"], "points": points})
    # On one thread a group keeps the order of its rows.
    grouped = ordered.sort_by([("contact", "ascending"), ("score", "ascending")]).group_by(
        "contact", use_threads=False
    )
    listed = grouped.aggregate([("points", "list")])
    joined = pc.binary_join(listed["points_list"], "/")
    return joined.take(pc.index_in(contacts, value_set=listed["contact"]))


def _columns(shown: str, written: Collection[str]) -> Sequence[str]:
    """Return the columns of which what is written comes, each once."""
    columns = (column for output, column in _WRITTEN[shown].items() if output in written)
    return list(dict.fromkeys(columns))


def _joined(
    table: pa.Table | None, columns: Sequence[str], contacts: pa.ChunkedArray
) -> pa.ChunkedArray:
    """Return some columns of each contact's row as one text; NULL without a row, or a value."""
    if table is None or not len(table) or not columns:
        return pa.chunked_array([pa.nulls(len(contacts), pa.string())])
    parts = [pc.fill_null(pc.cast(table[name], pa.string()), "") for name in columns]
    told = pc.binary_join_element_wise(*parts, "/")
    is_empty = pc.equal(told, "/" * (len(columns) - 1))
    told = pc.if_else(is_empty, pa.scalar(None, pa.string()), told)
    return told.take(pc.index_in(contacts, value_set=table["contact"]))


def _topics(interest: pa.Table | None, contacts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return each contact's interests as one text; NULL if there are none."""
    if interest is None or not len(interest):
        return pa.chunked_array([pa.nulls(len(contacts), pa.string())])
    ordered = interest.sort_by([("contact", "ascending"), ("rank", "ascending")])
    # On one thread a group keeps the order of its rows.
    listed = ordered.group_by("contact", use_threads=False).aggregate([("topic", "list")])
    joined = pc.binary_join(listed["topic_list"], ";")
    return joined.take(pc.index_in(contacts, value_set=listed["contact"]))


def _farthest_moved(now: pa.Table, before: pa.Table) -> pa.ChunkedArray:
    """Return by how many points the score that moved most did; NULL if nothing was shown."""
    moved = pc.abs(pc.subtract(now["shown_score"], before["shown_score"]))
    mine = now["shown_scores"]
    number = pc.max(pc.add(pc.count_substring(mine, "/"), 1)).as_py() or 0
    if not number:
        return moved
    is_alike = pc.equal(pc.count_substring(before["shown_scores"], "/"), number - 1)
    is_alike = pc.fill_null(is_alike, False)  # noqa: FBT003  Arrow's own signature
    theirs = pc.if_else(is_alike, before["shown_scores"], mine)
    ours, shown = (pc.split_pattern(texts, "/") for texts in (mine, theirs))
    for place in range(number):
        one, other = (pc.cast(pc.list_element(each, place), pa.int64()) for each in (ours, shown))
        moved = pc.max_element_wise(moved, pc.abs(pc.subtract(one, other)), skip_nulls=False)
    # Another number of scores than was shown: the rules have changed, all of it is news.
    return pc.if_else(is_alike, moved, _ALL_NEW)


def _digest(counted: pa.Table) -> pa.ChunkedArray:
    # The number tells an activity that was logged late from one that was there before.
    latest, count = (pc.cast(counted[name], pa.string()) for name in ("latest_us_max", "count_sum"))
    return pc.binary_join_element_wise(latest, count, "/", null_handling="replace")


def whole_points(micro: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return micro-points as people see them, rounded half up."""
    # Arrow divides towards zero; shifted into the positive, that is half up for negative scores
    # too.
    shift = 1 << 20
    lifted = pc.add(micro, MILLION // 2 + shift * MILLION)
    return pc.subtract(pc.divide(lifted, MILLION), shift)


def _aligned(state: pa.Table, contacts: pa.ChunkedArray) -> pa.Table:
    where = pc.index_in(contacts, value_set=state["contact"])
    return pa.table(
        {name: pc.cast(state[name], _ARROW[kind]).take(where) for name, kind in SHOWN.items()}
    )


def _column_differs(now: pa.Table, before: pa.Table, name: str) -> pa.ChunkedArray:
    nothing = _NO_NUMBER if SHOWN[name] == "BIGINT" else _NO_TEXT
    return _differs(now[name], before[name], nothing)


def _differs(now: pa.ChunkedArray, before: pa.ChunkedArray, nothing: object) -> pa.ChunkedArray:
    return pc.not_equal(pc.fill_null(now, nothing), pc.fill_null(before, nothing))
