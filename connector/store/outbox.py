"""The outbox: what waits to be sent, and how answers are put down."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.domain.ids import ContactId, OpportunityId, OwnerId, RunId, TaskKey
from connector.ports import (
    OpportunityWrite,
    OutboxEntry,
    Outcome,
    TaskWish,
    Verdict,
    WriteBack,
)
from connector.store.database import Database, Row
from connector.store.encoding import (
    from_us,
    is_edited,
    json_list,
    json_map,
    known,
    property_map,
    text_list,
    to_json,
    to_us,
)
from connector.store.identity import Identities
from connector.store.leads import Leads
from connector.store.merging import CLEAR_SHOWN, forget, merge
from connector.store.opportunities import Opportunities
from connector.store.versions import Versions

_WAITING = """
SELECT o.id, o.kind, o.revision, o.no, coalesce(c.id, o.subject), o.wish, o.state, o.reason, o.run,
    EXISTS (SELECT 1 FROM run r WHERE r.no = o.run AND r.command = 'undo')
FROM outbox o LEFT JOIN contact c ON c.no = o.no
WHERE o.state = 'waiting' AND o.kind = ? AND o.id > ? ORDER BY o.id LIMIT ?
"""
_OF_STATES = """
SELECT o.id, o.kind, o.revision, o.no, coalesce(c.id, o.subject), o.wish, o.state, o.reason, o.run,
    EXISTS (SELECT 1 FROM run r WHERE r.no = o.run AND r.command = 'undo')
FROM outbox o LEFT JOIN contact c ON c.no = o.no
WHERE o.state IN (SELECT value FROM json_each(?)) ORDER BY o.id
"""
_WAITING_FOR = """
SELECT o.id, o.kind, o.revision, o.no, coalesce(c.id, o.subject), o.wish, o.state, o.reason, o.run,
    EXISTS (SELECT 1 FROM run r WHERE r.no = o.run AND r.command = 'undo')
FROM outbox o JOIN contact c ON c.no = o.no
WHERE o.state = 'waiting' AND o.kind <> 'task' AND o.no IN (SELECT value FROM json_each(?))
ORDER BY o.id
"""
_WAITING_FOR_OPPORTUNITIES = """
SELECT o.id, o.kind, o.revision, NULL, o.subject, o.wish, o.state, o.reason, o.run, 0
FROM outbox o WHERE o.state = 'waiting' AND o.kind = 'opportunity'
    AND o.subject IN (SELECT value FROM json_each(?))
