"""Two evaluations of the same contacts side by side: who differs, by how much, because of what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.diff_scores import LEADING, ScorePair, lines_of, paired, points_of
from connector.app.score_rows import none_if_empty, shown_column
from connector.ports import Evaluation
from connector.rules.explain import Line, Words

CHANGE = pa.struct(
    [
        ("score", pa.string()),
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("label", pa.string()),
        ("before", pa.int64()),
        ("after", pa.int64()),
        ("change", pa.int64()),
    ]
)
_OF_SCORE = (
    "score{}_before",
    "score{}_after",
    "score{}_change",
    "points{}_before",
    "points{}_after",
)
_STATES = [
    ("stage_before", pa.string()),
    ("stage_after", pa.string()),
    ("temperature_before", pa.string()),
    ("temperature_after", pa.string()),
    ("grade_before", pa.string()),
    ("grade_after", pa.string()),
    ("hand_off_before", pa.bool_()),
    ("hand_off_after", pa.bool_()),
    ("changes", pa.list_(CHANGE)),
]
_SEEN = ("stage", "temperature", "grade", "hand_off")
IdsOf = Callable[[pa.ChunkedArray, pa.ChunkedArray], pa.ChunkedArray]
"""Returns the ids of the contacts that a mask keeps; their numbers are the second argument."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One part of the contacts. `everyone`: columns as in `Comparison.schema` but ids and lists.

    `differing`: rows of that schema. `points_only`: contacts whose points differ, but nothing that
    people see.
    """

    everyone: pa.Table
    differing: pa.Table
    points_only: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares evaluations under two rule sets, whose words name the lines."""

    before: Words
    after: Words

    @property
    def pairs(self) -> Sequence[ScorePair]:
        """The scores of both."""
        return paired(self.before, self.after)

    @property
    def schema(self) -> pa.Schema:
        """The columns of a contact of which a person would see a difference.

        `score` and `points` are of the score that leads, `score_NAME` and `points_NAME` of every
        other: the scores as people see them, points in micro-points like those of `changes`, which
        are the lines that differ, largest first. Unknown where a rule set has no such score, and
        `score_change` where two different ones lead.
        """
        suffixes = dict.fromkeys((LEADING, *(pair.suffix for pair in self.pairs)))
        scores = [(name.format(suffix), pa.int64()) for suffix in suffixes for name in _OF_SCORE]
        return pa.schema([("id", pa.string()), *scores, *_STATES])

    def of(self, before: Evaluation, after: Evaluation, ids: IdsOf) -> Compared:
        """Return what differs between two evaluations of the same contacts."""
        everyone = self._everyone(before, after)
        compared = [pair.suffix for pair in self.pairs if pair.is_compared]
        seen = [*_SEEN, *(f"score{suffix}" for suffix in compared)]
        mask = _is_other(everyone, *seen)
        numbers = before.score.sort_by("contact")["contact"].filter(mask)
        differing = everyone.filter(mask)
        moved = differing.append_column("id", ids(mask, numbers)).append_column(
            "changes", self._changes(numbers, before, after)
        )
        for name in ("temperature_before", "temperature_after"):
            place = moved.schema.get_field_index(name)
            moved = moved.set_column(place, name, none_if_empty(moved[name]))
        typed = [moved[each.name].cast(each.type) for each in self.schema]
        exactly = _is_other(everyone, *seen, *(f"points{suffix}" for suffix in compared))
        in_points = pc.sum(exactly).as_py() or 0
        return Compared(everyone, pa.table(typed, schema=self.schema), in_points - len(differing))

    def _everyone(self, before: Evaluation, after: Evaluation) -> pa.Table:
        rules, later = self.before.rules, self.after.rules
        columns = {**_states(before.score, "before"), **_states(after.score, "after")}
        names = {LEADING: (rules.score, later.score)}
        names |= {pair.suffix: (pair.name, pair.name) for pair in self.pairs}
        for suffix, (name, other) in names.items():
            old, new = points_of(before, rules, name), points_of(after, later, other)
            columns |= _of_score(suffix, old, new)
            if name != other:  # how far one score is from another is no change
                columns[f"score{suffix}_change"] = pa.nulls(len(before.score), pa.int64())
        return pa.table(columns)

    def _changes(
        self, contacts: pa.ChunkedArray, before: Evaluation, after: Evaluation
    ) -> pa.ChunkedArray:
        """Return the lines of compared scores that differ, as a list for each of the contacts."""
        names = [pair.name for pair in self.pairs if pair.is_compared]
        lines = _lines_that_differ(
            contacts,
            lines_of(before, self.before.rules, names),
            lines_of(after, self.after.rules, names),
        )
        parts = {name: lines[name] for name in lines.column_names} | {"label": self._labels(lines)}
        structs = pa.StructArray.from_arrays(
            [_flat(parts[each.name], each.type) for each in CHANGE], fields=list(CHANGE)
        )
        counts = pc.value_counts(_flat(lines["contact"], pa.int64()))
        place = pc.index_in(_flat(contacts, pa.int64()), value_set=counts.field("values"))
        sizes = pc.fill_null(counts.field("counts").take(place), 0)
        ends = pc.cumulative_sum(sizes)
        offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
        return pa.chunked_array([pa.ListArray.from_arrays(offsets, structs)])

    def _labels(self, lines: pa.Table) -> pa.Array:
        """Return what each line is about. Each distinct one is looked up once."""
        keys = pc.binary_join_element_wise(lines["score"], lines["kind"], lines["rule"], "\n")
        encoded = _flat(keys, pa.string()).dictionary_encode()
        parts = [key.split("\n", 2) for key in encoded.dictionary.to_pylist()]
        labels = [self.label(score, kind, rule) for score, kind, rule in parts]
        return pa.array(labels, pa.string()).take(encoded.indices)

    def label(self, score: str, kind: str, rule: str) -> str:
        """Return what a line is about: in the later rules' words, unless only the earlier know.

        Beside the score that leads, others are named.
        """
        line = Line(kind, rule, 0, None, None)
        label = self.after.line(line)
        label = self.before.line(line) if label == rule else label
        leads = self.before.rules.score == score == self.after.rules.score
        return label if leads else f"{label} ({self.after.score(score)})"


