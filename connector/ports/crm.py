"""What the core asks of a CRM, and the values that go to it and come from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from connector.domain.contact import Activity, Contact, Gone, KnownTask, Lead, Opportunity, Owner
from connector.domain.ids import ContactId
from connector.ports.field_history import DatedCrm
from connector.ports.opportunities import OpportunityCrm
from connector.ports.writes import Outcome, TaskWish, WriteBack


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
    leads: Sequence[Lead] = ()
    gone: Sequence[Gone] = ()
    total: int | None = None


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
    looking: int = 0
    """The look that a push takes before it writes, where the CRM sees changes at once."""
    leads: int = 0
    opportunities: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.contacts + self.leads + self.opportunities + self.tasks + self.looking


class Crm(DatedCrm, OpportunityCrm, Protocol):
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

    def expect(self, checkpoints: Mapping[Stream, str | None]) -> None:
        """Take note from where streams will be read next, so that they can be asked for together.

        Costs nothing, and nothing follows from it but fewer calls.
        """
        ...

    @property
    def sees_at_once(self) -> bool:
        """Whether a change can be read as soon as it was made.

        Then a push looks once more before it writes, and finds what people did since the pull.
        """
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

    def estimate(
        self,
        *,
        contacts: int,
        tasks: int,
        done: int = 0,
        leads: int = 0,
        opportunities: int = 0,
        parts: Mapping[str, int] | None = None,
    ) -> CallEstimate:
        """Return the calls that writing so many would cost if nothing is refused.

        `tasks` to create, `done` to complete; a batch of `write_tasks` holds one sort or the other.
        `leads`: only where the CRM is a `LeadCrm`.
        `parts`: how many of the contacts are of each `FileCrm.part_of`, for those that have files.
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
