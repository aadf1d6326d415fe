"""What stood before: versions of contacts, deals and memory, kept as they are replaced.

A version ends at the CRM's stamp of the change that replaced it. What changed before the first
reading is not known: the first known values stand in for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.domain.contact import Opportunity, Value
from connector.ports import FormerContact, Watched
from connector.store.database import Database, Row
from connector.store.encoding import from_us, json_map, property_map, to_json
from connector.store.said import Shown, human_stage

_KEEP_CONTACT = """
INSERT OR IGNORE INTO contact_former (no, until_us, was, human_stage, verdict, verdict_us)
VALUES (?, ?, ?, ?, ?, ?)
"""
_KEEP_SAID = """
INSERT OR IGNORE INTO contact_former (no, until_us, was, human_stage, verdict, verdict_us)
SELECT ?, ?, '{}', ?, verdict, verdict_us FROM contact WHERE no = ?
"""
_KEEP_OPPORTUNITY = """
INSERT OR IGNORE INTO opportunity_former
    (id, until_us, changed_us, amount, probability, close_us, is_closed, is_won, fields)
SELECT id, :changed_us, changed_us, amount, probability, close_us, is_closed, is_won, fields
FROM opportunity WHERE id = :id AND changed_us < :changed_us
AND (amount, probability, close_us, is_closed, is_won, fields)
    IS NOT (:amount, :probability, :close_us, :is_closed, :is_won, :fields)
"""
_FORMER = """
SELECT f.no, f.was, f.human_stage, f.verdict, f.verdict_us
FROM contact c JOIN contact_former f ON f.no = c.no
WHERE c.bucket = ? AND c.status = 'living' AND c.no BETWEEN ? AND ? AND f.until_us > ?
ORDER BY f.no, f.until_us DESC
"""
_OF_CONTACT = """
SELECT until_us, was, human_stage, verdict FROM contact_former WHERE no = ? ORDER BY until_us
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a contact holds that evaluation looks at, as it stands in the file."""

    fields: str
    found: str
    wrote: str
    verdict: str | None
    verdict_us: int | None

    def human_stage(self, watched: Watched) -> str | None:
        """Return the stage that a person set since our last write."""
        return human_stage(watched, property_map(self.found), property_map(self.wrote))


@dataclass(slots=True)
class Past:
    """What was true of a contact at an instant, where that differs from now.

    `fields`: those that had another value. The rest is what people had said by then.
    """

    fields: dict[str, object] = field(default_factory=dict)
    human_stage: str | None = None
    verdict: str | None = None
    verdict_us: int | None = None


class Versions:
    """Keeps what is replaced, in the caller's transaction, and finds what was true."""

    def __init__(self, database: Database, watched: Watched) -> None:
        self._database = database
        self._watched = watched

    def former(self, no: int, until_us: int, before: Held, after: Held) -> Row | None:
        """Return the row of a version that ends; None if evaluation would see no difference."""
        was = {} if before.fields == after.fields else _replaced(before.fields, after.fields)
        stage = before.human_stage(self._watched)
        has_spoken = (stage, before.verdict) != (after.human_stage(self._watched), after.verdict)
        if not was and not has_spoken:
            return None
        return (no, until_us, to_json(was), stage, before.verdict, before.verdict_us)

    def keep_contacts(self, rows: Sequence[Row]) -> None:
        """Keep versions of contacts."""
        self._database.run_many(_KEEP_CONTACT, rows)

    def keep_said(self, no: int, until_us: int, row: Row, now: tuple[Shown, Shown]) -> None:
        """Keep that a person's stage ended, or came back, by a write of ours.

        `row`, `now`: what the CRM showed and what we had written, before and after the write.
        """
        before = human_stage(self._watched, property_map(row[0]), property_map(row[1]))
        if before != human_stage(self._watched, *now):
            self._database.run(_KEEP_SAID, (no, until_us, before, no))

    def keep_opportunity(self, now: Opportunity, fields: str) -> None:
        """Keep the stored version of a deal if `now` is to replace it with other values.

        `fields`: its fields as they stand in the file.
        """
        self._database.run_named(
            _KEEP_OPPORTUNITY,
            {
                "id": now.id,
                "changed_us": now.changed_us,
                "amount": now.amount,
                "probability": now.probability,
                "close_us": now.close_us,
                "is_closed": int(now.is_closed),
                "is_won": int(now.is_won),
                "fields": fields,
            },
        )

    def past(self, which: tuple[int, int, int], as_of_us: int) -> dict[int, Past]:
        """Return {contact: what was true at an instant} for those of a range that changed since."""
        found: dict[int, Past] = {}
        rows = self._database.rows(_FORMER, (*which, as_of_us))
        for no, was, stage, verdict, verdict_us in rows:  # the latest first: older ones win
            past = found.setdefault(int(str(no)), Past())
            past.fields.update(json_map(was))
            past.human_stage = None if stage is None else str(stage)
            past.verdict = None if verdict is None else str(verdict)
            past.verdict_us = None if verdict_us is None else int(str(verdict_us))
        return found

    def of_contact(self, no: int) -> Sequence[FormerContact]:
        """Return the versions of one contact that ended, oldest first."""
        return [
            FormerContact(
                from_us(int(str(until_us))),
                json_map(was),
                None if stage is None else str(stage),
                None if verdict is None else str(verdict),
            )
            for until_us, was, stage, verdict in self._database.rows(_OF_CONTACT, [no])
        ]


def laid_over(past: Mapping[str, object], fields: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return a contact's fields with past values over them; what is no longer read is left out."""
    known = {name: value for name, value in past.items() if name in fields}
    return {**fields, **known}  # type: ignore[dict-item]  # written from Values


def added(before: str, after: str) -> list[str]:
    """Return the fields that were not read before."""
    known = json_map(before)
    return [name for name in json_map(after) if name not in known]


def _replaced(before: str, after: str) -> dict[str, object]:
    """Return the values that changed, as they were; a field that was not read yet tells nothing."""
    new = json_map(after)
    return {
        name: value
        for name, value in json_map(before).items()
        if name in new and new[name] != value
    }
