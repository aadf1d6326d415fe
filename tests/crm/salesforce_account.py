"""A sandbox Salesforce org, what people do in it, and our adapter onto it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.salesforce.adapter import SalesforceCrm
from connector.crm.salesforce.credentials import SecretGrant
from connector.domain.ids import ContactId, OpportunityId, TaskKey
from connector.sandbox.clock import ShiftedClock
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.salesforce.people import People
from connector.sandbox.salesforce.serving import new_key, serve_org
from connector.sandbox.salesforce.state import restore, save
from tests.crm.salesforce.relay import Relay
from tests.crm.shipped import shipped_for_salesforce
from tests.fakes.clock import FakeClock

PRESENT = {"FirstName": "Ana"}


@cache
def private_key() -> str:
    """Return a key for all orgs of a test run: making one takes a while."""
    return new_key()


@dataclass(frozen=True)
class Provisioned:
    """An org as it stands once everything of ours is in it: to provision each takes a while."""

    state: bytes
    user: str
    took: timedelta

    def settle_in(self, org: Org, clock: FakeClock) -> People:
        """Make a new org the same, and return the people in it."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "state.json"
            path.write_bytes(self.state)
            restore(org, path)
        clock.turn(self.took)
        return People(org, self.user)


@cache
def _provisioned() -> Provisioned:
    began = FakeClock().now()
    with SalesforceAccount(provisioned=False) as account, TemporaryDirectory() as folder:
        account.connect().provision(dry_run=False)
        path = Path(folder) / "state.json"
        save(account.org, private_key(), path)
        took = account.clock.now() - began
        return Provisioned(path.read_bytes(), account.people.user, took)


