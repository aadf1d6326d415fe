"""Runs, and what happened to a contact."""

from collections.abc import Mapping

from connector.domain.ids import RunId
from connector.ports import LedgerRecord, MoveRecord, RunRecord
from connector.store.database import Database, Row
from connector.store.encoding import count_map, from_us, property_map, to_json

KEPT_SINCE = "kept_since_us"
"""The key in `meta` of the instant since which this store keeps what is replaced."""

_START = """
INSERT INTO run (command, started_us, outcome, rules_hash) VALUES (?, ?, 'running', ?)
"""
_KEEPS = """
INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING
"""
_END = """
UPDATE run SET ended_us = ?, outcome = ?, counts = ?, message = ? WHERE no = ?
"""
_RUNS = """
SELECT no, command, started_us, ended_us, outcome, rules_hash, counts, message
FROM run ORDER BY no DESC LIMIT ?
"""
_RUN = """
SELECT no, command, started_us, ended_us, outcome, rules_hash, counts, message
FROM run WHERE CAST(no AS TEXT) = ?
"""
# A contact's history is also that of the contacts merged into it.
_MOVES = """
SELECT at_us, from_stage, from_temperature, to_stage, to_temperature, reason, run FROM move
WHERE no IN (SELECT no FROM contact WHERE no = :no OR merged_into = :no) ORDER BY at_us, id
"""
_LEDGER = """
SELECT at_us, written, before, run, run IN (SELECT no FROM run WHERE command = 'undo') FROM ledger
WHERE no IN (SELECT no FROM contact WHERE no = :no OR merged_into = :no) ORDER BY at_us, id
"""
_COUNTS = """
SELECT
    (SELECT count(*) FROM contact WHERE status = 'living') AS contacts,
    (SELECT coalesce(sum(n_rows), 0) FROM segment WHERE retired_us IS NULL)
        + (SELECT coalesce(sum(n_rows), 0) FROM landing) AS activities,
    (SELECT count(*) FROM opportunity) AS opportunities,
    (SELECT count(*) FROM outbox WHERE state = 'waiting') AS waiting,
    (SELECT count(*) FROM outbox WHERE state = 'refused') AS refused,
    (SELECT count(*) FROM outbox WHERE state = 'waiting' AND kind = 'opportunity')
        AS waiting_opportunities,
    (SELECT count(*) FROM waiting_activity) AS unclaimed_activities
"""
_COUNTED = (
    "contacts",
    "activities",
    "opportunities",
    "waiting",
    "refused",
    "waiting_opportunities",
    "unclaimed_activities",
)
_FUNNEL = """
SELECT coalesce(s.stage, 'suspect'), coalesce(s.temperature, ''), count(*)
FROM state s JOIN contact c ON c.no = s.no WHERE c.status = 'living' GROUP BY 1, 2
"""


class History:
    """Reads and keeps runs, moves, ledger and counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_run(self, command: str, at_us: int, rules_hash: str, *, holds_lease: bool) -> RunId:
        """Record that a run begins. Who holds the lease knows that no other can be running."""
        with self._database.writing():
            if holds_lease:
                self._database.run(
                    "UPDATE run SET outcome = 'interrupted', ended_us = ?"
                    " WHERE outcome = 'running'",
                    [at_us],
                )
            self._database.run(_KEEPS, (KEPT_SINCE, str(at_us)))
            run = RunId(str(self._database.insert(_START, (command, at_us, rules_hash))))
            if holds_lease:
                self._database.run("UPDATE lease SET run = ?", [run])
        return run

    def end_run(
        self, run: RunId, at_us: int, outcome: str, counts: Mapping[str, int], message: str
    ) -> None:
        """Record how a run ended."""
        with self._database.writing():
            row = (at_us, outcome, to_json(dict(counts)), message, int(run))
            self._database.run(_END, row)

    def runs(self, limit: int) -> list[RunRecord]:
        """Return the latest runs, newest first."""
        return [_record(row) for row in self._database.rows(_RUNS, [limit])]

    def run(self, run: RunId) -> RunRecord | None:
        """Return one run; None if there is none of this id."""
        row = self._database.one(_RUN, [run])
        return _record(row) if row else None

    def moves(self, no: int) -> list[MoveRecord]:
        """Return a contact's moves, oldest first."""
        return [
            MoveRecord(
                at=from_us(int(str(at_us))),
                from_stage=str(from_stage),
                from_temperature=str(from_temperature),
                to_stage=str(to_stage),
                to_temperature=str(to_temperature),
                reason=str(reason),
                run=RunId(str(run)),
            )
            for at_us, from_stage, from_temperature, to_stage, to_temperature, reason, run in (
                self._database.rows_named(_MOVES, {"no": no})
            )
        ]

    def ledger(self, no: int) -> list[LedgerRecord]:
        """Return what was written to a contact, oldest first."""
        return [
            LedgerRecord(
                from_us(int(str(at_us))),
                property_map(written),
                property_map(before),
                RunId(str(run)),
                is_undo=bool(is_undo),
            )
            for at_us, written, before, run, is_undo in self._database.rows_named(
                _LEDGER, {"no": no}
            )
        ]

    def counts(self) -> dict[str, int]:
        """Return how many rows of each kind there are."""
        row = self._database.one(_COUNTS) or ()
        return {name: int(str(value)) for name, value in zip(_COUNTED, row, strict=True)}

    def funnel(self) -> dict[tuple[str, str], int]:
        """Return how many living contacts stand at each stage and temperature, if evaluated yet."""
        return {
            (str(stage), str(temperature)): int(str(count))
            for stage, temperature, count in self._database.rows(_FUNNEL)
        }


def _record(row: Row) -> RunRecord:
    no, command, started, ended, outcome, rules_hash, counts, message = row
    return RunRecord(
        id=RunId(str(no)),
        command=str(command),
        started_at=from_us(int(str(started))),
        ended_at=None if ended is None else from_us(int(str(ended))),
        outcome=str(outcome),
        rules_hash=str(rules_hash),
        counts=count_map(counts),
        message=str(message),
    )
