"""What the core asks of a CRM, a store, an engine and a clock, and the values that these carry."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from connector.domain.contact import Activity, Contact, Gone, KnownTask, Opportunity, Owner
from connector.domain.ids import ContactId, OwnerId, RunId, TaskId, TaskKey
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only the modules that compute import it for real


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...

    def wait(self, span: timedelta) -> None:
        """Return after `span`."""
        ...


# ---------------------------------------------------------------- CRM


@dataclass(frozen=True, slots=True)
class Account:
    """The CRM account behind the credentials.

    `time_zone` is an IANA name; `kind` the vendor's word.
    """

    id: str
    time_zone: str
    currency: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One thing that is read to its own checkpoint: `contacts`, `activities:calls`.

    `label` is for people. Streams are read in the order the adapter lists them: contacts first.
    """

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a stream, to be stored together with the checkpoint behind it in one transaction.

    `checkpoint` is opaque to all but the adapter; handing it back goes on after this page. A page
    may be empty of rows and still move the checkpoint. `total`: rows expected of the whole stream,
    if known.
    """

    checkpoint: str
    contacts: Sequence[Contact] = ()
    activities: Sequence[Activity] = ()
    opportunities: Sequence[Opportunity] = ()
    tasks: Sequence[KnownTask] = ()
    gone: Sequence[Gone] = ()
    total: int | None = None


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Properties to set on one contact: {CRM property: text as it takes it; None clears}."""

    contact: ContactId
    values: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class TaskWish:
    """A task that should exist once, or (`is_done`) be completed, recognised by its key.

    `body` is plain text. `due_at` aware.
    """

    key: TaskKey
    contact: ContactId
    subject: str
    body: str
    due_at: datetime
    owner: OwnerId | None = None
    is_urgent: bool = False
    is_done: bool = False


class Verdict(StrEnum):
    """What became of one write."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # the CRM said no: a person must act
    UNAVAILABLE = "unavailable"  # it did not answer, or nothing is known: send again
    GONE = "gone"  # the record is deleted: nothing is left to do


@dataclass(frozen=True, slots=True)
class Outcome:
    """The CRM's answer to one write.

    `reason`: the CRM's own words, cut and cleaned of personal data. `values`: what the reply says
    the properties hold now, where it says so. `contact`: the id it answered with, if a merge
    changed it. `task`: the id of the task. `changed_at`: the CRM's stamp of the write, to recognise
    our own echo.
    """

    verdict: Verdict
    reason: str = ""
    values: Mapping[str, str | None] = field(default_factory=dict)
    contact: ContactId | None = None
    task: TaskId | None = None
    changed_at: datetime | None = None


class Severity(StrEnum):
    """How bad a finding is: `error` stops a sync."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of `check`: what was looked at, what was found, what to do about it."""

    severity: Severity
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class Provision:
    """One thing that provisioning creates or adds to, in the CRM's terms.

    For example `property leadripe_score`.
    """

    what: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class CallEstimate:
    """Calls that writing would cost, by limit class, as `plan` prints and `sync` counts."""

    contacts: int = 0
    tasks: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.contacts + self.tasks


