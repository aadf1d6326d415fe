"""What the store's tests share: an open store, pages in a line, facts as plain rows."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector.columns import schema_of, table_of
from connector.domain.contact import Activity, Contact, Gone, KnownTask, Opportunity
from connector.domain.ids import ActivityId, ContactId, OpportunityId, RunId, TaskId, TaskKey
from connector.ports import (
    SHOWN,
    Account,
    Outcome,
    Page,
    PlannedTask,
    PlannedWrite,
    Shapes,
    TaskWish,
    Verdict,
    Watched,
    WriteBack,
)
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules
from connector.rules.tables import MEMORY, MOVE
from connector.store import EmbeddedStore, open_store
from connector.store.encoding import to_us
from tests.fakes.clock import MONDAY, FakeClock

SHAPES = Shapes(
    fields={"job_title": Kind.TEXT, "employees": Kind.NUMBER},
    attributes={"asset": Kind.TEXT, "minutes": Kind.NUMBER},
    watched=Watched(stage="lr_stage", verdict="lr_feedback"),
)
COMPILED = CompiledRules(
    hash="rules",
    constants=(),
    steps=(),
    fields=SHAPES.fields,
    attributes=SHAPES.attributes,
)
ACCOUNT = Account("46123", "Europe/Paris", "EUR", "sandbox")
Rows = list[dict[str, object]]


def new_store(folder: Path, clock: FakeClock | None = None) -> EmbeddedStore:
    """Return a bound store; the caller closes it."""
    store = open_store(folder, SHAPES, clock or FakeClock())
    store.bind("hubspot", ACCOUNT, "Europe/Paris")
    return store


def contact(
    id_: str,
    *emails: str,
    minute: int = 0,
    written: Mapping[str, str | None] | None = None,
    former: Sequence[str] = (),
    title: str = "Head of Ops",
) -> Contact:
    """Return a contact that was changed some minutes after Monday nine o'clock."""
    return Contact(
        id=ContactId(id_),
        updated_at=MONDAY + timedelta(minutes=minute),
        fields={"job_title": title, "employees": 250_000_000},
        written=written or {},
        emails=emails,
        former_ids=tuple(map(ContactId, former)),
    )


def visit(
    id_: str, of: str, *, minute: int = 0, asset: str | None = "Étude", minutes: int | None = None
) -> Activity:
    """Return an activity of a contact, or of an address."""
    is_address = "@" in of
    return Activity(
        id=ActivityId(f"forms:{id_}"),
        type="form",
        occurred_us=to_us(MONDAY + timedelta(minutes=minute)),
        contact=None if is_address else ContactId(of),
        email=of if is_address else None,
        attributes={"asset": asset, "minutes": minutes},
    )


def deal(id_: str, *contacts: str, changed: int = 0, amount: int | None = None) -> Opportunity:
    """Return an opportunity."""
    return Opportunity(
        id=OpportunityId(id_),
        contacts=tuple(map(ContactId, contacts)),
        created_us=0,
        changed_us=changed,
        amount=amount,
    )


def known_task(key: str, of: str, *, is_done: bool = False, changed: int = 0) -> KnownTask:
    """Return a task as the CRM shows it."""
    return KnownTask(TaskId(f"id-{key}"), TaskKey(key), ContactId(of), is_done, changed)


def gone(id_: str, into: str | None = None) -> Gone:
    """Return a contact that was deleted or merged."""
    return Gone(ContactId(id_), ContactId(into) if into else None)


def page(checkpoint: str = "c1", **rows: Sequence[object]) -> Page:
    """Return a page of contacts, activities and so on."""
    return Page(checkpoint, **rows)  # type: ignore[arg-type]  # each test names rows of the right kind


def number(store: EmbeddedStore, id_: str) -> int:
    """Return the number of a contact."""
    found = store.find_contact(id_)
    assert found is not None
    return found.no


