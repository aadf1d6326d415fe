"""What `undo` reads of the ledger, and how its restores come into the outbox."""

from collections.abc import Iterable, Mapping, Sequence

from connector.domain.ids import ContactId, OpportunityId, RunId
from connector.ports import (
    Fate,
    LedgerRecord,
    OutboxEntry,
    PlannedOpportunityWrite,
    PlannedRestore,
    TasksLeft,
    WrittenContact,
    WrittenOpportunity,
)
from connector.store.database import Database
from connector.store.encoding import from_us, json_list, known, property_map, to_json
from connector.store.merging import CLEAR_SHOWN
from connector.store.opportunities import Opportunities
from connector.store.outbox import Outbox

UNDO = "undo"
"""The command of runs that take back what others wrote."""

# A run that ended well had an answer to each write that it sent. Of one that was cut off some may
# have arrived unanswered; whoever planned them, it has sent them.
_NUMBERS = """
SELECT no FROM ledger WHERE run = :run
UNION
SELECT o.no FROM outbox o JOIN run r ON r.no = :run JOIN run planned ON planned.no = o.run
WHERE o.kind IN ('contact', 'lead') AND o.state = 'waiting' AND o.run <= :run
    AND r.outcome <> 'done' AND planned.command <> :undo
ORDER BY 1
"""
_OPPORTUNITIES = """
SELECT opportunity FROM (
    SELECT opportunity FROM opportunity_ledger WHERE run = :run
    UNION
    SELECT o.subject FROM outbox o JOIN run r ON r.no = :run JOIN run planned ON planned.no = o.run
    WHERE o.kind = 'opportunity' AND o.state = 'waiting' AND o.run <= :run
        AND r.outcome <> 'done' AND planned.command <> :undo
) WHERE opportunity > :after ORDER BY opportunity LIMIT :limit
"""
_THERE = """
SELECT id FROM opportunity WHERE id IN (SELECT value FROM json_each(?))
"""
_OPPORTUNITY_LEDGER = """
SELECT l.opportunity, l.at_us, l.written, l.before, l.run, r.command = :undo
FROM opportunity_ledger l JOIN run r ON r.no = l.run
WHERE l.opportunity IN (SELECT value FROM json_each(:ids)) ORDER BY l.opportunity, l.id
"""
_CONTACTS = """
SELECT no, id, status FROM contact WHERE no IN (SELECT value FROM json_each(?)) ORDER BY no
"""
_LEDGER = """
SELECT l.no, l.at_us, l.written, l.before, l.run, r.command = :undo
FROM ledger l JOIN run r ON r.no = l.run
WHERE l.no IN (SELECT value FROM json_each(:numbers)) ORDER BY l.no, l.id
"""
_JOURNAL = """
INSERT INTO outbox (kind, subject, no, wish, before, run, rules_hash, returned)
VALUES (:kind, :subject, :no, :wish, :before, :run, :rules_hash, :returned)
ON CONFLICT (kind, subject) DO UPDATE SET revision = outbox.revision + 1, state = 'waiting',
    wish = excluded.wish, before = excluded.before, reason = '', run = excluded.run,
    rules_hash = excluded.rules_hash, returned = excluded.returned
"""
_TASKS = """
SELECT coalesce(sum(o.state = 'accepted'), 0), coalesce(sum(o.state = 'waiting'), 0)
FROM outbox o LEFT JOIN known_task k ON k.key = o.subject
WHERE o.kind = 'task' AND o.run = ? AND NOT json_extract(o.wish, '$.is_done')
    AND NOT coalesce(k.is_done, 0)
"""


