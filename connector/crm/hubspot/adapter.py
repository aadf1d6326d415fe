"""HubSpot behind the port `Crm`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import ceil

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot import account, place
from connector.crm.hubspot.client import RATES, Client, Limit
from connector.crm.hubspot.contacts import ContactRows, ContactStream
from connector.crm.hubspot.credentials import OAuth, OAuthGrant, ServiceKey
from connector.crm.hubspot.follow import Lag
from connector.crm.hubspot.objects import BATCH_SIZE
from connector.crm.hubspot.place import Echo
from connector.crm.hubspot.sources import Unreadable
from connector.crm.hubspot.transport import HubSpotTransport
from connector.crm.hubspot.writing import ContactWriter
from connector.crm.limiter import Rate
from connector.domain.contact import Contact, Owner
from connector.domain.ids import ContactId
from connector.ports import (
    Account,
    CallEstimate,
    Clock,
    Outcome,
    Page,
    Stream,
    WriteBack,
)

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
        self._writer = ContactWriter(self._client)

    def account(self) -> Account:
        """Fetch which account this is."""
        return account.fetch_account(self._client)

    def streams(self) -> Sequence[Stream]:
        """Return what the mapping asks to read."""
        return [CONTACTS]

    def pages(self, stream: Stream, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages from a checkpoint up to now."""
        return self._contacts.pages(checkpoint)

    def owners(self) -> Sequence[Owner]:
        """Fetch every owner."""
        return account.fetch_owners(self._client)

    def fetch_contacts(self, ids: Sequence[ContactId]) -> Sequence[Contact]:
        """Fetch these contacts as they are now."""
        return [self._contacts.rows.contact(row) for row in self._contacts.reader.read(ids)]

    @property
    def batch_size(self) -> int:
        """A hundred, as HubSpot's batches are."""
        return BATCH_SIZE

    def write(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set the properties."""
        return self._writer.write(batch)

    def estimate(self, *, contacts: int, tasks: int) -> CallEstimate:
        """Return what writing costs."""
        return CallEstimate(ceil(contacts / BATCH_SIZE), 2 * ceil(tasks / BATCH_SIZE))

    def wrote(self, *, since: datetime, until: datetime) -> None:
        """Take note of a span in which we wrote."""
        self._echoes.append((since, until))

    @property
    def calls(self) -> Mapping[str, int]:
        """Calls sent, by limit class."""
        return self._client.calls

    def _echoes_there(self) -> Sequence[Echo]:
        """Return when we wrote, by HubSpot's clock."""
        ahead = self._client.ahead
        return [place.echo_of(since + ahead, until + ahead) for since, until in self._echoes]
