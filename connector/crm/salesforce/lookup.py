"""Records by their ids, and who a lead or contact is by now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.crm.salesforce import soql
from connector.crm.salesforce.client import MOST_HEAVY, Client, Sub, as_object, objects
from connector.crm.salesforce.judging import ConflictError, unavailable
from connector.crm.salesforce.people import PREFIXES, People, object_of
from connector.crm.salesforce.refusal import parse_entry
from connector.crm.salesforce.rows import Row, flattener
from connector.domain.ids import ContactId
from connector.domain.parts import in_parts

AT_ONCE = soql.MOST_IDS * MOST_HEAVY
"""Ids that one call looks up."""
_STEPS = 8  # of a chain of merges and conversions


@dataclass(frozen=True, slots=True)
class Asking:
    """Some columns of the records of which one column has one of up to 400 values."""

    source: str
    columns: Sequence[str]
    values: Sequence[str]
    by: str = "Id"
    also: Sequence[soql.Condition] = ()

    @property
    def query(self) -> str:
        """The query."""
        conditions = [soql.one_of(self.by, self.values), *self.also]
        return soql.select(self.columns, self.source, conditions)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Asks for records by id, deleted ones too: 2,000 are one call."""

    client: Client

    def rows(
        self, source: str, columns: Sequence[str], ids: Sequence[str], *, by: str = "Id"
    ) -> list[Row]:
        """Return the records whose column `by` has one of the values."""
        return list(self.asked([Asking(source, columns, some, by) for some in parts(ids)]))

    def people(self, ids: Sequence[str], people: Mapping[str, People]) -> dict[str, Row]:
        """Return {id: row} of leads and contacts, deleted and converted ones too."""
        wanted = [
            Asking(source, found.columns, some)
            for source in PREFIXES.values()
            if (found := people.get(source))
            for some in parts([id_ for id_ in ids if object_of(id_) == source])
        ]
        return {row["Id"] or "": row for row in self.asked(wanted)}

    def asked(self, wanted: Sequence[Asking]) -> Iterator[Row]:
        """Yield the records of several questions, five of them to a call."""
        for some in in_parts(wanted, MOST_HEAVY):
            subs = [Sub("GET", "/queryAll", {"q": each.query}) for each in some]
            answers = self.client.composite(subs)
            for each, answer in zip(some, answers, strict=True):
                yield from self.all_of(each.columns, answer.status, answer.body)

    def all_of(self, columns: Sequence[str], status: int, body: object) -> Iterator[Row]:
        """Yield the records of an answer, of its further pages too."""
        if status != 200:
            why = parse_entry(next(iter(objects(body)), {}), status)
            raise unavailable(why.says) if why.is_passing else ConflictError(why)
        flat = flattener(columns)
        while True:
            found = as_object(body)
            yield from map(flat, objects(found, "records"))
            following = found.get("nextRecordsUrl")
            if not isinstance(following, str):
                return
            body = self.client.get(following)

    def living(self, ids: Sequence[str], people: Mapping[str, People]) -> dict[str, "Now"]:
        """Return {id: who it is now}; those that are deleted are left out.

        Merged ones lead to their survivor, converted leads to their contact.
        """
        heads = {id_: id_ for id_ in ids}
        known: dict[str, Row] = {}
        for _ in range(_STEPS):
            lacking = [id_ for id_ in dict.fromkeys(heads.values()) if id_ not in known]
            if not lacking:
                break
            known.update(self.people(lacking, people))
            heads = {id_: _next(head, known, people) for id_, head in heads.items()}
        return {
            id_: Now(ContactId(head), known[head], known[id_])
            for id_, head in heads.items()
            if head in known and _next(head, known, people) == head and not _is_gone(known[head])
        }


@dataclass(frozen=True, slots=True)
class Now:
    """Who somebody is now: the living record, and the row of the one that was asked for."""

    id: ContactId
    row: Row
    was: Row

    def holds_own(self, names: Iterable[str]) -> bool:
        """Tell whether one of these fields holds another value than the former record's.

        What a conversion or a merge carried over is still ours to renew; anything else came from
        somewhere else.
        """
        found = ((self.row.get(name), self.was.get(name)) for name in names)
        return any(now is not None and now != was for now, was in found)


def _next(id_: str, known: Mapping[str, Row], people: Mapping[str, People]) -> str:
    row = known.get(id_)
    source = object_of(id_)
    reader = people.get(source) if source else None
    found = reader.gone(row) if row is not None and reader is not None else None
    return found.into if found is not None and found.into else id_


def _is_gone(row: Row) -> bool:
    return row.get("IsDeleted") == "true"


def parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield ids in groups that one query takes, each once."""
    yield from in_parts([id_ for id_ in dict.fromkeys(ids) if id_], soql.MOST_IDS)
