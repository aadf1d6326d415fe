"""Storing a page: everything of it and the checkpoint behind it, in one transaction."""

from collections.abc import Iterator, Sequence

from connector.domain.contact import Contact, Gone, KnownTask, Lead, Opportunity
from connector.domain.ids import ContactId
from connector.ports import Page, Shapes
from connector.store.database import Database, Row
from connector.store.encoding import (
    is_edited,
    json_list,
    property_map,
    text_list,
    to_json,
    to_us,
)
from connector.store.field_histories import FieldHistories
from connector.store.identity import Identities
from connector.store.landing import save_activities
from connector.store.merging import forget, merge
from connector.store.opportunities import Opportunities
from connector.store.said import spoken
from connector.store.versions import Held, Versions, added

_STORED = """
SELECT no, id, status, updated_us, owner, fields, emails, found, is_edited, verdict_value, verdict,
    verdict_us, wrote
FROM contact WHERE no IN (SELECT value FROM json_each(?))
"""
_SAVE_CONTACT = """
UPDATE contact SET id = ?, status = ?, updated_us = ?, owner = ?, fields = ?, emails = ?, found = ?,
is_edited = ?, verdict_value = ?, verdict = ?, verdict_us = ?, first_us = coalesce(first_us, ?)
WHERE no = ?
"""
_SAVE_ADDRESS = """
INSERT INTO address (email, no) VALUES (?, ?) ON CONFLICT (email) DO UPDATE SET no = excluded.no
"""
_SAVE_TASK = """
INSERT INTO known_task (key, id, no, is_done, changed_us) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET id = excluded.id, no = coalesce(excluded.no, known_task.no),
is_done = excluded.is_done, changed_us = excluded.changed_us
WHERE excluded.changed_us >= known_task.changed_us
"""
_SAVE_LEAD = """
INSERT INTO lead (id, no, found, is_open, created_us, changed_us) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET no = coalesce(excluded.no, lead.no), found = excluded.found,
is_open = excluded.is_open, created_us = excluded.created_us, changed_us = excluded.changed_us
WHERE excluded.changed_us >= lead.changed_us
"""
_OWNED = """
SELECT DISTINCT no FROM lead WHERE id IN (SELECT value FROM json_each(?)) AND no IS NOT NULL
"""
_SAVE_CHECKPOINT = """
INSERT INTO checkpoint (stream, value) VALUES (?, ?)
ON CONFLICT (stream) DO UPDATE SET value = excluded.value
"""


class Pages:
    """Stores pages, one transaction each."""

    def __init__(
        self, database: Database, opportunities: Opportunities, shapes: Shapes, buckets: int
    ) -> None:
        self._database = database
        self._opportunities = opportunities
        self._shapes = shapes
        self._buckets = buckets
        self._versions = Versions(database, shapes.watched)
        self._histories = FieldHistories(database)

    def save(self, stream: str, page: Page, now_us: int) -> tuple[set[int], set[int]]:
        """Store a page and its checkpoint.

        Returns the numbers of the contacts that were read, and of those whose leads were. `now_us`:
        when it was read. Of two readings of a contact, deal or lead the one that the CRM changed
        later stands, whichever comes later: an index that lags must not bring an old value back.
        """
        database = self._database
        with database.writing():
            identities = Identities(database, _ids(page), self._buckets)
            for contact in page.contacts:
                for former in contact.former_ids:
                    merge(database, identities, former, contact.id)
            _save_merges(database, identities, page.gone)
            fresh, new_addresses = self._save_contacts(identities, page.contacts, now_us)
            self._opportunities.save(identities, page.opportunities)
            _save_tasks(database, identities, page.tasks)
            leads = self._save_leads(identities, page.leads)
            save_activities(
                database,
                identities,
                activities=page.activities,
                new_addresses=new_addresses,
                kinds=self._shapes.attributes,
            )
            fresh -= set(_forget_deleted(database, identities, page.gone))
            database.run(_SAVE_CHECKPOINT, (stream, page.checkpoint))
        return fresh, leads

    def save_opportunities(self, opportunities: Sequence[Opportunity]) -> None:
        """Store a reading of some opportunities that moves no checkpoint."""
        with self._database.writing():
            named = {id_ for one in opportunities for id_ in one.contacts or ()}
            identities = Identities(self._database, named, self._buckets)
            self._opportunities.save(identities, opportunities)

    def _save_contacts(
        self, identities: Identities, contacts: Sequence[Contact], now_us: int
    ) -> tuple[set[int], set[str]]:
        """Store contacts; returns the numbers of those read, and the addresses that are new."""
        latest = {str(c.id): c for c in sorted(contacts, key=lambda c: c.updated_at)}
        numbers = {identities.number(c.id) for c in contacts}
        found = self._database.rows(_STORED, [json_list(numbers)])
        fresh: set[int] = set()
        changed: list[Row] = []
        former: list[Row] = []
        first: list[Row] = []
        new_addresses: set[str] = set()
        for no, *stored in found:
            contact = latest.get(str(stored[0]))
            if contact is None or not isinstance(no, int):
                continue  # it was merged into another: a lagging index still shows it
            if _is_outdated(contact, stored[2]):
                continue
            fresh.add(no)
            wanted = self._row(contact, stored)
            if wanted != tuple(stored[:-1]):
                first_us = max(now_us, to_us(contact.updated_at))  # clocks differ
                changed.append((*wanted, first_us, no))
                former += self._former(no, stored, wanted)
                first += _first_read(no, stored, wanted, first_us)
                new_addresses |= self._save_addresses(no, contact, text_list(stored[5]))
        self._database.run_many(_SAVE_CONTACT, changed)
        self._versions.keep_contacts(former)
        self._histories.keep_first(first)
        return fresh, new_addresses

    def _former(self, no: int, stored: Sequence[object], wanted: Row) -> Iterator[Row]:
        """Yield the version that ends, if the contact was there and held something else."""
        if stored[1] != "living":
            return
        *before, wrote = stored
        row = self._versions.former(
            no, int(str(wanted[2])), _held(before, wrote), _held(wanted, wrote)
        )
        if row is not None:
            yield row

    def _row(self, contact: Contact, stored: Sequence[object]) -> Row:
        updated_us = to_us(contact.updated_at)
        *_, stored_value, _, stored_us, wrote = stored
        said = spoken(self._shapes.watched, contact.written, property_map(wrote), stored_value)
        value, verdict = said
        since = stored_us if value == stored_value else updated_us
        return (
            contact.id,
            "living",
            updated_us,
            contact.owner,
            to_json(dict(contact.fields)),
            to_json(list(_emails(contact))),
            to_json(dict(contact.written)),
            int(is_edited(contact.written, property_map(wrote))),
            value,
            verdict,
            since if verdict else None,
        )

    def _save_leads(self, identities: Identities, leads: Sequence[Lead]) -> set[int]:
        """Store leads; returns the numbers of the contacts that they are of."""
        for lead in leads:
            number = identities.number(lead.contact) if lead.contact else None
            found = to_json(dict(lead.written))
            row = (lead.id, number, found, lead.is_open, lead.created_us, lead.changed_us)
            self._database.run(_SAVE_LEAD, row)
        ids = json_list(lead.id for lead in leads)
        return {int(str(no)) for (no,) in self._database.rows(_OWNED, [ids])}

    def _save_addresses(self, no: int, contact: Contact, before: list[str]) -> set[str]:
        """Let a contact's addresses lead to it; returns those that it did not have before.

        An address that it inherited by a merge is not among `before`, and stays.
        """
        now = set(_emails(contact))
        lost = [(email, no) for email in before if email not in now]
        self._database.run_many("DELETE FROM address WHERE email = ? AND no = ?", lost)
        new = now.difference(before)
        self._database.run_many(_SAVE_ADDRESS, [(email, no) for email in new])
        return new


