"""The scores of open opportunities under two rule sets side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.score_rows import shown_column
from connector.domain.moment import Moment
from connector.ports import Engine, Evaluation, OpportunityEvaluation
from connector.report.rules_diff import Fate, OpportunityTotals
from connector.rules.explain import Line, Words
from connector.rules.plan import CompiledRules
from connector.sync.opportunities import together


@dataclass(slots=True)
class Side:
    """One of the two rule sets, and who takes part in opportunities under it."""

    compiled: CompiledRules
    words: Words
    people: list[pa.Table] = field(default_factory=list)

    def add(self, evaluation: Evaluation) -> Evaluation:
        """Take note of the people of some contacts, and return the evaluation as it is."""
        if evaluation.taking_part is not None:
            self.people.append(evaluation.taking_part)
        return evaluation

    def scored(
        self, engine: Engine, opportunity: pa.Table, at: Moment
    ) -> OpportunityEvaluation | None:
        """Score opportunities; None where these rules give them no score."""
        if self.compiled.opportunities is None:
            return None
        return engine.score_opportunities(self.compiled, opportunity, together(self.people), at=at)


def compared(
    before: OpportunityEvaluation | None,
    after: OpportunityEvaluation | None,
    words: tuple[Words, Words],
    top: int,
) -> OpportunityTotals | None:
    """Return how the scores of the same opportunities differ; `top`: of how many by name."""
    if before is None or after is None:
        alone = before or after
        if alone is None:
            return None
        with_points = pc.sum(pc.not_equal(alone.score["points"], 0)).as_py() or 0
        fate: Fate = "added" if before is None else "removed"
        return OpportunityTotals(fate, len(alone.score), with_points=with_points)
    both = _both(before.score, after.score)
    changes = both["score_change"]
    return OpportunityTotals(
        "compared",
        len(both),
        up=pc.sum(pc.greater(changes, 0)).as_py() or 0,
        down=pc.sum(pc.less(changes, 0)).as_py() or 0,
        rows=_most(both, (before.reason, after.reason), words, top),
    )


def _both(before: pa.Table, after: pa.Table) -> pa.Table:
    """Return a row for each opportunity, with both scores."""
    columns: dict[str, pa.ChunkedArray] = {}
    for when, score in (("before", before), ("after", after)):
        told = score.sort_by("opportunity")
        columns |= {"id": told["opportunity"]}
        columns |= {f"score_{when}": shown_column(told["points"])}
        columns |= {f"points_{when}": told["points"]}
    columns["score_change"] = pc.subtract(columns["score_after"], columns["score_before"])
    return pa.table(columns)


def _most(
    both: pa.Table, reasons: tuple[pa.Table, pa.Table], words: tuple[Words, Words], top: int
) -> Sequence[Mapping[str, object]]:
    """Return the opportunities whose score changes most, with the lines that differ."""
    moved = both.filter(pc.not_equal(both["score_change"], 0))
    moved = moved.append_column("size", pc.abs(moved["score_change"]))
    rows = moved.sort_by([("size", "descending"), ("id", "ascending")]).slice(0, top)
    ids = rows["id"].combine_chunks()
    lines = [_lines(reason.filter(pc.is_in(reason["opportunity"], ids))) for reason in reasons]
    return [
        {**row, "changes": _changes(lines[0].get(id_, {}), lines[1].get(id_, {}), words)}
        for row in rows.drop_columns(["size"]).to_pylist()
        for id_ in [str(row["id"])]
    ]


_Lines = Mapping[tuple[str, str], int]
"""{(kind, rule): points}."""


def _lines(reason: pa.Table) -> Mapping[str, _Lines]:
    found: dict[str, dict[tuple[str, str], int]] = {}
    for row in reason.to_pylist():
        found.setdefault(row["opportunity"], {})[row["kind"], row["rule"]] = row["points"]
    return found


def _changes(
    before: _Lines, after: _Lines, words: tuple[Words, Words]
) -> list[Mapping[str, object]]:
    """Return the lines that differ, largest first."""
    told: list[tuple[int, Mapping[str, object]]] = []
    for kind, rule in dict.fromkeys([*after, *before]):
        old, new = before.get((kind, rule), 0), after.get((kind, rule), 0)
        if old != new:
            named = words[(kind, rule) in after].line(Line(kind, rule, 0, None, None))
            told.append(
                (
                    abs(new - old),
                    {
                        "rule": rule,
                        "kind": kind,
                        "label": named,
                        "before": old,
                        "after": new,
                        "change": new - old,
                    },
                )
            )
    return [change for _, change in sorted(told, key=lambda each: -each[0])]
