"""Looks at everything a sync needs in HubSpot, and says what is missing. Changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Literal

from connector.config.mapping import HubSpotMapping, Leads, Opportunities
from connector.crm.hubspot import paths
from connector.crm.hubspot.account import fetch_account, fetch_owners
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.contacts import WROTE_AT
from connector.crm.hubspot.deals import KIND as DEALS
from connector.crm.hubspot.deals import fetch_pipelines
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.leads import KIND as LEADS
from connector.crm.hubspot.leads import OPEN
from connector.crm.hubspot.provision import (
    Definitions,
    fetch_definitions,
    lacking_options,
    mismatch_of,
    option_labels,
)
from connector.crm.hubspot.refusal import Json
from connector.crm.hubspot.schema import Wanted, wanted
from connector.crm.hubspot.sources import OBJECTS
from connector.crm.native import native_findings
from connector.errors import CredentialsError, CrmRefusedError
from connector.ports import Finding, Severity
from connector.rules.conditions import Kind

_MAPPING = "mappings/hubspot.yaml"
_SUITABLE: Mapping[Kind, frozenset[str]] = {
    Kind.NUMBER: frozenset({"number"}),
    Kind.BOOLEAN: frozenset({"bool", "enumeration"}),
    Kind.MOMENT: frozenset({"date", "datetime"}),
}
_FEW_CALLS = 1_000
_NO_LEADS = (
    "Leads need Sales Hub Professional or Enterprise, and the scopes crm.objects.leads.read and "
    "crm.objects.leads.write. Give them to the service key, or take `leads` out of the mapping."
)
# A batch of nothing: refused for its emptiness if we may write, for the scope if we may not.
_NOTHING: Json = {"inputs": []}


@dataclass(slots=True)
class Checkup:
    """One examination of an account."""

    client: Client
    mapping: HubSpotMapping
    findings: list[Finding] = field(default_factory=list)

    def run(self) -> list[Finding]:
        """Return what was found, the account first."""
        try:
            self._check_account()
        except CredentialsError as error:
            self._say(Severity.ERROR, error.what, error.do)
            return self.findings
        self._check_contacts()
        for source in self.mapping.sources:
            if source in OBJECTS:
                self._try(source, partial(self._check_object, source))
            elif source in _PROBES:
                self._try(source, partial(self._probe, _PROBES[source]))
        if self.mapping.opportunities:
            self._check_deals(self.mapping.opportunities)
        if self.mapping.leads:
            self._check_leads(self.mapping.leads)
        if self.mapping.tasks:
            self._try("tasks", partial(self._check_ours, "tasks", None))
        self._try("owners", self._check_owners)
        self._check_daily()
        return self.findings

    def _check_account(self) -> None:
        account = fetch_account(self.client)
        self._ok(
            f"account {account.id} ({account.kind or 'HubSpot'}), days end in {account.time_zone}"
        )

    def _check_contacts(self) -> None:
        def look() -> str:
            definitions = fetch_definitions(self.client, "contacts")
            self._probe(paths.objects("contacts"))
            needed = {read.name: read.kind for read in self.mapping.contact.fields.values()}
            for entry in self.mapping.entries("contact"):
                needed.update(entry.properties)
            self._compare("contacts", needed, definitions)
            self._check_ours("contacts", definitions)
            for native in self.mapping.natives:
                options = option_labels(definitions.get(native.name))
                self.findings += native_findings(native, options, where=_MAPPING)
            self._try("writing contacts", partial(self._check_writing, "contacts"))
            return f"{len(definitions)} properties"

        self._try("contacts", look)

    def _check_writing(self, kind: str) -> str:
        try:
            self.client.post(paths.objects(kind, "batch/update"), _NOTHING, needs="")
        except ConflictError:
            return "allowed"
        return "allowed"

    def _check_object(self, kind: str) -> str:
        definitions = fetch_definitions(self.client, kind)
        self._probe(paths.objects(kind))
        needed: dict[str, Kind] = {}
        for entry in self.mapping.activities:
            if entry.source == kind:
                needed.update(entry.properties)
        self._compare(kind, needed, definitions)
        return "readable"

    def _check_deals(self, deals: Opportunities) -> None:
        def look() -> str:
            pipelines = fetch_pipelines(self.client, DEALS)
            self._probe(paths.objects(DEALS))
            definitions = fetch_definitions(self.client, DEALS)
            needed = {read.name: read.kind for read in deals.fields.values()}
            self._compare(DEALS, {deals.amount: Kind.NUMBER, **needed}, definitions)
            self._check_pipelines("deal", deals.pipelines, pipelines)
            self._check_ours(DEALS, definitions)
            return f"{len(pipelines)} pipelines"

        self._try(DEALS, look)
        if deals.write.properties:
            self._try("writing deals", partial(self._check_writing, DEALS))

    def _check_pipelines(
        self, of: str, named: Literal["all"] | Sequence[str], pipelines: Mapping[str, str]
    ) -> None:
        for id_ in () if named == "all" else named:
            if id_ not in pipelines:
                offered = ", ".join(f"{key} ({label})" for key, label in pipelines.items())
                self._say(
                    Severity.ERROR,
                    f"{_MAPPING}: there is no {of} pipeline «{id_}»",
                    f"Use one of {offered}, or `all`.",
                )

    def _check_leads(self, leads: Leads) -> None:
        # An account that has none answers as if a scope were missing: the advice names both.
        try:
            self._probe(paths.objects(LEADS))
            self._check_writing(LEADS)
        except CrmRefusedError as refused:
            self._say(Severity.ERROR, f"leads: {refused.what}", _NO_LEADS)
            return
        self._try("leads", partial(self._check_lead_properties, leads))

    def _check_lead_properties(self, leads: Leads) -> str:
        definitions = fetch_definitions(self.client, LEADS)
        if not any(name in definitions for name in OPEN):
            told = f"leads have neither {OPEN[0]} nor {OPEN[1]}: none can be told to be open"
            self._say(Severity.ERROR, told, "Take `leads` out of the mapping, and tell us.")
        options = option_labels(definitions.get(leads.name))
        self.findings += native_findings(leads.label, options, where=_MAPPING, section="leads")
        if leads.pipelines != "all":
            pipelines = fetch_pipelines(self.client, LEADS)
            self._check_pipelines("lead", leads.pipelines, pipelines)
        return f"{leads.name} may be written"

    def _check_owners(self) -> str:
        owners = fetch_owners(self.client)
        return f"{sum(owner.is_active for owner in owners)} active of {len(owners)}"

    def _check_ours(self, kind: str, definitions: Definitions | None) -> str:
        known = definitions if definitions is not None else fetch_definitions(self.client, kind)
        for each in wanted(self.mapping):
            if each.of == kind:
                self._check_own(each, known.get(each.name))
        return "readable"

    def _check_own(self, each: Wanted, found: Json | None) -> None:
        if found is None:
            # Without our mark of writing, reading costs more; without the others, writing fails.
            severity = Severity.WARNING if each.name == WROTE_AT else Severity.ERROR
            what = f"property {each.name} of {each.of} does not exist yet"
            self._say(severity, what, "Run `leadripe provision`.")
            return
        mismatch = mismatch_of(each, found)
        if mismatch:
            self._say(Severity.ERROR, mismatch, f"Correct {_MAPPING} or the property.")
        elif lacking_options(each, found):
            lacking = ", ".join(lacking_options(each, found))
            what = f"property {each.name} of {each.of} lacks the options {lacking}"
            self._say(Severity.ERROR, what, "Run `leadripe provision`.")

    def _compare(self, kind: str, needed: Mapping[str, Kind], definitions: Definitions) -> None:
        for name, wanted_kind in needed.items():
            found = definitions.get(name)
            if found is None:
                like = get_close_matches(name, definitions, n=1)
                hint = f"Did you mean {like[0]}? " if like else ""
                self._say(
                    Severity.ERROR,
                    f"{_MAPPING}: {kind} have no property «{name}»",
                    f"{hint}HubSpot lists internal names under Settings, Properties.",
                )
            elif found.get("type") not in _SUITABLE.get(wanted_kind, {found.get("type")}):
                self._say(
                    Severity.WARNING,
                    f"{_MAPPING}: «{name}» of {kind} is of type {found.get('type')} in HubSpot, "
                    f"read as {wanted_kind}",
                    "Values that are none are read as unknown; correct `type` if it is a mistake.",
                )

    def _check_daily(self) -> None:
        left = self.client.daily_calls_left
        if left is None:
            return
        if left < _FEW_CALLS:
            advice = "Other apps of the account use the same allowance; wait for tomorrow."
            self._say(Severity.WARNING, f"only {left} calls are left today", advice)
        else:
            self._ok(f"{left} calls are left today")

    def _probe(self, path: str) -> str:
        self.client.get(path, {"limit": "1"})
        return "readable"

    def _try(self, what: str, look: Callable[[], str]) -> None:
        try:
            self._ok(f"{what}: {look()}")
        except CrmRefusedError as refused:
            self._say(Severity.ERROR, f"{what}: {refused.what}", refused.do)

    def _ok(self, what: str) -> None:
        self._say(Severity.OK, what)

    def _say(self, severity: Severity, what: str, do: str = "") -> None:
        self.findings.append(Finding(severity, what, do))


_PROBES: Mapping[str, str] = {
    "form_submissions": paths.FORMS,
    "email_events": paths.EMAIL_EVENTS,
    "marketing_events": paths.MARKETING_EVENTS,
}
