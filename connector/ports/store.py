"""What the core asks of the store: the memory of one account."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from connector.domain.contact import Owner
from connector.domain.ids import ContactId, JobId, OwnerId, RunId, TaskKey
from connector.ports.crm import Account, Page
from connector.ports.engine import Facts
from connector.ports.field_history import DatedStore
from connector.ports.files import FileJob
from connector.ports.leads import KnownLead
from connector.ports.native import Native
from connector.ports.opportunities import OpportunityStore
from connector.ports.outbox import OutboxEntry
from connector.ports.quarantine import Quarantining
from connector.ports.undo import LedgerRecord, Undoing
from connector.ports.writes import Outcome, TaskWish, WriteBack
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules

if TYPE_CHECKING:
    import pyarrow as pa  # heavy: only the modules that compute import it for real


@dataclass(frozen=True, slots=True)
class KnownContact:
    """What planning has to know of a contact, beside its evaluation.

    `found`: {property: value as the CRM last showed it}; `wrote`: {property: value that the CRM
    last accepted from us}. `waiting`, `refused`: the write-back in the outbox, if it is in that
    state; of one that waits nobody knows whether the CRM has taken it. `returning`: properties that
    a waiting undo gives back to the person whose value it was. `is_fresh`: read from the CRM in
    this very run. `open_tasks`: keys of our tasks for the contact that the CRM does not hold as
    done. `lead`: its open lead, of which a write-back is an entry of its own in the outbox:
    `lead_waiting`, `lead_refused`. `given_to`: whose the task of its last hand-off was.
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
    returning: Sequence[str] = ()
    lead: KnownLead | None = None
    lead_waiting: Mapping[str, str | None] = field(default_factory=dict)
    lead_refused: Mapping[str, str | None] = field(default_factory=dict)
    given_to: OwnerId | None = None


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A write-back with what stood there before, ready for the journal.

    It takes the place of one that waits or was refused; without values, it takes that one back.
    `no`: the store's contact number. `kind`: as in `OutboxEntry`.
    """

    no: int
    write_back: WriteBack
    before: Mapping[str, str | None]
    kind: str = "contact"


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task wish of a contact, ready for the journal.

    `is_hand_off`: it is the task of the hand-off itself, whose end closes the hand-off.
    """

    no: int
    wish: TaskWish
    is_hand_off: bool = True


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
class FormerContact:
    """A version of a contact that ended: what it held, of the fields that changed then.

    `until`: the CRM's stamp of the change. `human_stage`, `verdict`: what people had said by then.
    """

    until: datetime
    was: Mapping[str, object]
    human_stage: str | None
    verdict: str | None


