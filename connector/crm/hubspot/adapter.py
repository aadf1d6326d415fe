"""HubSpot behind the port `Crm`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from connector.config.mapping import HubSpotMapping, Source
from connector.crm.hubspot import account, place
from connector.crm.hubspot.activities import ObjectStream
from connector.crm.hubspot.check import Checkup
from connector.crm.hubspot.client import RATES, Client
from connector.crm.hubspot.contacts import ContactRows, ContactStream
from connector.crm.hubspot.credentials import OAuth, OAuthGrant, ServiceKey
from connector.crm.hubspot.deals import DealRows, DealStream, DealWriter
from connector.crm.hubspot.events import EventStream
from connector.crm.hubspot.follow import Lag
from connector.crm.hubspot.forms import FormStream
from connector.crm.hubspot.histories import HISTORY_SIZE, Histories
from connector.crm.hubspot.judging import Limit
from connector.crm.hubspot.leads import LeadStream, LeadWriter
from connector.crm.hubspot.mail import MailStream, types_read
from connector.crm.hubspot.objects import BATCH_SIZE
from connector.crm.hubspot.place import Echo
from connector.crm.hubspot.provision import provision
from connector.crm.hubspot.sources import records
from connector.crm.hubspot.tasks import TaskStream, TaskWriter
from connector.crm.hubspot.transport import HubSpotTransport
from connector.crm.hubspot.wire import answers_read
from connector.crm.hubspot.writing import ContactWriter
from connector.crm.limiter import Rate
from connector.crm.reading import Unreadable
from connector.domain.contact import Contact, Lead, Opportunity, Owner
from connector.domain.ids import ContactId, LeadId, OpportunityId
from connector.errors import ConfigError
from connector.ports import (
    LEADS,
    OPPORTUNITIES,
    Account,
    CallEstimate,
    Clock,
    ContactHistory,
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


class Readable(Protocol):
    """Reads one stream."""

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        ...


API = "https://api.hubapi.com"
CONTACTS = Stream("contacts", "contacts")
_LAG = Lag()


class HubSpotCrm:
    """One HubSpot account. See `docs/hubspot.md` for what is read, at what cost, and what is not.

    `token` is called when a token is needed; with `oauth` it is not used. `echoes`: spans of time
    in which earlier processes wrote, as given to `wrote`. `language` is that of labels which
    `provision` creates.
    """

    def __init__(
        self,
        token: Callable[[], str],
        mapping: HubSpotMapping,
        clock: Clock,
        *,
        base_url: str = API,
        language: str = "en",
        max_daily_calls: int | None = None,
        oauth: OAuthGrant | None = None,
        lag: Lag = _LAG,
        sweep_every: timedelta = place.SWEEP_EVERY,
        echoes: Sequence[tuple[datetime, datetime]] = (),
        rates: Mapping[Limit, Rate] = RATES,
    ) -> None:
        transport = HubSpotTransport(base_url)
        credentials = OAuth(oauth, transport, clock) if oauth else ServiceKey(token)
        self._client = Client(
            transport, credentials, clock, rates=rates, max_daily_calls=max_daily_calls
        )
        self._mapping = mapping
        self._language = language
        self._echoes = list(echoes)
        self.unreadable = Unreadable()
        self._contacts = ContactStream(
            self._client,
            ContactRows(mapping, self.unreadable),
            lag,
            sweep_every,
            self._echoes_there,
        )
        self._leads = LeadStream(self._client, mapping.leads, lag) if mapping.leads else None
        self._deals = self._deal_stream(lag, sweep_every)
        self._streams = dict(self._built_streams(lag, sweep_every))
        self._writer = ContactWriter(self._client)
        self._histories = Histories(self._client, mapping, self.unreadable)

    def _deal_stream(self, lag: Lag, sweep_every: timedelta) -> DealStream | None:
        if self._mapping.opportunities is None:
            return None
        rows = DealRows(self._client, self._mapping.opportunities, self.unreadable)
        return DealStream(self._client, rows, lag, sweep_every)

    def _built_streams(self, lag: Lag, sweep_every: timedelta) -> Iterator[tuple[Stream, Readable]]:
        """Yield each stream that the mapping asks for, with what reads it."""
        client, mapping = self._client, self._mapping
        yield CONTACTS, self._contacts
        for source in mapping.sources:
            if source == "contact":
                continue  # comes with the contacts themselves
            label = source.replace("_", " ")
            yield Stream(f"activities:{source}", label), self._source(source, lag, sweep_every)
        if self._deals:
            yield Stream(OPPORTUNITIES, "deals"), self._deals
        if self._leads:
            yield Stream(LEADS, "leads"), self._leads
        if mapping.tasks:
            tasks = TaskStream(client, mapping.tasks, lag, self._echoes_there)
            yield Stream("tasks", "our tasks"), tasks

    def _source(self, source: Source, lag: Lag, sweep_every: timedelta) -> Readable:
        entries = records(self._mapping, source, self.unreadable)
        match source:
            case "form_submissions":
                latest = self._latest_form
                return FormStream(self._client, entries, lag, sweep_every, latest)
            case "email_events":
                return MailStream(self._client, entries, types_read(self._mapping), lag)
            case "marketing_events":
                return EventStream(self._client, entries)
        own_key = self._mapping.tasks.key if self._mapping.tasks and source == "tasks" else ""
        return ObjectStream(self._client, source, entries, lag, own_key)

    def account(self) -> Account:
        """Fetch which account this is."""
        return account.fetch_account(self._client)

    def streams(self) -> Sequence[Stream]:
        """Return what the mapping asks to read, contacts first."""
        return list(self._streams)

    def expect(self, checkpoints: Mapping[Stream, str | None]) -> None:
        """Do nothing: HubSpot has no call that reads several objects."""

    @property
    def sees_at_once(self) -> bool:
        """No: search shows changes late."""
        return False

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from a checkpoint up to now."""
        pages = self._streams[stream].pages(checkpoint)
        while True:
            with answers_read():
                page = next(pages, None)
            if page is None:
                return
            yield page

    def owners(self) -> Sequence[Owner]:
        """Fetch every owner."""
        return account.fetch_owners(self._client)

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Fetch these contacts as they are now."""
        with answers_read():
            return [self._contacts.rows.contact(row) for row in self._contacts.reader.read(ids)]

    @property
    def history_size(self) -> int:
        """Fifty, as HubSpot's batches with history are."""
        return HISTORY_SIZE

    def fetch_histories(
        self, contacts: Sequence[PastOf], fields: Collection[str]
    ) -> Sequence[ContactHistory]:
        """Fetch the past values of fields; those of merged contacts are the survivor's by now."""
        with answers_read():
            return list(self._histories.fetch([each.id for each in contacts], fields))

    def estimate_histories(self, contacts: int) -> int:
        """Return the calls: one for fifty contacts."""
        return ceil(contacts / HISTORY_SIZE)

    @property
    def batch_size(self) -> int:
        """A hundred, as HubSpot's batches are."""
        return BATCH_SIZE

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set the properties."""
        with answers_read():
            return self._writer.write(batch)

    def fetch_leads(self, ids: Sequence[LeadId]) -> Sequence[Lead]:
        """Fetch these leads as they are now; none if the mapping does not speak of leads."""
        with answers_read():
            return self._leads.fetch(ids) if self._leads else []

    def write_leads(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set properties of leads."""
        with answers_read():
            return LeadWriter(self._client).write(batch)

    def fetch_opportunities(self, ids: Sequence[OpportunityId]) -> Sequence[Opportunity]:
        """Fetch these deals as they are now; none if the mapping does not speak of deals."""
        with answers_read():
            return self._deals.fetch(ids) if self._deals else []

    def write_opportunities(self, batch: Sequence[OpportunityWrite]) -> Sequence[Outcome]:
        """Set properties of deals."""
        with answers_read():
            return DealWriter(self._client).write(batch)

    def write_tasks(self, batch: Sequence[TaskWish]) -> Sequence[Outcome]:
        """Create each task once, or complete it."""
        if self._mapping.tasks is None:
            raise ConfigError(
                what="a task was to be written, but the mapping has no section `tasks`",
                where="mappings/hubspot.yaml",
                do="Add `tasks: {key: leadripe_key}` and run `leadripe provision`.",
            )
        with answers_read():
            return TaskWriter(self._client, self._mapping.tasks).write(batch)

    def estimate(
        self,
        *,
        contacts: int,
        tasks: int,
        done: int = 0,
        leads: int = 0,
        opportunities: int = 0,
        parts: Mapping[str, int] | None = None,  # noqa: ARG002
    ) -> CallEstimate:
        """Return the calls: one for a hundred contacts, leads or deals, two for as many tasks.

        A task is created and linked, or looked up and completed.
        """
        batches = ceil(tasks / BATCH_SIZE) + ceil(done / BATCH_SIZE)
        return CallEstimate(
            ceil(contacts / BATCH_SIZE),
            2 * batches,
            leads=ceil(leads / BATCH_SIZE),
            opportunities=ceil(opportunities / BATCH_SIZE),
        )

    def wrote(self, *, since: datetime, until: datetime) -> None:
        """Take note of a span in which we wrote."""
        self._echoes.append((since, until))

    def check(self) -> Sequence[Finding]:
        """Look at everything a sync needs."""
        return Checkup(self._client, self._mapping).run()

    def provision(self, *, dry_run: bool) -> Sequence[Provision]:
        """Create what is missing."""
        return provision(self._client, self._mapping, language=self._language, dry_run=dry_run)

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent, by limit class."""
        return self._client.calls

    def _echoes_there(self) -> Sequence[Echo]:
        """Return when we wrote, by HubSpot's clock."""
        ahead = self._client.ahead
        return [place.echo_of(since + ahead, until) for since, until in self._echoes]

    def _latest_form(self) -> int | None:
        return self._contacts.latest_form
