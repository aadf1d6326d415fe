"""What HubSpot keeps of values that a contact's properties had."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from connector.config.mapping import HubSpotMapping
from connector.crm.hubspot import paths, wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.wire import Row, Version
from connector.crm.reading import Reading, Unreadable, reading
from connector.crm.values import micros
from connector.domain.contact import Value
from connector.domain.ids import ContactId
from connector.ports import Author, ContactHistory, FieldHistory, FormerValue
from connector.rules.conditions import Kind

HISTORY_SIZE = 50
"""Contacts in one batch that asks for history."""
CUT_FROM = 20
"""HubSpot keeps the latest 45 values of a contact's property, 20 of others' by some accounts. From
so many on, what was before the earliest is taken for unknown rather than for empty."""
_USER = "userId:"


@dataclass(frozen=True, slots=True)
class Histories:
    """Reads the past of contacts, for one mapping."""

    client: Client
    mapping: HubSpotMapping
    unreadable: Unreadable

    def fetch(
        self, contacts: Sequence[ContactId], fields: Collection[str]
    ) -> Iterator[ContactHistory]:
        """Yield the past of up to 50 contacts, of those that are still there under their id."""
        readings = [each for each in self._readings() if each.name in fields]
        names = sorted({each.property for each in readings})
        body = {
            "inputs": wire.inputs(contacts),
            "properties": names,
            "propertiesWithHistory": names,
        }
        asked = set(contacts)
        for row in self._rows(body):
            if row["id"] in asked:  # a merged contact answers with another id
                yield ContactHistory(ContactId(row["id"]), dict(self._told(row, readings)))

    def _rows(self, body: Mapping[str, object]) -> Sequence[Row]:
        try:
            return wire.rows(self.client.post(paths.objects("contacts", "batch/read"), body))
        except ConflictError as conflict:
            if not conflict.why.is_gone:
                raise
            return []

    def _readings(self) -> Iterator[Reading]:
        yield reading("email", "email", Kind.TEXT, None)
        for name, read in self.mapping.contact.fields.items():
            yield reading(name, read.name, read.kind, read.divide_by)

    def _told(self, row: Row, readings: Sequence[Reading]) -> Iterator[tuple[str, FieldHistory]]:
        kept = row.get("propertiesWithHistory") or {}
        for each in readings:
            versions = kept.get(each.property) or []
            # A value without a history is one that HubSpot keeps none of; neither: never filled.
            if versions or not row["properties"].get(each.property):
                yield each.name, self._history(versions, each, row.get("createdAt") or "")

    def _history(self, versions: Sequence[Version], how: Reading, created_at: str) -> FieldHistory:
        """Return what was before each version: what the one before it held.

        Before the first one nothing, which is only worth a word if the contact was there by then.
        """
        ordered = list(reversed(versions))  # of the same millisecond, the list's last came first
        ordered.sort(key=_began_us)
        former: dict[int, FormerValue] = {}
        is_cut = len(ordered) >= CUT_FROM
        if ordered and not is_cut and ordered[0]["timestamp"] != created_at:
            former = {
                _began_us(ordered[0]): FormerValue(_began_us(ordered[0]), None, _by(ordered[0]))
            }
        for before, after in pairwise(ordered):
            until_us, value = _began_us(after), self._value(before, how)
            former.setdefault(until_us, FormerValue(until_us, value, _by(after)))
        return FieldHistory(list(former.values()), _began_us(ordered[0]) if is_cut else None)

    def _value(self, version: Version, how: Reading) -> Value:
        text = version.get("value")
        value = how.convert(text) if text else None
        if text and value is None:
            self.unreadable[how.property] += 1
        return value


def _by(version: Version) -> Author | None:
    """Return who made a version: a user, by his number, or what did it, as HubSpot calls that."""
    user = version.get("updatedByUserId")
    id_ = version.get("sourceId") or ""
    if user or id_.startswith(_USER):
        return f"user:{user or id_.removeprefix(_USER)}"
    source = version.get("sourceType") or ""
    return source.replace("_", " ").lower() or None


def _began_us(version: Version) -> int:
    return micros(datetime.fromisoformat(version["timestamp"]))