class Crm(Protocol):
    """One CRM account. Every adapter passes the tests in `tests/contract/`.

    Every method may raise CredentialsError, CrmRefusedError (at once) and CrmUnavailableError (once
    the retries are spent). Methods are safe to call from several threads.
    """

    def account(self) -> Account:
        """Fetch which account this is; asked before anything is read or written."""
        ...

    def streams(self) -> Sequence[Stream]:
        """Return what the mapping asks to read, contacts first. Costs nothing."""
        ...

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from `checkpoint` (None: from the beginning) up to now.

        A row may come twice, also in later runs; none that the CRM shows as changed may be left
        out. Every page ends at a place where reading can go on. When the iterator ends, the stream
        is read.
        """
        ...

    def owners(self) -> Sequence[Owner]:
        """Fetch every owner, inactive ones too."""
        ...

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Fetch these contacts as they are now.

        Deleted ones are left out, merged ones have a new id.
        """
        ...

    @property
    def batch_size(self) -> int:
        """The most write-backs or task wishes that one call of `write` or `write_tasks` takes."""
        ...

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set the properties, and return one outcome for each write-back, in order.

        A contact may stand in a batch once. One refused contact does not fail the batch.
        """
        ...

    def write_tasks(self, batch: Sequence[TaskWish]) -> Sequence[Outcome]:
        """Create each task once, with its contact, or complete it; one outcome each, in order.

        Sending a wish again never makes a second task: the key is unique in the CRM.
        """
        ...

    def estimate(self, *, contacts: int, tasks: int, done: int = 0) -> CallEstimate:
        """Return the calls that writing so many would cost if nothing is refused.

        `tasks` to create, `done` to complete; a batch of `write_tasks` holds one sort or the other.
        """
        ...

    def wrote(self, *, since: datetime, until: datetime) -> None:
        """Take note that the write-backs between two instants were ours: echoes, no changes.

        `since` by our clock; `until` is the latest `Outcome.changed_at`, so that an edit made right
        after it is not taken for ours. Costs nothing; the next `pages` may spare calls by it.
        """
        ...

    def check(self) -> Sequence[Finding]:
        """Look at credentials, permissions, properties, types and limits; changes nothing."""
        ...

    def provision(self, *, dry_run: bool) -> Sequence[Provision]:
        """Create what is missing (properties, task key), touching nothing it did not create.

        Idempotent. Returns every part, `is_present` as it was before.
        """
        ...

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent since the adapter was made, by limit class, retries included."""
        ...


# ---------------------------------------------------------------- engine


@dataclass(frozen=True, slots=True)
class Facts:
    """What one set of contacts is evaluated from; columns as in `connector.rules.tables`.

    `activity`: a table, or Parquet files whose rows together are unique. Files may hold activities
    of other contacts; only those of contacts in `contact` count.
    """

    contact: "pa.Table"
    activity: "pa.Table | Sequence[Path]"
    opportunity: "pa.Table"
    state: "pa.Table"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the rules say of one set of contacts; columns as in `connector.rules.tables`."""

    score: "pa.Table"
    reason: "pa.Table"
    move: "pa.Table"


class Engine(Protocol):
    """Runs a compiled plan. Same inputs, same tables, whatever the order of rows."""

    def evaluate(
        self, compiled: CompiledRules, facts: Facts, *, as_of_us: int, as_of_day: int
    ) -> Evaluation:
        """Evaluate the contacts of `facts` at an instant, whose local day is `as_of_day`."""
        ...


# ---------------------------------------------------------------- store


@dataclass(frozen=True, slots=True)
class KnownContact:
    """What planning has to know of a contact, beside its evaluation.

    `found`: {property: value as the CRM last showed it}; `wrote`: {property: value that the CRM
    last accepted from us}. `waiting`, `refused`: the write-back in the outbox, if it is in that
    state; of one that waits nobody knows whether the CRM has taken it. `is_fresh`: read from the
    CRM in this very run. `open_tasks`: keys of our tasks for the contact that the CRM does not hold
    as done.
    """

    no: int
    id: ContactId
    owner: OwnerId | None
    found: Mapping[str, str | None]
    wrote: Mapping[str, str | None]
    fields: Mapping[str, object]
    is_fresh: bool
    waiting: Mapping[str, str | None] = field(default_factory=dict)
    refused: Mapping[str, str | None] = field(default_factory=dict)
    open_tasks: tuple[TaskKey, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A write-back with what stood there before, ready for the journal.

    It takes the place of one that waits or was refused; without values, it takes that one back.
    `no`: the store's contact number.
    """

    no: int
    write_back: WriteBack
    before: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task wish of a contact, ready for the journal."""

    no: int
    wish: TaskWish


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """A write that waits, was refused, or was accepted.

    `kind`: `contact` or `task`; exactly one of `write_back`, `task` is set. `revision` rises with
    each newer wish for the same subject; an answer to an older one settles nothing.
    """

    id: int
    kind: str
    revision: int
    no: int
    write_back: WriteBack | None = None
    task: TaskWish | None = None
    state: str = "waiting"
    reason: str = ""
    run: RunId | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One execution. `counts`: whole numbers by name (contacts, writes, tasks, calls and more)."""

    id: RunId
    command: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str  # running | done | partial | failed | interrupted
    rules_hash: str
    counts: Mapping[str, int]
    message: str = ""


