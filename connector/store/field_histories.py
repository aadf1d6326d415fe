"""The CRM's own history of contact fields, as it was asked for: what was before our own record."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.domain.ids import ContactId
from connector.ports import Author, Basis, ContactHistory, FormerFields, PastOf
from connector.store.database import Database, Row
from connector.store.encoding import from_us, json_list, json_map, text_list, to_json, to_us

_LAST = 2**63 - 1
_KEEP_FIRST = """
INSERT INTO field_first (no, field, since_us) VALUES (?, ?, ?) ON CONFLICT (no, field) DO NOTHING
"""
_COUNT = """
SELECT count(*) FROM living c WHERE NOT EXISTS (SELECT 1 FROM history_asked h
    WHERE h.no = c.no AND h.scope IN (SELECT value FROM json_each(:scopes)))
"""
_UNASKED = """
SELECT c.no, c.id,
    (SELECT json_group_array(i.id) FROM identity i WHERE i.no = c.no AND i.id <> c.id)
FROM living c WHERE c.no > :after AND NOT EXISTS (SELECT 1 FROM history_asked h
    WHERE h.no = c.no AND h.scope IN (SELECT value FROM json_each(:scopes)))
ORDER BY c.no LIMIT :most
"""
_SCOPES = "SELECT id, told, unkept FROM history_scope"
_ADD_SCOPE = """
INSERT INTO history_scope (told, unkept) VALUES (?, ?) ON CONFLICT (told, unkept) DO NOTHING
"""
_ASKED = """
INSERT INTO history_asked (no, scope)
SELECT ?, id FROM history_scope WHERE told = ? AND unkept = ?
ON CONFLICT (no) DO UPDATE SET scope = excluded.scope
"""
_FORMER = """
SELECT f.no, f.was, c.begins_us > :as_of FROM living c JOIN field_former f ON f.no = c.no
WHERE c.bucket = :bucket AND c.no BETWEEN :first AND :last AND f.until_us > :as_of
ORDER BY f.no, f.until_us DESC
"""
_OF_CONTACT = """
SELECT f.until_us, f.was, f.by, f.until_us <= c.begins_us
FROM living c JOIN field_former f ON f.no = c.no WHERE c.no = ? ORDER BY f.until_us
"""
_LATE = """
SELECT l.no, l.field FROM living c JOIN field_first l ON l.no = c.no
WHERE c.bucket = :bucket AND c.no BETWEEN :first AND :last AND l.since_us > :as_of
"""
_LIVING = "SELECT count(*) FROM living WHERE no BETWEEN :first AND :last"
_LATER_BY_SCOPE = """
SELECT h.scope, count(*) FROM living c LEFT JOIN history_asked h ON h.no = c.no
WHERE c.no BETWEEN :first AND :last AND c.begins_us > :as_of GROUP BY 1
"""
_LATE_FIELDS_BY_SCOPE = """
SELECT l.field, h.scope, count(*) FROM field_first l JOIN living c ON c.no = l.no
LEFT JOIN history_asked h ON h.no = c.no
WHERE c.no BETWEEN :first AND :last AND c.begins_us <= :as_of AND l.since_us > :as_of GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What an answer covered: {field: since when, None: from the beginning}, and what it lacked."""

    told: Mapping[str, int | None]
    unkept: Collection[str]

    def covers(self, fields: Collection[str]) -> bool:
        """Tell whether all of these were asked for."""
        return all(name in self.told or name in self.unkept for name in fields)


class FieldHistories:
    """Keeps histories, and finds what stood in a field before we first read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- when our own record begins

    def keep_first(self, rows: Sequence[Row]) -> None:
        """Keep (number, field, instant): a contact's field was first read then."""
        self._database.run_many(_KEEP_FIRST, rows)

    # -- asking

    def count_unasked(self, fields: Collection[str]) -> int:
        """Return how many living contacts were not asked for all of these fields yet."""
        return int(str(self._database.rows_named(_COUNT, {"scopes": self._covering(fields)})[0][0]))

    def unasked(self, fields: Collection[str], limit: int, after: int) -> list[PastOf]:
        """Return some of them whose number is above `after`, by number."""
        named = {"scopes": self._covering(fields), "after": after, "most": limit}
        return [
            PastOf(int(str(no)), ContactId(str(id_)), tuple(map(ContactId, text_list(former))))
            for no, id_, former in self._database.rows_named(_UNASKED, named)
        ]

    def save(self, fields: Collection[str], histories: Mapping[int, ContactHistory]) -> None:
        """Keep {number: its past} in one transaction, in place of what was kept before."""
        database = self._database
        scopes = {no: _scope_row(fields, history) for no, history in histories.items()}
        with database.writing():
            numbers = json_list(histories)
            database.run(
                "DELETE FROM field_former WHERE no IN (SELECT value FROM json_each(?))", [numbers]
            )
            database.run_many(
                "INSERT INTO field_former (no, until_us, was, by) VALUES (?, ?, ?, ?)",
                [row for no, history in histories.items() for row in _former(no, fields, history)],
            )
            database.run_many(_ADD_SCOPE, list(dict.fromkeys(scopes.values())))
            database.run_many(_ASKED, [(no, *scope) for no, scope in scopes.items()])

    def forget(self, no: int | None) -> None:
        """Let everything be asked again, or one contact."""
        with self._database.writing():
            if no is None:
                self._database.run("DELETE FROM history_asked")
            else:
                self._database.run("DELETE FROM history_asked WHERE no = ?", [no])

    def _covering(self, fields: Collection[str]) -> str:
        return json_list(id_ for id_, scope in self._scopes().items() if scope.covers(fields))

    def _scopes(self) -> dict[int, _Scope]:
        return {
            int(str(id_)): _Scope(json_map(told), text_list(unkept))  # type: ignore[arg-type]  # as saved
            for id_, told, unkept in self._database.rows(_SCOPES)
        }

    # -- looking

    def past(self, which: tuple[int, int, int], as_of_us: int) -> dict[int, dict[str, object]]:
        """Return {contact: {field: its value at an instant}}, where the CRM's word is needed.

        That is before our own record begins, of the contact or of a field of it.
        """
        bucket, first, last = which
        named = {"bucket": bucket, "first": first, "last": last, "as_of": as_of_us}
        late = defaultdict(set)
        for no, name in self._database.rows_named(_LATE, named):
            late[no].add(name)
        found: dict[int, dict[str, object]] = {}
        for no, was, is_later in self._database.rows_named(_FORMER, named):  # older ones win
            values = json_map(was)
            if not is_later:
                values = {name: value for name, value in values.items() if name in late[no]}
            found.setdefault(int(str(no)), {}).update(values)
        return found

    def former_values(self, no: int) -> list[FormerFields]:
        """Return what was told of a contact's past, oldest first."""
        return [
            FormerFields(
                from_us(int(str(until_us))),
                json_map(was),  # type: ignore[arg-type]  # written from Values
                str(by) if by else None,
                bool(is_before),
            )
            for until_us, was, by, is_before in self._database.rows(_OF_CONTACT, [no])
        ]

    def bases(self, fields: Collection[str], as_of: datetime, no: int | None) -> dict[str, Basis]:
        """Return on what each field rests at an instant."""
        first, last = (0, _LAST) if no is None else (no, no)
        named = {"first": first, "last": last, "as_of": to_us(as_of)}
        with self._database.reading():
            living = self._database.rows_named(_LIVING, {"first": first, "last": last})
            rows = self._database.rows_named(_LATER_BY_SCOPE, named)
            later = Counter({scope: int(str(count)) for scope, count in rows})
            late: dict[str, Counter[object]] = defaultdict(Counter)
            for name, scope, count in self._database.rows_named(_LATE_FIELDS_BY_SCOPE, named):
                late[str(name)][scope] += int(str(count))
            scopes = self._scopes()
        count = int(str(living[0][0]))
        return {
            name: _basis(name, count, later + late[name], scopes, named["as_of"]) for name in fields
        }


