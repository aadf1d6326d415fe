"""Opportunities: what they are scored from, what the CRM shows of it, what we wrote to them."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.columns import opportunity_table, schema_of, table_of
from connector.domain.contact import Opportunity, Value
from connector.domain.ids import OpportunityId
from connector.ports import SHOWN_OF_OPPORTUNITY, KnownOpportunity, OpportunityFacts
from connector.rules.conditions import Kind
from connector.store.database import Database, Row
from connector.store.encoding import (
    is_edited,
    json_list,
    json_map,
    property_map,
    text_list,
    to_json,
)
from connector.store.identity import Identities
from connector.store.versions import Versions

# Temporary: what was read in this run.
_FRESH = """
CREATE TEMP TABLE IF NOT EXISTS fresh_opportunity (id TEXT PRIMARY KEY) WITHOUT ROWID
"""
_STORED = """
SELECT id, changed_us, amount, probability, close_us, is_closed, is_won, fields, wrote, is_written,
    echo_us
FROM opportunity WHERE id IN (SELECT value FROM json_each(?))
"""
_TAKE_PART = """
SELECT p.opportunity, p.no FROM opportunity_contact p
WHERE p.opportunity IN (SELECT value FROM json_each(?))
"""
_SAVE = """
INSERT INTO opportunity (id, created_us, changed_us, amount, probability, close_us, is_closed,
    is_won, fields, found, is_written, echo_us)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET created_us = excluded.created_us, changed_us = excluded.changed_us,
    amount = excluded.amount, probability = excluded.probability, close_us = excluded.close_us,
    is_closed = excluded.is_closed, is_won = excluded.is_won, fields = excluded.fields,
    found = excluded.found, is_written = excluded.is_written, echo_us = excluded.echo_us
"""
_FORGET = (
    "DELETE FROM outbox WHERE kind = 'opportunity' AND subject = ? AND state <> 'accepted'",
    "DELETE FROM opportunity_former WHERE id = ?",
    "DELETE FROM opportunity_contact WHERE opportunity = ?",
    "DELETE FROM opportunity WHERE id = ?",
)
_NOW = """
SELECT o.id, o.created_us, o.amount, o.probability, o.close_us, o.fields, o.shown, o.shown_at_us,
    coalesce(x.state <> 'accepted', 0) OR o.found <> o.wrote
FROM opportunity o LEFT JOIN outbox x ON x.kind = 'opportunity' AND x.subject = o.id
WHERE o.id > :after AND NOT o.is_closed AND o.created_us <= :at
    AND (:only IS NULL OR o.id IN (SELECT value FROM json_each(:only)))
ORDER BY o.id LIMIT :limit
"""
_THEN = """
SELECT o.id, o.created_us, CASE WHEN f.id IS NULL THEN o.amount ELSE f.amount END,
    CASE WHEN f.id IS NULL THEN o.probability ELSE f.probability END,
    CASE WHEN f.id IS NULL THEN o.close_us ELSE f.close_us END,
    coalesce(f.fields, o.fields), o.shown, o.shown_at_us,
    coalesce(x.state <> 'accepted', 0) OR o.found <> o.wrote
FROM opportunity o LEFT JOIN outbox x ON x.kind = 'opportunity' AND x.subject = o.id
LEFT JOIN opportunity_former f ON f.id = o.id AND f.until_us =
    (SELECT min(until_us) FROM opportunity_former WHERE id = o.id AND until_us > :at)
WHERE o.id > :after AND NOT coalesce(f.is_closed, o.is_closed) AND o.created_us <= :at
    AND (:only IS NULL OR o.id IN (SELECT value FROM json_each(:only)))
ORDER BY o.id LIMIT :limit
"""
_KNOWN = """
SELECT o.id, o.found, o.wrote, x.state, x.wish, x.returned,
    EXISTS (SELECT 1 FROM fresh_opportunity r WHERE r.id = o.id), o.is_closed
