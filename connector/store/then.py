"""What contacts were evaluated from at a past instant, as far as versions of it were kept."""

from collections.abc import Mapping, Sequence

from connector.domain.contact import Value
from connector.store.database import Database, Row
from connector.store.field_histories import FieldHistories
from connector.store.versions import Versions, laid_over

_OPPORTUNITIES_THEN = """
SELECT c.no, o.id, o.created_us, coalesce(f.changed_us, o.changed_us),
    CASE WHEN f.id IS NULL THEN o.amount ELSE f.amount END,
    CASE WHEN f.id IS NULL THEN o.probability ELSE f.probability END,
    CASE WHEN f.id IS NULL THEN o.close_us ELSE f.close_us END,
    coalesce(f.is_closed, o.is_closed), coalesce(f.is_won, o.is_won)
FROM contact c JOIN opportunity_contact p ON p.no = c.no JOIN opportunity o ON o.id = p.opportunity
LEFT JOIN opportunity_former f ON f.id = o.id AND f.until_us =
    (SELECT min(until_us) FROM opportunity_former WHERE id = o.id AND until_us > ?)
WHERE c.bucket = ? AND c.status = 'living' AND c.no BETWEEN ? AND ? ORDER BY c.no, o.id
"""
# What was remembered then: what still is, or the version that ended after that instant.
_STATES_THEN = """
SELECT c.no, s.stage, s.temperature, s.stage_since_us, s.lower_since_us, s.ripe_since_us,
    s.handed_off_us, s.hand_off_reason, s.hand_off_open, s.answered_us, s.escalated_us,
    coalesce(s.hand_off_open, 0) AND EXISTS (SELECT 1 FROM known_task k
        WHERE k.key = s.task_key AND k.is_done AND k.changed_us <= :as_of)
FROM contact c JOIN state s ON s.no = c.no
WHERE c.bucket = :bucket AND c.status = 'living' AND c.no BETWEEN :first AND :last
    AND coalesce(s.since_us <= :as_of, 1)
UNION ALL
SELECT c.no, f.stage, f.temperature, f.stage_since_us, f.lower_since_us, f.ripe_since_us,
    f.handed_off_us, f.hand_off_reason, f.hand_off_open, f.answered_us, f.escalated_us,
    coalesce(f.hand_off_open, 0) AND EXISTS (SELECT 1 FROM known_task k
        WHERE k.no = c.no AND k.is_done AND k.changed_us BETWEEN f.handed_off_us AND :as_of)
FROM contact c JOIN state_former f ON f.no = c.no
WHERE c.bucket = :bucket AND c.status = 'living' AND c.no BETWEEN :first AND :last
    AND f.until_us > :as_of AND coalesce(f.since_us <= :as_of, 1)
ORDER BY 1
"""
_VERDICT = slice(12, 15)
"""Where verdict, its instant and a person's stage stand in a row of the state table."""


class Then:
    """Facts of some contacts of a bucket, as of an instant. `which`: bucket, first, last number."""

    def __init__(
        self, database: Database, versions: Versions, which: tuple[int, int, int], as_of_us: int
    ) -> None:
        self._database = database
        self._which = which
        self._as_of_us = as_of_us
        self._past = versions.past(which, as_of_us)
        self._told = FieldHistories(database).past(which, as_of_us)

    def fields(self, no: int, now: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return a contact's fields as they were: as we saw them, before that as the CRM tells."""
        past, told = self._past.get(no), self._told.get(no)
        fields = now if past is None else laid_over(past.fields, now)
        return fields if told is None else laid_over(told, fields)

    def opportunities(self) -> list[Row]:
        """Return the deals as they were; those created later stay among them."""
        return self._database.rows(_OPPORTUNITIES_THEN, (self._as_of_us, *self._which))

    def states(self, now: Sequence[Row]) -> list[Row]:
        """Return what was remembered, and what people had said, in the columns of `now`.

        A contact of which nothing was remembered yet is left out, as one never evaluated is.
        """
        bucket, first, last = self._which
        named = {"bucket": bucket, "first": first, "last": last, "as_of": self._as_of_us}
        today = {row[0]: row for row in now}
        rows = self._database.rows_named(_STATES_THEN, named)
        return [
            (*memory, *self._said(today[memory[0]]), *today[memory[0]][_VERDICT.stop :])
            for memory in rows
            if memory[0] in today
        ]

    def _said(self, today: Row) -> Row:
        verdict, verdict_us, human_stage = today[_VERDICT]
        past = self._past.get(int(str(today[0])))
        if past is not None:
            verdict, verdict_us, human_stage = past.verdict, past.verdict_us, past.human_stage
        if isinstance(verdict_us, int) and verdict_us > self._as_of_us:
            return (None, None, human_stage)
        return (verdict, verdict_us, human_stage)
