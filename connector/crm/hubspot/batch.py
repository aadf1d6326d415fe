"""Batch writes of which each row ends with an outcome of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from connector.crm.hubspot import wire
from connector.crm.hubspot.client import Client
from connector.crm.hubspot.judging import ConflictError
from connector.crm.hubspot.refusal import Json, Refusal, parse_entry
from connector.crm.hubspot.wire import Row
from connector.domain.ids import ContactId
from connector.errors import CredentialsError, CrmUnavailableError
from connector.ports import Outcome, Verdict

TRACE = "objectWriteTraceId"

_SAME_FOR_ALL = ("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE", "does not exist", "read only")
"""Words of refusals that are about a property, and would meet every row that carries it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One row of a batch. `id`: the record's, or the value of `id_property` if there is one."""

    id: str
    properties: Mapping[str, str]
    id_property: str = ""

    def input(self, trace: int) -> dict[str, object]:
        """Return the row as HubSpot takes it; answers name it by the trace."""
        row: dict[str, object] = {"id": self.id, "properties": self.properties, TRACE: str(trace)}
        return {**row, "idProperty": self.id_property} if self.id_property else row


@dataclass(slots=True)
class Answers:
    """What became of each row, by its number: a record as it is now, or why not."""

    rows: dict[int, Row] = field(default_factory=dict)
    refusals: dict[int, Refusal] = field(default_factory=dict)


class Batch:
    """Sends rows to one batch endpoint. HubSpot may refuse a whole batch for one bad row.

    Such a row is taken out if the refusal names it, else found by halving: at most twice the
    logarithm of the batch in further calls for one row.
    """

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path

    def send(self, wishes: Sequence[Wish]) -> Answers:
        """Return what became of each row. Rows in neither part of the answer are unknown.

        Raises only if nothing is known of any of them.
        """
        answers = Answers()
        parts = [list(range(len(wishes)))] if wishes else []
        while parts:
            part = parts.pop()
            try:
                parts += self._send_part(wishes, part, answers)
            except (CrmUnavailableError, CredentialsError):
                if not answers.rows and not answers.refusals:
                    raise
                break
        return answers

    def _send_part(
        self, wishes: Sequence[Wish], part: list[int], answers: Answers
    ) -> list[list[int]]:
        """Send some rows; return what is to be sent again, in smaller parts."""
        body = {"inputs": [wishes[number].input(number) for number in part]}
        try:
            reply = self._client.post(self._path, body)
        except ConflictError as conflict:
            return _smaller(wishes, part, conflict.why, answers)
        _take(reply, wishes, part, answers)
        return []


def _smaller(
    wishes: Sequence[Wish], part: list[int], why: Refusal, answers: Answers
) -> list[list[int]]:
    blamed = part if len(part) == 1 else _blamed(wishes, part, why)
    if blamed:
        answers.refusals.update((number, why) for number in blamed)
        rest = [number for number in part if number not in set(blamed)]
        return [rest] if rest else []
    half = len(part) // 2
    return [part[half:], part[:half]]


def _blamed(wishes: Sequence[Wish], part: list[int], why: Refusal) -> list[int]:
    """Return the rows that a refusal of the whole batch is about, as far as it says so."""
    named = _named(wishes, part, why.context)
    if named and len(named) < len(part):
        return named
    if not any(words in why.full for words in _SAME_FOR_ALL):
        return []
    carried = {name for number in part for name in wishes[number].properties}
    guilty = {name for name in carried if f'"{name}"' in why.full or f"'{name}'" in why.full}
    guilty |= carried & set(why.context.get("propertyName", ()))
    return [number for number in part if guilty & wishes[number].properties.keys()]


def _named(
    wishes: Sequence[Wish], part: Sequence[int], context: Mapping[str, Sequence[str]]
) -> list[int]:
    traces = {int(each) for each in context.get(TRACE, ()) if each.isdecimal()}
    ids = {each for key in ("ids", "id") for each in context.get(key, ())}
    return [number for number in part if number in traces or wishes[number].id in ids]


def _take(reply: Json, wishes: Sequence[Wish], part: Sequence[int], answers: Answers) -> None:
    for entry in wire.objects(reply.get("errors")):
        why = parse_entry(entry)
        for number in _named(wishes, part, why.context):
            answers.refusals[number] = why
    by_id = {wishes[number].id: number for number in part}
    strangers: list[Row] = []
    for row in wire.rows(reply):
        found = _number_of(row, wishes, part, by_id)
        if found is None:
            strangers.append(row)
        else:
            answers.rows[found] = row
    missing = [n for n in part if n not in answers.rows and n not in answers.refusals]
    # A merged record answers with its new id; if it is the only one left, it is the missing one.
    if len(missing) == len(strangers) == 1:
        answers.rows[missing[0]] = strangers[0]


def _number_of(
    row: Row, wishes: Sequence[Wish], part: Sequence[int], by_id: Mapping[str, int]
) -> int | None:
    trace = row.get("objectWriteTraceId") or ""
    if trace.isdecimal() and int(trace) in part:
        return int(trace)
    if row["id"] in by_id:
        return by_id[row["id"]]
    key = next((wishes[number].id_property for number in part), "")
    return by_id.get(row["properties"].get(key) or "") if key else None


def outcomes(
    answers: Answers, wishes: Sequence[Wish], accept: Callable[[int, Row], Outcome]
) -> list[Outcome]:
    """Return an outcome for each wish, in order."""
    return [_outcome(number, answers, accept) for number in range(len(wishes))]


def _outcome(number: int, answers: Answers, accept: Callable[[int, Row], Outcome]) -> Outcome:
    row, why = answers.rows.get(number), answers.refusals.get(number)
    if row is not None:
        return accept(number, row)
    if why is None:
        return Outcome(Verdict.UNAVAILABLE, "HubSpot's answer does not mention this record")
    return refused(why)


def refused(why: Refusal) -> Outcome:
    """Return the outcome that a refusal of one row means."""
    if why.is_gone:
        return Outcome(Verdict.GONE, why.says)
    if why.is_passing:
        return Outcome(Verdict.UNAVAILABLE, why.says)
    return Outcome(Verdict.REFUSED, why.says)


def changed_at(row: Row) -> datetime | None:
    """Return HubSpot's stamp of a write."""
    stamp = row.get("updatedAt")
    return datetime.fromisoformat(stamp) if stamp else None


def new_id(row: Row, asked: str) -> ContactId | None:
    """Return the id that a record answered with, if it is another than was asked for."""
    return ContactId(row["id"]) if row["id"] != asked else None
