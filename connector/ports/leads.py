"""Leads: records that a CRM keeps beside a contact, whose label shows the temperature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connector.domain.contact import Lead
from connector.domain.ids import LeadId
from connector.ports.writes import Outcome, WriteBack

LEADS = "leads"
"""The name of the stream of leads."""


@dataclass(frozen=True, slots=True)
class KnownLead:
    """The open lead of a contact as planning has to know it; of several, the one made last.

    `found`, `wrote`, `is_fresh`: as in `KnownContact`, names as from `on_lead`.
    """

    id: LeadId
    found: Mapping[str, str | None]
    wrote: Mapping[str, str | None]
    is_fresh: bool


def on_lead(lead: LeadId, name: str) -> str:
    """Return how a property of a lead is called among those of its contact.

    `leads/512/hs_lead_label`: what was written to a lead is not looked for on another one.
    """
    return f"{LEADS}/{lead}/{name}"


def lead_and_name(called: str) -> tuple[LeadId, str] | None:
    """Return the lead and its property, of a name as from `on_lead`; None for a contact's."""
    room, _, rest = called.partition("/")
    lead, _, name = rest.partition("/")
    return (LeadId(lead), name) if room == LEADS and name else None


def told_name(name: str) -> str:
    """Return how a property is counted in reports: one of a lead is that of all leads."""
    of_lead = lead_and_name(name)
    return f"{LEADS}/{of_lead[1]}" if of_lead else name


@runtime_checkable
class LeadCrm(Protocol):
    """A CRM whose leads are records beside its contacts. Both raise what `Crm.write` raises."""

    def fetch_leads(self, ids: Sequence[LeadId]) -> Sequence[Lead]:
        """Fetch these leads as they are now; deleted ones are left out."""
        ...

    def write_leads(self, batch: Sequence[WriteBack]) -> Sequence[Outcome]:
        """Set properties of leads, and return one outcome for each write-back, in order.

        Names are as from `on_lead`; those of one write-back are of one lead, which stands in a
        batch once. GONE: the lead is deleted, its contact need not be.
        """
        ...
