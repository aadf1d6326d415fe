"""What offline scoring says of each contact, as rows for people and for other programs."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from connector.columns import local_days
from connector.domain.numbers import MILLION
from connector.ports import Evaluation, OpportunityEvaluation
from connector.rules.explain import Line, Words
from connector.rules.model import RuleSet

REASON = pa.struct(
    [
        ("rule", pa.string()),
        ("kind", pa.string()),
        ("label", pa.string()),
        ("points", pa.int64()),
        ("count", pa.int64()),
        ("latest", pa.date32()),
    ]
)
REASON_OF_OPPORTUNITY = pa.struct([part for part in REASON if part.name != "latest"])
OPPORTUNITY_ROW = pa.schema(
    [
        ("id", pa.string()),
        ("score", pa.int64()),
        ("points", pa.int64()),
        ("reasons", pa.list_(REASON_OF_OPPORTUNITY)),
    ]
)
"""A row for each open opportunity. `points` in micro-points, `score` as people see it; `count` of a
reason: the people whom the rule asked for."""
_HEAD = [
    ("id", pa.string()),
    ("score", pa.int64()),
    ("points", pa.int64()),
    ("raw", pa.int64()),
]
_TAIL = [
    ("fit", pa.int64()),
    ("grade", pa.string()),
    ("persona", pa.string()),
    ("stage", pa.string()),
    ("temperature", pa.string()),
    ("need", pa.bool_()),
    ("need_at", pa.timestamp("us", "UTC")),
    ("hand_off", pa.bool_()),
    ("hand_off_reason", pa.string()),
    ("due_at", pa.timestamp("us", "UTC")),
    ("sla", pa.string()),
    ("interests", pa.string()),
]
_NURTURE = [("track", pa.string()), ("next_content", pa.string())]
_PRESSURE = [
    ("touches_7d", pa.int64()),
    ("touches_30d", pa.int64()),
    ("do_not_press_until", pa.date32()),
]


def row_schema(rules: RuleSet) -> pa.Schema:
    """Return the columns of a row; of each score beside the leading one `score_…`, `points_…`.

    What the rules do not ask for has no columns: nurture, pressure. `points`, `raw` in micro-
    points, `score`, `fit` as people see them; `latest` a local day.
    """
    others = [
        (f"{kind}_{score.id}", pa.int64())
        for score in rules.further
        for kind in ("score", "points")
    ]
    nurture = _NURTURE if rules.nurture else []
    pressure = _PRESSURE if rules.pressure else []
    reasons = ("reasons", pa.list_(REASON))
    return pa.schema([*_HEAD, *others, *_TAIL, *nurture, *pressure, reasons])


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Rows:
    """Builds rows. `zone`: of the days of reasons."""

    words: Words
    zone: str

    def table(self, ids: pa.ChunkedArray, evaluation: Evaluation) -> pa.Table:
        """Return the rows of one part in the order of `ids`, columns as in `row_schema`.

        `ids[i]` is the id of the i-th contact by number.
        """
        score = evaluation.score.sort_by("contact")
        found = {name: score[name] for name in score.column_names}
        columns = {
            "id": ids,
            "score": shown_column(found["points"]),
            "points": found["points"],
            "raw": found["raw"],
            **self._others(evaluation.other_score),
            "fit": shown_column(found["fit"]),
            "grade": found["grade"],
            "persona": found["persona"],
            "stage": found["stage"],
            "temperature": none_if_empty(found["temperature"]),
            "need": pc.is_valid(found["need_us"]),
            "need_at": pc.cast(found["need_us"], pa.timestamp("us", "UTC")),
            "hand_off": found["handed_off"],
            "hand_off_reason": pc.if_else(found["handed_off"], found["hand_off_reason"], None),
            "due_at": pc.cast(found["due_us"], pa.timestamp("us", "UTC")),
            "sla": found["sla"],
            "interests": self._interests(found["contact"], evaluation.interest),
            **_nurture(found["contact"], evaluation.nurture),
            **_pressure(found["contact"], evaluation.pressure),
            "reasons": self._reasons(found["contact"], evaluation.reason),
        }
        schema = row_schema(self.words.rules)
        return pa.table([columns[each.name].cast(each.type) for each in schema], schema)

    def _others(self, other_score: pa.Table | None) -> dict[str, pa.ChunkedArray]:
        columns: dict[str, pa.ChunkedArray] = {}
        if other_score is None:
            return columns
        for score in self.words.rules.further:
            own = other_score.filter(pc.equal(other_score["score"], score.id)).sort_by("contact")
            columns[f"score_{score.id}"] = shown_column(own["points"])
            columns[f"points_{score.id}"] = own["points"]
        return columns

    def _reasons(self, contacts: pa.ChunkedArray, reason: pa.Table) -> pa.ChunkedArray:
        """Return the lines of each contact as a list, highest first."""
        lines = reason.sort_by([("contact", "ascending"), ("rank", "ascending")])
        lines = lines.combine_chunks()
        latest = pc.cast(local_days(lines["latest_us"], self.zone), pa.date32())
        parts = [lines["rule"], lines["kind"], self._labels(lines), lines["points"], lines["count"]]
        structs = pa.StructArray.from_arrays(
            [_flat(part, kind.type) for part, kind in zip([*parts, latest], REASON, strict=True)],
            fields=list(REASON),
        )
        return _in_lists(contacts, lines["contact"], structs)

    def opportunities(self, evaluation: OpportunityEvaluation) -> pa.Table:
        """Return the rows of opportunities by their ids, columns as in `OPPORTUNITY_ROW`."""
        score = evaluation.score.sort_by("opportunity")
        by_rank = [("opportunity", "ascending"), ("rank", "ascending")]
        lines = evaluation.reason.sort_by(by_rank).combine_chunks()
        parts = [lines["rule"], lines["kind"], self._labels(lines), lines["points"], lines["count"]]
        kinds = list(REASON_OF_OPPORTUNITY)
        structs = pa.StructArray.from_arrays(
            [_flat(part, kind.type) for part, kind in zip(parts, kinds, strict=True)], fields=kinds
        )
        columns = {
            "id": score["opportunity"],
            "score": shown_column(score["points"]),
            "points": score["points"],
            "reasons": _in_lists(score["opportunity"], lines["opportunity"], structs),
        }
        return pa.table(
            [columns[each.name].cast(each.type) for each in OPPORTUNITY_ROW], OPPORTUNITY_ROW
        )

    def _interests(self, contacts: pa.ChunkedArray, interest: pa.Table | None) -> pa.ChunkedArray:
        """Return the interests of each contact in words, most first; NULL for none."""
        found: dict[int, list[str]] = {}
        for row in interest.to_pylist() if interest is not None else ():
            label = self.words.topic(row["topic"], row["spelling"])
            found.setdefault(row["contact"], []).append(label)
        told = {contact: ", ".join(labels) for contact, labels in found.items()}
        return pa.chunked_array([[told.get(no) for no in contacts.to_pylist()]], pa.string())

    def _labels(self, lines: pa.Table) -> pa.Array:
        """Return what each line is about, in words. Each distinct one is looked up once."""
        keys = pc.binary_join_element_wise(lines["kind"], lines["rule"], "\n")
        encoded = _flat(keys, pa.string()).dictionary_encode()
        pairs = [key.split("\n", 1) for key in encoded.dictionary.to_pylist()]
        labels = [self.words.line(Line(kind, rule, 0, None, None)) for kind, rule in pairs]
        return pa.array(labels, pa.string()).take(encoded.indices)


def _in_lists(
    keys: pa.ChunkedArray, key_of_line: pa.ChunkedArray, lines: pa.StructArray
) -> pa.ChunkedArray:
    """Return the lines of each key as a list; both stand in the same order of keys."""
    counts = pc.value_counts(key_of_line.combine_chunks())
    place = pc.index_in(keys.combine_chunks(), value_set=counts.field("values"))
    sizes = pc.fill_null(counts.field("counts").take(place), 0)
    ends = pc.cumulative_sum(sizes)
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends]).cast(pa.int32())
    return pa.chunked_array([pa.ListArray.from_arrays(offsets, lines)])


def _nurture(
    contacts: pa.ChunkedArray, nurture: pa.Table | None
) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Return track and what comes next, by their ids; none of those who are on no track."""
    if nurture is None:
        return {}
    where = pc.index_in(contacts, value_set=nurture["contact"])
    return {
        "track": nurture["track"].take(where),
        "next_content": nurture["content"].take(where),
    }


