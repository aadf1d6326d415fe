"""What contacts are evaluated from, and what planning has to know of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from connector.columns import OPPORTUNITY_SCHEMA, STATE_SCHEMA, contact_table, table_of
from connector.domain.contact import Value
from connector.domain.ids import ContactId, OwnerId, TaskKey
from connector.domain.stages import Stage
from connector.domain.text import fold
from connector.errors import StoreError
from connector.ports import Facts, KnownContact, Watched
from connector.ports.native import VERDICTS
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules
from connector.store.database import Database
from connector.store.decisions import Decisions
from connector.store.encoding import json_list, json_map, property_map, text_list
from connector.store.failures import REBUILD
from connector.store.leads import Leads
from connector.store.segments import Segments
from connector.store.then import Then
from connector.store.versions import Versions

_CONTACTS = """
SELECT no, fields FROM contact
WHERE bucket = ? AND status = 'living' AND no BETWEEN ? AND ? ORDER BY no
"""
_PEOPLE = """
SELECT no, json_extract(fields, '$.email') FROM contact
WHERE bucket = ? AND status = 'living' ORDER BY no
"""
_OPPORTUNITIES = """
SELECT c.no, o.id, o.created_us, o.changed_us, o.amount, o.probability, o.close_us, o.is_closed,
    o.is_won
FROM contact c JOIN opportunity_contact p ON p.no = c.no JOIN opportunity o ON o.id = p.opportunity
WHERE c.bucket = ? AND c.status = 'living' AND c.no BETWEEN ? AND ? ORDER BY c.no, o.id
"""
_STATES = """
SELECT c.no, s.stage, s.temperature, s.stage_since_us, s.lower_since_us, s.ripe_since_us,
    s.handed_off_us, s.hand_off_reason, s.hand_off_open, s.answered_us, s.escalated_us,
    coalesce(s.hand_off_open, 0) AND EXISTS
        (SELECT 1 FROM known_task k WHERE k.key = s.task_key AND k.is_done),
    c.verdict, c.verdict_us,
    coalesce(CASE WHEN json_extract(c.found, :stage) <> json_extract(c.wrote, :stage)
        AND json_extract(c.found, :stage) IN (SELECT value FROM json_each(:stages))
        -- A write that waits may have arrived, and only its answer was lost: no person's stage.
        AND json_extract(c.found, :stage) IS NOT (SELECT json_extract(o.wish, :stage) FROM outbox o
            WHERE o.kind = 'contact' AND o.subject = CAST(c.no AS TEXT) AND o.state = 'waiting')
        THEN json_extract(c.found, :stage) END,
        -- Else what an option of one of the CRM's own fields says that we did not set.
        CASE WHEN :native <> '[]' THEN (SELECT n.said FROM
            (SELECT key AS no, json_extract(value, '$[0]') AS path,
                json_extract(value, '$[1]') AS option, json_extract(value, '$[2]') AS said
            FROM json_each(:native)) n
            WHERE json_extract(c.found, n.path) = n.option
            AND json_extract(c.wrote, n.path) IS NOT n.option
            AND n.option IS NOT (SELECT json_extract(o.wish, n.path) FROM outbox o
                WHERE o.kind = 'contact' AND o.subject = CAST(c.no AS TEXT) AND o.state = 'waiting')
            ORDER BY n.no LIMIT 1) END),
    CAST(julianday(json_extract(c.found, :not_before)) - 2440587.5 AS INTEGER),
    s.shown_score, s.shown_fit, s.shown_grade, s.shown_persona, s.shown_stage, s.shown_temperature,
    s.shown_need_us, s.shown_reasons, s.shown_missing, s.shown_scores,
    s.shown_interests, s.shown_native, s.shown_sla, s.shown_nurture, s.shown_pressure,
    s.shown_form, s.shown_at_us
FROM contact c JOIN state s ON s.no = c.no
WHERE c.bucket = :bucket AND c.status = 'living' AND c.no BETWEEN :first AND :last ORDER BY c.no
"""
_KNOWN = """
SELECT c.no, c.id, c.owner, c.found, c.wrote, c.fields, o.state, o.wish, o.returned, s.given_to
FROM contact c LEFT JOIN outbox o ON o.kind = 'contact' AND o.subject = CAST(c.no AS TEXT)
LEFT JOIN state s ON s.no = c.no
WHERE c.no IN (SELECT value FROM json_each(?)) AND c.status = 'living' ORDER BY c.no
"""
_TO_LEADS = """
SELECT no, state, wish, returned FROM outbox
WHERE kind = 'lead' AND state <> 'accepted' AND no IN (SELECT value FROM json_each(?))
"""
_OPEN_TASKS = """
SELECT no, key FROM known_task
WHERE no IN (SELECT value FROM json_each(:numbers)) AND NOT is_done
UNION
SELECT o.no, o.subject FROM outbox o LEFT JOIN known_task k ON k.key = o.subject
WHERE o.no IN (SELECT value FROM json_each(:numbers)) AND o.kind = 'task' AND o.state = 'waiting'
    AND NOT json_extract(o.wish, '$.is_done') AND NOT coalesce(k.is_done, 0)
