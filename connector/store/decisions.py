"""What people said of quarantine."""

from datetime import datetime

import pyarrow as pa

from connector.columns import schema_of, table_of
from connector.domain.ids import ContactId
from connector.ports import Decision, DecisionRecord
from connector.rules.tables import DECISION
from connector.store.database import Database
from connector.store.encoding import from_us, to_us

_SCHEMA = schema_of(DECISION)
_ADD = """
INSERT INTO quarantine_decision (made_us, is_release, sign, activity, no, domain, until_us)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_LAST = "SELECT max(id) FROM quarantine_decision"
# What was said of a contact goes for the one that it was merged into.
_TABLE = """
SELECT d.id, d.is_release, d.sign, d.activity, coalesce(c.merged_into, d.no), d.domain, d.made_us,
    d.until_us
FROM quarantine_decision d LEFT JOIN contact c ON c.no = d.no ORDER BY d.id
"""
_RECORDS = """
SELECT d.id, d.made_us, d.is_release, d.sign, d.activity, d.no, d.domain, d.until_us,
    coalesce(s.id, c.id)
FROM quarantine_decision d LEFT JOIN contact c ON c.no = d.no
LEFT JOIN contact s ON s.no = c.merged_into ORDER BY d.id
"""


class Decisions:
    """Keeps decisions; they are never changed, a later one speaks over them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, decision: Decision, at: datetime) -> int:
        """Remember a decision and return its number."""
        row = (
            to_us(at),
            decision.is_release,
            decision.sign,
            decision.activity,
            decision.no,
            decision.domain,
            to_us(decision.until) if decision.until else None,
        )
        with self._database.writing():
            self._database.run(_ADD, row)
            return self._database.number(_LAST)

    def table(self) -> pa.Table:
        """Return the decisions as `tables.DECISION`."""
        return table_of(_SCHEMA, self._database.rows(_TABLE))

    def records(self) -> list[DecisionRecord]:
        """Return the decisions, oldest first."""
        return [
            DecisionRecord(
                id=_whole(id_),
                made_at=from_us(_whole(made_us)),
                decision=Decision(
                    is_release=bool(is_release),
                    sign=str(sign),
                    activity=None if activity is None else str(activity),
                    no=None if no is None else _whole(no),
                    domain=None if domain is None else str(domain),
                    until=None if until_us is None else from_us(_whole(until_us)),
                ),
                contact=None if contact is None else ContactId(str(contact)),
            )
            for (
                id_,
                made_us,
                is_release,
                sign,
                activity,
                no,
                domain,
                until_us,
                contact,
            ) in self._database.rows(_RECORDS)
        ]


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(value)  # the schema is STRICT: cannot be
    return value
