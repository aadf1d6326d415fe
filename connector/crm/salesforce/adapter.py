"""Salesforce behind the port `Crm`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from math import ceil
from threading import RLock
from zoneinfo import ZoneInfo

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.reading import Unreadable
from connector.crm.salesforce import place as places
from connector.crm.salesforce import streams
from connector.crm.salesforce.account import asking_for_org, fetch_owners, fetch_user, org_of
from connector.crm.salesforce.check import Checkup
from connector.crm.salesforce.client import Allowance, Client
from connector.crm.salesforce.collections import BATCH_SIZE
from connector.crm.salesforce.credentials import Grant, SessionKeeper
from connector.crm.salesforce.feeds import BULK_FROM, Reader
from connector.crm.salesforce.files import FILE_CALLS, FILE_FROM, FileWriter, part_of
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.opportunities import OPPORTUNITY, ROLE, OpportunityStream, columns_of
from connector.crm.salesforce.people import People, numeric, people
from connector.crm.salesforce.place import Place
from connector.crm.salesforce.provision import provision
from connector.crm.salesforce.rows import Row
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.sources import records
from connector.crm.salesforce.streams import (
    MAIL,
    RELATION,
    MailStream,
    Pages,
    PeopleStream,
    RecordStream,
    mail_columns,
    mail_feeds,
    record_feed,
)
from connector.crm.salesforce.tasks import TaskWriter
from connector.crm.salesforce.transport import SalesforceTransport
from connector.crm.salesforce.windows import Opening
from connector.crm.salesforce.writing import ContactWriter
from connector.domain.contact import Contact, Owner
from connector.domain.ids import ContactId, JobId, OwnerId
from connector.errors import ConfigError
from connector.ports import (
    Account,
    CallEstimate,
    Clock,
    FileJob,
    FileRow,
    Finding,
    Outcome,
    Page,
    Provision,
    Stream,
    TaskWish,
    WriteBack,
)

API_VERSION = "66.0"
CONTACTS = Stream("contacts", "leads and contacts")
_WHO: Mapping[str, tuple[str, ...]] = {
    "Task": ("WhoId",),
    "Event": ("WhoId",),
    # A converted lead keeps its campaigns, and the contact has them too.
    "CampaignMember": ("ContactId", "LeadId"),
}
_LABELS = {
    "Task": "tasks",
    "Event": "events",
    "CampaignMember": "campaign members",
    "EmailMessage": "mails",
}


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
        self._reader = Reader(self._client, bulk_from=bulk_from)
        self._file_from = file_from
        self._account: Account | None = None
        self._awaited: Mapping[str, tuple[str, Mapping[str, Opening]]] = {}
        self._checkpoints: Mapping[Stream, str | None] = {}
        self._lock = RLock()
        self.unreadable = Unreadable()

    # -- who and what there is

    def account(self) -> Account:
        """Fetch which org this is, and in the same call what it has of what the mapping names."""
        with self._lock:
            if self._account is None:
                answer = self._schema.load(self._sources, beside=asking_for_org())
                self._account = org_of(answer)
            return self._account

    @property
    def _sources(self) -> list[str]:
        """Every object that the mapping looks at, those that lend fields included."""
        sources = [name for name in self._mapping.sources if name != "contact"]
        named: list[str] = [*self._mapping.contact.objects, "Account", *sources]
        if "CampaignMember" in sources:
            named.append("Campaign")
        if MAIL in sources:
            named.append(RELATION)
        if self._mapping.opportunities:
            named += [OPPORTUNITY, ROLE]
        if self._mapping.tasks:
            named.append("Task")
        return list(dict.fromkeys(named))

    @cached_property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self._time_zone or self.account().time_zone)

    @cached_property
    def _people(self) -> Mapping[str, People]:
        self.account()
        return {
            source: people(self._mapping, source, self._schema, self._zone, self.unreadable)
            for source in self._mapping.contact.objects
            if self._schema.find(source) is not None
        }

    def owners(self) -> Sequence[Owner]:
        """Fetch users and queues."""
        return fetch_owners(self._client)

    # -- reading

    def streams(self) -> Sequence[Stream]:
        """Return what the mapping asks to read, contacts first."""
        return list(self._named())

    def _named(self) -> Iterator[Stream]:
        yield CONTACTS
        sources = [name for name in self._mapping.sources if name != "contact"]
        if self._mapping.tasks and "Task" not in sources:
            sources.append("Task")
        for source in sources:
            name = "tasks" if source == "Task" else f"activities:{source}"
            yield Stream(name, _LABELS[source])
        if self._mapping.opportunities:
            yield Stream("opportunities", "opportunities")

    @cached_property
    def _streams(self) -> Mapping[str, Pages]:
        """What reads each stream; an object that the org lacks, or hides, has none."""
        found: dict[str, Pages] = {"contacts": PeopleStream(self._people, self._living)}
        for stream in self.streams()[1:]:
            made = self._made(stream.name)
            if made is not None:
                found[stream.name] = made
        return found

    def _made(self, name: str) -> Pages | None:
        if name == "opportunities":
            return self._opportunities()
        source = "Task" if name == "tasks" else name.partition(":")[2]
        if self._schema.find(source) is None:
            return None
        return self._mails() if source == MAIL else self._records(source)

    def _opportunities(self) -> Pages | None:
        wanted = self._mapping.opportunities
        there = [self._schema.find(name) is not None for name in (OPPORTUNITY, ROLE)]
        if wanted is None or not all(there):
            return None
        columns = columns_of(wanted, self._schema)
        return OpportunityStream(wanted, Lookup(self._client), columns, self._zone)

    def _records(self, source: str) -> Pages:
        tasks = self._mapping.tasks
        key = (
            tasks.key if tasks and source == "Task" and self._schema.has("Task", tasks.key) else ""
        )
        entries = records(self._mapping, source, self._zone, self.unreadable)  # type: ignore[arg-type]  # one of the literals
        who = _WHO[source]
        wanted = ["Id", "SystemModstamp", "IsDeleted", *who, *entries.columns]
        wanted += [key, "IsClosed"] if key else []
        columns = self._schema.readable(source, wanted)
        feed = record_feed(source, columns, who, numeric(self._schema, source, columns))
        return RecordStream(feed, entries, who, key)

    def _mails(self) -> Pages | None:
        if self._schema.find(RELATION) is None:
            return None
        entries = records(self._mapping, "EmailMessage", self._zone, self.unreadable)
        columns = self._schema.readable(RELATION, mail_columns(entries.columns))
        return MailStream(mail_feeds(columns, numeric(self._schema, RELATION, columns)), entries)

    def expect(self, checkpoints: Mapping[Stream, str | None]) -> None:
        """Take note from where streams will be read, so that they can be asked about together."""
        self._checkpoints = dict(checkpoints)
        self._awaited = {}

    @property
    def sees_at_once(self) -> bool:
        """Yes: queries read what is committed."""
        return True

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from a checkpoint up to now."""
        self.account()
        reading = self._streams.get(stream.name)
        if reading is None:
            return
        openings = self._openings(stream, checkpoint)
        yield from streams.read(reading, self._reader, checkpoint, openings)

    def _openings(self, stream: Stream, checkpoint: str | None) -> Mapping[str, Opening]:
        """Return the first answers for a stream, fetched together with those of all awaited."""
        with self._lock:
            if self._checkpoints:
                self._awaited = self._fetched(self._checkpoints)
                self._checkpoints = {}
            awaited = dict(self._awaited)
            expected, openings = awaited.pop(stream.name, ("", {}))
            self._awaited = awaited  # each answer is good for one reading
            return openings if expected == (checkpoint or "") else {}

    def _fetched(
        self, checkpoints: Mapping[Stream, str | None]
    ) -> Mapping[str, tuple[str, Mapping[str, Opening]]]:
        wanted = []
        for stream, checkpoint in checkpoints.items():
            reading = self._streams.get(stream.name)
            found = places.load(checkpoint)
            for feed in reading.feeds if reading else ():
                place = found.get(feed.name, Place())
                if not place.job:
                    wanted.append((stream.name, feed, place))
        answers = self._reader.open([(feed, place) for _, feed, place in wanted])
        opened: dict[str, tuple[str, dict[str, Opening]]] = {
            stream.name: (checkpoint or "", {}) for stream, checkpoint in checkpoints.items()
        }
        for name, feed, _ in wanted:
            opened[name][1][feed.name] = answers[feed.name]
        return opened

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Fetch these contacts as they are now."""
        found = Lookup(self._client).living(list(ids), self._people)
        rows = {now.id: now.row for now in found.values()}
        return [self._contact(row) for row in rows.values()]

    def _living(self, ids: Sequence[str]) -> Mapping[str, Row]:
        found = Lookup(self._client).living(ids, self._people)
        return {id_: now.row for id_, now in found.items() if now.id == id_}

    def _contact(self, row: Row) -> Contact:
        source = "Lead" if (row["Id"] or "").startswith("00Q") else "Contact"
        return self._people[source].contact(row)

    # -- writing

    @property
    def batch_size(self) -> int:
        """A thousand: five collections of two hundred in one call."""
        return BATCH_SIZE

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set the fields."""
        return ContactWriter(self._client, self._schema, self._people).write(batch)

    def write_tasks(self, batch: Sequence[TaskWish]) -> Sequence[Outcome]:
        """Create each task once, or complete it."""
        tasks = self._mapping.tasks
        if tasks is None:
            raise ConfigError(
                what="a task was to be written, but the mapping has no section `tasks`",
                where="mappings/salesforce.yaml",
                do="Add `tasks: {key: Leadripe_Key__c}` and run `leadripe provision`.",
            )
        writer = TaskWriter(self._client, tasks, self._people, self._zone, self._owner_of_last)
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
        return CallEstimate(writing, ceil(tasks / BATCH_SIZE) + completing)

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
            for source, found in self._people.items()
        }
        return FileWriter(self._client, self._schema, fields)

    def _is_ours(self, source: str, name: str) -> bool:
        info = self._schema.field(source, name)
        return info is not None and info.is_updateable and name != self._mapping.feedback

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
