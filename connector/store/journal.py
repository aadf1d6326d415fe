"""The journal: a plan is staged bucket by bucket, and then counts as a whole or not at all."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from connector.domain.ids import RunId
from connector.ports import (
    SHOWN,
    PlannedOpportunityWrite,
    PlannedTask,
    PlannedWrite,
    Showing,
)
from connector.rules.tables import MEMORY, MOVE
from connector.store.database import Database, Row
from connector.store.encoding import known, property_map, to_json
from connector.store.outbox import wish_text

# Temporary tables: staging writes nothing to the store's file, so that `plan` runs beside a sync.
_STAGE = (
    "CREATE TEMP TABLE staged_state (run, no INTEGER, stage, temperature, stage_since_us,"
    " lower_since_us, ripe_since_us, handed_off_us, hand_off_reason, hand_off_open, answered_us,"
    " escalated_us,"
    " PRIMARY KEY (run, no)) WITHOUT ROWID",
    "CREATE TEMP TABLE staged_shown (run, no INTEGER, shown_score, shown_fit, shown_grade,"
    " shown_persona, shown_stage, shown_temperature, shown_need_us, shown_reasons, shown_missing,"
    " shown_scores, shown_interests, shown_native, shown_sla, shown_nurture, shown_pressure,"
    " shown_form, shown_at_us,"
    " PRIMARY KEY (run, no)) WITHOUT ROWID",
    "CREATE TEMP TABLE staged_move (run, no INTEGER, position INTEGER, from_stage,"
    " from_temperature, to_stage, to_temperature, reason, PRIMARY KEY (run, no, position))"
    " WITHOUT ROWID",
    "CREATE TEMP TABLE staged_write (run, kind, no INTEGER, wish, before,"
    " PRIMARY KEY (run, kind, no)) WITHOUT ROWID",
    "CREATE TEMP TABLE staged_opportunity (run, id TEXT, shown, shown_at_us,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID",
    "CREATE TEMP TABLE staged_opportunity_write (run, id TEXT, wish, before,"
    " PRIMARY KEY (run, id)) WITHOUT ROWID",
    "CREATE TEMP TABLE staged_task (run, key, no INTEGER, wish, is_hand_off,"
    " PRIMARY KEY (run, key)) WITHOUT ROWID",
)
_STAGE_STATE = """
INSERT OR REPLACE INTO staged_state VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_STAGE_SHOWN = """
INSERT OR REPLACE INTO staged_shown
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_STAGE_MOVE = """
INSERT OR REPLACE INTO staged_move VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_DISCARD = (
    "DELETE FROM staged_state WHERE run = ?",
    "DELETE FROM staged_shown WHERE run = ?",
    "DELETE FROM staged_move WHERE run = ?",
    "DELETE FROM staged_write WHERE run = ?",
    "DELETE FROM staged_task WHERE run = ?",
    "DELETE FROM staged_opportunity WHERE run = ?",
    "DELETE FROM staged_opportunity_write WHERE run = ?",
)
_ONLY_LIVING = (
    # A contact can be deleted between the plan and its acceptance: no task for the dead.
    "DELETE FROM staged_state WHERE no NOT IN (SELECT no FROM contact WHERE status = 'living')",
    "DELETE FROM staged_move WHERE no NOT IN (SELECT no FROM contact WHERE status = 'living')",
    "DELETE FROM staged_write WHERE no NOT IN (SELECT no FROM contact WHERE status = 'living')",
    "DELETE FROM staged_task WHERE no NOT IN (SELECT no FROM contact WHERE status = 'living')",
    "DELETE FROM staged_opportunity_write WHERE id NOT IN (SELECT id FROM opportunity)",
)
_KEEP_STATE = """
INSERT OR IGNORE INTO state_former (no, until_us, since_us, stage, temperature, stage_since_us,
    lower_since_us, ripe_since_us, handed_off_us, hand_off_reason, hand_off_open, answered_us,
    escalated_us)
SELECT s.no, ?, s.since_us, s.stage, s.temperature, s.stage_since_us, s.lower_since_us,
    s.ripe_since_us, s.handed_off_us, s.hand_off_reason, s.hand_off_open, s.answered_us,
    s.escalated_us
FROM staged_state n JOIN state s ON s.no = n.no
WHERE n.run = ? AND (s.stage, s.temperature, s.stage_since_us, s.lower_since_us, s.ripe_since_us,
    s.handed_off_us, s.hand_off_reason, s.hand_off_open, s.answered_us, s.escalated_us)
IS NOT (n.stage, n.temperature, n.stage_since_us, n.lower_since_us, n.ripe_since_us,
    n.handed_off_us, n.hand_off_reason, n.hand_off_open, n.answered_us, n.escalated_us)
"""
_ACCEPT_STATE = """
INSERT INTO state (no, stage, temperature, stage_since_us, lower_since_us, ripe_since_us,
    handed_off_us, hand_off_reason, hand_off_open, answered_us, escalated_us, since_us)
SELECT no, stage, temperature, stage_since_us, lower_since_us, ripe_since_us, handed_off_us,
    hand_off_reason, hand_off_open, answered_us, escalated_us, ?
FROM staged_state WHERE run = ?
ON CONFLICT (no) DO UPDATE SET since_us = excluded.since_us, stage = excluded.stage,
    temperature = excluded.temperature, stage_since_us = excluded.stage_since_us,
    lower_since_us = excluded.lower_since_us, ripe_since_us = excluded.ripe_since_us,
    handed_off_us = excluded.handed_off_us, hand_off_reason = excluded.hand_off_reason,
    hand_off_open = excluded.hand_off_open, answered_us = excluded.answered_us,
    escalated_us = excluded.escalated_us,
    task_key = CASE WHEN excluded.handed_off_us IS state.handed_off_us THEN state.task_key END,
    given_to = CASE WHEN excluded.handed_off_us IS state.handed_off_us THEN state.given_to END
WHERE (state.stage, state.temperature, state.stage_since_us, state.lower_since_us,
    state.ripe_since_us, state.handed_off_us, state.hand_off_reason, state.hand_off_open,
    state.answered_us, state.escalated_us)
IS NOT (excluded.stage, excluded.temperature, excluded.stage_since_us, excluded.lower_since_us,
    excluded.ripe_since_us, excluded.handed_off_us, excluded.hand_off_reason,
    excluded.hand_off_open, excluded.answered_us, excluded.escalated_us)
"""
_ACCEPT_SHOWN = """
UPDATE state SET shown_score = s.shown_score, shown_fit = s.shown_fit, shown_grade = s.shown_grade,
    shown_persona = s.shown_persona, shown_stage = s.shown_stage,
    shown_temperature = s.shown_temperature, shown_need_us = s.shown_need_us,
    shown_reasons = s.shown_reasons, shown_missing = s.shown_missing,
    shown_scores = s.shown_scores, shown_interests = s.shown_interests,
    shown_native = s.shown_native, shown_sla = s.shown_sla, shown_nurture = s.shown_nurture,
    shown_pressure = s.shown_pressure, shown_form = s.shown_form, shown_at_us = s.shown_at_us
FROM staged_shown s WHERE s.run = ? AND s.no = state.no
"""
_ACCEPT_MOVES = """
INSERT INTO move (no, at_us, from_stage, from_temperature, to_stage, to_temperature, reason, run)
SELECT no, ?, coalesce(from_stage, ''), coalesce(from_temperature, ''), coalesce(to_stage, ''),
    coalesce(to_temperature, ''), coalesce(reason, ''), CAST(run AS INTEGER)
FROM staged_move WHERE run = ? ORDER BY no, position
"""
_STILL_WAITING = """
SELECT s.kind, s.no, s.before, o.before FROM staged_write s
JOIN outbox o ON o.kind = s.kind AND o.subject = CAST(s.no AS TEXT)
WHERE s.run = ? AND o.state = 'waiting'
"""
_ACCEPT_WRITES = """
INSERT INTO outbox (kind, subject, no, wish, before, run, rules_hash)
SELECT kind, CAST(no AS TEXT), no, wish, before, CAST(run AS INTEGER), ?
FROM staged_write WHERE run = ? AND wish <> '{}'
ON CONFLICT (kind, subject) DO UPDATE SET revision = outbox.revision + 1, state = 'waiting',
    wish = excluded.wish, before = excluded.before, reason = '', run = excluded.run,
    rules_hash = excluded.rules_hash, returned = '[]'
WHERE outbox.state = 'accepted' OR outbox.wish <> excluded.wish
"""
_TAKE_BACK = """
DELETE FROM outbox WHERE state <> 'accepted' AND (kind, subject) IN
    (SELECT kind, CAST(no AS TEXT) FROM staged_write WHERE run = ? AND wish = '{}')
"""
_LEAVE_REFUSED = """
UPDATE state SET shown_score = NULL, shown_fit = NULL, shown_grade = NULL, shown_persona = NULL,
    shown_stage = NULL, shown_temperature = NULL, shown_need_us = NULL, shown_reasons = NULL,
    shown_missing = NULL, shown_scores = NULL, shown_interests = NULL,
    shown_native = NULL, shown_sla = NULL, shown_nurture = NULL, shown_pressure = NULL,
    shown_form = NULL, shown_at_us = NULL
WHERE no IN (SELECT s.no FROM staged_write s
    JOIN outbox o ON o.kind = s.kind AND o.subject = CAST(s.no AS TEXT)
    WHERE s.run = ? AND o.state = 'refused')
"""
_ACCEPT_TASKS = """
INSERT INTO outbox (kind, subject, no, wish, run, rules_hash)
SELECT 'task', key, no, wish, CAST(run AS INTEGER), ? FROM staged_task WHERE run = ?
ON CONFLICT (kind, subject) DO UPDATE SET revision = outbox.revision + 1, state = 'waiting',
    wish = excluded.wish, reason = '', run = excluded.run, rules_hash = excluded.rules_hash
WHERE (outbox.state <> 'accepted' AND outbox.wish <> excluded.wish)
    -- A task that exists is not written over what people made of it; it can only be completed.
    OR (json_extract(excluded.wish, '$.is_done') AND NOT json_extract(outbox.wish, '$.is_done'))
"""
_ACCEPT_TASK_KEYS = """
UPDATE state SET task_key = t.key, given_to = json_extract(t.wish, '$.owner') FROM staged_task t
WHERE t.run = ? AND t.no = state.no AND t.is_hand_off AND NOT json_extract(t.wish, '$.is_done')
"""
_SHOW_OPPORTUNITIES = """
UPDATE opportunity SET shown = s.shown, shown_at_us = s.shown_at_us
FROM staged_opportunity s WHERE s.run = ? AND s.id = opportunity.id
"""
_STILL_WAITING_OPPORTUNITIES = """
SELECT s.id, s.before, o.before FROM staged_opportunity_write s
JOIN outbox o ON o.kind = 'opportunity' AND o.subject = s.id
WHERE s.run = ? AND o.state = 'waiting'
"""
_TAKE_BACK_OPPORTUNITIES = """
DELETE FROM outbox WHERE state <> 'accepted' AND kind = 'opportunity' AND subject IN
    (SELECT id FROM staged_opportunity_write WHERE run = ? AND wish = '{}')
"""
_ACCEPT_OPPORTUNITY_WRITES = """
INSERT INTO outbox (kind, subject, wish, before, run, rules_hash)
SELECT 'opportunity', id, wish, before, CAST(run AS INTEGER), ?
FROM staged_opportunity_write WHERE run = ? AND wish <> '{}'
ON CONFLICT (kind, subject) DO UPDATE SET revision = outbox.revision + 1, state = 'waiting',
    wish = excluded.wish, before = excluded.before, reason = '', run = excluded.run,
    rules_hash = excluded.rules_hash, returned = '[]'
WHERE outbox.state = 'accepted' OR outbox.wish <> excluded.wish
"""
_ACCEPTED_ONCE = """
INSERT INTO meta (key, value) VALUES ('plan_accepted', 'yes') ON CONFLICT (key) DO NOTHING
"""