class SalesforceAccount:
    """An org with the shipped mapping, provisioned, and a clock to turn.

    Methods other than `connect` are what people do: in the org itself, so that they count
    against no limit of ours.
    """

    score = "Leadripe_Score__c"
    opportunity_score = "Leadripe_Opportunity_Score__c"

    def __init__(
        self,
        *,
        options: Options | None = None,
        mapping: SalesforceMapping | None = None,
        provisioned: bool = True,
        faults: str = "",
    ) -> None:
        self.clock = FakeClock()
        self.mapping = mapping or shipped_for_salesforce()
        self.org = Org(options or Options(), self.clock)
        known = _provisioned() if provisioned and self._is_usual(options, mapping) else None
        self.people = known.settle_in(self.org, self.clock) if known else People(self.org)
        self.faults = Faults.parse(faults, seed=1)
        self.sandbox = serve_org(self.org, faults=self.faults, private_key=private_key())
        if provisioned and known is None:
            self.connect().provision(dry_run=False)

    @staticmethod
    def _is_usual(options: Options | None, mapping: SalesforceMapping | None) -> bool:
        usual, has = Options(), options or Options()
        named = (usual.name, usual.time_zone, usual.edition)
        return mapping is None and (has.name, has.time_zone, has.edition) == named

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sandbox.stop()

    def connect(self, **options: Any) -> SalesforceCrm:
        """Return a new adapter, as a new process would have it."""
        grant = SecretGrant(self.sandbox.consumer_key, self.sandbox.consumer_secret)
        known: dict[str, Any] = {
            "grant": grant,
            "mapping": self.mapping,
            "clock": self.clock,
            "base_url": self.sandbox.url,
            "username": self.sandbox.username,
        }
        return SalesforceCrm(**{**known, **options})

    def relay(self) -> Relay:
        """Return what can stand between the adapter and the org; to be used in a `with`."""
        return Relay(self.sandbox.url)

    def fault(self, kind: str, *, after: int = 1) -> None:
        """Let the n-th call from now on meet a fault."""
        self.faults.planned[self.faults.calls + after] = kind

    def add(self, kind: str, **values: object) -> str:
        """Create a record, as people do."""
        return self.people.create_slowly(kind, 0, values)

    def add_contact(self, name: str) -> ContactId:
        """Create a lead."""
        return self.add_lead(name)

    def add_lead(self, name: str, **values: object) -> ContactId:
        """Create a lead."""
        known = {"FirstName": name, "LastName": "Silva", "Company": "Acme"}
        mail = {"Email": f"{name.lower()}@example.org"}
        return ContactId(self.add("Lead", **{**known, **mail, **values}))

    def add_leads(self, count: int, **values: object) -> list[str]:
        """Create many leads at once, as an import does: all of them stamped alike."""
        known = {"LastName": "Silva", "Company": "Acme", "OwnerId": self.org.main_user, **values}
        return [self.org.add("Lead", {**known, "Name": str(n)}).id for n in range(count)]

    def now_s(self) -> int:
        """Return the present moment as the org counts."""
        return self.org.now_s()

    def edit(self, contact: str, **properties: object) -> None:
        """Set fields of a lead or contact; a number may come as text, as the mapping has it."""
        fields = self.org.objects[self.org.kind_of(contact)]
        typed = {
            name: float(value)
            if isinstance(value, str) and (one := fields.find(name)) and one.type == "double"
            else value
            for name, value in properties.items()
        }
        self.people.edit(contact, **typed)

    def name_title(self, contact: str, title: str | None) -> None:
        """Say what a lead or contact is; None clears."""
        self.edit(contact, Title=title)

    def delete(self, contact: str) -> None:
        """Put a lead or contact into the recycle bin."""
        self.people.delete(contact)

    def restore(self, contact: str) -> None:
        """Take a lead or contact out of the recycle bin."""
        self.people.restore(contact)

    def purge(self, contact: str) -> None:
        """Throw a lead or contact out of the recycle bin."""
        self.people.purge(contact)

    def merge(self, loser: str, into: str) -> ContactId:
        """Merge one record into another."""
        self.people.merge(into, loser)
        return ContactId(into)

    def convert(self, lead: str, *, with_opportunity: bool = False, into: str = "") -> ContactId:
        """Convert a lead, and return the contact that it is then: a new one, or one there is."""
        made = self.people.convert(lead, with_opportunity=with_opportunity, into=into)
        return ContactId(made.contact)

    def add_opportunity(self, *contacts: str, name: str = "", amount: str = "") -> OpportunityId:
        """Create an open opportunity, in which these contacts have a role."""
        known = {"Name": name or "Deal", "StageName": "Qualification", "CloseDate": "2026-12-31"}
        worth = {"Amount": float(amount)} if amount else {}
        made = self.add("Opportunity", **known, **worth)
        for contact in contacts:
            self.add("OpportunityContactRole", OpportunityId=made, ContactId=contact)
        return OpportunityId(made)

    def edit_opportunity(self, opportunity: str, **properties: str) -> None:
        """Set fields of an opportunity."""
        self.edit(opportunity, **properties)

    def delete_opportunity(self, opportunity: str) -> None:
        """Put an opportunity into the recycle bin."""
        self.delete(opportunity)

    def opportunity_shows(self, opportunity: str, name: str) -> str | None:
        """Return what a field of an opportunity holds."""
        return self.shows(opportunity, name)

    def row(self, record: str) -> Mapping[str, object]:
        """Return the values of a record."""
        found = self.org.record(record)
        assert found is not None
        return found.values

    def shows(self, contact: str, name: str) -> str | None:
        """Return what a field of a lead or contact holds."""
        value = self.row(contact).get(name)
        if isinstance(value, float) and value.is_integer():
            return str(int(value))
        return None if value is None else str(value)

    def tasks(self) -> Mapping[str, Mapping[str, object]]:
        """Return {key: values} of our tasks."""
        found: dict[str, Mapping[str, object]] = {}
        for row in self.org.table("Task").rows.values():
            key = row.values.get("Leadripe_Key__c")
            if isinstance(key, str) and not row.is_deleted:
                assert key not in found, "a task was made twice"
                found[key] = row.values
        return found

    def is_done(self, key: TaskKey) -> bool:
        """Tell whether a task is completed."""
        return self.tasks()[key]["Status"] == "Completed"

    def settle(self) -> None:
        """Let some time pass: nothing is under way any more."""
        self.clock.turn(timedelta(minutes=5))

    def settle_deletions(self) -> None:
        """Let some time pass: deletions show as changes do."""
        self.settle()

    def calls(self) -> int:
        """Return how many calls the org has counted."""
        return sum(self.org.usage.values())


__all__ = ["SalesforceAccount", "ShiftedClock"]
