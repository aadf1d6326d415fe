"""Rows written two hundred at a time, five such groups to a call, each row with its own answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from connector.crm.salesforce.client import MOST_HEAVY, Client, Sub, SubReply, objects
from connector.crm.salesforce.refusal import Json, Refusal, first_error, parse_entry
from connector.domain.parts import in_parts
from connector.errors import CredentialsError, CrmRefusedError, CrmUnavailableError

GROUP = 200
BATCH_SIZE = GROUP * MOST_HEAVY
_LOCK_TRIES = 3
_LOCK_WAIT = timedelta(seconds=1)

_TRIGGERS = frozenset(
    {"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER", "UNKNOWN_EXCEPTION"}
)
"""An automation of the org failed, perhaps for what stood beside the row: alone it may pass."""
_SMALLER = ((50, 1_000), (10, 500), (1, 50))
"""Groups of how many rows, and for how many rows at most."""


@dataclass(slots=True)
class Answers:
    """What became of each row, by its number: the id of the record written, or why not.

    Rows in neither are unknown.
    """

    ids: dict[int, str] = field(default_factory=dict)
    refusals: dict[int, Refusal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Collections:
    """Sends records to be created (POST) or changed (PATCH)."""

    client: Client
    method: str

    def send(self, records: Sequence[Json]) -> Answers:
        """Return what became of each record. Raises only if nothing is known of any.

        Locked rows are sent again a few times; a group that is refused as a whole is halved, so
        that one bad row does not hold back the others.
        """
        answers = Answers()
        self._rounds(records, list(range(len(records))), answers)
        for attempt in range(_LOCK_TRIES):
            locked = [number for number, why in answers.refusals.items() if why.is_passing]
            if not locked:
                break
            self.client.wait(_LOCK_WAIT * (1 << attempt))
            self._again(records, locked, answers)
        self._isolate(records, answers)
        return answers

    def _isolate(self, records: Sequence[Json], answers: Answers) -> None:
        """Send rows that an automation failed on again in ever smaller groups: most of them pass.

        Where it fails on everything, that would cost a call for every five rows; so it ends there.
        """
        for size, most in _SMALLER:
            failed = [n for n, why in answers.refusals.items() if why.code in _TRIGGERS]
            if size < len(records) and 0 < len(failed) <= most:
                self._again(records, failed, answers, size=size)

    def _again(
        self, records: Sequence[Json], numbers: list[int], answers: Answers, *, size: int = GROUP
    ) -> None:
        before = {number: answers.refusals.pop(number) for number in numbers}
        self._rounds(records, numbers, answers, size=size)
        # What got no answer this time is still known from the time before.
        for number, why in before.items():
            if number not in answers.ids:
                answers.refusals.setdefault(number, why)

    def _rounds(
        self, records: Sequence[Json], numbers: list[int], answers: Answers, *, size: int = GROUP
    ) -> None:
        groups: list[Sequence[int]] = list(in_parts(numbers, size))
        while groups:
            some, groups = groups[:MOST_HEAVY], groups[MOST_HEAVY:]
            subs = [self._sub([records[number] for number in group]) for group in some]
            try:
                replies = self.client.composite(subs)
            except (CrmUnavailableError, CrmRefusedError, CredentialsError):
                if not answers.ids and not answers.refusals:
                    raise
                return  # the caller has to learn what is known; the rest has no answer
            for group, reply in zip(some, replies, strict=True):
                groups += _taken(reply, group, answers)

    def _sub(self, records: Sequence[Json]) -> Sub:
        body = {"allOrNone": False, "records": records}
        return Sub(self.method, "/composite/sobjects", body=body)


def _taken(reply: SubReply, group: Sequence[int], answers: Answers) -> list[Sequence[int]]:
    """Note the answers of a group; return what is to be sent again, in smaller groups."""
    rows = objects(reply.body)
    if reply.is_done and len(rows) == len(group):
        for number, row in zip(group, rows, strict=True):
            if row.get("success") is True:
                answers.ids[number] = str(row.get("id"))
            else:
                answers.refusals[number] = first_error(row.get("errors"))
        return []
    why = parse_entry(next(iter(rows), {}), reply.status)
    if reply.is_done or why.is_passing or reply.status >= 500:
        # An answer that is no list of rows, or none at all: nothing is known of the group.
        return []
    if len(group) == 1:
        answers.refusals[group[0]] = why
        return []
    half = len(group) // 2
    return [group[:half], group[half:]]


def record(kind: str, values: Mapping[str, object], id_: str = "") -> Json:
    """Return a record as collections take it."""
    named = {"id": id_} if id_ else {}
    return {"attributes": {"type": kind}, **named, **values}
