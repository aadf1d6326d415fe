"""Deals as opportunities, with what their stages mean: read as they change, and written to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.config.mapping import Opportunities
from connector.crm.conditions import Properties
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot import place as places
from connector.crm.hubspot.batch import Batch, Wish, changed_at, outcomes
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.follow import Follower, Found, Lag, newly_deleted
from connector.crm.hubspot.objects import MERGED, ObjectReader, former_ids
from connector.crm.hubspot.place import Phase, Place
from connector.crm.hubspot.wire import Row
from connector.crm.reading import Unreadable, read_all, reading
from connector.crm.values import boolean, micros, millis, moment, number
from connector.domain.contact import Opportunity
from connector.domain.ids import ContactId, OpportunityId
from connector.domain.numbers import MILLION
from connector.ports import OpportunityWrite, Outcome, Page, Verdict

KIND = "deals"
_PROBABILITY = "hs_deal_stage_probability"
_CLOSED = "hs_is_closed"
_WON = "hs_is_closed_won"
_ALWAYS = ("createdate", "closedate", "pipeline", "dealstage", _PROBABILITY, _CLOSED, _WON, MERGED)


@dataclass(frozen=True, slots=True)
class DealStage:
    """What a stage of a pipeline says of the deals in it. `probability` in millionths."""

    probability: int | None
    is_closed: bool


class DealRows:
    """Turns rows into opportunities, for one mapping.

    Stages are asked for only if a deal does not itself say what its stage means.
    """

    def __init__(self, client: Client, mapping: Opportunities, unreadable: Unreadable) -> None:
        self._client = client
        self._mapping = mapping
        self._unreadable = unreadable
        self._fields = [
            reading(name, read.name, read.kind, read.divide_by)
            for name, read in mapping.fields.items()
        ]
        self._written = tuple(mapping.write.properties.values())
        self._stages: Mapping[str, DealStage] | None = None
        self.named = sorted({*(read.name for read in mapping.fields.values()), *self._written})
        self.properties = (*_ALWAYS, mapping.amount, *self.named)

    def counts(self, row: Row) -> bool:
        """Tell whether a deal is in one of the pipelines that count."""
        wanted = self._mapping.pipelines
        return wanted == "all" or row["properties"].get("pipeline") in wanted

    def opportunity(self, row: Row, contacts: tuple[ContactId, ...] | None) -> Opportunity:
        """Return the opportunity that a row holds."""
        properties = row["properties"]
        changed = _changed_us(row)
        created, close = properties.get("createdate"), properties.get("closedate")
        amount = properties.get(self._mapping.amount)
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
            fields=read_all(self._fields, properties, self._unreadable),
            written={name: properties.get(name) or None for name in self._written},
            counts=self.counts(row),
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
            self._stages = fetch_stages(self._client)
        return self._stages.get(properties.get("dealstage") or "", DealStage(None, is_closed=False))


@dataclass(frozen=True, slots=True)
class DealStream:
    """Reads deals: the list once, then changes, and once in `look_every` the bin.

    Search shows no deletions. Those that are in the bin, or were merged into another, or are
    outside the pipelines that count, are told as such, without contacts.
    """

    client: Client
    rows: DealRows
    lag: Lag
    look_every: timedelta

    def pages(self, checkpoint: str | None) -> Iterator[Page]:
        """Yield pages as `Crm.pages` promises."""
        place = self._place(checkpoint)
        if self._is_look_due(place):
            place.phase, place.after, place.began = Phase.ARCHIVED, "", 0
        reader = self._reader()
        for found in Follower(self.client, reader, self.lag, relists=False).pages(place):
            if found.deleted:
                gone = [each for row in newly_deleted(found.rows, place) for each in _deleted(row)]
                yield Page(place.dump(), opportunities=gone)
            else:
                yield Page(place.dump(), opportunities=self._opportunities(reader, found))

    def fetch(self, ids: Sequence[OpportunityId]) -> list[Opportunity]:
        """Fetch deals as they are now, without their contacts."""
        return [self.rows.opportunity(row, None) for row in self._reader().read(ids)]

    def _place(self, checkpoint: str | None) -> Place:
        """Return where to go on: at the beginning if the mapping names more than was asked for."""
        place = places.load(checkpoint)
        if not set(self.rows.named) <= set(place.names):
            place = Place()
        place.names = self.rows.named
        return place

    def _is_look_due(self, place: Place) -> bool:
        age = millis(self.client.now()) - place.deleted
        return place.phase is Phase.CHANGES and age >= self.look_every // timedelta(milliseconds=1)

    def _reader(self) -> ObjectReader:
        return ObjectReader(self.client, KIND, self.rows.properties, with_contacts=True)

    def _opportunities(self, reader: ObjectReader, found: Found) -> list[Opportunity]:
        counted = [row for row in found.rows if self.rows.counts(row)]
        contacts = reader.contacts_of(counted, inline=found.inline)
        shown = [self.rows.opportunity(row, contacts.get(row["id"], ())) for row in found.rows]
        return [*(each for row in found.rows for each in _merged(row)), *shown]


def _merged(row: Row) -> list[Opportunity]:
    """Return the deals that a deal took over."""
    merged = row["properties"].get(MERGED)
    return [_gone(each, row) for each in former_ids(merged, row["id"])] if merged else []


def _deleted(row: Row) -> list[Opportunity]:
    """Return a deal of the bin, and those that it had taken over: nobody else would tell."""
    return [_gone(row["id"], row), *_merged(row)]


def _gone(id_: str, row: Row) -> Opportunity:
    changed = _changed_us(row)
    return Opportunity(OpportunityId(id_), (), changed, changed, counts=False)


def _changed_us(row: Row) -> int:
    return micros(datetime.fromisoformat(row["updatedAt"]))


@dataclass(frozen=True, slots=True)
class DealWriter:
    """Sets properties of deals, a hundred to a call."""

    client: Client

    def write(self, batch: Sequence[OpportunityWrite]) -> list[Outcome]:
        """Return one outcome for each write, in order."""
        # An empty text is HubSpot's way to clear a property.
        wishes = [
            Wish(each.opportunity, {name: value or "" for name, value in each.values.items()})
            for each in batch
        ]
        answers = Batch(self.client, paths.objects(KIND, "batch/update")).send(wishes)
        return outcomes(answers, wishes, lambda number, row: _accepted(batch[number], row))


def _accepted(asked: OpportunityWrite, row: Row) -> Outcome:
    if row["id"] != asked.opportunity:
        return Outcome(Verdict.GONE, f"merged into deal {row['id']}")
    shown = row["properties"]
    values = {name: shown[name] or None for name in asked.values if name in shown}
    return Outcome(Verdict.ACCEPTED, values=values, changed_at=changed_at(row))


def _said(properties: Properties, name: str, *, otherwise: bool) -> bool:
    text = properties.get(name)
    said = boolean(text) if text else None
    return otherwise if said is None else said


def fetch_stages(client: Client) -> Mapping[str, DealStage]:
    """Fetch {stage id: what it means} of every deal pipeline."""
    reply = client.get(paths.pipelines(KIND), needs="results")
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
