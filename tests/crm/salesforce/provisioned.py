"""A sandbox org, what an admin does in it, and our client onto it."""

from collections.abc import Mapping
from typing import Any

from connector.config.salesforce_mapping import SalesforceMapping
from connector.crm.http import Patience
from connector.crm.salesforce.client import Client
from connector.crm.salesforce.credentials import JwtGrant, SessionKeeper
from connector.crm.salesforce.deploying import deploy
from connector.crm.salesforce.metadata import Component, parse
from connector.crm.salesforce.provision import provision
from connector.crm.salesforce.soql import compared, select
from connector.crm.salesforce.transport import SalesforceTransport
from connector.ports import Provision
from connector.sandbox.salesforce.faults import Faults
from connector.sandbox.salesforce.org import Options, Org
from connector.sandbox.salesforce.serving import serve_org
from tests.crm.shipped import shipped_for_salesforce
from tests.fakes.clock import FakeClock

AUDIENCE = "https://login.salesforce.com"


def shipped() -> SalesforceMapping:
    return shipped_for_salesforce()


def mapped(**sections: Any) -> SalesforceMapping:
    return SalesforceMapping.model_validate({"version": 1, "crm": "salesforce", **sections})


class ProvisionedOrg:
    """An org to provision and to check; `client` signs in as the integration user."""

    def __init__(self, private_key: str, faults: str = "", **options: Any) -> None:
        self.clock = FakeClock()
        self.org = Org(Options(**options), self.clock)
        self.faults = Faults.parse(faults, seed=1)
        self.sandbox = serve_org(self.org, faults=self.faults, private_key=private_key)
        self.mapping = shipped()
        self.client = self.connect()

    def connect(self, version: str = "66.0", *, attempts: int = 3) -> Client:
        transport = SalesforceTransport(self.sandbox.url)
        grant = JwtGrant(
            self.sandbox.consumer_key,
            self.sandbox.username,
            AUDIENCE,
            lambda: self.sandbox.private_key,
        )
        sessions = SessionKeeper(grant, transport, self.clock)
        patience = Patience(attempts=attempts)
        return Client(transport, sessions, self.clock, version=version, patience=patience)

    def provision(self, *, dry_run: bool = False, language: str = "en") -> list[Provision]:
        return provision(self.client, self.mapping, language=language, dry_run=dry_run)

    def made(self) -> list[str]:
        """Provision, and return what was not there before."""
        return [part.what for part in self.provision() if not part.is_present]

    def admin_deploys(self, type_: str, name: str, inner: str) -> None:
        """Deploy a component that is not ours."""
        tree = parse(f"<{type_}>{inner}</{type_}>".encode())
        deploy(self.client, [Component(type_, name, tree)])

    def rows(self, source: str, *columns: str, **equal: str) -> list[Mapping[str, Any]]:
        """Return records as our user sees them; `Parent__Name` is the column `Parent.Name`."""
        conditions = [
            compared(name.replace("__", "."), "=", value) for name, value in equal.items()
        ]
        answer: Any = self.client.get("/query", {"q": select(columns, source, conditions)})
        return [
            {key: value for key, value in row.items() if key != "attributes"}
            for row in answer["records"]
        ]

    def make(self, kind: str, **values: object) -> str:
        answer: Any = self.client.post(f"/sobjects/{kind}", values)
        return str(answer["id"])

    def snapshot(self) -> object:
        """Return all that could change in an org by provisioning it."""
        org = self.org
        tables = {
            name: sorted((row.id, sorted(map(str, row.values.items()))) for row in table.live())
            for name, table in org.tables.items()
        }
        fields = {name: sorted(one.fields) for name, one in org.objects.items()}
        return tables, fields, dict(org.lead_mapping), sorted(org.components), len(org.deploys)
