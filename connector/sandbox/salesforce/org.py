"""An org: everything that the sandbox knows, apart from how it is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from connector.sandbox.clock import Clock, ShiftedClock, WallClock
from connector.sandbox.salesforce import catalogue
from connector.sandbox.salesforce.archive import define_archive
from connector.sandbox.salesforce.copies import define_copies
from connector.sandbox.salesforce.fields import Field, SObject
from connector.sandbox.salesforce.keeping import BulkJob, Cursor, Deploy
from connector.sandbox.salesforce.moments import to_s
from connector.sandbox.salesforce.nodes import Node
from connector.sandbox.salesforce.refusals import no_type, not_found
from connector.sandbox.salesforce.sessions import (
    CONSUMER_KEY,
    CONSUMER_SECRET,
    DEFAULT_TOKEN,
    App,
    Sessions,
)
from connector.sandbox.salesforce.soql_tree import Condition
from connector.sandbox.salesforce.table import Record, Table, Values
from connector.sandbox.salesforce.tooling import ENTITIES, define_tooling, list_fields
from connector.sandbox.salesforce.tracking import USUAL, is_off

RECYCLE_S = 15 * 86_400
DAY_S = 86_400
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Options:
    """How the org behaves where orgs differ."""

    limits: bool = True
    daily_requests: int = 115_000
    session_lifetime: timedelta = timedelta(hours=2)
    time_zone: str = "Europe/Paris"
    name: str = "Sandbox"
    edition: str = "Enterprise Edition"
    edits_converted_leads: bool = False
    duplicate_rules: frozenset[str] = frozenset()  # objects on which an alert rule looks at Email
    composite_passes_headers: bool = True  # whether inner requests get the outer one's headers
    tells_app_usage: bool = False  # whether the usage header names the calling app, too
    oldest_version: int = 31  # what is older is retired: 410
    # Of a real org one counts: the first in production, the second in a sandbox.
    audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://test.salesforce.com")
    logins_an_hour: int = 3_600  # most that one user may begin
    deploy_polls: int = 1  # how often a deploy is asked for before it is done
    most_changed_ids: int = 600_000  # that `updated` and `deleted` tell of one window
    bulk_polls: int = 1  # how often a job is asked for before it is done
    bulk_page: int = 250_000  # most rows of one page of a bulk query
    # Whether a deployed conversion mapping takes the place of the one there, or adds to it: the
    # documentation does not tell, so the harmful reading is taken.
    mapping_is_replaced: bool = True
    custom_fields_each: int = 500
    tracked: frozenset[str] = USUAL  # `Lead.Title`: fields whose changes are written down
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """An admin's rule: where its condition holds, the record is refused with the message."""

    sobject: str
    condition: Condition
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """What a user sees and edits of the fields that permission sets grant: `lead.score__c`."""

    user: str
    readable: frozenset[str]
    editable: frozenset[str]
    hidden: frozenset[str]

    def sees(self, sobject: SObject, one: Field) -> bool:
        """Whether the user can read a field."""
        name = f"{sobject.name}.{one.name}".lower()
        return name in self.readable or not (one.granted or name in self.hidden)

    def edits(self, sobject: SObject, one: Field) -> bool:
        """Whether the user can write a field that can be written at all."""
        name = f"{sobject.name}.{one.name}".lower()
        return name in self.editable or not (one.granted or name in self.hidden)


