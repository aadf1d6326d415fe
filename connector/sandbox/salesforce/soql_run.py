"""Carries out a query: finds the records, puts them in order, and says how to show them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connector.sandbox.salesforce.binding import Binder, Bound
from connector.sandbox.salesforce.conditions import Conditions
from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.ids import full_id
from connector.sandbox.salesforce.moments import parse_moment, rest_moment
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.projection import Projection
from connector.sandbox.salesforce.refusals import Json, Refusal, malformed
from connector.sandbox.salesforce.soql_parser import unescaped
from connector.sandbox.salesforce.soql_tree import (
    Comparison,
    Condition,
    Count,
    Fields,
    Junction,
    Order,
    Path,
    Select,
)
from connector.sandbox.salesforce.table import Record, Table

FOREVER_S = 1 << 60
MOST_FIELDS_ROWS = 200


@dataclass(frozen=True, slots=True)
class Engine:
    """Queries for one user. `everything`: the recycle bin and the archive too, as `queryAll`."""

    org: Org
    access: Access
    url: str
    everything: bool = False

    @property
    def binder(self) -> Binder:
        """Return what finds names for this user."""
        return Binder(self.org, self.access)

    def source(self, select: Select, *, tooling: bool = False) -> SObject:
        """Return the object that a query reads from."""
        sobject = self.org.queried(select.source)
        if sobject.is_tooling and not tooling:
            raise Refusal(400, "INVALID_TYPE", f"sObject type '{select.source}' is not supported.")
        return sobject

    def records(
        self, select: Select, sobject: SObject, among: Iterable[Record] | None = None
    ) -> list[Record]:
        """Return the records that a query finds, in its order; `among` narrows where it looks."""
        found = list(self._found(select, sobject, among))
        for order in reversed(select.order_by):
            self._sort(found, order, select, sobject)
        last = None if select.limit is None else select.offset + select.limit
        return found[select.offset : last]

    def projection(self, select: Select, sobject: SObject) -> Projection:
        """Return what a query shows of each record."""
        projection, binder = Projection(self.org, sobject, self.url), self.binder
        for path in self.paths(select, sobject):
            projection.add(binder, path.parts)
        for item in select.items:
            if isinstance(item, Select):
                self._add_children(projection, item, sobject)
        return projection

    def paths(self, select: Select, sobject: SObject) -> list[Path]:
        """Return the fields that a query shows, each spelled as the object spells it."""
        paths: list[Path] = []
        for item in select.items:
            if isinstance(item, Fields):
                paths += self._all_of(item, select, sobject)
            elif isinstance(item, Path):
                paths.append(_without_source(item, select, sobject))
        names = [str(path).lower() for path in paths]
        for name, count in Counter(names).items():
            if count > 1:
                raise malformed(f"duplicate field selected: {name}")
        return paths

    def grouped(self, select: Select, sobject: SObject) -> list[Json]:
        """Return the rows of a query of counts."""
        keys = [self.binder.field(sobject, path, alias=select.alias) for path in select.group_by]
        plain = [item for item in select.items if isinstance(item, Path)]
        if any(path not in select.group_by for path in plain):
            raise malformed("a field that is not grouped by cannot be selected with an aggregate")
        groups: dict[tuple[object, ...], list[Record]] = {}
        for record in self._found(select, sobject, None):
            groups.setdefault(tuple(_shown(key, record) for key in keys), []).append(record)
        if not keys:
            groups.setdefault((), [])
        return [
            self._group(select, sobject, key, rows)
            for key, rows in list(groups.items())[: select.limit]
        ]

    def _group(
        self, select: Select, sobject: SObject, key: tuple[object, ...], rows: list[Record]
    ) -> Json:
        shown: Json = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item in select.items:
            if isinstance(item, Path):
                shown[item.parts[-1]] = key[select.group_by.index(item)]
            elif isinstance(item, Count):
                shown[item.alias or f"expr{unnamed}"] = self._count(item, sobject, select, rows)
                unnamed += not item.alias
        return shown

    def _count(self, item: Count, sobject: SObject, select: Select, rows: list[Record]) -> int:
        if item.path is None:
            return len(rows)
        bound = self.binder.field(sobject, item.path, alias=select.alias)
        return sum(bound.read(record) is not None for record in rows)

    def _found(
        self, select: Select, sobject: SObject, among: Iterable[Record] | None
    ) -> Iterator[Record]:
        table, now = self.org.table(sobject.name), self.org.now_s()
        conditions = Conditions(self.binder, sobject, select.alias, self._keys)
        test = conditions.test(select.where) if select.where else None
        archived = sobject.fields["isarchived"].formula if sobject.is_activity else None
        for stored in candidates(table, select.where) if among is None else among:
            record = table.visible(stored, now) if table.held else stored
            if record is None or (record.is_deleted and not self.everything):
                continue
            if test is not None and not test(record):
                continue
            if not self.everything and archived is not None and archived(record):
                continue
            if not self.org.purged(record):
                yield record

    def _keys(self, select: Select) -> set[object]:
        sobject = self.source(select)
        if len(select.items) != 1 or not isinstance(select.items[0], Path):
            raise malformed("a semi join selects exactly one field")
        bound = self.binder.field(sobject, select.items[0], alias=select.alias)
        return {bound.read(record) for record in self.records(select, sobject)}

    def _sort(self, found: list[Record], order: Order, select: Select, sobject: SObject) -> None:
        bound = self.binder.field(sobject, order.path, alias=select.alias)
        if not bound.field.filterable:
            told = f"field '{order.path}' can not be sorted in a query call"
            raise Refusal(400, "INVALID_FIELD", told)
        read, is_text = bound.read, bound.field.type not in {"id", "reference"}

        def key(record: Record) -> object:
            value = read(record)
            return value.casefold() if is_text and isinstance(value, str) else value

        known = [record for record in found if read(record) is not None]
        unknown = [record for record in found if read(record) is None]
        known.sort(key=key, reverse=order.descending)  # type: ignore[arg-type]  # of one type
        found[:] = known + unknown if order.nulls_last else unknown + known

    def _add_children(self, projection: Projection, select: Select, sobject: SObject) -> None:
        relation = select.source.lower()
        found = sobject.children.get(relation)
        if found is None:
            told = f"Didn't understand relationship '{select.source}' in FROM part of query call."
            raise Refusal(400, "INVALID_TYPE", told)
        child, reference = self.org.objects[found[0]], found[1]
        inner = self.projection(select, child)
        name = child.fields[reference.lower()].children
        table = self.org.table(child.name)

        def children(record: Record) -> object:
            # A child can be of another kind only where the reference is: ids tell them apart.
            rows = self.records(select, child, table.having(reference, record.id))
            if not rows:
                return None
            shown = [inner.show(row) for row in rows]
            return {"totalSize": len(rows), "done": True, "records": shown}

        projection.entries[name] = children

    def _all_of(self, item: Fields, select: Select, sobject: SObject) -> list[Path]:
        if item.which not in {"ALL", "STANDARD", "CUSTOM"}:
            raise malformed(f"unexpected token: '{item.which}'")
        if item.which != "STANDARD" and (select.limit is None or select.limit > MOST_FIELDS_ROWS):
            told = "The SOQL FIELDS function must have a LIMIT of at most 200"
            raise malformed(told)
        return [
            Path((one.name,))
            for one in sobject.fields.values()
            if self.access.sees(sobject, one)
            and (item.which == "ALL" or one.custom == (item.which == "CUSTOM"))
        ]


def candidates(table: Table, where: Condition | None) -> Iterable[Record]:
    """Return the records among which those must be that a condition lets through."""
    low, high = 0, FOREVER_S
    for part in _conjuncts(where):
        ids = _named(table, part)
        if ids is not None:
            return ids
        if str(part.path).lower() == "systemmodstamp" and not table.held:
            low, high = _narrowed(part, low, high)
    if (low, high) == (0, FOREVER_S):
        return list(table.rows.values())
    rows = table.rows
    return [rows[i] for i in sorted(table.stamped_between(low, high)) if i in rows]


def _conjuncts(where: Condition | None) -> Iterator[Comparison]:
    if isinstance(where, Comparison):
        yield where
    elif isinstance(where, Junction) and where.word == "AND":
        for part in where.parts:
            yield from _conjuncts(part)


def _named(table: Table, part: Comparison) -> list[Record] | None:
    if part.operator not in {"=", "IN"} or isinstance(part.values, Select):
        return None
    one = table.sobject.find(part.path.parts[0]) if len(part.path.parts) == 1 else None
    if one is None or not (one.type in {"id", "reference"} or one.unique or one.external_id):
        return None
    texts = [unescaped(value.text) for value in part.values if value.kind == "string"]
    if len(texts) < len(part.values) or one.name.endswith("ById"):
        return None
    if one.type in {"id", "reference"}:
        texts = [full_id(text) or "" for text in texts]
    if one.name == "Id":
        return [table.rows[text] for text in dict.fromkeys(texts) if text in table.rows]
    found = {r.id: r for text in texts for r in table.having(one.name, text)}
    return list(found.values())


def _narrowed(part: Comparison, low: int, high: int) -> tuple[int, int]:
    if isinstance(part.values, Select) or part.values[0].kind != "datetime":
        return low, high
    at = parse_moment(part.values[0].text)
    if at is None:
        return low, high
    if part.operator in {">", ">=", "="}:
        low = max(low, at)
    if part.operator in {"<", "<=", "="}:
        high = min(high, at)
    return low, high


def _without_source(path: Path, select: Select, sobject: SObject) -> Path:
    first = path.parts[0].lower()
    named = first in {sobject.name.lower(), select.source.lower(), select.alias.lower()}
    if len(path.parts) > 1 and named and sobject.parent(first) is None:
        return Path(path.parts[1:])
    return path


def _shown(bound: Bound, record: Record) -> object:
    value = bound.read(record)
    return (
        rest_moment(value) if bound.field.type == "datetime" and isinstance(value, int) else value
    )
