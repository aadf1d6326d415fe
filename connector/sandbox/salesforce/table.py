"""The records of one object, with what is needed to find them fast.

The change log is in the order of stamps, so a window of `SystemModstamp` is a slice of it. Indexes
on references and keys are made at the first question, and kept from then on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

from connector.sandbox.salesforce.fields import SObject
from connector.sandbox.salesforce.ids import make_id

Values = dict[str, object]


@dataclass(slots=True)
class Record:
    """One record. `values` holds what is not null, moments as whole seconds, by field name."""

    id: str
    values: Values
    created_s: int
    created_by: str
    modified_s: int
    modified_by: str
    stamp_s: int
    is_deleted: bool = False

    def twin(self, values: Values | None = None) -> "Record":
        """Return a copy that later changes leave alone, with other values if any are given."""
        return Record(
            self.id,
            dict(self.values) if values is None else values,
            self.created_s,
            self.created_by,
            self.modified_s,
            self.modified_by,
            self.stamp_s,
            self.is_deleted,
        )


@dataclass(slots=True)
class Held:
    """A change whose transaction is still open: what everybody else sees until it commits."""

    began_s: int
    commits_s: int
    before: Record | None


@dataclass(slots=True)
class Table:
    """All records of one object, those in the recycle bin too."""

    sobject: SObject
    rows: dict[str, Record] = field(default_factory=dict)
    next_number: int = 1
    held: dict[str, Held] = field(default_factory=dict)
    _indexes: dict[str, dict[str, dict[str, None]]] = field(default_factory=dict)
    _log_s: list[int] = field(default_factory=list)
    _log_ids: list[str] = field(default_factory=list)

    def new_id(self) -> str:
        """Return the next id."""
        self.next_number += 1
        return make_id(self.sobject.prefix, self.next_number - 1)

    def load(self, records: Iterable[Record]) -> None:
        """Take many records in at once."""
        for record in records:
            self.rows[record.id] = record
        self._indexes.clear()
        self._rebuild_log()

    def put(self, record: Record) -> None:
        """Take a new record in."""
        self.rows[record.id] = record
        for name, index in self._indexes.items():
            _enter(index, record, name)
        self.log(record)

    def change(self, record: Record, values: Values) -> None:
        """Set values (None clears); the stamps are the caller's business, and `log` after them."""
        for name, value in values.items():
            index = self._indexes.get(name)
            if index is not None:
                _leave(index, record, name)
            if value is None:
                record.values.pop(name, None)
            else:
                record.values[name] = value
            if index is not None:
                _enter(index, record, name)

    def purge(self, record: Record) -> None:
        """Forget a record without a trace."""
        for name, index in self._indexes.items():
            _leave(index, record, name)
        del self.rows[record.id]

    def log(self, record: Record) -> None:
        """Note that a record was stamped."""
        if not self._log_s or record.stamp_s >= self._log_s[-1]:
            self._log_s.append(record.stamp_s)
            self._log_ids.append(record.id)
        else:  # taken back, so that it bears an older stamp again
            place = bisect_right(self._log_s, record.stamp_s)
            self._log_s.insert(place, record.stamp_s)
            self._log_ids.insert(place, record.id)
        if len(self._log_ids) > 3 * len(self.rows) + 1_000:
            self._rebuild_log()

    def stamped_between(self, low_s: int, high_s: int) -> list[Record]:
        """Return the records stamped within the bounds at some time (more than now are)."""
        first, last = bisect_left(self._log_s, low_s), bisect_right(self._log_s, high_s)
        rows = self.rows
        return [rows[i] for i in sorted(set(self._log_ids[first:last])) if i in rows]

    def having(self, name: str, value: str) -> list[Record]:
        """Return the records, deleted ones too, with this value of a text or reference field."""
        found = self._index(name).get(key_of(value), {})
        return [self.rows[record_id] for record_id in found]

    def visible(self, record: Record, now_s: int) -> Record | None:
        """Return a record as it is committed at a moment; None for one not committed yet."""
        held = self.held.get(record.id)
        return record if held is None or held.commits_s <= now_s else held.before

    def settle(self, now_s: int) -> None:
        """Forget the transactions that have committed."""
        for record_id in [i for i, held in self.held.items() if held.commits_s <= now_s]:
            del self.held[record_id]

    def live(self) -> Iterator[Record]:
        """Yield the records that are not in the recycle bin."""
        return (record for record in self.rows.values() if not record.is_deleted)

    def _index(self, name: str) -> dict[str, dict[str, None]]:
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = {}
            for record in self.rows.values():
                _enter(index, record, name)
        return index

    def _rebuild_log(self) -> None:
        entries = sorted(self.rows.values(), key=attrgetter("stamp_s"))
        self._log_s = [record.stamp_s for record in entries]
        self._log_ids = [record.id for record in entries]


def key_of(value: str) -> str:
    """Return the key under which a text is indexed: the platform tells no case apart here."""
    return value.casefold()


def _enter(index: dict[str, dict[str, None]], record: Record, name: str) -> None:
    value = record.values.get(name)
    if isinstance(value, str):
        index.setdefault(value.casefold(), {})[record.id] = None


def _leave(index: dict[str, dict[str, None]], record: Record, name: str) -> None:
    value = record.values.get(name)
    if isinstance(value, str):
        index.get(value.casefold(), {}).pop(record.id, None)