def _basis(
    name: str,
    living: int,
    unseen: Mapping[object, int],
    scopes: Mapping[int, _Scope],
    as_of_us: int,
) -> Basis:
    """Return on what a field rests. `unseen`: contacts not read by then, by scope."""
    counts: Counter[str] = Counter(seen=living - sum(unseen.values()))
    since: list[int] = []
    for id_, count in unseen.items():
        scope = scopes.get(id_)  # type: ignore[call-overload]  # a number, or None: not asked
        if scope is None or not scope.covers([name]):
            counts["unasked"] += count
        elif name in scope.unkept:
            counts["unkept"] += count
        elif (reach := scope.told[name]) is not None and reach > as_of_us:
            counts["cut"] += count
        else:
            counts["told"] += count
            since += [] if reach is None else [reach]
    return Basis(**counts, told_since=from_us(max(since)) if since else None)


def _scope_row(fields: Collection[str], history: ContactHistory) -> tuple[str, str]:
    told = {name: each.since_us for name, each in history.fields.items() if name in fields}
    return to_json(told), to_json(sorted(name for name in fields if name not in told))


def _former(no: int, fields: Collection[str], history: ContactHistory) -> list[Row]:
    """Return the rows of a contact: a version for each instant at which something changed."""
    versions: dict[int, dict[str, object]] = defaultdict(dict)
    authors: dict[int, Author] = {}
    for name, each in history.fields.items():
        for former in each.former if name in fields else ():
            versions[former.until_us][name] = former.value
            if former.by:
                authors.setdefault(former.until_us, former.by)
    return [
        (no, until_us, to_json(was), authors.get(until_us)) for until_us, was in versions.items()
    ]