FROM opportunity o LEFT JOIN outbox x ON x.kind = 'opportunity' AND x.subject = o.id
WHERE o.id IN (SELECT value FROM json_each(?))
"""
_KEEP = """
UPDATE opportunity SET found = ?, wrote = ?, is_written = 1 WHERE id = ?
"""
_CLEAR_SHOWN = """
UPDATE opportunity SET shown = NULL, shown_at_us = NULL WHERE id = ?
"""


_BEFORE = schema_of(SHOWN_OF_OPPORTUNITY)


@dataclass(frozen=True, slots=True)
class _Stored:
    """An opportunity as it is kept. `values`: what evaluation looks at."""

    changed_us: int
    values: Row
    wrote: Mapping[str, str | None]
    is_written: bool
    echo_us: int | None

    @property
    def read_us(self) -> int:
        """The latest stamp that a reading showed."""
        return max(self.changed_us, self.echo_us or self.changed_us)


class Opportunities:
    """Reads and keeps opportunities. What changes them is the caller's transaction."""

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions
        database.run(_FRESH)

    # -- reading the CRM

    def save(self, identities: Identities, opportunities: Sequence[Opportunity]) -> None:
        """Store a page. Of two readings the one that the CRM changed later stands."""
        ids = json_list(one.id for one in opportunities)
        stored = {OpportunityId(str(row[0])): _stored(row) for row in self._rows(_STORED, ids)}
        people: dict[OpportunityId, set[int]] = {}
        for of, no in self._rows(_TAKE_PART, ids):
            people.setdefault(OpportunityId(str(of)), set()).add(int(str(no)))
        for one in opportunities:
            before = stored.get(one.id)
            if before is not None and one.changed_us < before.read_us:
                continue  # an older reading than ours
            if not one.counts:
                self.forget(one.id)
                stored.pop(one.id, None)
                people.pop(one.id, None)
                continue
            had = people.get(one.id, set())
            now = had if one.contacts is None else set(map(identities.number, one.contacts))
            # A page may hold several readings of one.
            stored[one.id] = self._save(one, before, has_same_people=now == had)
            if now != had:
                self._take_part(one.id, now)
                people[one.id] = now

    def _rows(self, statement: str, ids: str) -> Iterable[Row]:
        return self._database.rows(statement, [ids])

    def _save(self, one: Opportunity, before: _Stored | None, *, has_same_people: bool) -> _Stored:
        """Keep a reading, and return it as it is kept."""
        fields, written = to_json(dict(one.fields)), dict(one.written)
        values = (one.amount, one.probability, one.close_us, int(one.is_closed), int(one.is_won))
        changed_us, echo_us, is_written = one.changed_us, None, False
        if before is not None:
            # A write of ours moves the CRM's stamp. That is no touch of the opportunity by anybody,
            # and stages look at when it was touched last.
            shows_ours = not is_edited(written, before.wrote)
            is_same = has_same_people and (*values, fields) == before.values
            was_echo = before.echo_us is not None and one.changed_us <= before.echo_us
            is_echo = was_echo or (is_same and shows_ours and before.is_written)
            changed_us = before.changed_us if is_echo else one.changed_us
            echo_us = one.changed_us if is_echo else before.echo_us
            is_written = before.is_written and not shows_ours
            self._versions.keep_opportunity(one, fields)
        row = (one.id, one.created_us, changed_us, *values, fields, to_json(written))
        self._database.run(_SAVE, (*row, is_written, echo_us))
        self._database.run("INSERT OR IGNORE INTO fresh_opportunity VALUES (?)", [one.id])
        wrote = before.wrote if before else {}
        return _Stored(changed_us, (*values, fields), wrote, is_written, echo_us)

    def _take_part(self, id_: OpportunityId, numbers: Iterable[int]) -> None:
        self._database.run("DELETE FROM opportunity_contact WHERE opportunity = ?", [id_])
        self._database.run_many(
            "INSERT OR IGNORE INTO opportunity_contact (no, opportunity) VALUES (?, ?)",
            [(no, id_) for no in sorted(numbers)],
        )

    def forget(self, id_: OpportunityId) -> None:
        """Forget one that the CRM has no more, or that does not count."""
        for statement in _FORGET:
            self._database.run(statement, [id_])

    def begin_run(self) -> None:
        """Take note that nothing was read in this run yet."""
        self._database.run("DELETE FROM fresh_opportunity")

    # -- evaluating and planning

    def facts(
        self,
        fields: Mapping[str, Kind],
        at_us: int,
        *,
        is_past: bool,
        after: str,
        limit: int,
        ids: Sequence[OpportunityId] | None,
    ) -> OpportunityFacts:
        """Return open opportunities whose id is above `after`, by id, at most `limit` of them.

        As they are now, or with `is_past` as they were at the instant. `ids`: of these alone.
        """
        only = None if ids is None else json_list(ids)
        named = {"after": after, "at": at_us, "limit": limit, "only": only}
        rows = self._database.rows_named(_THEN if is_past else _NOW, named)
        values = [_values(row) for row in rows]
        table = opportunity_table([str(row[0]) for row in rows], values, fields)
        return OpportunityFacts(table, table_of(_BEFORE, [row[-len(_BEFORE) :] for row in rows]))

    def known(self, ids: Sequence[OpportunityId]) -> dict[OpportunityId, KnownOpportunity]:
        """Return what planning must know of these, as far as they are there."""
        found = (_known(row) for row in self._rows(_KNOWN, json_list(ids)))
        return {one.id: one for one in found}

    def is_known(self, id_: OpportunityId) -> bool:
        """Tell whether there is one of this id."""
        return self._database.one("SELECT 1 FROM opportunity WHERE id = ?", [id_]) is not None

    def people(self, id_: OpportunityId) -> list[int]:
        """Return the living contacts who take part in one."""
        rows = self._database.rows(
            "SELECT p.no FROM opportunity_contact p JOIN contact c ON c.no = p.no"
            " WHERE p.opportunity = ? AND c.status = 'living' ORDER BY p.no",
            [id_],
        )
        return [int(str(no)) for (no,) in rows]

    # -- writing

    def keep(
        self,
        id_: OpportunityId,
        written: Mapping[str, str | None],
        returned: Container[str],
    ) -> None:
        """Remember what the CRM accepted; of `returned` the value is a person's."""
        row = self._database.one("SELECT found, wrote FROM opportunity WHERE id = ?", [id_])
        if row is None:
            return
        found = {**property_map(row[0]), **written}
        ours = {name: value for name, value in written.items() if name not in returned}
        wrote = {**property_map(row[1]), **ours}
        self._database.run(_KEEP, (to_json(found), to_json(wrote), id_))

    def clear_shown(self, id_: OpportunityId) -> None:
        """Let the next plan look at one as if nothing had been shown in the CRM yet."""
        self._database.run(_CLEAR_SHOWN, [id_])


def _stored(row: Row) -> _Stored:
    _, changed_us, *values, wrote, is_written, echo_us = row
    return _Stored(
        changed_us=int(str(changed_us)),
        values=tuple(values),
        wrote=property_map(wrote),
        is_written=bool(is_written),
        echo_us=None if echo_us is None else int(str(echo_us)),
    )


def _values(row: Row) -> Mapping[str, Value]:
    _, created_us, amount, probability, close_us, fields, *_ = row
    known = {"created": created_us, "amount": amount, "probability": probability}
    return {**json_map(fields), **known, "closes": close_us}  # type: ignore[dict-item]  # written from Values


def _known(row: Row) -> KnownOpportunity:
    id_, found, wrote, state, wish, returned, is_fresh, is_closed = row
    return KnownOpportunity(
        id=OpportunityId(str(id_)),
        found=property_map(found),
        wrote=property_map(wrote),
        is_fresh=bool(is_fresh),
        waiting=property_map(wish) if state == "waiting" else {},
        refused=property_map(wish) if state == "refused" else {},
        returning=text_list(returned) if state == "waiting" else (),
        is_closed=bool(is_closed),
    )