def activities(store: EmbeddedStore) -> Rows:
    """Return the activities of every bucket, in order; each must be there once."""
    rows: Rows = []
    for bucket in store.buckets():
        of_bucket = store.load_facts(bucket, COMPILED)
        rows += _of_contacts(read(of_bucket.activity), of_bucket.contact)
    keys = [(row["contact"], row["activity"]) for row in rows]
    assert len(keys) == len(set(keys)), "an activity came twice"
    return rows


def _of_contacts(rows: pa.Table, contacts: pa.Table) -> Rows:
    numbers = set(contacts["contact"].to_pylist())
    found = [row for row in rows.to_pylist() if row["contact"] in numbers]
    return sorted(found, key=lambda row: (row["contact"], row["activity"]))


def read(activity: "pa.Table | Sequence[Path]") -> pa.Table:
    """Return activities, whichever way the store hands them out."""
    if isinstance(activity, pa.Table):
        return activity
    return pa.concat_tables([pq.ParquetFile(path).read() for path in activity])


def seen(store: EmbeddedStore) -> dict[str, list[str]]:
    """Return {contact id: its activities' ids}, settled."""
    store.settle_activities()
    found: dict[str, list[str]] = {}
    for row in activities(store):
        no = row["contact"]
        assert isinstance(no, int)
        id_ = store.load_contacts([no])[no].id
        found.setdefault(id_, []).append(str(row["activity"]))
    return found


def states(store: EmbeddedStore) -> Rows:
    """Return the state rows of every bucket."""
    return [
        row
        for bucket in store.buckets()
        for row in store.load_facts(bucket, COMPILED).state.to_pylist()
    ]


def memory(no: int, **columns: object) -> pa.Table:
    """Return one row of an evaluation's memory."""
    schema = schema_of({"contact": "BIGINT", **MEMORY})
    values = {
        "contact": no,
        "stage": "lead",
        "temperature": "cold",
        "hand_off_open": False,
        **columns,
    }
    return table_of(schema, [[values.get(name) for name in schema.names]])


def shown(no: int, score: int = 40) -> pa.Table:
    """Return one row of what is to be shown."""
    schema = schema_of({"contact": "BIGINT", **SHOWN})
    values = {"contact": no, "shown_score": score, "shown_at_us": 1}
    return table_of(schema, [[values.get(name) for name in schema.names]])


def no_rows(columns: Mapping[str, str]) -> pa.Table:
    """Return an empty table."""
    return schema_of({"contact": "BIGINT", **columns}).empty_table()


def write(
    no: int, id_: str, before: Mapping[str, str | None] | None = None, **values: str
) -> PlannedWrite:
    """Return a planned write."""
    return PlannedWrite(no, WriteBack(ContactId(id_), values), before or {})


def task(no: int, id_: str, key: str, *, is_done: bool = False, body: str = "Call") -> PlannedTask:
    """Return a planned task."""
    wish = TaskWish(TaskKey(key), ContactId(id_), "Subject", body, MONDAY, is_done=is_done)
    return PlannedTask(no, wish)


def accept(
    store: EmbeddedStore,
    *,
    score: pa.Table | None = None,
    move: pa.Table | None = None,
    shows: pa.Table | None = None,
    writes: Sequence[PlannedWrite] = (),
    tasks: Sequence[PlannedTask] = (),
) -> RunId:
    """Stage and accept a plan in a run of its own."""
    run = store.start_run("sync", MONDAY, "rules")
    store.stage_plan(
        run,
        score=score,
        move=move,
        shown=no_rows(SHOWN) if shows is None else shows,
        writes=writes,
        tasks=tasks,
    )
    store.accept_plan(run, "rules")
    return run


def answer(store: EmbeddedStore, verdict: Verdict, kind: str = "contact", **values: str) -> None:
    """Settle every waiting entry of a kind the same way."""
    run = store.load_runs(1)[0].id
    outcome = Outcome(verdict, reason="a reason", values=values)
    store.settle([(entry, outcome) for entry in store.load_waiting(kind, 100)], run)


NO_MOVE = no_rows(MOVE)