def _states(score: pa.Table, when: str) -> dict[str, pa.ChunkedArray]:
    ordered = score.sort_by("contact")
    return {
        f"stage_{when}": ordered["stage"],
        f"temperature_{when}": ordered["temperature"],
        f"grade_{when}": ordered["grade"],
        f"hand_off_{when}": ordered["handed_off"],
    }


def _of_score(
    suffix: str, before: pa.ChunkedArray, after: pa.ChunkedArray
) -> dict[str, pa.ChunkedArray]:
    shown = {"before": shown_column(before), "after": shown_column(after)}
    return {
        f"score{suffix}_before": shown["before"],
        f"score{suffix}_after": shown["after"],
        f"score{suffix}_change": pc.subtract(shown["after"], shown["before"]),
        f"points{suffix}_before": before,
        f"points{suffix}_after": after,
    }


def _is_other(table: pa.Table, *names: str) -> pa.ChunkedArray:
    """Return of which rows one of the columns differs between before and after; none is NULL."""
    first, *rest = (pc.not_equal(table[f"{name}_before"], table[f"{name}_after"]) for name in names)
    for mask in rest:
        first = pc.or_(first, mask)
    return first


def _lines_that_differ(contacts: pa.ChunkedArray, before: pa.Table, after: pa.Table) -> pa.Table:
    """Return contact, score, kind, rule, before, after, change; a contact's lines by its size."""
    both = pa.concat_tables([_lines(contacts, before, "before"), _lines(contacts, after, "after")])
    summed = both.group_by(list(_KEY)).aggregate([("before", "sum"), ("after", "sum")])
    summed = summed.rename_columns(
        [name.removesuffix("_sum") for name in summed.column_names]
    ).append_column("change", pc.subtract(summed["after_sum"], summed["before_sum"]))
    summed = summed.filter(pc.not_equal(summed["change"], 0))
    summed = summed.append_column("size", pc.abs(summed["change"]))
    order = [("contact", "ascending"), ("size", "descending"), ("kind", "ascending")]
    order += [("rule", "ascending"), ("score", "ascending")]
    return summed.sort_by(order).combine_chunks()


_KEY = ("contact", "score", "kind", "rule")


def _lines(contacts: pa.ChunkedArray, lines: pa.Table, when: str) -> pa.Table:
    kept = lines.filter(pc.is_in(lines["contact"], value_set=_flat(contacts, pa.int64())))
    nothing = pa.array([0] * len(kept), pa.int64())
    points = {"before": nothing, "after": nothing, when: kept["points"]}
    return pa.table({name: kept[name] for name in _KEY} | points)


def _flat(column: "pa.Array | pa.ChunkedArray", kind: pa.DataType) -> pa.Array:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(kind)
