"""A sandbox HubSpot account, what people do in it, and our adapter onto it."""

import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from types import TracebackType
from typing import Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot.adapter import HubSpotCrm
from connector.domain.ids import ContactId, LeadId, OpportunityId, TaskKey
from connector.sandbox.hubspot.faults import Faults
from connector.sandbox.hubspot.portal import Options, Portal
from connector.sandbox.hubspot.tokens import Grant
from connector.sandbox.serve import serve
from tests.crm.shipped import shipped_for_hubspot
from tests.fakes.clock import FakeClock

Json = dict[str, object]

PEOPLE = "token-of-people"
OBJECTS = "/crm/objects/2026-09"


class HubSpotAccount:
    """An account with the shipped mapping, provisioned, and a clock to turn.

    Methods other than `connect` are what people and other apps do: over HTTP too, but with a token
    of their own, so that they count against no window of ours.
    """

    score = "leadripe_score"
    opportunity_score = "leadripe_score"

    def __init__(
        self,
        *,
        options: Options | None = None,
        mapping: HubSpotMapping | None = None,
        provisioned: bool = True,
    ) -> None:
        self.clock = FakeClock()
        self._numbers = itertools.count()
        self.mapping = mapping or shipped_for_hubspot()
        self.portal = Portal(options or Options(), self.clock)
        self.portal.tokens.grants[PEOPLE] = Grant()
        self.faults = Faults()
        self.sandbox = serve(self.portal, faults=self.faults)
        if provisioned:
            self.connect().provision(dry_run=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.sandbox.stop()

    def connect(self, token: str = "", **options: object) -> HubSpotCrm:
        """Return a new adapter, as a new process would have it."""
        return HubSpotCrm(
            lambda: token or self.sandbox.token,
            self.mapping,
            self.clock,
            base_url=self.sandbox.url,
            **options,  # type: ignore[arg-type]  # each test names what it needs
        )

    def ask(self, method: str, path: str, body: object = None) -> Json:
        """Send a request as people do, and return the answer, whatever its status.

        Faults that come by chance meet our calls alone.
        """
        shares, self.faults.shares = self.faults.shares, {}
        try:
            return self._ask(method, path, body)
        finally:
            self.faults.shares = shares

    def _ask(self, method: str, path: str, body: object) -> Json:
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {PEOPLE}", "Content-Type": "application/json"}
        request = Request(  # noqa: S310  # the sandbox's own address
            self.sandbox.url + path, data=content, method=method, headers=headers
        )
        try:
            with urlopen(request, timeout=10) as reply:  # noqa: S310  # the same
                return dict(json.loads(reply.read() or b"{}"))
        except HTTPError as refused:
            with refused:
                return dict(json.loads(refused.read() or b"{}"))

    def add(self, kind: str = "contacts", **properties: str) -> str:
        """Create a record and return its id."""
        return str(self.ask("POST", f"{OBJECTS}/{kind}", {"properties": properties})["id"])

    def add_contact(self, name: str) -> ContactId:
        """Create a contact."""
        return ContactId(self.add(email=f"{name.lower()}@example.org", firstname=name))

    def add_many(self, count: int) -> list[ContactId]:
        """Create contacts."""
        found: list[ContactId] = []
        for start in range(0, count, 100):
            names = [f"p{next(self._numbers)}" for _ in range(start, min(start + 100, count))]
            inputs = [
                {"properties": {"email": f"{each}@example.org", "firstname": each}}
                for each in names
            ]
            reply = self.ask("POST", f"{OBJECTS}/contacts/batch/create", {"inputs": inputs})
            results = reply["results"]
            assert isinstance(results, list)
            found += [ContactId(each["id"]) for each in results]
        return found

    def edit(self, contact: str, **properties: str) -> None:
        """Set properties of a contact."""
        self.ask("PATCH", f"{OBJECTS}/contacts/{contact}", {"properties": properties})

    def name_title(self, contact: str, title: str | None) -> None:
        """Say what a contact is; None clears."""
        self.edit(contact, jobtitle=title or "")

    def delete(self, contact: str) -> None:
        """Put a contact into the bin."""
        self.ask("DELETE", f"{OBJECTS}/contacts/{contact}")

    def merge(self, loser: str, into: str) -> ContactId:
        """Merge one contact into another, and return the id that the survivor has now."""
        body = {"primaryObjectId": into, "objectIdToMerge": loser}
        return ContactId(str(self.ask("POST", f"{OBJECTS}/contacts/merge", body)["id"]))

    def link(self, kind: str, record: str, contact: str) -> None:
        """Link a record with a contact."""
        self.ask("PUT", f"{OBJECTS}/{kind}/{record}/associations/default/contacts/{contact}")

    def add_lead(self, contact: str, **properties: str) -> LeadId:
        """Create a lead of a contact."""
        link = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}
        body = {
            "properties": {"hs_lead_name": "A lead", **properties},
            "associations": [{"to": {"id": contact}, "types": [link]}],
        }
        return LeadId(str(self.ask("POST", f"{OBJECTS}/leads", body)["id"]))

    def edit_lead(self, lead: str, **properties: str) -> None:
        """Set properties of a lead."""
        self.ask("PATCH", f"{OBJECTS}/leads/{lead}", {"properties": properties})

    def delete_lead(self, lead: str) -> None:
        """Put a lead into the bin."""
        self.ask("DELETE", f"{OBJECTS}/leads/{lead}")

    def lead_shows(self, lead: str, name: str = "hs_lead_label") -> str | None:
        """Return what a property of a lead holds."""
        properties = self.ask("GET", f"{OBJECTS}/leads/{lead}?properties={name}")["properties"]
        assert isinstance(properties, dict)
        return properties.get(name) or None

    def add_opportunity(self, *contacts: str, name: str = "", amount: str = "") -> OpportunityId:
        """Create an open deal of contacts."""
        worth = {"amount": amount} if amount else {}
        deal = self.add("deals", dealname=name or "A deal", dealstage="contractsent", **worth)
        for contact in contacts:
            self.link("deals", deal, contact)
        return OpportunityId(deal)

    def edit_opportunity(self, opportunity: str, **properties: str) -> None:
        """Set properties of a deal."""
        self.ask("PATCH", f"{OBJECTS}/deals/{opportunity}", {"properties": properties})

    def delete_opportunity(self, opportunity: str) -> None:
        """Put a deal into the bin."""
        self.ask("DELETE", f"{OBJECTS}/deals/{opportunity}")

    def merge_deals(self, loser: str, into: str) -> OpportunityId:
        """Merge one deal into another, and return the id that the survivor has now."""
        body = {"primaryObjectId": into, "objectIdToMerge": loser}
        return OpportunityId(str(self.ask("POST", f"{OBJECTS}/deals/merge", body)["id"]))

    def opportunity_shows(self, opportunity: str, name: str) -> str | None:
        """Return what a property of a deal holds."""
        row = self.ask("GET", f"{OBJECTS}/deals/{opportunity}?properties={name}")
        properties = row["properties"]
        assert isinstance(properties, dict)
        return properties.get(name) or None

    def shows(self, contact: str, name: str) -> str | None:
        """Return what a property of a contact holds."""
        row = self.ask("GET", f"{OBJECTS}/contacts/{contact}?properties={name}")
        properties = row["properties"]
        assert isinstance(properties, dict)
        return properties.get(name) or None

    def tasks(self) -> Mapping[str, Json]:
        """Return {key: properties} of all tasks, their contacts under `contacts`."""
        names = "leadripe_key,hs_task_status,hs_task_subject,hs_task_body,hs_timestamp"
        path = f"{OBJECTS}/tasks?limit=100&associations=contacts&properties={names}"
        results = self.ask("GET", path)["results"]
        assert isinstance(results, list)
        found: dict[str, Json] = {}
        for row in results:
            key = row["properties"]["leadripe_key"]
            assert key not in found, "a task was made twice"
            links = row.get("associations", {}).get("contacts", {}).get("results", [])
            found[key] = {**row["properties"], "contacts": [each["id"] for each in links]}
        return found

    def is_done(self, key: TaskKey) -> bool:
        """Tell whether a task is completed."""
        return self.tasks()[key]["hs_task_status"] == "COMPLETED"

    def settle(self) -> None:
        """Let some time pass: changes reach the search index."""
        self.clock.turn(timedelta(minutes=5))

    def settle_deletions(self) -> None:
        """Let so much time pass that deletions are looked for."""
        self.clock.turn(timedelta(days=1, minutes=1))
