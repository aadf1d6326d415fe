"""Leads, HubSpot's records beside a contact: read as they change, and labelled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from connector.config.mapping import Leads
from connector.crm.hubspot import paths
from connector.crm.hubspot import place as places
from connector.crm.hubspot.batch import Batch, Wish, changed_at, outcomes
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Found, Lag
from connector.crm.hubspot.objects import ObjectReader
from connector.crm.hubspot.wire import Row
from connector.crm.values import boolean, micros, moment
from connector.domain.contact import Lead
from connector.domain.ids import ContactId, LeadId
from connector.ports import Outcome, Page, Verdict, WriteBack, lead_and_name, on_lead

KIND = "leads"
# Accounts have one or the other. It follows the lead's stage, whose ids are each account's own.
OPEN = ("hs_lead_is_open", "hs_lead_is_open_v2")
_CREATED, _PIPELINE = "hs_createdate", "hs_pipeline"


@dataclass(frozen=True, slots=True)
class LeadStream:
    """Reads leads. One that left the pipelines that count is told as closed."""

    client: Client
    mapping: Leads
    lag: Lag

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = places.load(checkpoint)
        reader = self._reader()
        for found in Follower(self.client, reader, self.lag).pages(place):
            yield Page(place.dump(), leads=self._leads(reader, found))

    def fetch(self, ids: Sequence[LeadId]) -> list[Lead]:
        """Fetch leads as they are now, without their contacts."""
        return [self._lead(row, None) for row in self._reader().read(ids)]

    def _reader(self) -> ObjectReader:
        names = [self.mapping.name, *OPEN, _CREATED, _PIPELINE]
        return ObjectReader(self.client, KIND, names, with_contacts=True)

    def _leads(self, reader: ObjectReader, found: Found) -> list[Lead]:
        contacts = reader.contacts_of(found.rows, inline=found.inline)
        return [
            self._lead(row, next(iter(contacts.get(row["id"], ())), None)) for row in found.rows
        ]

    def _lead(self, row: Row, contact: ContactId | None) -> Lead:
        properties = row["properties"]
        changed = micros(datetime.fromisoformat(row["updatedAt"]))
        created = properties.get(_CREATED)
        return Lead(
            LeadId(row["id"]),
            contact,
            {self.mapping.name: properties.get(self.mapping.name) or None},
            is_open=self._counts(properties) and _is_open(properties),
            created_us=(moment(created) if created else None) or changed,
            changed_us=changed,
        )

    def _counts(self, properties: Mapping[str, str | None]) -> bool:
        wanted = self.mapping.pipelines
        return wanted == "all" or properties.get(_PIPELINE) in wanted


def _is_open(properties: Mapping[str, str | None]) -> bool:
    """Tell whether a lead is being worked; one that does not say so is left alone."""
    told = next(filter(None, map(properties.get, OPEN)), None)
    return told is not None and boolean(told) is True


@dataclass(frozen=True, slots=True)
class LeadWriter:
    """Sets properties of leads, a hundred to a call."""

    client: Client

    def write(self, batch: Sequence[WriteBack]) -> list[Outcome]:
        """Return one outcome for each write-back, in order."""
        wishes = [_wish(each) for each in batch]
        answers = Batch(self.client, paths.objects(KIND, "batch/update")).send(wishes)
        return outcomes(answers, wishes, lambda number, row: _accepted(batch[number], row))


def _wish(each: WriteBack) -> Wish:
    named = [(lead_and_name(called), value) for called, value in each.values.items()]
    ids = {found[0] for found, _ in named if found}
    if len(ids) != 1:
        raise ValueError("a write-back to a lead names one")
    return Wish(ids.pop(), {found[1]: value or "" for found, value in named if found})


def _accepted(asked: WriteBack, row: Row) -> Outcome:
    shown = {on_lead(LeadId(row["id"]), name): value for name, value in row["properties"].items()}
    values = {called: shown[called] or None for called in asked.values if called in shown}
    return Outcome(Verdict.ACCEPTED, values=values, changed_at=changed_at(row))
