"""Activities as they land: an Arrow batch for each page, or waiting for an address to be known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from connector.columns import value_column
from connector.domain.contact import Activity, Value
from connector.rules.conditions import Kind
from connector.rules.tables import ATTRIBUTE
from connector.store.database import Database
from connector.store.encoding import json_list, json_map, to_json
from connector.store.identity import Identities, find_addresses

_CLAIM = """
DELETE FROM waiting_activity WHERE email IN (SELECT value FROM json_each(?))
RETURNING email, activity, type, occurred_us, is_outbound, attributes
"""
_WAIT = """
INSERT INTO waiting_activity (email, activity, type, occurred_us, is_outbound, attributes)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (email, activity) DO UPDATE SET type = excluded.type,
occurred_us = excluded.occurred_us, is_outbound = excluded.is_outbound,
attributes = excluded.attributes
"""
_IPC = pa.ipc.IpcWriteOptions(compression="lz4")


@dataclass(frozen=True, slots=True)
class Landed:
    """An activity whose contact has a number."""

    no: int
    id: str
    type: str
    occurred_us: int
    is_outbound: bool
    attributes: Mapping[str, Value]


def save_activities(
    database: Database,
    identities: Identities,
    *,
    activities: Sequence[Activity],
    new_addresses: Iterable[str],
    kinds: Mapping[str, Kind],
) -> None:
    """Land activities, and those that waited for one of `new_addresses`."""
    landed = list(_claimed(database, set(new_addresses)))
    emails = find_addresses(database, (email for a in activities if (email := _address(a))))
    waiting: list[tuple[str, Activity]] = []
    for activity in activities:
        email = _address(activity)
        number = identities.number(activity.contact) if activity.contact else emails.get(email)
        if number is not None:
            landed.append(_landed(number, activity))
        elif email:
            waiting.append((email, activity))
    database.run_many(_WAIT, [_waiting_row(email, activity) for email, activity in waiting])
    if landed:
        database.run(
            "INSERT INTO landing (n_rows, batch) VALUES (?, ?)",
            (len(landed), _encode(landed, kinds)),
        )


def load_landed(blobs: Iterable[object]) -> Iterator[pa.Table]:
    """Yield pages as they landed. Columns of pages from before a mapping changed may differ."""
    for blob in blobs:
        with pa.ipc.open_stream(blob) as reader:
            yield reader.read_all()


def _address(activity: Activity) -> str:
    """Return the address that alone names an activity's contact; empty if an id does."""
    return "" if activity.contact else (activity.email or "").strip().lower()


def _claimed(database: Database, emails: set[str]) -> Iterator[Landed]:
    if not emails:
        return
    numbers = find_addresses(database, emails)
    for email, id_, type_, occurred_us, is_outbound, attributes in database.rows(
        _CLAIM, [json_list(emails)]
    ):
        if isinstance(occurred_us, int):  # always: the schema is STRICT
            yield Landed(
                no=numbers[str(email)],
                id=str(id_),
                type=str(type_),
                occurred_us=occurred_us,
                is_outbound=bool(is_outbound),
                attributes=json_map(attributes),  # type: ignore[arg-type]  # written from Values
            )


def _landed(number: int, activity: Activity) -> Landed:
    return Landed(
        number,
        activity.id,
        activity.type,
        activity.occurred_us,
        activity.is_outbound,
        activity.attributes,
    )


def _waiting_row(email: str, activity: Activity) -> tuple[object, ...]:
    return (
        email,
        activity.id,
        activity.type,
        activity.occurred_us,
        activity.is_outbound,
        to_json(dict(activity.attributes)),
    )


def _encode(landed: Sequence[Landed], kinds: Mapping[str, Kind]) -> bytes:
    columns = {
        "contact": pa.array([row.no for row in landed], pa.int64()),
        "activity": pa.array([row.id for row in landed], pa.string()),
        "type": pa.array([row.type for row in landed], pa.string()),
        "occurred_us": pa.array([row.occurred_us for row in landed], pa.int64()),
        "is_outbound": pa.array([row.is_outbound for row in landed], pa.bool_()),
    }
    for name, kind in kinds.items():
        values = [row.attributes.get(name) for row in landed]
        columns[ATTRIBUTE + name] = value_column(values, kind)
    batch = pa.RecordBatch.from_pydict(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_IPC) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())
