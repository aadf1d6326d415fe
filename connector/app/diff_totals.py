"""Adds up what differs, part by part: memory does not grow with the contacts."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.diff_tables import Compared, Comparison
from connector.app.score_rows import rows_of
from connector.report.rules_diff import DiffReport, LineChange, ScoreTotals

_STATES = ("stage_before", "temperature_before", "stage_after", "temperature_after")
_LINE = ("score", "kind", "rule")


def new_report(as_of: datetime, before: Path, after: Path, comparison: Comparison) -> DiffReport:
    """Return a report of nobody so far."""
    old, new = (words.score(words.rules.score) for words in (comparison.before, comparison.after))
    return DiffReport(
        as_of,
        str(before),
        str(after),
        [ScoreTotals(pair.name, pair.label, pair.suffix, pair.fate) for pair in comparison.pairs],
        leading=(old, new),
    )


def add(report: DiffReport, compared: Compared, top: int) -> None:
    """Count one part, and keep the contacts that change most."""
    everyone, differing = compared.everyone, compared.differing
    report.contacts += len(everyone)
    report.differing += len(differing)
    report.points_only += compared.points_only
    _add_states(report, everyone)
    for (before, after), count in _counted(everyone, "grade_before", "grade_after"):
        if before != after:
            report.grades[str(before), str(after)] += count
    for score in report.scores:
        _add_score(score, everyone)
    _add_hand_offs(report, everyone)
    _add_lines(report, differing)
    report.rows = _highest([*report.rows, *_top(differing, report.compared, top)], report, top)


def _counted(table: pa.Table, *names: str) -> Iterator[tuple[Sequence[object], int]]:
    """Yield the values of some columns that stand together, and how often."""
    for row in table.group_by(list(names)).aggregate([([], "count_all")]).to_pylist():
        yield [row[name] for name in names], row["count_all"]


def _add_score(score: ScoreTotals, everyone: pa.Table) -> None:
    if score.fate == "compared":
        for (change,), count in _counted(everyone, score.column("score", "change")):
            score.changes[int(str(change))] += count
        return
    points = everyone[score.column("points", "after" if score.fate == "added" else "before")]
    score.with_points += pc.sum(pc.not_equal(points, 0)).as_py() or 0


def _add_states(report: DiffReport, everyone: pa.Table) -> None:
    for states, count in _counted(everyone, *_STATES):
        stage, temperature, later_stage, later_temperature = map(str, states)
        before, after = (stage, temperature), (later_stage, later_temperature)
        report.funnel_before[before] += count
        report.funnel_after[after] += count
        if before != after:
            report.moves[before, after] += count


def _add_hand_offs(report: DiffReport, everyone: pa.Table) -> None:
    for (before, after), count in _counted(everyone, "hand_off_before", "hand_off_after"):
        report.hand_offs_before += count if before else 0
        report.hand_offs_after += count if after else 0
        report.hand_offs_gained += count if after and not before else 0
        report.hand_offs_lost += count if before and not after else 0


def _add_lines(report: DiffReport, differing: pa.Table) -> None:
    flat = pc.list_flatten(differing["changes"].combine_chunks())
    lines = pa.table({name: flat.field(name) for name in (*_LINE, "label", "change")})
    summed = lines.group_by([*_LINE, "label"]).aggregate([([], "count_all"), ("change", "sum")])
    for row in summed.to_pylist():
        key = row["score"], row["kind"], row["rule"]
        line = report.lines.setdefault(key, LineChange(row["label"]))
        line.contacts += row["count_all"]
        line.micro_points += row["change_sum"]


def _top(
    differing: pa.Table, compared: Sequence[ScoreTotals], top: int
) -> Iterator[Mapping[str, object]]:
    nothing = pa.array([0] * len(differing), pa.int64())
    scores = [pc.abs(differing[each.column("score", "change")]) for each in compared]
    points = [
        pc.abs(
            pc.subtract(
                differing[each.column("points", "after")],
                differing[each.column("points", "before")],
            )
        )
        for each in compared
    ]
    sizes = pa.table(
        {
            "score": pc.max_element_wise(nothing, *scores),
            "points": pc.max_element_wise(nothing, *points),
            "id": differing["id"],
            "row": pa.array(range(len(differing)), pa.int64()),
        }
    )
    order = [("score", "descending"), ("points", "descending"), ("id", "ascending")]
    return rows_of(differing.take(sizes.sort_by(order)["row"][:top]))


def _highest(
    rows: list[Mapping[str, object]], report: DiffReport, top: int
) -> list[Mapping[str, object]]:
    def largest(row: Mapping[str, object], what: str) -> int:
        return max((abs(each.change(row, what)) for each in report.compared), default=0)

    def size(row: Mapping[str, object]) -> tuple[int, int, str]:
        return -largest(row, "score"), -largest(row, "points"), str(row["id"])

    return sorted(rows, key=size)[:top]