def _first_read(no: int, stored: Sequence[object], wanted: Row, first_us: int) -> Iterator[Row]:
    """Yield the fields that the mapping names only since the contact was read last."""
    if stored[1] == "living" and stored[4] != wanted[4]:
        for name in added(str(stored[4]), str(wanted[4])):
            yield (no, name, first_us)


def _ids(page: Page) -> set[ContactId]:
    """Return every contact that the page names by id."""
    named: list[ContactId | None] = []
    named += [id_ for contact in page.contacts for id_ in (contact.id, *contact.former_ids)]
    named += [id_ for gone in page.gone for id_ in (gone.id, gone.into)]
    named += [id_ for one in page.opportunities for id_ in one.contacts or ()]
    named += [activity.contact for activity in page.activities]
    named += [task.contact for task in page.tasks]
    named += [lead.contact for lead in page.leads]
    return {id_ for id_ in named if id_}


def _emails(contact: Contact) -> Iterator[str]:
    return (email for text in contact.emails if (email := text.strip().lower()))


def _is_outdated(contact: Contact, stored_us: object) -> bool:
    return isinstance(stored_us, int) and to_us(contact.updated_at) < stored_us


def _save_merges(database: Database, identities: Identities, gone: Sequence[Gone]) -> None:
    for one in gone:
        if one.into:
            merge(database, identities, one.id, one.into)


def _forget_deleted(
    database: Database, identities: Identities, gone: Sequence[Gone]
) -> Iterator[int]:
    for one in gone:
        number = identities.known(one.id)
        if number is not None and not one.into and _stands_for(database, one.id, number):
            forget(database, number)
            yield number


def _stands_for(database: Database, id_: ContactId, number: int) -> bool:
    """Tell whether a contact is there under this id; if it was merged, its survivor is not gone."""
    stored = database.one("SELECT id, status FROM contact WHERE no = ?", [number])
    return stored in {(id_, "living"), (id_, "unseen")}


def _held(row: Sequence[object], wrote: object) -> Held:
    """Return what evaluation looks at, of a row as `_SAVE_CONTACT` takes it."""
    fields, found, (verdict, verdict_us) = row[4], row[6], row[9:11]
    return Held(
        str(fields),
        str(found),
        str(wrote),
        None if verdict is None else str(verdict),
        None if verdict_us is None else int(str(verdict_us)),
    )


def _save_tasks(database: Database, identities: Identities, tasks: Sequence[KnownTask]) -> None:
    for task in tasks:
        number = identities.number(task.contact) if task.contact else None
        row = (task.key, task.id, number, task.is_done, task.changed_us)
        database.run(_SAVE_TASK, row)