ORDER BY 1, 2
"""
_EDITED = """
SELECT no FROM contact WHERE bucket = :bucket AND is_edited AND status = 'living'
UNION
SELECT c.no FROM outbox o JOIN contact c ON c.no = o.no
WHERE o.state <> 'accepted' AND o.kind <> 'task' AND c.bucket = :bucket AND c.status = 'living'
ORDER BY 1
"""
_FIND = """
SELECT no FROM identity WHERE id = :text
UNION ALL SELECT no FROM address WHERE email = lower(trim(:text)) LIMIT 1
"""
_VALUES = """
SELECT no, json_extract(fields, :path) FROM contact
WHERE status = 'living' AND json_extract(fields, :path) IS NOT NULL ORDER BY no
"""
_STAGES = json_list(Stage)
_LAST = 2**63 - 1
_NOTHING: Sequence[object] = (None, None, None)


@dataclass(frozen=True, slots=True)
class _Range:
    """Contacts of a bucket, from a number to a number."""

    bucket: int
    first: int = 0
    last: int = _LAST


class FactsReader:
    """Reads facts. One evaluation sees one commit."""

    def __init__(
        self, database: Database, segments: Segments, *, watched: Watched, buckets: int
    ) -> None:
        self._database = database
        self._segments = segments
        self._buckets = buckets
        self._versions = Versions(database, watched)
        self._native = json_list(
            (f'$."{native.name}"', option, said)
            for native in watched.native
            for option, said in native.read.items()
            if said not in VERDICTS
        )
        self._decisions = Decisions(database)
        self._leads = Leads(database)
        # A path inside a JSON text, which is a bound value like any other.
        self._stage = f'$."{watched.stage}"' if watched.stage else None
        self._not_before = f'$."{watched.not_before}"' if watched.not_before else None

    def buckets(self) -> list[int]:
        """Return the buckets that hold living contacts."""
        rows = self._database.rows(
            "SELECT DISTINCT bucket FROM contact WHERE status = 'living' ORDER BY bucket"
        )
        return [int(str(bucket)) for (bucket,) in rows]

    def of_bucket(self, bucket: int, compiled: CompiledRules, as_of_us: int | None) -> Facts:
        """Return the facts of a bucket's contacts, now or as of an instant."""
        with self._database.reading():
            return self._facts(_Range(bucket), compiled, self._activity(bucket), as_of_us)

    def activities(self, bucket: int) -> pa.Table | Sequence[Path]:
        """Return the activities of a bucket."""
        with self._database.reading():
            return self._activity(bucket)

    def people(self, bucket: int) -> pa.Table:
        """Return the contacts of a bucket with their address."""
        rows = self._database.rows(_PEOPLE, [bucket])
        values = [{"email": None if email is None else str(email)} for _, email in rows]
        return contact_table([int(str(no)) for no, _ in rows], values, {"email": Kind.TEXT})

    def of_contact(self, no: int, compiled: CompiledRules, as_of_us: int | None) -> Facts:
        """Return the facts of one contact, now or as of an instant."""
        bucket = no % self._buckets
        with self._database.reading():
            activity = self._segments.read(self._segments.live(bucket), [no])
            return self._facts(_Range(bucket, no, no), compiled, activity, as_of_us)

    def colleagues(self, no: int, field: str) -> list[int]:
        """Return the living contacts with the same value of a field, `no` among them."""
        path = f'$."{field}"'
        rows = self._database.rows_named(_VALUES, {"path": path})
        values = {int(str(number)): fold(str(value)) for number, value in rows}
        mine = values.get(no)
        return [number for number, value in values.items() if value and value == mine]

    def _facts(
        self,
        which: _Range,
        compiled: CompiledRules,
        activity: pa.Table | Sequence[Path],
        as_of_us: int | None,
    ) -> Facts:
        values = (which.bucket, which.first, which.last)
        named = {
            "bucket": which.bucket,
            "first": which.first,
            "last": which.last,
            "stage": self._stage,
            "stages": _STAGES,
            "native": self._native,
            "not_before": self._not_before,
        }
        states = self._database.rows_named(_STATES, named)
        numbers, fields = self._contacts(values)
        if as_of_us is None:
            deals = self._database.rows(_OPPORTUNITIES, values)
        else:
            then = Then(self._database, self._versions, values, as_of_us)
            deals, states = then.opportunities(), then.states(states)
            fields = [then.fields(no, now) for no, now in zip(numbers, fields, strict=True)]
        return Facts(
            contact=contact_table(numbers, fields, compiled.fields),
            activity=activity,
            opportunity=table_of(OPPORTUNITY_SCHEMA, deals),
            state=table_of(STATE_SCHEMA, states),
            decision=self._decisions.table(),
        )

    def _contacts(
        self, which: tuple[int, int, int]
    ) -> tuple[Sequence[int], Sequence[Mapping[str, Value]]]:
        numbers: list[int] = []
        values: list[Mapping[str, Value]] = []
        for no, fields in self._database.rows(_CONTACTS, which):
            numbers.append(no)  # type: ignore[arg-type]  # the primary key of a STRICT table
            values.append(json_map(fields))  # type: ignore[arg-type]  # written from Values
        return numbers, values

    def _activity(self, bucket: int) -> pa.Table | Sequence[Path]:
        """Return files where they are as the mapping wants them, else a table that is."""
        live = self._segments.live(bucket)
        if not live or any(segment.shape != self._segments.shape for segment in live):
            return self._segments.read(live)
        files = [self._segments.file(segment) for segment in live]
        for file in files:
            if not file.exists():
                raise StoreError(
                    what="a file of activities is missing", where=str(file), do=REBUILD
                )
        return files

    def leads(self, bucket: int, name: str) -> pa.Table:
        """Return the open leads of a bucket's contacts, and what a property of them shows."""
        return self._leads.shown(bucket, name)

    def contacts(
        self, numbers: Iterable[int], fresh: bytearray, fresh_leads: bytearray
    ) -> dict[int, KnownContact]:
        """Return living contacts by number; `fresh[no]` is 1 for those read in this run."""
        asked = list(numbers)
        tasks = self._open_tasks(asked)
        leads = self._leads.of(asked, fresh_leads)
        to_leads = {no: rest for no, *rest in self._database.rows(_TO_LEADS, [json_list(asked)])}
        known = {}
        rows = self._database.rows(_KNOWN, [json_list(asked)])
        for no, id_, owner, found, wrote, fields, state, wish, returned, given_to in rows:
            number = int(str(no))
            lead_state, lead_wish, lead_returned = to_leads.get(no, _NOTHING)
            known[number] = KnownContact(
                no=number,
                id=ContactId(str(id_)),
                owner=None if owner is None else OwnerId(str(owner)),
                found=property_map(found),
                wrote=property_map(wrote),
                fields=json_map(fields),
                is_fresh=number < len(fresh) and bool(fresh[number]),
                waiting=property_map(wish) if state == "waiting" else {},
                refused=property_map(wish) if state == "refused" else {},
                open_tasks=tuple(tasks.get(number, ())),
                returning=[
                    *(text_list(returned) if state == "waiting" else ()),
                    *(text_list(lead_returned) if lead_state == "waiting" else ()),
                ],
                lead=leads.get(number),
                lead_waiting=property_map(lead_wish) if lead_state == "waiting" else {},
                lead_refused=property_map(lead_wish) if lead_state == "refused" else {},
                given_to=None if given_to is None else OwnerId(str(given_to)),
            )
        return known

    def _open_tasks(self, numbers: Sequence[int]) -> dict[int, list[TaskKey]]:
        """Return {contact: keys}: of a task that waits nobody knows whether the CRM made it yet."""
        tasks: dict[int, list[TaskKey]] = {}
        named = {"numbers": json_list(numbers)}
        for no, key in self._database.rows_named(_OPEN_TASKS, named):
            tasks.setdefault(int(str(no)), []).append(TaskKey(str(key)))
        return tasks

    def edited(self, bucket: int) -> list[int]:
        """Return the contacts that show another value than we wrote, or have an open write-back."""
        rows = self._database.rows_named(_EDITED, {"bucket": bucket})
        return [int(str(no)) for (no,) in rows]

    def number_of(self, id_or_email: str) -> int | None:
        """Return the number of a contact by any id or address that leads to it."""
        rows = self._database.rows_named(_FIND, {"text": id_or_email})
        return int(str(rows[0][0])) if rows else None
