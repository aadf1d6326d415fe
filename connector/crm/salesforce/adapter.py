"""Salesforce behind the port `Crm`."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from math import ceil
from threading import RLock
from zoneinfo import ZoneInfo

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.account import asking_for_org, fetch_owners, fetch_user, org_of
from connector.crm.salesforce.check import Checkup
from connector.crm.salesforce.client import Allowance, Client
from connector.crm.salesforce.collections import BATCH_SIZE
from connector.crm.salesforce.credentials import Grant, SessionKeeper
from connector.crm.salesforce.feeds import BULK_FROM
from connector.crm.salesforce.files import FILE_CALLS, FILE_FROM, FileWriter, part_of
from connector.crm.salesforce.histories import HISTORY_SIZE, Histories
from connector.crm.salesforce.opportunity_writing import OpportunityWriter
from connector.crm.salesforce.provision import provision
from connector.crm.salesforce.readings import Readings, objects_of, streams_of
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.tasks import TaskWriter
from connector.crm.salesforce.transport import SalesforceTransport
from connector.crm.salesforce.writing import ContactWriter
from connector.domain.contact import Contact, Opportunity, Owner
from connector.domain.ids import ContactId, JobId, OpportunityId, OwnerId
from connector.errors import ConfigError
from connector.ports import (
    Account,
    CallEstimate,
    Clock,
    ContactHistory,
    FileJob,
    FileRow,
    Finding,
    OpportunityWrite,
    Outcome,
    Page,
    PastOf,
    Provision,
    Stream,
    TaskWish,
    WriteBack,
)

API_VERSION = "66.0"


class SalesforceCrm:
    """One Salesforce org. See `docs/salesforce.md` for what is read, at what cost, and what is not.

    `grant` proves who we are. `time_zone`: in which days begin, by default the org's. `language` is
    that of labels which `provision` creates.
    """

    def __init__(
        self,
        grant: Grant,
        mapping: SalesforceMapping,
        clock: Clock,
        *,
        base_url: str,
        version: str = API_VERSION,
        language: str = "en",
        time_zone: str | None = None,
        allowance: Allowance | None = None,
        username: str | None = None,
        bulk_from: int = BULK_FROM,
        file_from: int = FILE_FROM,
    ) -> None:
        transport = SalesforceTransport(base_url)
        sessions = SessionKeeper(grant, transport, clock)
        self._client = Client(transport, sessions, clock, version=version, allowance=allowance)
        self._mapping = mapping
        self._language = language
        self._time_zone = time_zone
        self._username = username
        self._schema = Schema(self._client)
        self._bulk_from = bulk_from
        self._file_from = file_from
        self._account: Account | None = None
        self._expected: Mapping[Stream, str | None] = {}
        self._lock = RLock()

    # -- who and what there is

    def account(self) -> Account:
        """Fetch which org this is, and in the same call what it has of what the mapping names."""
        with self._lock:
            if self._account is None:
                answer = self._schema.load(objects_of(self._mapping), beside=asking_for_org())
                self._account = org_of(answer)
            return self._account

    def owners(self) -> Sequence[Owner]:
        """Fetch users and queues."""
        return fetch_owners(self._client)

    @cached_property
    def _readings(self) -> Readings:
        self.account()
        return Readings(
            self._client, self._mapping, self._schema, self._zone, bulk_from=self._bulk_from
        )

    @cached_property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self._time_zone or self.account().time_zone)

    # -- reading

    def streams(self) -> Sequence[Stream]:
        """Return what the mapping asks to read, contacts first."""
        return streams_of(self._mapping)

    def expect(self, checkpoints: Mapping[Stream, str | None]) -> None:
        """Take note from where streams will be read, so that they can be asked about together."""
        self._expected = dict(checkpoints)

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from a checkpoint up to now."""
        if self._expected:
            self._readings.expect(self._expected)
            self._expected = {}
        yield from self._readings.pages(stream, checkpoint)

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Fetch these contacts as they are now."""
        return self._readings.fetch_contacts(ids)

    def fetch_opportunities(self, ids: Sequence[OpportunityId]) -> Sequence[Opportunity]:
        """Fetch these opportunities as they are now, without their contacts."""
        return self._readings.fetch_opportunities(ids)

    @property
    def history_size(self) -> int:
        """Sixteen hundred: five queries in one call."""
        return HISTORY_SIZE

    def fetch_histories(
        self, contacts: Sequence[PastOf], fields: Collection[str]
    ) -> Sequence[ContactHistory]:
        """Fetch the past values of fields, of those that the org tracks."""
        return list(self._histories.fetch(contacts, fields))

    def estimate_histories(self, contacts: int) -> int:
        """Return the calls: one to ask what is tracked, one for 1,600 contacts."""
        return 1 + ceil(contacts / HISTORY_SIZE)

    @cached_property
    def _histories(self) -> Histories:
        readings = self._readings
        return Histories(
            self._client, self._mapping, self._schema, readings.people, readings.unreadable
        )

    @property
    def sees_at_once(self) -> bool:
        """Yes: queries read what is committed."""
        return True

    # -- writing

    @property
    def batch_size(self) -> int:
        """A thousand: five collections of two hundred in one call."""
        return BATCH_SIZE

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set the fields."""
        return ContactWriter(self._client, self._schema, self._readings.people).write(batch)

    def write_opportunities(self, batch: Sequence[OpportunityWrite]) -> Sequence[Outcome]:
        """Set the fields of opportunities."""
        return OpportunityWriter(self._client, self._schema).write(batch)

    def write_tasks(self, batch: Sequence[TaskWish]) -> Sequence[Outcome]:
        """Create each task once, or complete it."""
        tasks = self._mapping.tasks
        if tasks is None:
            raise ConfigError(
                what="a task was to be written, but the mapping has no section `tasks`",
                where="mappings/salesforce.yaml",
                do="Add `tasks: {key: Leadripe_Key__c}` and run `leadripe provision`.",
            )
        writer = TaskWriter(
            self._client, tasks, self._readings.people, self._zone, self._owner_of_last
        )
        return writer.write(batch)

    @cached_property
    def _owner_of_last(self) -> OwnerId | None:
        """Who gets the tasks that nobody else can."""
        tasks = self._mapping.tasks
        if tasks is None or tasks.owner is None:
            return None
        found = fetch_user(self._client, tasks.owner)
        if found is None:
            raise ConfigError(
                what="the user who is to get tasks without an owner is not there, or deactivated",
                where="mappings/salesforce.yaml, tasks.owner",
                do="Name the user name of an active user. No task was written; those planned wait.",
            )
        return found

    def estimate(
        self,
        *,
        contacts: int,
        tasks: int,
        done: int = 0,
        leads: int = 0,  # noqa: ARG002  a lead is a contact itself here
        opportunities: int = 0,
        parts: Mapping[str, int] | None = None,
    ) -> CallEstimate:
        """Return the calls: one for a thousand, two for a thousand tasks to complete.

        What goes as a file costs a few calls, however much it is; how often one has to look whether
        it is done depends on Salesforce.
        """
        filed = {part: count for part, count in (parts or {}).items() if count >= self.file_from}
        rest = contacts - sum(filed.values())
        writing = len(filed) * FILE_CALLS + ceil(rest / BATCH_SIZE)
        completing = 2 * ceil(done / BATCH_SIZE)
        return CallEstimate(
            writing,
            ceil(tasks / BATCH_SIZE) + completing,
            opportunities=ceil(opportunities / BATCH_SIZE),
        )

    @property
    def file_from(self) -> int:
        """From so many write-backs to one object on a file costs fewer calls."""
        return self._file_from

    def part_of(self, contact: ContactId) -> str:
        """Return the object: a file holds records of one."""
        return part_of(contact)

    def open_file(self, part: str) -> JobId:
        """Open a job that holds nothing yet."""
        return self._files.open(part)

    def send_file(self, job: FileJob, rows: Iterable[WriteBack]) -> None:
        """Put the rows into an open job, and let Salesforce work on it."""
        self._files.send(job, rows)

    def finish_file(self, job: FileJob) -> Iterator[FileRow]:
        """Wait until a job is over, and yield what became of its rows."""
        yield from self._files.finish(job)

    @cached_property
    def _files(self) -> FileWriter:
        fields = {
            source: [name for name in found.written if self._is_ours(source, name)]
            for source, found in self._readings.people.items()
        }
        return FileWriter(self._client, self._schema, fields)

    def _is_ours(self, source: str, name: str) -> bool:
        info = self._schema.field(source, name)
        theirs = (self._mapping.feedback, self._mapping.not_before)
        return info is not None and info.is_updateable and name not in theirs

    def wrote(self, *, since: datetime, until: datetime) -> None:
        """Do nothing: our changes are read again, since a person's may hide among them."""

    # -- setting up

    def check(self) -> Sequence[Finding]:
        """Look at everything a sync needs."""
        return Checkup(self._client, self._mapping).run()

    def provision(self, *, dry_run: bool) -> Sequence[Provision]:
        """Create what is missing."""
        return provision(
            self._client,
            self._mapping,
            language=self._language,
            dry_run=dry_run,
            username=self._username,
        )

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent, by kind."""
        return self._client.calls