ORDER BY o.id
"""
_WAITING_CONTACTS = """
SELECT c.id FROM outbox o JOIN contact c ON c.no = o.no
WHERE o.state = 'waiting' AND o.kind = 'contact' ORDER BY o.id
"""
_NUMBERS_OF = """
SELECT id, no FROM identity WHERE id IN (SELECT value FROM json_each(?))
"""
_STORED = """
SELECT kind, no, revision, state, wish, before, rules_hash, returned, subject
FROM outbox WHERE id = ?
"""
_ENTER = """
INSERT INTO ledger (no, at_us, written, before, run, rules_hash) VALUES (?, ?, ?, ?, ?, ?)
"""
_ENTER_OPPORTUNITY = """
INSERT INTO opportunity_ledger (opportunity, at_us, written, before, run, rules_hash)
VALUES (?, ?, ?, ?, ?, ?)
"""
_KNOW_TASK = """
INSERT INTO known_task (key, id, no, is_done, changed_us) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET id = excluded.id, no = excluded.no,
is_done = max(is_done, excluded.is_done),
changed_us = max(changed_us, excluded.changed_us)
"""
_LONG_AGO = -(2**63)


@dataclass(frozen=True, slots=True)
class _Entering:
    """What a ledger row has beside the write itself.

    `returned`: properties whose new value is a person's, so that ours stays what it was.
    """

    before: object
    now_us: int
    run: RunId
    rules_hash: object
    returned: object


class Outbox:
    """Reads and settles the outbox. What changes it is the caller's transaction, unless said."""

    def __init__(
        self,
        database: Database,
        buckets: int,
        versions: Versions,
        opportunities: Opportunities,
    ) -> None:
        self._database = database
        self._buckets = buckets
        self._versions = versions
        self._opportunities = opportunities
        self._leads = Leads(database)

    def waiting(self, kind: str, limit: int, after: int) -> list[OutboxEntry]:
        """Return waiting entries of a kind, by id."""
        return list(_entries(self._database.rows(_WAITING, (kind, after, limit))))

    def of_states(self, states: Iterable[str]) -> list[OutboxEntry]:
        """Return the entries in one of these states, by id."""
        return list(_entries(self._database.rows(_OF_STATES, [json_list(states)])))

    def waiting_for(self, numbers: str) -> list[OutboxEntry]:
        """Return the write-backs that wait for some contacts, given as from `json_list`.

        Those to their leads are among them.
        """
        return list(_entries(self._database.rows(_WAITING_FOR, [numbers])))

    def to_opportunities(self, ids: Iterable[str]) -> list[OutboxEntry]:
        """Return the writes that wait for some opportunities."""
        return list(_entries(self._database.rows(_WAITING_FOR_OPPORTUNITIES, [json_list(ids)])))

    def waiting_contacts(self) -> list[ContactId]:
        """Return the contacts of which a write-back waits, by the order of sending."""
        return [ContactId(str(id_)) for (id_,) in self._database.rows(_WAITING_CONTACTS)]

    def waiting_of(self, contacts: Iterable[ContactId]) -> dict[ContactId, OutboxEntry]:
        """Return {contact as asked for: its waiting write-back}."""
        numbers: dict[int, ContactId] = {}
        for id_, no in self._database.rows(_NUMBERS_OF, [json_list(contacts)]):
            numbers[int(str(no))] = ContactId(str(id_))
        found = self.waiting_for(json_list(numbers))
        return {numbers[entry.no]: entry for entry in found if entry.kind == "contact"}

    def settle(
        self, answers: Sequence[tuple[OutboxEntry, Outcome]], run: RunId, now_us: int
    ) -> None:
        """Record answers in one transaction of its own.

        What the CRM accepted goes to the ledger even if a newer wish took the entry's place in
        between: it stands in the CRM now. The entry itself goes on waiting for the newer wish.
        """
        with self._database.writing():
            for entry, outcome in answers:
                self._settle_one(entry, outcome, run, now_us)

    def _settle_one(self, entry: OutboxEntry, outcome: Outcome, run: RunId, now_us: int) -> None:
        stored = self._database.one(_STORED, [entry.id])
        if stored is None:
            return
        is_current = stored[2] == entry.revision
        if is_current and stored[3] != "waiting":
            return  # the same answer again
        match outcome.verdict:
            case Verdict.ACCEPTED:
                self._mark(entry, "accepted", "", is_current=is_current)
                entering = _Entering(stored[5], now_us, run, stored[6], stored[7])
                self._accept(entry, outcome, entering)
            case Verdict.REFUSED if is_current:
                self._mark(entry, "refused", outcome.reason, is_current=True)
                self._clear_shown(entry.kind, stored[1], stored[8])
            case Verdict.GONE if is_current:
                self._drop_gone(entry, stored[1], outcome.contact)
            case _:
                pass  # it did not answer: the entry waits

    def _mark(self, entry: OutboxEntry, state: str, reason: str, *, is_current: bool) -> None:
        if is_current:
            self._database.run(
                "UPDATE outbox SET state = ?, reason = ? WHERE id = ?", (state, reason, entry.id)
            )

    def _accept(self, entry: OutboxEntry, outcome: Outcome, how: "_Entering") -> None:
        if entry.task is not None:
            changed_us = to_us(outcome.changed_at) if outcome.changed_at else _LONG_AGO
            task = (entry.task.key, outcome.task or "", entry.no, entry.task.is_done, changed_us)
            self._database.run(_KNOW_TASK, task)
            return
        if entry.opportunity is not None:
            self._accept_opportunity(entry.opportunity, outcome, how)
        if entry.write_back is None:
            return
        written = {k: outcome.values.get(k, v) for k, v in entry.write_back.values.items()}
        if entry.kind == "lead":
            row = (entry.no, how.now_us, to_json(written), how.before, int(how.run), how.rules_hash)
            self._database.run(_ENTER, row)
            self._leads.keep(written, outcome.changed_at, text_list(how.returned))
            return
        no = self._survivor(entry.write_back.contact, outcome.contact) or entry.no
        row = (no, how.now_us, to_json(written), how.before, int(how.run), how.rules_hash)
        self._database.run(_ENTER, row)
        self._keep(no, written, outcome, how)

    def _accept_opportunity(
        self, write: OpportunityWrite, outcome: Outcome, how: "_Entering"
    ) -> None:
        written = {name: outcome.values.get(name, value) for name, value in write.values.items()}
        entry = (to_json(written), how.before, int(how.run), how.rules_hash)
        self._database.run(_ENTER_OPPORTUNITY, (write.opportunity, how.now_us, *entry))
        self._opportunities.keep(write.opportunity, written, text_list(how.returned))

    def _clear_shown(self, kind: object, no: object, subject: object) -> None:
        if kind == "opportunity":
            self._opportunities.clear_shown(OpportunityId(str(subject)))
        elif kind == "contact":
            self._database.run(CLEAR_SHOWN, [no])

    def _survivor(self, asked: ContactId, answered: ContactId | None) -> int | None:
        """Return the number that a write went to; a merge that the answer shows is kept."""
        identities = Identities(
            self._database, [asked, answered] if answered else [asked], self._buckets
        )
        if answered and answered != asked:
            merge(self._database, identities, asked, answered)
        return identities.known(asked)

    def _keep(
        self,
        no: int,
        written: Mapping[str, str | None],
        outcome: Outcome,
        how: "_Entering",
    ) -> None:
        row = self._database.one("SELECT found, wrote FROM contact WHERE no = ?", [no])
        if row is None:
            return
        found = {**property_map(row[0]), **written, **known(outcome.values)}
        returned = text_list(how.returned)
        ours = {name: value for name, value in written.items() if name not in returned}
        wrote = {**property_map(row[1]), **ours}
        changed_us = to_us(outcome.changed_at) if outcome.changed_at else _LONG_AGO
        self._versions.keep_said(no, how.now_us, row, (found, wrote))
        self._database.run(
            # Our own write is not news: reading it back, or an older state of it, changes nothing.
            "UPDATE contact SET found = ?, wrote = ?, is_edited = ?,"
            " updated_us = max(updated_us, ?) WHERE no = ?",
            (to_json(found), to_json(wrote), is_edited(found, wrote), changed_us, no),
        )

    def _drop_gone(self, entry: OutboxEntry, no: object, into: ContactId | None) -> None:
        if entry.opportunity is not None:
            self._opportunities.forget(entry.opportunity.opportunity)
        elif entry.kind == "lead" and entry.write_back is not None:
            self._leads.forget(entry.write_back.values)
        elif into and entry.write_back is not None:
            self._survivor(entry.write_back.contact, into)
        elif entry.kind == "contact" and isinstance(no, int):
            forget(self._database, no)
        self._database.run("DELETE FROM outbox WHERE id = ?", [entry.id])

    def retry_refused(self) -> int:
        """Let refused entries wait again; returns how many."""
        with self._database.writing():
            return self._database.run(
                "UPDATE outbox SET state = 'waiting', reason = '', revision = revision + 1"
                " WHERE state = 'refused'"
            )

    def drop(self, ids: Sequence[int]) -> int:
        """Forget entries that are not accepted; returns how many. The next plan looks again."""
        with self._database.writing():
            dropped = self._database.rows(
                "DELETE FROM outbox WHERE state <> 'accepted'"
                " AND id IN (SELECT value FROM json_each(?)) RETURNING kind, no, subject",
                [json_list(ids)],
            )
            for kind, no, subject in dropped:
                self._clear_shown(kind, no, subject)
        return len(dropped)


