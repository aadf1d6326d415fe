"""Deals as opportunities, with what their stages mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connector.config.mapping import Opportunities
from connector.crm.conditions import Properties
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot import place as places
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Found, Lag
from connector.crm.hubspot.objects import ObjectReader
from connector.crm.hubspot.wire import Row
from connector.crm.values import boolean, micros, moment, number
from connector.domain.contact import Opportunity
from connector.domain.ids import ContactId, OpportunityId
from connector.domain.numbers import MILLION
from connector.ports import Page

_PROBABILITY = "hs_deal_stage_probability"
_CLOSED = "hs_is_closed"
_WON = "hs_is_closed_won"
_ALWAYS = ("createdate", "closedate", "pipeline", "dealstage", _PROBABILITY, _CLOSED, _WON)


@dataclass(frozen=True, slots=True)
class DealStage:
    """What a stage of a pipeline says of the deals in it. `probability` in millionths."""

    probability: int | None
    is_closed: bool


@dataclass(slots=True)
class DealStream:
    """Reads the deals of the pipelines that count.

    Stages are asked for only if a deal does not itself say what its stage means.
    """

    client: Client
    mapping: Opportunities
    lag: Lag
    _stages: Mapping[str, DealStage] | None = field(default=None, init=False)

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = places.load(checkpoint)
        names = (*_ALWAYS, self.mapping.amount)
        reader = ObjectReader(self.client, "deals", names, with_contacts=True)
        for found in Follower(self.client, reader, self.lag).pages(place):
            yield Page(place.dump(), opportunities=self._opportunities(reader, found))

    def _opportunities(self, reader: ObjectReader, found: Found) -> list[Opportunity]:
        rows = [row for row in found.rows if self._counts(row)]
        contacts = reader.contacts_of(rows, inline=found.inline)
        return [self._opportunity(row, contacts.get(row["id"], ())) for row in rows]

    def _counts(self, row: Row) -> bool:
        wanted = self.mapping.pipelines
        return wanted == "all" or row["properties"].get("pipeline") in wanted

    def _opportunity(self, row: Row, contacts: tuple[ContactId, ...]) -> Opportunity:
        properties = row["properties"]
        changed = micros(datetime.fromisoformat(row["updatedAt"]))
        created, close = properties.get("createdate"), properties.get("closedate")
        amount = properties.get(self.mapping.amount)
        probability = self._probability(properties)
        return Opportunity(
            OpportunityId(row["id"]),
            contacts,
            created_us=(moment(created) if created else None) or changed,
            changed_us=changed,
            amount=number(amount) if amount else None,
            probability=probability,
            close_us=moment(close) if close else None,
            is_closed=self._is_closed(properties),
            is_won=_said(properties, _WON, otherwise=probability == MILLION),
        )

    def _probability(self, properties: Properties) -> int | None:
        text = properties.get(_PROBABILITY)
        return number(text) if text else self._stage(properties).probability

    def _is_closed(self, properties: Properties) -> bool:
        if properties.get(_CLOSED):
            return _said(properties, _CLOSED, otherwise=False)
        return self._stage(properties).is_closed

    def _stage(self, properties: Properties) -> DealStage:
        if self._stages is None:
            self._stages = fetch_stages(self.client)
        return self._stages.get(properties.get("dealstage") or "", DealStage(None, is_closed=False))


def _said(properties: Properties, name: str, *, otherwise: bool) -> bool:
    text = properties.get(name)
    said = boolean(text) if text else None
    return otherwise if said is None else said


def fetch_stages(client: Client) -> Mapping[str, DealStage]:
    """Fetch {stage id: what it means} of every deal pipeline."""
    reply = client.get(paths.pipelines("deals"), needs="results")
    return {
        str(stage.get("id")): _deal_stage(stage.get("metadata"))
        for pipeline in wire.objects(reply["results"])
        for stage in wire.objects(pipeline.get("stages"))
    }


def fetch_pipelines(client: Client, kind: str) -> Mapping[str, str]:
    """Fetch {pipeline id: its label} of an object type."""
    reply = client.get(paths.pipelines(kind), needs="results")
    return {str(each.get("id")): str(each.get("label")) for each in wire.objects(reply["results"])}


def _deal_stage(metadata: object) -> DealStage:
    data = metadata if isinstance(metadata, dict) else {}
    probability = wire.text(data.get("probability"))
    closed = wire.text(data.get("isClosed"))
    return DealStage(number(probability) if probability else None, closed == "true")