class Journal:
    """Stages plans and accepts them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        for statement in _STAGE:
            database.run(statement)

    def stage(
        self,
        run: RunId,
        *,
        score: pa.Table | None,
        move: pa.Table | None,
        shown: pa.Table,
        writes: Sequence[PlannedWrite],
        tasks: Sequence[PlannedTask],
    ) -> None:
        """Put a bucket's part aside; the same contact again takes its own place."""
        database = self._database
        with database.reading():  # a transaction, for speed: nothing of the file is written
            if score is not None:
                database.run_many(_STAGE_STATE, _rows(run, score, ("contact", *MEMORY)))
            if move is not None:
                database.run_many(_STAGE_MOVE, _rows(run, move, tuple(MOVE)))
            database.run_many(_STAGE_SHOWN, _rows(run, shown, ("contact", *SHOWN)))
            database.run_many(
                "INSERT OR REPLACE INTO staged_write VALUES (?, ?, ?, ?, ?)",
                [(run, each.kind, each.no, *_texts(each)) for each in writes],
            )
            database.run_many(
                "INSERT OR REPLACE INTO staged_task VALUES (?, ?, ?, ?, ?)",
                [(run, t.wish.key, t.no, wish_text(t.wish), t.is_hand_off) for t in tasks],
            )

    def accept(self, run: RunId, rules_hash: str, now_us: int) -> None:
        """Keep memory and moves, and let writes and tasks wait in the outbox: all or nothing."""
        database = self._database
        with database.writing():
            for statement in _ONLY_LIVING:
                database.run(statement)
            database.run(_KEEP_STATE, (now_us, run))
            database.run(_ACCEPT_STATE, (now_us, run))
            database.run(_ACCEPT_SHOWN, [run])
            database.run(_ACCEPT_MOVES, (now_us, run))
            self._keep_what_stood_before(run)
            database.run(_TAKE_BACK, [run])
            database.run(_ACCEPT_WRITES, (rules_hash, run))
            database.run(_LEAVE_REFUSED, [run])
            database.run(_ACCEPT_TASKS, (rules_hash, run))
            database.run(_ACCEPT_TASK_KEYS, [run])
            self._accept_opportunities(run, rules_hash)
            database.run(_ACCEPTED_ONCE)
            self._discard(run)

    def stage_opportunities(
        self, run: RunId, shows: Sequence[Showing], writes: Sequence[PlannedOpportunityWrite]
    ) -> None:
        """Put a part about opportunities aside; the same one again takes its own place."""
        database = self._database
        with database.reading():
            database.run_many(
                "INSERT OR REPLACE INTO staged_opportunity VALUES (?, ?, ?, ?)",
                [(run, each.opportunity, each.shown, each.at_us) for each in shows],
            )
            database.run_many(
                "INSERT OR REPLACE INTO staged_opportunity_write VALUES (?, ?, ?, ?)",
                [(run, each.write.opportunity, *map(to_json, _known_of(each))) for each in writes],
            )

    def _accept_opportunities(self, run: RunId, rules_hash: str) -> None:
        database = self._database
        database.run(_SHOW_OPPORTUNITIES, [run])
        for id_, before, old_before in database.rows(_STILL_WAITING_OPPORTUNITIES, [run]):
            database.run(
                "UPDATE staged_opportunity_write SET before = ? WHERE run = ? AND id = ?",
                (_first_before(before, old_before), run, id_),
            )
        database.run(_TAKE_BACK_OPPORTUNITIES, [run])
        database.run(_ACCEPT_OPPORTUNITY_WRITES, (rules_hash, run))

    def discard(self, run: RunId) -> None:
        """Forget a staged plan."""
        with self._database.reading():
            self._discard(run)

    def _discard(self, run: RunId) -> None:
        for statement in _DISCARD:
            self._database.run(statement, [run])

    def _keep_what_stood_before(self, run: RunId) -> None:
        """Let a new wish remember what stood there before the one that it replaces.

        That one may have arrived, so that the CRM shows our own value by now.
        """
        for kind, no, before, old_before in self._database.rows(_STILL_WAITING, [run]):
            self._database.run(
                "UPDATE staged_write SET before = ? WHERE run = ? AND kind = ? AND no = ?",
                (_first_before(before, old_before), run, kind, no),
            )


def _first_before(before: object, old_before: object) -> str:
    """Return what stood there before the wish that is replaced, of the properties of the new."""
    now, old = property_map(before), property_map(old_before)
    return to_json({**now, **{name: value for name, value in old.items() if name in now}})


def _known_of(
    planned: PlannedOpportunityWrite,
) -> tuple[Mapping[str, str | None], Mapping[str, str | None]]:
    return known(planned.write.values), known(planned.before)


def _texts(planned: PlannedWrite) -> tuple[str, str]:
    """Return the wish, and what stood there before, as they stand in the outbox."""
    return to_json(known(planned.write_back.values)), to_json(known(planned.before))


def _rows(run: RunId, table: pa.Table, columns: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of some columns, each behind the run."""
    for batch in table.select(list(columns)).to_batches():
        values = [column.to_pylist() for column in batch.columns]
        yield from zip([run] * len(batch), *values, strict=True)