def wish_text(wish: TaskWish) -> str:
    """Return a task wish as it stands in the outbox."""
    return to_json(
        {
            "key": wish.key,
            "contact": wish.contact,
            "subject": wish.subject,
            "body": wish.body,
            "due_us": to_us(wish.due_at),
            "owner": wish.owner,
            "is_urgent": wish.is_urgent,
            "is_done": wish.is_done,
        }
    )


def _wish(text: object) -> TaskWish:
    wish = json_map(text)
    owner = wish["owner"]
    return TaskWish(
        key=TaskKey(str(wish["key"])),
        contact=ContactId(str(wish["contact"])),
        subject=str(wish["subject"]),
        body=str(wish["body"]),
        due_at=from_us(int(str(wish["due_us"]))),
        owner=None if owner is None else OwnerId(str(owner)),
        is_urgent=bool(wish["is_urgent"]),
        is_done=bool(wish["is_done"]),
    )


def _entries(rows: Iterable[Row]) -> Iterator[OutboxEntry]:
    for id_, kind, revision, no, of, wish, state, reason, run, is_undo in rows:
        values = {} if kind == "task" else property_map(wish)
        entry = OutboxEntry(
            id=int(str(id_)),
            kind=str(kind),
            revision=int(str(revision)),
            no=0 if no is None else int(str(no)),
            state=str(state),
            reason=str(reason),
            run=RunId(str(run)),
        )
        match kind:
            case "task":
                yield replace(entry, task=_wish(wish))
            case "opportunity":
                yield replace(entry, opportunity=OpportunityWrite(OpportunityId(str(of)), values))
            case _:
                write_back = WriteBack(ContactId(str(of)), values, takes_back=bool(is_undo))
                yield replace(entry, write_back=write_back)
