"""What is read of an org: which streams the mapping asks for, and what reads each of them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from functools import cached_property
from threading import RLock

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.reading import Unreadable
from connector.crm.salesforce import place as places
from connector.crm.salesforce.client import Client
from connector.crm.salesforce.feeds import Reader
from connector.crm.salesforce.lookup import Lookup
from connector.crm.salesforce.opportunities import (
    OPPORTUNITY,
    RECORD_TYPE,
    ROLE,
    Opportunities,
    OpportunityStream,
    is_deleted,
    opportunities,
)
from connector.crm.salesforce.people import People, numeric, object_of, people
from connector.crm.salesforce.place import Place
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
    read,
    record_feed,
)
from connector.crm.salesforce.windows import Opening
from connector.domain.contact import Contact, Opportunity
from connector.domain.ids import ContactId, OpportunityId
from connector.ports import OPPORTUNITIES, Page, Stream

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


def objects_of(mapping: SalesforceMapping) -> list[str]:
    """Return every object that a mapping looks at, those that lend fields included."""
    sources = [name for name in mapping.sources if name != "contact"]
    named: list[str] = [*mapping.contact.objects, "Account", *sources]
    if "CampaignMember" in sources:
        named.append("Campaign")
    if MAIL in sources:
        named.append(RELATION)
    if mapping.opportunities:
        named += [OPPORTUNITY, ROLE]
        if mapping.opportunities.record_types != "all":
            named.append(RECORD_TYPE)
    if mapping.tasks:
        named.append("Task")
    return list(dict.fromkeys(named))


def streams_of(mapping: SalesforceMapping) -> list[Stream]:
    """Return what a mapping asks to read, contacts first."""
    sources = [name for name in mapping.sources if name != "contact"]
    if mapping.tasks and "Task" not in sources:
        sources.append("Task")
    found = [CONTACTS]
    for source in sources:
        name = "tasks" if source == "Task" else f"activities:{source}"
        found.append(Stream(name, _LABELS[source]))
    if mapping.opportunities:
        found.append(Stream(OPPORTUNITIES, OPPORTUNITIES))
    return found


class Readings:
    """The streams of one org. `zone`: in which its days begin."""

    def __init__(
        self,
        client: Client,
        mapping: SalesforceMapping,
        schema: Schema,
        zone: tzinfo,
        *,
        bulk_from: int,
    ) -> None:
        self._client = client
        self._mapping = mapping
        self._schema = schema
        self._zone = zone
        self._reader = Reader(client, bulk_from=bulk_from)
        self._awaited: Mapping[str, tuple[str, Mapping[str, Opening]]] = {}
        self._checkpoints: Mapping[Stream, str | None] = {}
        self._lock = RLock()
        self.unreadable = Unreadable()

    @cached_property
    def people(self) -> Mapping[str, People]:
        """How each object of people is read; one that the org hides is left out."""
        return {
            source: people(self._mapping, source, self._schema, self._zone, self.unreadable)
            for source in self._mapping.contact.objects
            if self._schema.find(source) is not None
        }

    @cached_property
    def _streams(self) -> Mapping[str, Pages]:
        """What reads each stream; an object that the org lacks, or hides, has none."""
        found: dict[str, Pages] = {"contacts": PeopleStream(self.people, self._living)}
        for stream in streams_of(self._mapping)[1:]:
            made = self._made(stream.name)
            if made is not None:
                found[stream.name] = made
        return found

    def _made(self, name: str) -> Pages | None:
        if name == OPPORTUNITIES:
            return self._opportunity_stream()
        source = "Task" if name == "tasks" else name.partition(":")[2]
        if self._schema.find(source) is None:
            return None
        return self._mails() if source == MAIL else self._records(source)

    @cached_property
    def _opportunities(self) -> Opportunities | None:
        """How opportunities are read; None if the mapping reads none, or the org hides them."""
        wanted = self._mapping.opportunities
        if wanted is None or self._schema.find(OPPORTUNITY) is None:
            return None
        return opportunities(wanted, self._schema, self._zone, self.unreadable)

    def _opportunity_stream(self) -> Pages | None:
        reader = self._opportunities
        if reader is None or self._schema.find(ROLE) is None:
            return None
        return OpportunityStream(reader, Lookup(self._client))

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

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from a checkpoint up to now."""
        reading = self._streams.get(stream.name)
        if reading is None:
            return
        openings = self._openings(stream, checkpoint)
        yield from read(reading, self._reader, checkpoint, openings)

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
        found = Lookup(self._client).living(list(ids), self.people)
        rows = {now.id: now.row for now in found.values()}
        return [self._contact(row) for row in rows.values()]

    def fetch_opportunities(self, ids: Sequence[OpportunityId]) -> Sequence[Opportunity]:
        """Fetch these opportunities as they are now, without their contacts."""
        reader = self._opportunities
        if reader is None:
            return []
        rows = Lookup(self._client).rows(OPPORTUNITY, reader.columns, ids)
        return [reader.opportunity(row, None) for row in rows if not is_deleted(row)]

    def _living(self, ids: Sequence[str]) -> Mapping[str, Row]:
        found = Lookup(self._client).living(ids, self.people)
        return {id_: now.row for id_, now in found.items() if now.id == id_}

    def _contact(self, row: Row) -> Contact:
        source = object_of(row["Id"] or "") or ""
        return self.people[source].contact(row)
