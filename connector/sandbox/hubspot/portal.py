"""A HubSpot account: everything that the sandbox knows, apart from how it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Literal

from connector.sandbox.clock import Clock, ShiftedClock, WallClock
from connector.sandbox.hubspot.keeping import Export, Import, Segment
from connector.sandbox.hubspot.kinds import CONTACTS, KINDS, Kind
from connector.sandbox.hubspot.links import Links
from connector.sandbox.hubspot.moments import iso, to_ms
from connector.sandbox.hubspot.pipelines import PIPELINES
from connector.sandbox.hubspot.refusals import Json
from connector.sandbox.hubspot.schema import Schema, builtin_schema
from connector.sandbox.hubspot.streams import Streams
from connector.sandbox.hubspot.table import Record, Table
from connector.sandbox.hubspot.tokens import Tokens

Tier = Literal["free", "pro", "enterprise"]
DAILY: dict[Tier, int] = {"free": 250_000, "pro": 625_000, "enterprise": 1_000_000}


@dataclass(frozen=True, slots=True)
class Options:
    """How the account behaves where accounts differ or the documentation leaves it open."""

    tier: Tier = "pro"
    limits: bool = True
    index_lag: timedelta = timedelta(seconds=2)
    partial_updates: Literal["400", "207"] = "400"  # what one bad value does to a batch
    creation_key_writable: bool = False  # whether hs_unique_creation_key can be set
    tasks_take_custom_properties: bool = True
    leads: bool = False  # whether the account has leads, as from Sales Hub Professional on
    association_page: int = 500  # linked ids per input of a batch read
    portal_id: int = 20_260_001
    time_zone: str = "Europe/Paris"
    currency: str = "EUR"
    seed: int = 0


@dataclass(slots=True)
class Owner:
    """A user who can own records."""

    id: int
    user_id: int
    email: str
    first_name: str
    last_name: str
    created_ms: int = 0
    type: str = "PERSON"
    archived_ms: int | None = None

    def as_json(self) -> Json:
        """Return it as the API shows it; an archived owner has lost his `userId`."""
        is_archived = self.archived_ms is not None
        shown: Json = {
            "id": str(self.id),
            "email": self.email,
            "type": self.type,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userId": None if is_archived else self.user_id,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.created_ms),
            "archived": is_archived,
        }
        return shown


@dataclass
class Portal:
    """The account. Everything happens in one thread: the server's event loop, or a test."""

    options: Options = field(default_factory=Options)
    base_clock: Clock = field(default_factory=WallClock)

    def __post_init__(self) -> None:
        self.clock = ShiftedClock(self.base_clock)
        lag = self.options.index_lag // timedelta(milliseconds=1)
        self.schemas: dict[str, Schema] = {
            kind.name: builtin_schema(
                kind, creation_key_writable=self.options.creation_key_writable
            )
            for kind in KINDS
        }
        self.tables: dict[str, Table] = {kind.name: Table(kind, lag) for kind in KINDS}
        for name, table in self.tables.items():
            for unique in self.schemas[name].unique_names():
                table.watch(unique)
        self.links = Links()
        self.owners: dict[int, Owner] = {}
        self.streams = Streams()
        self.tokens = Tokens()
        self.blocked_emails: set[str] = set()
        self.segments: dict[int, Segment] = {}
        self.exports: dict[int, Export] = {}
        self.imports: dict[int, Import] = {}
        self.used_today = 0  # calls since midnight in the account's zone
        self.changes = 0  # rises with every write, so that saving can tell whether there is news

    def now_ms(self) -> int:
        """Return the present moment of this account in milliseconds."""
        return to_ms(self.clock.now())

    def schema(self, kind: Kind) -> Schema:
        """Return the definitions of a type."""
        return self.schemas[kind.name]

    def table(self, kind: Kind) -> Table:
        """Return the records of a type."""
        return self.tables[kind.name]

    def accepted(self, name: str) -> frozenset[str] | None:
        """Return the values that a property fed from elsewhere takes; None for any other."""
        if name == "hubspot_owner_id":
            return frozenset(str(o.id) for o in self.owners.values() if o.archived_ms is None)
        return self._pipeline_values.get(name)

    @cached_property
    def _pipeline_values(self) -> dict[str, frozenset[str]]:
        return {
            name: values
            for pipeline in PIPELINES.values()
            for name, values in (
                (pipeline.property, frozenset({pipeline.id})),
                (pipeline.stage_property, frozenset(stage.id for stage in pipeline.stages)),
            )
        }

    def touch_contacts(self, kind: Kind, record: Record, contacts: Iterable[int]) -> None:
        """Stamp the contacts that an activity was logged on, and move their summaries."""
        table, now = self.table(CONTACTS), self.now_ms()
        for contact_id in contacts:
            contact = table.find(contact_id)
            if contact is not None:
                table.change(contact, summaries(kind, record, contact, now), now)


def summaries(kind: Kind, activity: Record, contact: Record, now_ms: int) -> dict[str, str]:
    """Return the summary properties of a contact once an activity is logged on it."""
    values = {"notes_last_updated": iso(now_ms)}
    if kind.name in {"tasks", "notes"}:
        if kind.name == "notes":
            values["num_notes"] = str(int(contact.props.get("num_notes", "0")) + 1)
        return values
    at = activity.props.get("hs_timestamp", "")
    values["num_notes"] = str(int(contact.props.get("num_notes", "0")) + 1)
    values["num_contacted_notes"] = str(int(contact.props.get("num_contacted_notes", "0")) + 1)
    values["notes_last_contacted"] = max(at, contact.props.get("notes_last_contacted", ""))
    return values
