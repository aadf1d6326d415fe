"""The records of one object type, with what is needed to find them fast.

Ids rise, so the list of live ids is sorted and a page is a slice of it. The change log is in the
order of time, since a clock does not run back; a window of modification times is a slice of that.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connector.sandbox.hubspot.kinds import Kind

CONTACT_VERSIONS = 45
OTHER_VERSIONS = 20


@dataclass(slots=True)
class Version:
    """One value that a property had. `user`: who set it, if that was somebody."""

    value: str
    at_ms: int
    source: str = "INTEGRATION"
    user: int | None = None


@dataclass(slots=True)
class Record:
    """One record. Values that HubSpot keeps itself (ids, times) are fields, not properties."""

    id: int
    props: dict[str, str]
    created_ms: int
    updated_ms: int
    archived_ms: int | None = None
    history: dict[str, list[Version]] | None = None  # only of properties that have changed


@dataclass(slots=True)
class View:
    """A record as the search index still knows it; `record` None: not known yet."""

    replaced_ms: int
    record: Record | None


@dataclass(slots=True)
class Table:
    """All records of one kind."""

    kind: Kind
    lag_ms: int = 0
    rows: dict[int, Record] = field(default_factory=dict)
    live: list[int] = field(default_factory=list)
    archived: list[int] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    unique: dict[str, dict[str, int]] = field(default_factory=dict)
    next_id: int = 0
    version: int = 0
    pending: dict[int, list[View]] = field(default_factory=dict)
    _answers: dict[bytes, list[int]] = field(default_factory=dict)
    _answers_version: int = -1
    _log_ms: list[int] = field(default_factory=list)
    _log_ids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.next_id = self.next_id or self.kind.first_id

    def load(self, records: Iterable[Record]) -> None:
        """Take records with rising ids all at once, as if they had been there for ever."""
        for record in records:
            self.rows[record.id] = record
            (self.live if record.archived_ms is None else self.archived).append(record.id)
            self._index(record)
            self.next_id = max(self.next_id, record.id + 1)
        self.live.sort()
        self.archived.sort()
        self._rebuild_log()

    def add(self, props: dict[str, str], now_ms: int) -> Record:
        """Create a record under the next id."""
        record = Record(self.next_id, props, now_ms, now_ms)
        self.next_id += 1
        self.rows[record.id] = record
        self.live.append(record.id)
        self._index(record)
        self._remember(record.id, None, now_ms)
        self._log(record)
        return record

    def change(self, record: Record, values: dict[str, str], now_ms: int) -> None:
        """Set values (an empty one clears) and stamp the record."""
        self._remember(record.id, record, now_ms)
        for name, value in values.items():
            old = record.props.get(name, "")
            if old == value:
                continue
            self._keep_version(record, name, old, value, now_ms)
            self._reindex(record, name, old, value)
            if value:
                record.props[name] = value
            else:
                record.props.pop(name, None)
        record.updated_ms = max(now_ms, record.updated_ms)
        self._log(record)

    def archive(self, record: Record, now_ms: int) -> None:
        """Put a record into the recycle bin. Its modification time stays, as in HubSpot."""
        record.archived_ms = now_ms
        self.live.pop(bisect_left(self.live, record.id))
        insort(self.archived, record.id)
        self._unindex(record)
        self.pending.pop(record.id, None)
        self.version += 1

    def purge(self, record: Record) -> None:
        """Forget a record without a trace."""
        ids = self.live if record.archived_ms is None else self.archived
        ids.pop(bisect_left(ids, record.id))
        self._unindex(record)
        del self.rows[record.id]
        self.pending.pop(record.id, None)
        self.version += 1

    def find(self, record_id: int) -> Record | None:
        """Return the live record of an id; the id of a merged one leads to its heir."""
        record = self.rows.get(self.heir(record_id))
        return record if record is not None and record.archived_ms is None else None

    def heir(self, record_id: int) -> int:
        """Return the id that a merged id leads to now; any other id itself."""
        while record_id in self.merged:
            record_id = self.merged[record_id]
        return record_id

    def holder(self, name: str, value: str) -> Record | None:
        """Return the live record that has this value of a unique property."""
        record_id = self.unique.get(name, {}).get(value)
        return None if record_id is None else self.rows[record_id]

    def page(self, after: int, limit: int, *, archived: bool) -> tuple[list[Record], int | None]:
        """Return up to `limit` records from id `after` on, and where the next page starts."""
        ids = self.archived if archived else self.live
        start = bisect_left(ids, after)
        rows = self.rows
        following = ids[start + limit] if start + limit < len(ids) else None
        return [rows[i] for i in ids[start : start + limit]], following

    def changed_between(self, low_ms: int, high_ms: int) -> set[int]:
        """Return the ids of records stamped within the bounds at some time (a superset)."""
        first, last = bisect_left(self._log_ms, low_ms), bisect_right(self._log_ms, high_ms)
        return set(self._log_ids[first:last])

    def log_size(self, low_ms: int, high_ms: int) -> int:
        """Return how many log entries `changed_between` would look at."""
        return bisect_right(self._log_ms, high_ms) - bisect_left(self._log_ms, low_ms)

    def watch(self, name: str) -> None:
        """Keep the values of a property unique and findable."""
        held = self.unique.setdefault(name, {})
        for record_id in self.live:
            value = self.rows[record_id].props.get(name)
            if value:
                held[value] = record_id

    def settle(self, now_ms: int) -> None:
        """Let the search index catch up with what is older than its lag."""
        horizon = now_ms - self.lag_ms
        for record_id in list(self.pending):
            kept = [view for view in self.pending[record_id] if view.replaced_ms > horizon]
            if len(kept) == len(self.pending[record_id]):
                continue
            self.version += 1
            if kept:
                self.pending[record_id] = kept
            else:
                del self.pending[record_id]

    def indexed(self, ids: Iterable[int]) -> Iterator[Record]:
        """Yield the records as the search index knows them; what it does not know is left out."""
        for record_id in ids:
            views = self.pending.get(record_id)
            record = views[0].record if views else self.rows[record_id]
            if record is not None:
                yield record

    def answers(self) -> dict[bytes, list[int]]:
        """Return the remembered answers to searches; a change of the table makes them void."""
        if self._answers_version != self.version:
            self._answers_version = self.version
            self._answers = {}
        return self._answers

    def _remember(self, record_id: int, record: Record | None, now_ms: int) -> None:
        if self.lag_ms <= 0:
            return
        copy = None
        if record is not None:
            copy = Record(record.id, dict(record.props), record.created_ms, record.updated_ms)
        self.pending.setdefault(record_id, []).append(View(now_ms, copy))

    def _keep_version(self, record: Record, name: str, old: str, new: str, now_ms: int) -> None:
        record.history = record.history or {}
        if name not in record.history:
            record.history[name] = [Version(old, record.created_ms)] if old else []
        versions = record.history[name]
        versions.append(Version(new, now_ms))
        del versions[: -(CONTACT_VERSIONS if self.kind.name == "contacts" else OTHER_VERSIONS)]

    def _reindex(self, record: Record, name: str, old: str, new: str) -> None:
        held = self.unique.get(name)
        if held is None:
            return
        if old and held.get(old) == record.id:
            del held[old]
        if new:
            held[new] = record.id

    def _index(self, record: Record) -> None:
        if record.archived_ms is not None:
            return
        for name, held in self.unique.items():
            value = record.props.get(name)
            if value:
                held[value] = record.id

    def _unindex(self, record: Record) -> None:
        for name, held in self.unique.items():
            value = record.props.get(name, "")
            if held.get(value) == record.id:
                del held[value]

    def _log(self, record: Record) -> None:
        self.version += 1
        if self._log_ms and record.updated_ms < self._log_ms[-1]:
            self._rebuild_log()
            return
        self._log_ms.append(record.updated_ms)
        self._log_ids.append(record.id)
        if len(self._log_ids) > 3 * len(self.rows) + 1_000:
            self._rebuild_log()

    def _rebuild_log(self) -> None:
        entries = sorted((record.updated_ms, record.id) for record in self.rows.values())
        self._log_ms = [ms for ms, _ in entries]
        self._log_ids = [record_id for _, record_id in entries]
        self.version += 1