@dataclass(frozen=True, slots=True)
class MoveRecord:
    """A change of stage or temperature that was recorded, for a contact's history."""

    at: datetime
    from_stage: str
    from_temperature: str
    to_stage: str
    to_temperature: str
    reason: str
    run: RunId


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """A write that the CRM accepted: what was set, and what stood there before."""

    at: datetime
    values: Mapping[str, str | None]
    before: Mapping[str, str | None]
    run: RunId


class Store(Protocol):
    """The memory of one account. Failing is a StoreError and leaves the last commit standing.

    Contacts have a whole number of their own here (`no`), stable as long as the store lives; an
    evaluation names contacts by it. Buckets part the numbers; one is evaluated at a time.
    """

    # -- who writes
    def lease(self) -> AbstractContextManager[None]:
        """Hold the right to write, or raise BusyError naming the holder's run.

        Freed when a process dies.
        """
        ...

    def bind(self, crm: str, account: Account, time_zone: str) -> None:
        """Remember whose data this is.

        StoreError if the store belongs to another account or zone.
        """
        ...

    def bound(self) -> tuple[Account, str] | None:
        """Return whose data this is, and the time zone of its days; None before `bind`."""
        ...

    # -- pull
    def load_checkpoint(self, stream: str) -> str | None:
        """Return where reading stopped; None if never read."""
        ...

    def save_page(self, stream: str, page: Page) -> None:
        """Store a page and its checkpoint in one transaction.

        Activities named by e-mail wait until a contact with that address is known. A merged
        contact's activities, opportunities and history go to the surviving one. Saving a page twice
        changes nothing.
        """
        ...

    def forget_checkpoints(self) -> None:
        """Make the next pull read everything again; nothing else is lost."""
        ...

    def settle_activities(self) -> None:
        """Move activities that landed with pages into bucketed segments.

        Evaluation needs it done.
        """
        ...

    def save_owners(self, owners: Sequence[Owner]) -> None:
        """Replace the list of owners."""
        ...

    def load_owners(self) -> Sequence[Owner]:
        """Return the owners as last saved."""
        ...

    # -- evaluate
    def buckets(self) -> Sequence[int]:
        """Return the buckets that hold contacts."""
        ...

    def load_facts(self, bucket: int, compiled: CompiledRules) -> Facts:
        """Return what the contacts of a bucket are evaluated from, deleted contacts left out.

        `state` has the columns of `tables.STATE` and behind them those of `SHOWN`.
        """
        ...

    def load_facts_of(self, no: int, compiled: CompiledRules) -> Facts:
        """Return the same for one contact."""
        ...

    def load_contacts(self, numbers: Iterable[int]) -> Mapping[int, KnownContact]:
        """Return what planning must know of these contacts."""
        ...

    def load_edited(self, bucket: int) -> Sequence[int]:
        """Return living contacts that planning has to look at, whatever their score does.

        Those of which the CRM shows a property other than we wrote it, and those of which a write
        waits or was refused.
        """
        ...

    def find_contact(self, id_or_email: str) -> KnownContact | None:
        """Return a contact by CRM id (a merged one's former id too) or e-mail address."""
        ...

    # -- plan and journal
    def stage_plan(
        self,
        run: RunId,
        *,
        score: "pa.Table | None",
        move: "pa.Table | None",
        shown: "pa.Table",
        writes: Sequence[PlannedWrite],
        tasks: Sequence[PlannedTask],
    ) -> None:
        """Put one bucket's part of a plan aside; nothing of it counts before `accept_plan`.

        `score`: the evaluation's memory columns for every contact (None, like `move`: another call
        brings them); `shown`: `SHOWN` columns, with `contact`, of the contacts for which writes are
        planned.
        """
        ...

    def accept_plan(self, run: RunId, rules_hash: str) -> None:
        """In one transaction: memory and moves are kept.

        Writes and tasks go to the outbox as waiting.
        """
        ...

    def discard_plan(self, run: RunId) -> None:
        """Forget a staged plan."""
        ...

    # -- push
    def load_waiting(self, kind: str, limit: int, after: int = 0) -> Sequence[OutboxEntry]:
        """Return waiting entries with id above `after`, by id."""
        ...

    def settle(self, answers: Sequence[tuple[OutboxEntry, Outcome]], run: RunId) -> None:
        """Record answers, in one durable transaction: outbox, ledger, and what the CRM now holds.

        Unavailable ones stay waiting. An answer to an older revision settles nothing.
        """
        ...

    def load_outbox(self, state: str | None = None) -> Sequence[OutboxEntry]:
        """Return outbox entries that are not accepted, or those of one state."""
        ...

    def retry_refused(self) -> int:
        """Make refused entries wait again; returns how many."""
        ...

    def drop_outbox(self, ids: Sequence[int]) -> int:
        """Forget waiting or refused entries; returns how many."""
        ...

    # -- history
    def start_run(self, command: str, at: datetime, rules_hash: str) -> RunId:
        """Record that a run begins.

        Runs found `running` while we hold the lease become `interrupted`.
        """
        ...

    def end_run(
        self, run: RunId, at: datetime, outcome: str, counts: Mapping[str, int], message: str = ""
    ) -> None:
        """Record how a run ended."""
        ...

    def load_runs(self, limit: int = 20) -> Sequence[RunRecord]:
        """Return the latest runs, newest first."""
        ...

    def has_accepted_plan(self) -> bool:
        """Tell whether any plan was ever accepted: the first run creates no task unless asked."""
        ...

    def load_moves(self, no: int) -> Sequence[MoveRecord]:
        """Return a contact's moves, oldest first."""
        ...

    def load_ledger(self, no: int) -> Sequence[LedgerRecord]:
        """Return what was written to a contact, oldest first."""
        ...

    def count(self) -> Mapping[str, int]:
        """Return how many there are: contacts, activities, opportunities, waiting, refused."""
        ...

    def funnel(self) -> Mapping[tuple[str, str], int]:
        """Return how many living contacts stand at each (stage, temperature)."""
        ...


SHOWN: Mapping[str, str] = {
    "shown_score": "BIGINT",
    "shown_fit": "BIGINT",
    "shown_grade": "VARCHAR",
    "shown_persona": "VARCHAR",
    "shown_stage": "VARCHAR",
    "shown_temperature": "VARCHAR",
    "shown_need_us": "BIGINT",
    "shown_reasons": "VARCHAR",
    "shown_at_us": "BIGINT",
}
"""What was last planned to be shown in the CRM, beside a contact's state: the plan's first
comparison.

`shown_reasons` is a digest of how many activities count and of the latest. A refused or dropped
write clears them, so that the next plan looks again.
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """Properties of ours in which people speak: the store turns them into state columns.

    `stage`: its value, when it differs from what we last wrote and is a stage, is the
    `human_stage`. `verdict`: a value that begins with `accepted` or `rejected` is the verdict,
    since the contact's `updated_at` at which it was first seen.
    """

    stage: str | None = None
    verdict: str | None = None


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the mapping declares: kinds of contact fields and of activity attributes, by name."""

    fields: Mapping[str, Kind]
    attributes: Mapping[str, Kind]
    watched: Watched = field(default_factory=Watched)
