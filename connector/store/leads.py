"""The leads beside contacts: which is open, what it shows, what we wrote to it."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

import pyarrow as pa

from connector.columns import schema_of, table_of
from connector.domain.ids import LeadId
from connector.ports import KnownLead, lead_and_name, on_lead
from connector.store.database import Database
from connector.store.encoding import json_list, property_map, to_json, to_us

_SHOWN = """
SELECT no, label FROM
    (SELECT l.no, json_extract(l.found, :path) AS label,
        row_number() OVER (PARTITION BY l.no ORDER BY l.created_us DESC, l.id DESC) AS place
    FROM lead l JOIN contact c ON c.no = l.no
    WHERE l.is_open AND c.bucket = :bucket AND c.status = 'living')
WHERE place = 1 ORDER BY no
"""
_OF = """
SELECT no, id, found, wrote FROM lead
WHERE is_open AND no IN (SELECT value FROM json_each(?)) ORDER BY no, created_us, id
"""
_KEEP = """
UPDATE lead SET found = ?, wrote = ?, changed_us = max(changed_us, ?) WHERE id = ?
"""
_COLUMNS = schema_of({"contact": "BIGINT", "label": "VARCHAR"})
_LONG_AGO = -(2**63)


class Leads:
    """Reads and keeps leads. What changes them is the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def shown(self, bucket: int, name: str) -> pa.Table:
        """Return `contact` and `label` of a bucket's contacts that have an open lead."""
        named = {"bucket": bucket, "path": f'$."{name}"'}
        return table_of(_COLUMNS, self._database.rows_named(_SHOWN, named))

    def of(self, numbers: Sequence[int], fresh: bytearray) -> dict[int, KnownLead]:
        """Return {contact: its open lead}; `fresh[no]` is 1 if it was read in this run."""
        known = {}
        for no, id_, found, wrote in self._database.rows(_OF, [json_list(numbers)]):
            number, lead = int(str(no)), LeadId(str(id_))
            known[number] = KnownLead(
                id=lead,
                found=_called(lead, found),
                wrote=_called(lead, wrote),
                is_fresh=number < len(fresh) and bool(fresh[number]),
            )
        return known

    def keep(
        self,
        written: Mapping[str, str | None],
        changed_at: datetime | None,
        returned: Container[str],
    ) -> None:
        """Remember what the CRM accepted; of `returned` the value is a person's."""
        for called, value in written.items():
            lead, name = _named(called)
            row = self._database.one("SELECT found, wrote FROM lead WHERE id = ?", [lead])
            if row is None:
                continue
            found, wrote = ({**property_map(each), name: value} for each in row)
            changed_us = to_us(changed_at) if changed_at else _LONG_AGO
            ours = property_map(row[1]) if called in returned else wrote
            # Our own write is not news: an older state of the lead that comes late changes nothing.
            self._database.run(_KEEP, (to_json(found), to_json(ours), changed_us, lead))

    def forget(self, names: Mapping[str, str | None]) -> None:
        """Forget the leads that these properties are of: the CRM has them no more."""
        for called in names:
            self._database.run("DELETE FROM lead WHERE id = ?", [_named(called)[0]])


def _called(lead: LeadId, text: object) -> dict[str, str | None]:
    return {on_lead(lead, name): value for name, value in property_map(text).items()}


def _named(called: str) -> tuple[LeadId, str]:
    found = lead_and_name(called)
    if found is None:
        raise ValueError(called)  # the outbox holds under this kind what `on_lead` named
    return found