def _pressure(
    contacts: pa.ChunkedArray, pressure: pa.Table | None
) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Return how often contacts were touched, and until when that is enough."""
    if pressure is None:
        return {}
    where = pc.index_in(contacts, value_set=pressure["contact"])
    until = pc.cast(pressure["until_day"], pa.int32())
    return {
        "touches_7d": pc.fill_null(pressure["touches_7d"].take(where), 0),
        "touches_30d": pc.fill_null(pressure["touches_30d"].take(where), 0),
        "do_not_press_until": pc.cast(until, pa.date32()).take(where),
    }


def _flat(column: "pa.Array | pa.ChunkedArray", kind: pa.DataType) -> pa.Array:
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.cast(kind)


def shown_column(micro: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return whole points of micro-points, rounded half up as `connector.domain.numbers.shown`."""
    moved = pc.add(micro, MILLION // 2)
    towards_zero = pc.divide(moved, MILLION)
    is_above = pc.greater(pc.multiply(towards_zero, MILLION), moved)
    return pc.subtract(towards_zero, pc.cast(is_above, pa.int64()))


def none_if_empty(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts, those that are empty as unknown."""
    return pc.if_else(pc.equal(texts, ""), None, texts)


# ---------------------------------------------------------------- as text


def json_lines(table: pa.Table) -> Iterator[bytes]:
    """Yield one line of JSON for each row."""
    options = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z
    for row in rows_of(table):
        yield orjson.dumps(row, option=options)


def rows_of(table: pa.Table) -> Iterator[dict[str, object]]:
    """Yield each row as plain values; its last column is a list, such as the reasons.

    Column by column: taking structs out of Arrow one by one costs ten times as much.
    """
    *flat_names, listed = table.schema.names
    names = [part.name for part in table.schema.field(listed).type.value_type]
    for batch in table.to_batches(max_chunksize=10_000):
        lists = batch.column(listed)
        flat = lists.flatten()
        parts = (flat.field(place).to_pylist() for place in range(len(names)))
        reasons = [dict(zip(names, values, strict=True)) for values in zip(*parts, strict=True)]
        ends = pc.cumulative_sum(lists.value_lengths()).to_pylist()
        columns = (batch.column(name).to_pylist() for name in flat_names)
        start = 0
        for *values, end in zip(*columns, ends, strict=True):
            yield {**dict(zip(flat_names, values, strict=True)), listed: reasons[start:end]}
            start = end


def csv_lines(table: pa.Table, words: Words) -> Iterator[bytes]:
    """Yield CSV lines, reasons as a short text.

    A text that a spreadsheet would take for a formula gets an apostrophe in front: it may come from
    anybody who filled in a form.
    """
    tell = _teller(words)
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    for row in rows_of(table):
        writer.writerow([_cell(name, value, tell) for name, value in row.items()])
        if page.tell() > 1 << 20:
            yield _taken(page)
    yield _taken(page)


def csv_header(schema: pa.Schema) -> bytes:
    """Return the first line, behind the mark by which spreadsheets know UTF-8."""
    return ("\ufeff" + ",".join(schema.names) + "\n").encode()


def _taken(page: io.StringIO) -> bytes:
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text.encode()


def _cell(name: str, value: object, tell: Callable[[Mapping[str, object]], str]) -> object:
    if name == "reasons":
        return harmless("; ".join(tell(reason) for reason in _list(value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return harmless(value)
    return value.isoformat() if isinstance(value, date) else value


def _list(value: object) -> list[Mapping[str, object]]:
    return value if isinstance(value, list) else []


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def _teller(words: Words) -> Callable[[Mapping[str, object]], str]:
    """Return what puts a reason into a few words: `Demo request +20 (on 2026-07-01)`."""

    @lru_cache(maxsize=100_000)
    def told(kind: str, rule: str, label: str, points: int, count: int, latest: date | None) -> str:
        when = words.when(Line(kind, rule, points, count, latest))
        return f"{label} {words.points(points)}" + (f" ({when})" if when else "")

    def tell(reason: Mapping[str, object]) -> str:
        latest = reason.get("latest")
        return told(
            str(reason["kind"]),
            str(reason["rule"]),
            str(reason["label"]),
            int(str(reason["points"])),
            int(str(reason["count"] or 0)),
            latest if isinstance(latest, date) else None,
        )

    return tell
