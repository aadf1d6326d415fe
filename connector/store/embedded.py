"""The store as the core sees it: one folder, one connection, one thread at a time."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

import pyarrow as pa

from connector.domain.contact import Opportunity, Owner
from connector.domain.ids import ContactId, JobId, OpportunityId, OwnerId, RunId
from connector.errors import StoreError
from connector.ports import (
    Account,
    Basis,
    Clock,
    ContactHistory,
    Decision,
    DecisionRecord,
    Facts,
    FileJob,
    FormerContact,
    FormerFields,
    KnownContact,
    KnownOpportunity,
    LedgerRecord,
    MoveRecord,
    OpportunityFacts,
    OutboxEntry,
    Outcome,
    Page,
    PastOf,
    PlannedOpportunityWrite,
    PlannedRestore,
    PlannedTask,
    PlannedWrite,
    RunRecord,
    Shapes,
    Showing,
    Store,
    TasksLeft,
    WrittenContact,
    WrittenOpportunity,
)
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules
from connector.store.database import Database, open_database
from connector.store.decisions import Decisions
from connector.store.encoding import from_us, to_us
from connector.store.facts import FactsReader
from connector.store.failures import told
from connector.store.field_histories import FieldHistories
from connector.store.file_jobs import FileJobs
from connector.store.history import KEPT_SINCE, History
from connector.store.journal import Journal
from connector.store.lease import Lease
from connector.store.opportunities import Opportunities
from connector.store.outbox import Outbox
from connector.store.pages import Pages
from connector.store.segments import Segments
from connector.store.settling import ROUND, Settling
from connector.store.undoing import UndoShelf
from connector.store.versions import Versions
from connector.store.withdrawing import waiting, withdraw_edited

ACTIVITIES = "activities"

_GIVEN = """
SELECT s.given_to, count(*) FROM state s JOIN contact c ON c.no = s.no
WHERE c.status = 'living' AND s.given_to IS NOT NULL
    AND s.handed_off_us > ? AND s.handed_off_us <= ?