class UndoShelf:
    """Reads what a run wrote, and journals its restoring."""

    def __init__(self, database: Database, outbox: Outbox, opportunities: Opportunities) -> None:
        self._database = database
        self._outbox = outbox
        self._opportunities = opportunities

    def numbers(self, run: RunId) -> list[int]:
        """Return the contacts that a run wrote to, or may have."""
        rows = self._database.rows_named(_NUMBERS, {"run": int(run), "undo": UNDO})
        return [int(str(no)) for (no,) in rows]

    def written(self, numbers: Iterable[int]) -> dict[int, WrittenContact]:
        """Return what was written to these contacts."""
        asked = json_list(numbers)
        with self._database.reading():
            ledger = self._ledger(asked)
            waiting: dict[int, list[OutboxEntry]] = {}
            for entry in self._outbox.waiting_for(asked):
                waiting.setdefault(entry.no, []).append(entry)
            return {
                no: WrittenContact(
                    no=no,
                    id=ContactId(str(id_)),
                    fate=_fate(status),
                    ledger=ledger.get(no, ()),
                    waiting=waiting.get(no, ()),
                )
                for no, id_, status in self._database.rows(_CONTACTS, [asked])
                if isinstance(no, int)
            }

    def _ledger(self, numbers: str) -> dict[int, list[LedgerRecord]]:
        ledger: dict[int, list[LedgerRecord]] = {}
        named = {"numbers": numbers, "undo": UNDO}
        for no, *rest in self._database.rows_named(_LEDGER, named):
            ledger.setdefault(int(str(no)), []).append(_record(rest))
        return ledger

    def journal(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedRestore]
    ) -> list[OutboxEntry]:
        """Let restores wait in the outbox, in one transaction, and return their entries."""
        database = self._database
        with database.writing():
            for each in restores:
                row = _row(each.write_back.values, each.before, each.returned)
                row |= {"kind": each.kind, "subject": str(each.no), "no": each.no}
                database.run_named(_JOURNAL, {**row, "run": int(run), "rules_hash": rules_hash})
                database.run(CLEAR_SHOWN, [each.no])
            waiting = self._outbox.waiting_for(json_list(each.no for each in restores))
            return [entry for entry in waiting if entry.run == run]

    def opportunities(self, run: RunId, after: str, limit: int) -> list[WrittenOpportunity]:
        """Return opportunities that a run wrote to, or may have, by id."""
        named = {"run": int(run), "undo": UNDO, "after": after, "limit": limit}
        with self._database.reading():
            ids = [str(id_) for (id_,) in self._database.rows_named(_OPPORTUNITIES, named)]
            there = {str(id_) for (id_,) in self._database.rows(_THERE, [json_list(ids)])}
            waiting = {
                each.opportunity.opportunity: each
                for each in self._outbox.to_opportunities(ids)
                if each.opportunity
            }
            ledger = self._opportunity_ledger(ids)
        return [
            WrittenOpportunity(
                OpportunityId(id_),
                is_there=id_ in there,
                ledger=ledger.get(id_, ()),
                waiting=waiting.get(OpportunityId(id_)),
            )
            for id_ in ids
        ]

    def opportunity_ledger(self, opportunity: OpportunityId) -> list[LedgerRecord]:
        """Return what was written to an opportunity, oldest first."""
        return self._opportunity_ledger([opportunity]).get(opportunity, [])

    def _opportunity_ledger(self, ids: Sequence[str]) -> dict[str, list[LedgerRecord]]:
        ledger: dict[str, list[LedgerRecord]] = {}
        asked = {"ids": json_list(ids), "undo": UNDO}
        for of, *rest in self._database.rows_named(_OPPORTUNITY_LEDGER, asked):
            ledger.setdefault(str(of), []).append(_record(rest))
        return ledger

    def journal_opportunities(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedOpportunityWrite]
    ) -> list[OutboxEntry]:
        """Let restores of opportunities wait in the outbox, and return their entries."""
        with self._database.writing():
            for each in restores:
                id_ = each.write.opportunity
                row = _row(each.write.values, each.before, each.returned)
                row |= {"kind": "opportunity", "subject": id_, "no": None}
                row |= {"run": int(run), "rules_hash": rules_hash}
                self._database.run_named(_JOURNAL, row)
                self._opportunities.clear_shown(id_)
            waiting = self._outbox.to_opportunities(each.write.opportunity for each in restores)
            return [entry for entry in waiting if entry.run == run]

    def tasks_left(self, run: RunId) -> TasksLeft:
        """Return how many tasks of a run are not done."""
        row = self._database.one(_TASKS, [int(run)]) or (0, 0)
        still_open, waiting = (int(str(count)) for count in row)
        return TasksLeft(still_open, waiting)


def _fate(status: object) -> Fate:
    return Fate(str(status)) if status in set(Fate) else Fate.GONE


def _record(row: Sequence[object]) -> LedgerRecord:
    at_us, written, before, run, is_undo = row
    return LedgerRecord(
        at=from_us(int(str(at_us))),
        values=property_map(written),
        before=property_map(before),
        run=RunId(str(run)),
        is_undo=bool(is_undo),
    )


def _row(
    wish: Mapping[str, str | None], before: Mapping[str, str | None], returned: Sequence[str]
) -> dict[str, object]:
    return {
        "wish": to_json(known(wish)),
        "before": to_json(known(before)),
        "returned": json_list(returned),
    }
