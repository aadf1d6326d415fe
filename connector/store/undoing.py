"""What `undo` reads of the ledger, and how its restores come into the outbox."""

from collections.abc import Iterable, Sequence

from connector.domain.ids import ContactId, RunId
from connector.ports import (
    Fate,
    LedgerRecord,
    OutboxEntry,
    PlannedRestore,
    TasksLeft,
    WrittenContact,
)
from connector.store.database import Database
from connector.store.encoding import from_us, json_list, known, property_map, to_json
from connector.store.merging import CLEAR_SHOWN
from connector.store.outbox import Outbox

UNDO = "undo"
"""The command of runs that take back what others wrote."""

# A run that ended well had an answer to each write that it sent. Of one that was cut off some may
# have arrived unanswered; whoever planned them, it has sent them.
_NUMBERS = """
SELECT no FROM ledger WHERE run = :run
UNION
SELECT o.no FROM outbox o JOIN run r ON r.no = :run JOIN run planned ON planned.no = o.run
WHERE o.kind <> 'task' AND o.state = 'waiting' AND o.run <= :run
    AND r.outcome <> 'done' AND planned.command <> :undo
ORDER BY 1
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
VALUES (:kind, CAST(:no AS TEXT), :no, :wish, :before, :run, :rules_hash, :returned)
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

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox

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
        for no, at_us, written, before, run, is_undo in self._database.rows_named(_LEDGER, named):
            record = LedgerRecord(
                at=from_us(int(str(at_us))),
                values=property_map(written),
                before=property_map(before),
                run=RunId(str(run)),
                is_undo=bool(is_undo),
            )
            ledger.setdefault(int(str(no)), []).append(record)
        return ledger

    def journal(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedRestore]
    ) -> list[OutboxEntry]:
        """Let restores wait in the outbox, in one transaction, and return their entries."""
        database = self._database
        with database.writing():
            for each in restores:
                row = {
                    "kind": each.kind,
                    "no": each.no,
                    "wish": to_json(known(each.write_back.values)),
                    "before": to_json(known(each.before)),
                    "run": int(run),
                    "rules_hash": rules_hash,
                    "returned": json_list(each.returned),
                }
                database.run_named(_JOURNAL, row)
                database.run(CLEAR_SHOWN, [each.no])
            waiting = self._outbox.waiting_for(json_list(each.no for each in restores))
            return [entry for entry in waiting if entry.run == run]

    def tasks_left(self, run: RunId) -> TasksLeft:
        """Return how many tasks of a run are not done."""
        row = self._database.one(_TASKS, [int(run)]) or (0, 0)
        still_open, waiting = (int(str(count)) for count in row)
        return TasksLeft(still_open, waiting)


def _fate(status: object) -> Fate:
    return Fate(str(status)) if status in set(Fate) else Fate.GONE