GROUP BY s.given_to
"""
_P = ParamSpec("_P")
_R = TypeVar("_R")


def open_store(
    folder: Path, shapes: Shapes, clock: Clock, *, read_only: bool = False
) -> "EmbeddedStore":
    """Open the store in `folder`, made if it may be written. Use as a context manager.

    `read_only` needs no lease and works while another process writes. Raises StoreError for a file
    that is foreign, damaged, of a newer version or not accessible, and for missing activities.
    """
    with told(folder):
        database = open_database(folder, read_only=read_only)
        try:
            return EmbeddedStore(database, folder, shapes, clock)
        except BaseException:
            database.close()
            raise


def _guarded(
    method: Callable[Concatenate["EmbeddedStore", _P], _R],
) -> Callable[Concatenate["EmbeddedStore", _P], _R]:
    """Let one thread in at a time, and let nothing raw out."""

    @wraps(method)
    def guarded(self: "EmbeddedStore", *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._lock, told(self._folder):
            return method(self, *args, **kwargs)

    return guarded  # type: ignore[return-value]  # mypy forgets the name `self` in between


class EmbeddedStore(Store):
    """SQLite for what must not be lost, Parquet for activities. Made by `open_store`.

    Its methods may be called from several threads. `connector.ports.Store` says what they promise.
    """

    def __init__(self, database: Database, folder: Path, shapes: Shapes, clock: Clock) -> None:
        self._lock = threading.RLock()
        self._database = database
        self._folder = folder
        self._clock = clock
        buckets = int(self._meta("buckets") or 0)
        self._segments = Segments(
            database, folder / ACTIVITIES, attributes=shapes.attributes, clock=clock
        )
        self._lease = Lease(database, folder, clock)
        self._versions = Versions(database, shapes.watched)
        self._opportunities = Opportunities(database, self._versions)
        self._pages = Pages(database, self._opportunities, shapes, buckets)
        self._settling = Settling(database, self._segments, buckets=buckets)
        self._facts = FactsReader(database, self._segments, watched=shapes.watched, buckets=buckets)
        self._journal = Journal(database)
        self._outbox = Outbox(database, buckets, self._versions, self._opportunities)
        self._decisions = Decisions(database)
        self._undo = UndoShelf(database, self._outbox, self._opportunities)
        self._file_jobs = FileJobs(database)
        self._history = History(database)
        self._histories = FieldHistories(database)
        self._fresh = bytearray()  # by contact number: 1 if read in this run
        self._fresh_leads = bytearray()  # the same of its leads
        self._segments.refuse_missing()
        self._n_landed = database.number("SELECT sum(n_rows) FROM landing")
        if not database.read_only and self._lease.is_free():
            with self._lease.hold():
                self._segments.sweep()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @_guarded
    def close(self) -> None:
        """Close the file. A staged plan is forgotten."""
        self._database.close()

    # -- who writes

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Hold the right to write, or raise BusyError naming the holder's run."""
        with self._holding():
            yield

    @contextmanager
    def _holding(self) -> Iterator[None]:
        held = self._lease.hold()
        with self._lock, told(self._folder):
            held.__enter__()
        try:
            yield  # outside `told`: what the caller's own work raises is not ours to reword
        finally:
            held.__exit__(None, None, None)

    @_guarded
    def bind(self, crm: str, account: Account, time_zone: str) -> None:
        """Remember whose data this is; StoreError if it is another's."""
        wanted = {
            "crm": crm,
            "account": account.id,
            "time_zone": time_zone,
            "account_zone": account.time_zone,
            "currency": account.currency,
            "kind": account.kind,
        }
        stored = {key: self._meta(key) for key in wanted}
        if stored == wanted:
            return
        for key in ("crm", "account", "time_zone"):
            if stored[key] not in {None, wanted[key]}:
                raise self._bound_elsewhere(key, str(stored[key]), wanted[key])
        with self._database.writing():
            self._database.run_many(
                "INSERT INTO meta (key, value) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                list(wanted.items()),
            )

    @_guarded
    def bound(self) -> tuple[Account, str] | None:
        """Return whose data this is, and the time zone of its days; None before `bind`."""
        account, zone = self._meta("account"), self._meta("time_zone")
        if account is None or zone is None:
            return None
        currency, kind = self._meta("currency") or "", self._meta("kind") or ""
        own_zone = self._meta("account_zone") or zone
        return Account(account, own_zone, currency, kind), zone

    def _bound_elsewhere(self, key: str, stored: str, wanted: str) -> StoreError:
        names = {"crm": "CRM", "account": "account", "time_zone": "time zone"}
        return StoreError(
            what=f"this store belongs to {names[key]} {stored}, not {wanted}",
            where=str(self._folder),
            do=f"Go back to {stored} in leadripe.yaml, or set `store:` to a new folder: everything"
            " is read again from the CRM into it. Nothing was read or written.",
        )

    def _meta(self, key: str) -> str | None:
        row = self._database.one("SELECT value FROM meta WHERE key = ?", [key])
        return str(row[0]) if row else None

    # -- pull

    @_guarded
    def load_checkpoint(self, stream: str) -> str | None:
        """Return where reading stopped; None if never read."""
        row = self._database.one("SELECT value FROM checkpoint WHERE stream = ?", [stream])
        return str(row[0]) if row else None

    @_guarded
    def save_page(self, stream: str, page: Page) -> None:
        """Store a page and its checkpoint in one transaction."""
        self._save_page(stream, page)

    @_guarded
    def save_look(self, stream: str, page: Page) -> Mapping[ContactId, Sequence[str]]:
        """Store a page that was read right before writing; take back what it overtakes."""
        before = waiting(self._database, (contact.id for contact in page.contacts))
        self._save_page(stream, page)
        with self._database.writing():
            return withdraw_edited(self._database, before)

    def _save_page(self, stream: str, page: Page) -> None:
        fresh, leads = self._pages.save(stream, page, to_us(self._clock.now()))
        _mark(self._fresh, fresh)
        _mark(self._fresh_leads, leads)
        self._n_landed += len(page.activities)
        if self._n_landed > ROUND and self._lease.is_held:
            self._settle()  # so that the file does not grow with the account

    @_guarded
    def forget_checkpoints(self) -> None:
        """Make the next pull read everything again; nothing else is lost."""
        with self._database.writing():
            self._database.run("DELETE FROM checkpoint")

    @_guarded
    def settle_activities(self) -> None:
        """Move landed activities into segments. Takes the lease if it is not held."""
        with self._lease.hold():
            self._settle()

    def _settle(self) -> None:
        zone = self._meta("time_zone")
        if zone is None:
            raise StoreError(
                what="the store does not know its account's time zone yet",
                where=str(self._folder),
                do="Run `leadripe pull`, which asks the CRM whose account this is.",
            )
        self._settling.settle(zone)
        self._n_landed = 0
        pa.default_memory_pool().release_unused()  # a run goes on for long after this

    @_guarded
    def save_owners(self, owners: Sequence[Owner]) -> None:
        """Replace the list of owners."""
        with self._database.writing():
            self._database.run("DELETE FROM owner")
            self._database.run_many(
                'INSERT OR REPLACE INTO owner (id, email, name, is_active, "user")'
                " VALUES (?, ?, ?, ?, ?)",
                [(o.id, o.email, o.name, o.is_active, o.user) for o in owners],
            )

    @_guarded
    def load_owners(self) -> Sequence[Owner]:
        """Return the owners as last saved."""
        rows = self._database.rows(
            'SELECT id, email, name, is_active, "user" FROM owner ORDER BY id'
        )
        return [
            Owner(OwnerId(str(id_)), str(email), str(name), bool(is_active), str(user))
            for id_, email, name, is_active, user in rows
        ]

    @_guarded
    def count_given(self, since: datetime, until: datetime) -> Mapping[OwnerId, int]:
        """Return {owner: contacts handed to him with a task, after `since`, up to `until`}."""
        rows = self._database.rows(_GIVEN, [to_us(since), to_us(until)])
        return {OwnerId(str(owner)): int(str(count)) for owner, count in rows}

    # -- evaluate

    @_guarded
    def buckets(self) -> Sequence[int]:
        """Return the buckets that hold contacts."""
        return self._facts.buckets()

    @_guarded
    def load_facts(
        self, bucket: int, compiled: CompiledRules, as_of: datetime | None = None
    ) -> Facts:
        """Return what the contacts of a bucket are evaluated from, now or as of an instant."""
        return self._facts.of_bucket(bucket, compiled, to_us(as_of) if as_of else None)

    @_guarded
    def load_facts_of(
        self, no: int, compiled: CompiledRules, as_of: datetime | None = None
    ) -> Facts:
        """Return the same for one contact."""
        return self._facts.of_contact(no, compiled, to_us(as_of) if as_of else None)

    @_guarded
    def kept_since(self) -> datetime | None:
        """Return when this store began to keep what was replaced; None: not yet."""
        since = self._meta(KEPT_SINCE)
        return None if since is None else from_us(int(since))

    @_guarded
    def load_versions(self, no: int) -> Sequence[FormerContact]:
        """Return what a contact held before, and what people had said of it, oldest first."""
        return self._versions.of_contact(no)

    @_guarded
    def load_leads(self, bucket: int, name: str) -> pa.Table:
        """Return `contact` and `label` of a bucket's contacts that have an open lead."""
        return self._facts.leads(bucket, name)

    @_guarded
    def load_activities(self, bucket: int) -> pa.Table | Sequence[Path]:
        """Return the activities of a bucket."""
        return self._facts.activities(bucket)

    @_guarded
    def load_people(self, bucket: int) -> pa.Table:
        """Return the contacts of a bucket with their address."""
        return self._facts.people(bucket)

    @_guarded
    def load_colleagues(self, no: int, field: str) -> Sequence[int]:
        """Return the living contacts with the same value of a field, `no` among them if known."""
        return self._facts.colleagues(no, field)

    @_guarded
    def load_contacts(self, numbers: Iterable[int]) -> Mapping[int, KnownContact]:
        """Return what planning must know of these contacts; deleted ones are left out."""
        return self._facts.contacts(numbers, self._fresh, self._fresh_leads)

    @_guarded
    def load_edited(self, bucket: int) -> Sequence[int]:
        """Return living contacts that show another value than we wrote, or have an open write."""
        return self._facts.edited(bucket)

    @_guarded
    def find_contact(self, id_or_email: str) -> KnownContact | None:
        """Return a living contact by CRM id (a merged one's too) or e-mail address."""
        number = self._facts.number_of(id_or_email)
        if number is None:
            return None
        return self.load_contacts([number]).get(number)

    # -- plan and journal

    @_guarded
    def stage_plan(
        self,
        run: RunId,
        *,
        score: pa.Table | None,
        move: pa.Table | None,
        shown: pa.Table,
        writes: Sequence[PlannedWrite],
        tasks: Sequence[PlannedTask],
    ) -> None:
        """Put one bucket's part of a plan aside; the file is not written."""
        self._journal.stage(run, score=score, move=move, shown=shown, writes=writes, tasks=tasks)

    @_guarded
    def accept_plan(self, run: RunId, rules_hash: str) -> None:
        """Keep memory and moves and fill the outbox, in one transaction."""
        self._journal.accept(run, rules_hash, to_us(self._clock.now()))

    @_guarded
    def discard_plan(self, run: RunId) -> None:
        """Forget a staged plan."""
        self._journal.discard(run)

    # -- opportunities

    @_guarded
    def load_opportunities(
        self,
        fields: Mapping[str, Kind],
        at: datetime,
        *,
        is_past: bool = False,
        after: str = "",
        limit: int,
        ids: Sequence[OpportunityId] | None = None,
    ) -> OpportunityFacts:
        """Return open opportunities, now or as of an instant, by id."""
        return self._opportunities.facts(
            fields, to_us(at), is_past=is_past, after=after, limit=limit, ids=ids
        )

    @_guarded
    def load_known_opportunities(
        self, ids: Sequence[OpportunityId]
    ) -> Mapping[OpportunityId, KnownOpportunity]:
        """Return what planning must know of these; those that are gone are left out."""
        return self._opportunities.known(ids)

    @_guarded
    def load_people_of(self, opportunity: OpportunityId) -> Sequence[int]:
        """Return the living contacts who take part in an opportunity."""
        return self._opportunities.people(opportunity)

    @_guarded
    def has_opportunity(self, opportunity: OpportunityId) -> bool:
        """Tell whether an opportunity is known."""
        return self._opportunities.is_known(opportunity)

    @_guarded
    def load_opportunity_ledger(self, opportunity: OpportunityId) -> Sequence[LedgerRecord]:
        """Return what was written to an opportunity, oldest first."""
        return self._undo.opportunity_ledger(opportunity)

    @_guarded
    def save_opportunities(self, opportunities: Sequence[Opportunity]) -> None:
        """Store a reading of some opportunities."""
        self._pages.save_opportunities(opportunities)

    @_guarded
    def stage_opportunities(
        self, run: RunId, shows: Sequence[Showing], writes: Sequence[PlannedOpportunityWrite]
    ) -> None:
        """Put a plan's part about opportunities aside."""
        self._journal.stage_opportunities(run, shows, writes)

    # -- push

    @_guarded
    def load_waiting(self, kind: str, limit: int, after: int = 0) -> Sequence[OutboxEntry]:
        """Return waiting entries with id above `after`, by id."""
        return self._outbox.waiting(kind, limit, after)

    @_guarded
    def load_waiting_contacts(self) -> Sequence[ContactId]:
        """Return the contacts of which a write-back waits."""
        return self._outbox.waiting_contacts()

    @_guarded
    def load_waiting_of(self, contacts: Iterable[ContactId]) -> Mapping[ContactId, OutboxEntry]:
        """Return {contact: its waiting write-back}."""
        return self._outbox.waiting_of(contacts)

    @_guarded
    def save_file_job(self, job: FileJob, run: RunId) -> None:
        """Remember a job before anything is in it."""
        self._file_jobs.save(job, run, to_us(self._clock.now()))

    @_guarded
    def load_file_jobs(self) -> Sequence[FileJob]:
        """Return the jobs of which not all answers are put down."""
        return self._file_jobs.load()

    @_guarded
    def forget_file_job(self, job: JobId) -> None:
        """Forget a job."""
        self._file_jobs.forget(job)

    @_guarded
    def settle(self, answers: Sequence[tuple[OutboxEntry, Outcome]], run: RunId) -> None:
        """Record answers in one durable transaction."""
        self._outbox.settle(answers, run, to_us(self._clock.now()))

    @_guarded
    def load_outbox(self, state: str | None = None) -> Sequence[OutboxEntry]:
        """Return outbox entries that are not accepted, or those of one state."""
        return self._outbox.of_states(["waiting", "refused"] if state is None else [state])

    @_guarded
    def retry_refused(self) -> int:
        """Make refused entries wait again; returns how many."""
        return self._outbox.retry_refused()

    @_guarded
    def drop_outbox(self, ids: Sequence[int]) -> int:
        """Forget waiting or refused entries; returns how many."""
        return self._outbox.drop(ids)

    # -- undo

    @_guarded
    def load_written_numbers(self, run: RunId) -> Sequence[int]:
        """Return the contacts that a run wrote to, or may have."""
        return self._undo.numbers(run)

    @_guarded
    def load_written(self, numbers: Iterable[int]) -> Mapping[int, WrittenContact]:
        """Return what was written to these contacts."""
        return self._undo.written(numbers)

    @_guarded
    def journal_undo(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedRestore]
    ) -> Sequence[OutboxEntry]:
        """Put restores into the outbox, in one transaction, and return their entries."""
        return self._undo.journal(run, rules_hash, restores)

    @_guarded
    def load_written_opportunities(
        self, run: RunId, *, after: str, limit: int
    ) -> Sequence[WrittenOpportunity]:
        """Return the opportunities that a run wrote to, or may have, by id."""
        return self._undo.opportunities(run, after, limit)

    @_guarded
    def journal_opportunity_undo(
        self, run: RunId, rules_hash: str, restores: Sequence[PlannedOpportunityWrite]
    ) -> Sequence[OutboxEntry]:
        """Put restores of opportunities into the outbox, and return their entries."""
        return self._undo.journal_opportunities(run, rules_hash, restores)

    @_guarded
    def load_tasks_left(self, run: RunId) -> TasksLeft:
        """Return how many tasks of a run are not done."""
        return self._undo.tasks_left(run)

    # -- quarantine

    @_guarded
    def add_decision(self, decision: Decision, at: datetime) -> int:
        """Remember what a person said of quarantine, and return its number."""
        return self._decisions.add(decision, at)

    @_guarded
    def load_decisions(self) -> Sequence[DecisionRecord]:
        """Return what was decided, oldest first."""
        return self._decisions.records()

    @_guarded
    def load_decision_table(self) -> pa.Table:
        """Return the same as an evaluation takes it."""
        return self._decisions.table()

    # -- the CRM's own history of fields

    @_guarded
    def count_unasked(self, fields: Collection[str]) -> int:
        """Return how many living contacts were not asked for all of these fields yet."""
        return self._histories.count_unasked(fields)

    @_guarded
    def load_unasked(self, fields: Collection[str], limit: int, after: int = 0) -> Sequence[PastOf]:
        """Return some of them whose number is above `after`, by number."""
        return self._histories.unasked(fields, limit, after)

    @_guarded
    def save_histories(
        self, fields: Collection[str], histories: Mapping[int, ContactHistory]
    ) -> None:
        """Keep {number: its past} as the answer for these fields, in one transaction."""
        self._histories.save(fields, histories)

    @_guarded
    def forget_histories(self, no: int | None = None) -> None:
        """Let everything be asked again, or one contact."""
        self._histories.forget(no)

    @_guarded
    def load_former_values(self, no: int) -> Sequence[FormerFields]:
        """Return what the CRM told of a contact's past, oldest first, up to when it was asked."""
        return self._histories.former_values(no)

    @_guarded
    def load_bases(
        self, fields: Collection[str], as_of: datetime, no: int | None = None
    ) -> Mapping[str, Basis]:
        """Return on what each field rests at an instant: of all living contacts, or of one."""
        return self._histories.bases(fields, as_of, no)

    # -- history

    @_guarded
    def start_run(self, command: str, at: datetime, rules_hash: str) -> RunId:
        """Record that a run begins; what was read before it is no longer fresh."""
        holds_lease = self._lease.is_held
        run = self._history.start_run(command, to_us(at), rules_hash, holds_lease=holds_lease)
        self._fresh.clear()
        self._fresh_leads.clear()
        self._opportunities.begin_run()
        return run

    @_guarded
    def end_run(
        self, run: RunId, at: datetime, outcome: str, counts: Mapping[str, int], message: str = ""
    ) -> None:
        """Record how a run ended."""
        self._history.end_run(run, to_us(at), outcome, counts, message)

    @_guarded
    def load_runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """Return the latest runs, newest first."""
        return self._history.runs(limit)

    @_guarded
    def load_run(self, run: RunId) -> RunRecord | None:
        """Return one run; None if there is none of this id."""
        return self._history.run(run)

    @_guarded
    def has_accepted_plan(self) -> bool:
        """Tell whether any plan was ever accepted."""
        return self._meta("plan_accepted") is not None

    @_guarded
    def load_moves(self, no: int) -> Sequence[MoveRecord]:
        """Return a contact's moves, oldest first."""
        return self._history.moves(no)

    @_guarded
    def load_ledger(self, no: int) -> Sequence[LedgerRecord]:
        """Return what was written to a contact, oldest first."""
        return self._history.ledger(no)

    @_guarded
    def count(self) -> Mapping[str, int]:
        """Return how many there are: contacts, activities, opportunities, waiting, refused."""
        return self._history.counts()

    @_guarded
    def funnel(self) -> Mapping[tuple[str, str], int]:
        """Return how many living contacts stand at each (stage, temperature)."""
        return self._history.funnel()


def _mark(fresh: bytearray, numbers: set[int]) -> None:
    missing = max(numbers, default=-1) + 1 - len(fresh)
    fresh.extend(bytes(max(missing, 0)))
    for number in numbers:
        fresh[number] = 1
