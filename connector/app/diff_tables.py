"""Two evaluations of the same contacts side by side: who differs, by how much, because of what."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from connector.app.score_rows import none_if_empty, shown_column
from connector.ports import Evaluation
from connector.rules.explain import Line, Words

CHANGE = pa.struct(
    [
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("label", pa.string()),
        ("before", pa.int64()),
        ("after", pa.int64()),
        ("change", pa.int64()),
    ]
)
DIFFERENCE = pa.schema(
    [
        ("id", pa.string()),
        ("score_before", pa.int64()),
        ("score_after", pa.int64()),
        ("score_change", pa.int64()),
        ("points_before", pa.int64()),
        ("points_after", pa.int64()),
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
)
"""One row for each contact of which a person would see a difference. Scores as people see them,
`points` and those of `changes` in micro-points; `changes`: the lines that differ, largest first."""

_SEEN = ("score", "stage", "temperature", "grade", "hand_off")
IdsOf = Callable[[pa.ChunkedArray, pa.ChunkedArray], pa.ChunkedArray]
"""Returns the ids of the contacts that a mask keeps; their numbers are the second argument."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One part of the contacts. `everyone`: columns as in `DIFFERENCE` but ids and lists.

    `differing`: rows of `DIFFERENCE`. `points_only`: contacts whose points differ, but nothing that
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

    def of(self, before: Evaluation, after: Evaluation, ids: IdsOf) -> Compared:
        """Return what differs between two evaluations of the same contacts."""
        one, other = before.score.sort_by("contact"), after.score.sort_by("contact")
        columns = {**_columns(one, "before"), **_columns(other, "after")}
        columns["score_change"] = pc.subtract(columns["score_after"], columns["score_before"])
        everyone = pa.table(columns)
        mask = _is_other(everyone, *_SEEN)
        numbers = one["contact"].filter(mask)
        differing = everyone.filter(mask)
        moved = differing.append_column("id", ids(mask, numbers)).append_column(
            "changes", self._changes(numbers, before.reason, after.reason)
        )
        for name in ("temperature_before", "temperature_after"):
            place = moved.schema.get_field_index(name)
            moved = moved.set_column(place, name, none_if_empty(moved[name]))
        typed = [moved[each.name].cast(each.type) for each in DIFFERENCE]
        in_points = pc.sum(_is_other(everyone, "points", *_SEEN)).as_py() or 0
        return Compared(everyone, pa.table(typed, schema=DIFFERENCE), in_points - len(differing))

    def _changes(
        self, contacts: pa.ChunkedArray, before: pa.Table, after: pa.Table
    ) -> pa.ChunkedArray:
        """Return the lines that differ, as a list for each of the contacts."""
        lines = _lines_that_differ(contacts, before, after)
        parts = {
            **{name: lines[name] for name in ("rule", "kind", "before", "after", "change")},
            "label": self._labels(lines),
        }
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
        keys = pc.binary_join_element_wise(lines["kind"], lines["rule"], "\n")
        encoded = _flat(keys, pa.string()).dictionary_encode()
        pairs = [key.split("\n", 1) for key in encoded.dictionary.to_pylist()]
        labels = [self.label(kind, rule) for kind, rule in pairs]
        return pa.array(labels, pa.string()).take(encoded.indices)

    def label(self, kind: str, rule: str) -> str:
        """Return what a line is about: in the later rules' words, unless only the earlier know."""
        line = Line(kind, rule, 0, None, None)
        label = self.after.line(line)
        return self.before.line(line) if label == rule else label


def _columns(score: pa.Table, when: str) -> dict[str, pa.ChunkedArray]:
    temperature = score["temperature"]
    return {
        f"score_{when}": shown_column(score["points"]),
        f"points_{when}": score["points"],
        f"stage_{when}": score["stage"],
        f"temperature_{when}": temperature,
        f"grade_{when}": score["grade"],
        f"hand_off_{when}": score["handed_off"],
    }


def _is_other(table: pa.Table, *names: str) -> pa.ChunkedArray:
    """Return of which rows one of the columns differs between before and after; none is NULL."""
    first, *rest = (pc.not_equal(table[f"{name}_before"], table[f"{name}_after"]) for name in names)
    for mask in rest:
        first = pc.or_(first, mask)
    return first


def _lines_that_differ(contacts: pa.ChunkedArray, before: pa.Table, after: pa.Table) -> pa.Table:
    """Return contact, kind, rule, before, after, change; a contact's lines by size of change."""
    both = pa.concat_tables([_lines(contacts, before, "before"), _lines(contacts, after, "after")])
    summed = both.group_by(["contact", "kind", "rule"]).aggregate(
        [("before", "sum"), ("after", "sum")]
    )
    summed = summed.rename_columns(
        [name.removesuffix("_sum") for name in summed.column_names]
    ).append_column("change", pc.subtract(summed["after_sum"], summed["before_sum"]))
    summed = summed.filter(pc.not_equal(summed["change"], 0))
    summed = summed.append_column("size", pc.abs(summed["change"]))
    order = [("contact", "ascending"), ("size", "descending"), ("kind", "ascending")]
    return summed.sort_by([*order, ("rule", "ascending")]).combine_chunks()


def _lines(contacts: pa.ChunkedArray, reason: pa.Table, when: str) -> pa.Table:
    kept = reason.filter(pc.is_in(reason["contact"], value_set=_flat(contacts, pa.int64())))
    nothing = pa.array([0] * len(kept), pa.int64())
    points = {"before": nothing, "after": nothing, when: kept["points"]}
    return pa.table({name: kept[name] for name in ("contact", "kind", "rule")} | points)


def _flat(column: "pa.Array | pa.ChunkedArray", kind: pa.DataType) -> pa.Array:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(kind)