class Store(Undoing, Quarantining, DatedStore, OpportunityStore, Protocol):
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

    def save_look(self, stream: str, page: Page) -> Mapping[ContactId, Sequence[str]]:
        """Store a page that was read right before writing, as `save_page` does.

        Of a contact in which somebody changed a property that we are about to write, the waiting
        write-back is taken back. Returns {contact: those properties}; the next plan looks again.
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

    def count_given(self, since: datetime, until: datetime) -> Mapping[OwnerId, int]:
        """Return {owner: contacts handed to him with a task, after `since`, up to `until`}.

        Of each contact the last hand-off counts, for whom its task was.
        """
        ...

    # -- evaluate
    def buckets(self) -> Sequence[int]:
        """Return the buckets that hold contacts."""
        ...

    def load_facts(
        self, bucket: int, compiled: CompiledRules, as_of: datetime | None = None
    ) -> Facts:
        """Return what the contacts of a bucket are evaluated from, deleted contacts left out.

        `state` has the columns of `tables.STATE` and behind them those of `SHOWN`. With `as_of`
        fields, deals, memory and what people said are those of that instant, as far as they were
        kept (`kept_since`); fields before that as far as the CRM's history was asked for
        (`save_histories`). Where nothing is known, the first known values stand in. Activities come
        all.
        """
        ...

    def load_facts_of(
        self, no: int, compiled: CompiledRules, as_of: datetime | None = None
    ) -> Facts:
        """Return the same for one contact."""
        ...

    def load_leads(self, bucket: int, name: str) -> "pa.Table":
        """Return `contact` and `label` of a bucket's contacts that have an open lead.

        `label`: what the property of that name shows; of several open leads, on the one made last.
        """
        ...

    def load_activities(self, bucket: int) -> "pa.Table | Sequence[Path]":
        """Return the activities of a bucket, as `Facts.activity` has them."""
        ...

    def load_people(self, bucket: int) -> "pa.Table":
        """Return the contacts of a bucket with their field `email`, as `Facts.contact` has it."""
        ...

    def load_colleagues(self, no: int, field: str) -> Sequence[int]:
        """Return the living contacts with the same (folded) value of a field, `no` among them.

        None if that of `no` is unknown.
        """
        ...

    def kept_since(self) -> datetime | None:
        """Return when this store began to keep what was replaced; None: not yet."""
        ...

    def load_versions(self, no: int) -> Sequence[FormerContact]:
        """Return what a contact held before, and what people had said of it, oldest first."""
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

    def load_waiting_contacts(self) -> Sequence[ContactId]:
        """Return the contacts of which a write-back waits, in the order in which they are sent."""
        ...

    def load_waiting_of(self, contacts: Iterable[ContactId]) -> Mapping[ContactId, OutboxEntry]:
        """Return {contact: its waiting write-back}, by the ids asked for."""
        ...

    def save_file_job(self, job: FileJob, run: RunId) -> None:
        """Remember a job before anything is in it."""
        ...

    def load_file_jobs(self) -> Sequence[FileJob]:
        """Return the jobs that were begun and of which not all answers are put down."""
        ...

    def forget_file_job(self, job: JobId) -> None:
        """Forget a job whose answers are all put down."""
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

    def load_run(self, run: RunId) -> RunRecord | None:
        """Return one run; None if there is none of this id."""
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
        """Return how many there are: contacts, activities, opportunities, waiting, refused.

        Of those that wait, `waiting_opportunities` are writes to opportunities.
        """
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
    "shown_missing": "VARCHAR",
    "shown_scores": "VARCHAR",
    "shown_interests": "VARCHAR",
    "shown_native": "VARCHAR",
    "shown_sla": "VARCHAR",
    "shown_nurture": "VARCHAR",
    "shown_pressure": "VARCHAR",
    "shown_form": "VARCHAR",
    "shown_at_us": "BIGINT",
}
"""What was last planned to be shown in the CRM, beside a contact's state: the plan's first
comparison.

`shown_reasons` is a digest of how many activities count and of the latest; `shown_scores` holds the
points of the scores beside the leading one, sorted by name, as `12/30`; `shown_form` tells
of what makes a value another though no score moved. A refused or dropped
write clears them, so that the next plan looks again.
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """Properties of ours in which people speak: the store turns them into state columns.

    `stage`: its value, when it differs from what we last wrote and is a stage, is the
    `human_stage`. `verdict`: a value that begins with `accepted` or `rejected` is the verdict,
    since the contact's `updated_at` at which it was first seen. `not_before`: a date, until which a
    rejected contact is left alone. `native`: the CRM's own fields, of
    which an option that we did not set may say a stage or a verdict; ours above come first.
    """

    stage: str | None = None
    verdict: str | None = None
    not_before: str | None = None
    native: Sequence[Native] = ()


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the mapping declares: kinds of contact fields and of activity attributes, by name.

    `of_opportunities`: those of an opportunity's fields; empty if the mapping reads none.
    """

    fields: Mapping[str, Kind]
    attributes: Mapping[str, Kind]
    watched: Watched = field(default_factory=Watched)
    of_opportunities: Mapping[str, Kind] = field(default_factory=dict)
