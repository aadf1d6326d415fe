"""Carries out a query: finds the records, puts them in order, and says how to show them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from connector.sandbox.salesforce.aggregates import aggregated
from connector.sandbox.salesforce.archive import archived_by
from connector.sandbox.salesforce.binding import Binder, Bound
from connector.sandbox.salesforce.candidates import candidates
from connector.sandbox.salesforce.conditions import Conditions, Test, comparable
from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.moments import rest_moment
from connector.sandbox.salesforce.org import Access, Org
from connector.sandbox.salesforce.pages import first_page
from connector.sandbox.salesforce.projection import Projection
from connector.sandbox.salesforce.refusals import Json, Refusal, malformed
from connector.sandbox.salesforce.soql_tree import (
    Aggregate,
    Fields,
    Order,
    Path,
    Select,
    TypeOf,
)
from connector.sandbox.salesforce.table import Record

MOST_FIELDS_ROWS = 200
Finder = Callable[[Iterable[Record]], list[Record]]


@dataclass(frozen=True, slots=True)
class Engine:
    """Queries for one user. `everything`: the recycle bin and the archive too, as `queryAll`."""

    org: Org
    access: Access
    url: str
    everything: bool = False
    page_size: int = 2_000

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

    def records(self, select: Select, sobject: SObject) -> list[Record]:
        """Return the records that a query finds, in its order."""
        return self.finder(select, sobject)(candidates(self.org.table(sobject.name), select.where))

    def finder(self, select: Select, sobject: SObject) -> Finder:
        """Return what picks out of some records those that a query finds, in its order."""
        passing = self._passing(select, sobject)
        sorters = [self._sorter(order, select, sobject) for order in reversed(select.order_by)]
        last = None if select.limit is None else select.offset + select.limit

        def find(among: Iterable[Record]) -> list[Record]:
            found = list(passing(among))
            for sort in sorters:
                found = sort(found)
            return found[select.offset : last]

        return find

    def projection(self, select: Select, sobject: SObject) -> Projection:
        """Return what a query shows of each record."""
        projection, binder = Projection(self.org, sobject, self.url), self.binder
        for path in self.paths(select, sobject):
            projection.add(binder, path.parts)
        for item in select.items:
            if isinstance(item, Select):
                self._add_children(projection, item, sobject)
            elif isinstance(item, TypeOf):
                projection.add_type_of(binder, item)
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
        among = candidates(self.org.table(sobject.name), select.where)
        for record in self._passing(select, sobject)(among):
            groups.setdefault(tuple(_shown(key, record) for key in keys), []).append(record)
        if not keys:
            groups.setdefault((), [])
        last = None if select.limit is None else select.offset + select.limit
        return [
            self._group(select, sobject, key, groups[key])
            for key in _ordered(list(groups), select)[select.offset : last]
        ]

    def _group(
        self, select: Select, sobject: SObject, key: tuple[object, ...], rows: list[Record]
    ) -> Json:
        shown: Json = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item in select.items:
            if isinstance(item, Path):
                shown[item.parts[-1]] = key[select.group_by.index(item)]
            elif isinstance(item, Aggregate):
                shown[item.alias or f"expr{unnamed}"] = self._aggregate(item, sobject, select, rows)
                unnamed += not item.alias
        return shown

    def _aggregate(
        self, item: Aggregate, sobject: SObject, select: Select, rows: list[Record]
    ) -> object:
        if item.path is None:
            return len(rows)
        bound = self.binder.field(sobject, item.path, alias=select.alias)
        return aggregated(item.function, bound, rows)

    def _passing(
        self, select: Select, sobject: SObject
    ) -> Callable[[Iterable[Record]], Iterator[Record]]:
        """Return what lets those records through that exist for this query and meet its terms."""
        org, table, now = self.org, self.org.table(sobject.name), self.org.now_s()
        conditions = Conditions(self.binder, sobject, select.alias, self._keys)
        test = conditions.test(select.where) if select.where else None
        exists = self._existing(sobject)

        def passing(among: Iterable[Record]) -> Iterator[Record]:
            for stored in among:
                record = table.visible(stored, now) if table.held else stored
                if record is None or not exists(record):
                    continue
                if (test is None or test(record)) and not org.purged(record):
                    yield record

        return passing

    def _existing(self, sobject: SObject) -> Test:
        if self.everything:
            return lambda _: True
        archived = archived_by(self.org, sobject)
        if archived is None:
            return lambda record: not record.is_deleted
        return lambda record: not (record.is_deleted or archived(record))

    def _keys(self, select: Select) -> set[object]:
        sobject = self.source(select)
        if len(select.items) != 1 or not isinstance(select.items[0], Path):
            raise malformed("a semi join selects exactly one field")
        bound = self.binder.field(sobject, select.items[0], alias=select.alias)
        return {bound.read(record) for record in self.records(select, sobject)}

    def _sorter(
        self, order: Order, select: Select, sobject: SObject
    ) -> Callable[[list[Record]], list[Record]]:
        bound = self.binder.field(sobject, order.path, alias=select.alias)
        if not bound.field.filterable:
            told = f"field '{order.path}' can not be sorted in a query call"
            raise Refusal(400, "INVALID_FIELD", told)
        read = comparable(bound)

        def sort(found: list[Record]) -> list[Record]:
            keyed = [(read(record), record) for record in found]
            known = [pair for pair in keyed if pair[0] is not None]
            known.sort(key=itemgetter(0), reverse=order.descending)
            unknown = [record for key, record in keyed if key is None]
            records = [record for _, record in known]
            return records + unknown if order.nulls_last else unknown + records

        return sort

    def _add_children(self, projection: Projection, select: Select, sobject: SObject) -> None:
        relation = select.source.lower()
        found = sobject.children.get(relation)
        if found is None:
            told = f"Didn't understand relationship '{select.source}' in FROM part of query call."
            raise Refusal(400, "INVALID_TYPE", told)
        child, reference = self.org.objects[found[0]], found[1]
        inner, find = self.projection(select, child), self.finder(select, child)
        name = child.fields[reference.lower()].children
        table = self.org.table(child.name)

        def children(record: Record) -> Json | None:
            # A child can be of another kind only where the reference is: ids tell them apart.
            rows = find(table.having(reference, record.id))
            return first_page(self.org, self.url, rows, inner, self.page_size) if rows else None

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


def _ordered(keys: list[tuple[object, ...]], select: Select) -> list[tuple[object, ...]]:
    """Return the keys of groups in the order of a query, which may name what it groups by alone."""
    for order in reversed(select.order_by):
        if order.path not in select.group_by:
            raise malformed(f"Ordered field must be grouped or aggregated: {order.path}")
        place = select.group_by.index(order.path)
        known = [key for key in keys if key[place] is not None]
        unknown = [key for key in keys if key[place] is None]
        known.sort(key=lambda key: _folded(key[place]), reverse=order.descending)
        keys = known + unknown if order.nulls_last else unknown + known
    return keys


def _folded(value: object) -> Any:
    return value.casefold() if isinstance(value, str) else value


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