@dataclass
class Org:
    """The org. Everything happens in one thread: the server's event loop, or a test."""

    options: Options = field(default_factory=Options)
    base_clock: Clock = field(default_factory=WallClock)

    def __post_init__(self) -> None:
        self.clock = ShiftedClock(self.base_clock)
        self.objects = catalogue.builtin_objects()
        self.tables = {name: Table(one) for name, one in self.objects.items()}
        self._names = {name.lower(): name for name in self.objects}
        self._prefixes = {one.prefix: name for name, one in self.objects.items()}
        self._prefixes |= {name[:3]: "EntityDefinition" for name in ENTITIES}
        self.sessions = Sessions(self.options.session_lifetime // timedelta(seconds=1))
        self.apps: dict[str, App] = {}
        self.issued = 0  # numbers of cursors, jobs and deploys
        self.cursors: dict[str, Cursor] = {}
        self.jobs: dict[str, BulkJob] = {}
        self.bulk_stops_after: int | None = None  # rows after which an ingest job fails
        self.bulk_query_fails = ""  # the error with which every bulk query fails
        self.deploys: dict[str, Deploy] = {}
        self.components: dict[tuple[str, str], Node] = {}  # deployed: type and name, as it was
        self.validation_rules: list[ValidationRule] = []
        self.required: set[str] = set()  # `Lead.Title`: an admin made it required
        self.hidden: set[str] = set()  # `lead.title`: hidden from all but who is granted it
        self.denied: set[str] = set()  # `Task.create`, `Lead.edit`, `Event.read`, `Metadata.edit`
        self.private: set[str] = set()  # objects whose records are edited by their owners alone
        # Refused by deploys all the same: a grant of `Lead.Title`, a list's column `LEAD.COMPANY`.
        self.undeployable: set[str] = set()
        self.locked: dict[str, int] = {}  # record id: how many more writes find it locked
        self.lock_next = 0  # how many of the next written rows find theirs locked
        self.in_approval: set[str] = set()
        self.assigned_to: dict[str, str] = {}  # object: the owner that its assignment rule gives
        self.lead_mapping: dict[str, str] = {}  # Lead field: Contact field, at conversion
        self.delete_log_from_s = 0  # what was deleted before is no longer told
        self.tracked = set(self.options.tracked)
        self.emptied: set[str] = set()  # records thrown out of the recycle bin before their time
        self.usage: dict[int, int] = {}  # hour: calls
        self.changes = 0  # rises with every write, so that saving can tell whether there is news
        self.transaction: list[Callable[[], None]] | None = None  # what takes a composite back
        self.main_user = ""
        _settle_in(self)

    def now_s(self) -> int:
        """Return the present moment of this org in whole seconds."""
        return to_s(self.clock.now())

    def today(self) -> date:
        """Return the day it is in the org's time zone."""
        return self.clock.now().astimezone(ZoneInfo(self.options.time_zone)).date()

    def sobject(self, name: str, *, tooling: bool = False) -> SObject:
        """Return an object by its name in any case, or refuse with 404."""
        found = self.objects.get(self._names.get(name.lower(), ""))
        if found is None or (found.is_tooling and not tooling) or is_off(self, found.name):
            raise not_found()
        return found

    def queried(self, name: str) -> SObject:
        """Return an object that a query names, or refuse as a query does."""
        found = self.objects.get(self._names.get(name.lower(), ""))
        if found is None or f"{found.name}.read" in self.denied or is_off(self, found.name):
            raise no_type(name)
        if found.name == "FieldDefinition":
            list_fields(self)
        return found

    def table(self, name: str) -> Table:
        """Return the records of an object, by its exact name."""
        return self.tables[name]

    def kind_of(self, record_id: str) -> str:
        """Return the name of the object that an id belongs to; empty if there is none."""
        return self._prefixes.get(record_id[:3], "")

    def record(self, record_id: str) -> Record | None:
        """Return the record of an id, one in the recycle bin too."""
        kind = self.kind_of(record_id)
        return self.tables[kind].rows.get(record_id) if kind else None

    def purged(self, record: Record) -> bool:
        """Whether a deleted record has left the recycle bin."""
        is_old = record.modified_s < self.now_s() - RECYCLE_S
        return record.is_deleted and (is_old or record.id in self.emptied)

    def access(self, user: str) -> Access:
        """Return what permission sets let a user see and edit."""
        sets = {
            row.values["PermissionSetId"]
            for row in self.table("PermissionSetAssignment").having("AssigneeId", user)
            if not row.is_deleted
        }
        rows = [
            row.values
            for row in self.table("FieldPermissions").live()
            if row.values["ParentId"] in sets
        ]
        readable = frozenset(_field_name(row) for row in rows if row.get("PermissionsRead"))
        editable = frozenset(_field_name(row) for row in rows if row.get("PermissionsEdit"))
        return Access(user, readable, editable, frozenset(name.lower() for name in self.hidden))

    def add(self, name: str, values: Values, *, at_s: int | None = None, by: str = "") -> Record:
        """Put a record in as the platform itself does: nothing is checked."""
        now = self.now_s() if at_s is None else at_s
        by = by or self.main_user
        table = self.table(name)
        record = Record(table.new_id(), values, now, by, now, by, now)
        table.put(record)
        self.changes += 1
        return record

    def number(self) -> int:
        """Return a number that no cursor, job or deploy has had yet."""
        self.issued += 1
        return self.issued

    def settle(self) -> None:
        """Let what takes time go on."""
        now = self.now_s()
        for locator in [name for name, one in self.cursors.items() if one.expires_s <= now]:
            del self.cursors[locator]
        for table in self.tables.values():
            if table.held:
                table.settle(now)


def _field_name(row: Values) -> str:
    return str(row["Field"]).lower()


def _settle_in(org: Org) -> None:
    profile = org.add("Profile", {"Name": "Minimum Access - API Only Integrations"}).id
    zone = org.options.time_zone
    org.main_user = org.add("User", user_values(
        "integration@sandbox.example", "", "Integration", profile, zone
    )).id  # fmt: skip
    org.add(
        "Organization",
        {
            "Name": org.options.name, "OrganizationType": org.options.edition,
            "InstanceName": "LOCAL", "IsSandbox": True, "TimeZoneSidKey": zone,
            "LanguageLocaleKey": "en_US", "DefaultLocaleSidKey": "en_US",
        },
    )  # fmt: skip
    _add_picklists(org)
    define_archive(org)
    define_copies(org)
    define_tooling(org)
    org.apps[CONSUMER_KEY] = App(
        CONSUMER_KEY,
        CONSUMER_SECRET,
        approved={"integration@sandbox.example"},
        run_as="integration@sandbox.example",
    )
    far = 100 * 365 * DAY_S
    session = org.sessions.open(org.main_user, org.now_s(), DEFAULT_TOKEN)
    session.expires_s += far  # a service's own key to a toy org: it does not run out by itself


def user_values(username: str, first: str, last: str, profile: str, zone: str) -> Values:
    """Return the values of a user."""
    values: Values = {
        "Username": username, "Email": username, "LastName": last,
        "Name": f"{first} {last}".strip(), "Alias": last[:8].lower(), "IsActive": True,
        "UserType": "Standard", "TimeZoneSidKey": zone, "LanguageLocaleKey": "en_US",
        "LocaleSidKey": "en_US", "ProfileId": profile,
    }  # fmt: skip
    return values | ({"FirstName": first} if first else {})


def _add_picklists(org: Org) -> None:
    for place, (name, chance, closed, won, forecast) in enumerate(catalogue.STAGES, 1):
        org.add(
            "OpportunityStage",
            {
                "MasterLabel": name, "ApiName": name, "IsActive": True, "SortOrder": place,
                "IsClosed": closed, "IsWon": won, "ForecastCategory": forecast,
                "ForecastCategoryName": catalogue.FORECAST_LABELS[forecast],
                "DefaultProbability": float(chance),
            },
        )  # fmt: skip
    for kind, names, flag, marked in (
        ("LeadStatus", catalogue.LEAD_STATUSES, "IsConverted", catalogue.CONVERTED_STATUS),
        ("TaskStatus", catalogue.TASK_STATUSES, "IsClosed", catalogue.CLOSED_TASK),
    ):
        for place, name in enumerate(names, 1):
            values: Values = {
                "MasterLabel": name, "ApiName": name, "SortOrder": place, "IsDefault": place == 1,
                flag: name == marked,
            }  # fmt: skip
            org.add(kind, values)
