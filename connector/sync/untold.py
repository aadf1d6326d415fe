"""Evaluations in which nobody is told of a hand-off, since no task of it is made."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from connector.ports import Evaluation

_NO = pa.scalar(False)  # noqa: FBT003  Arrow's own signature
_NOBODY: Mapping[str, pa.Scalar] = {
    "hand_off_open": _NO,
    "due_us": pa.scalar(None, pa.int64()),
    "sla": pa.scalar(None, pa.string()),
}
_UNTOLD = "untold_"
_BEFORE = ("handed_off_us", "hand_off_reason", "escalated_us")
_CLOCK = ("answered_us", "due_us", "sla")


def untold(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation in which its hand-offs happened, and nobody was told of them.

    Nobody would ever close them: a later need has to be heard. So they are not open, have no clock,
    and marketing goes on.
    """
    score = evaluation.score
    told_to_nobody = score["handed_off"]
    return replace(
        evaluation,
        score=_replaced(score, told_to_nobody, _NOBODY),
        **_going_on(evaluation, score["contact"].filter(told_to_nobody)),
    )


def not_yet(evaluation: Evaluation, state: pa.Table, numbers: Iterable[int]) -> Evaluation:
    """Return an evaluation in which the hand-offs of some contacts have not happened.

    What was remembered of an earlier one stands; the cause stays news, so that the next plan finds
    it again.
    """
    score = evaluation.score
    waiting = pa.array(list(numbers), pa.int64())
    waits = pc.is_in(score["contact"], value_set=waiting)
    where = pc.index_in(score["contact"], value_set=state["contact"])
    # An earlier one was closed, or there was none: beside an open one nobody is handed off.
    before = {name: state[name].take(where) for name in _BEFORE}
    before |= {name: score[_UNTOLD + name] for name in _CLOCK}
    return replace(
        evaluation,
        score=_replaced(score, waits, {"handed_off": _NO, "hand_off_open": _NO, **before}),
        **_going_on(evaluation, waiting),
    )


def _going_on(evaluation: Evaluation, contacts: pa.Array | pa.ChunkedArray) -> dict[str, pa.Table]:
    """Return nurture and pressure, of some contacts as they are without their hand-off."""
    tables = {"nurture": evaluation.nurture, "pressure": evaluation.pressure}
    return {
        name: _without_hand_off(table, contacts)
        for name, table in tables.items()
        if table is not None
    }


def _without_hand_off(table: pa.Table, contacts: pa.Array | pa.ChunkedArray) -> pa.Table:
    # Where the task of a hand-off does not press, there is nothing to take away.
    is_one = pc.is_in(table["contact"], value_set=contacts)
    if "untold_touches_7d" in table.column_names:
        is_one = pc.and_(is_one, pc.is_valid(table["untold_touches_7d"]))
    untold = [name for name in table.column_names if name.startswith(_UNTOLD)]
    values = {name.removeprefix(_UNTOLD): table[name] for name in untold}
    return _replaced(table, is_one, values)


def _replaced(
    table: pa.Table,
    mask: pa.ChunkedArray,
    values: Mapping[str, pa.Scalar | pa.ChunkedArray],
) -> pa.Table:
    for name, value in values.items():
        column = pc.if_else(mask, value, table[name])
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
