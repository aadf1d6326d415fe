"""Measures the embedded store: saving pages, settling, loading facts. `python -m bench.store`.

No peer stands beside it: what others cost for the same was measured before the store was
chosen, see docs/store.md.
"""

import argparse
import os
import platform
import random
import resource
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector.columns import schema_of, table_of
from connector.domain.contact import Activity, Contact
from connector.domain.ids import ActivityId, ContactId, RunId
from connector.ports import (
    SHOWN,
    Account,
    Outcome,
    Page,
    PlannedWrite,
    Shapes,
    Verdict,
    WriteBack,
)
from connector.rules.conditions import Kind
from connector.rules.plan import CompiledRules
from connector.rules.tables import MEMORY
from connector.store import EmbeddedStore, open_store

PAGE = 100
FIELDS = {
    "first_name": Kind.TEXT,
    "last_name": Kind.TEXT,
    "email": Kind.TEXT,
    "phone": Kind.TEXT,
    "job_title": Kind.TEXT,
    "industry": Kind.TEXT,
    "country": Kind.TEXT,
    "employees": Kind.NUMBER,
}
ATTRIBUTES = {"asset": Kind.TEXT, "page_path": Kind.TEXT, "minutes": Kind.NUMBER}
RULES = CompiledRules(hash="", constants=(), steps=(), fields=FIELDS, attributes=ATTRIBUTES)
START = datetime(2025, 1, 1, tzinfo=UTC)
START_US = 1_735_689_600_000_000
TYPES = ("email_open", "email_click", "form", "page_view", "meeting", "call")


class _Clock:
    """The clock on the wall."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def wait(self, span: timedelta) -> None:
        time.sleep(span.total_seconds())


@dataclass(frozen=True)
class _Spent:
    """What one part took."""

    wall: float
    cpu: float

    def rate(self, rows: int) -> str:
        per_second = rows / self.wall
        return f"{rows:>11,} in {self.wall:6.2f} s, {self.cpu:6.2f} CPU-s: {per_second:>12,.0f} /s"


class _Watch:
    """Measures a block: `with _Watch() as watch: …` then `watch.spent`."""

    spent: _Spent

    def __enter__(self) -> "_Watch":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.spent = _Spent(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def contact_pages(contacts: int) -> Iterator[Page]:
    """Yield pages of a hundred made-up contacts."""
    dice = random.Random(1)  # noqa: S311 - made-up data, no secret
    for first in range(0, contacts, PAGE):
        rows = [_contact(n, dice) for n in range(first, min(first + PAGE, contacts))]
        yield Page(str(first), contacts=rows)


def activity_pages(contacts: int, each: int) -> Iterator[Page]:
    """Yield pages of a hundred made-up activities."""
    dice = random.Random(2)  # noqa: S311 - made-up data, no secret
    for first in range(0, contacts * each, PAGE):
        rows = [
            _activity(n, contacts, dice) for n in range(first, min(first + PAGE, contacts * each))
        ]
        yield Page(str(first), activities=rows)


def _contact(n: int, dice: random.Random) -> Contact:
    email = f"person{n}@company{n % 5000}.example"
    fields = {
        "first_name": f"Ana{n % 700}",
        "last_name": f"Dupré{n % 3000}",
        "email": email,
        "phone": f"+33 1 {n:08d}",
        "job_title": dice.choice(("Head of Operations", "Directeur général", "Engineer")),
        "industry": dice.choice(("Software", "Santé", "Retail")),
        "country": dice.choice(("FR", "CH", "BE")),
        "employees": dice.randrange(5, 5000) * 1_000_000,
    }
    written = {"leadripe_score": None, "leadripe_stage": None, "leadripe_reasons": None}
    return Contact(ContactId(str(n)), START, fields, written, emails=(email,))


def _activity(n: int, contacts: int, dice: random.Random) -> Activity:
    return Activity(
        id=ActivityId(f"events:{n}"),
        type=dice.choice(TYPES),
        occurred_us=START_US + dice.randrange(365 * 86_400) * 1_000_000,
        contact=ContactId(str(dice.randrange(contacts))),
        attributes={
            "asset": dice.choice(("White paper", "Étude de cas", None)),
            "page_path": f"/pages/{dice.randrange(200)}",
            "minutes": dice.choice((None, 30_000_000)),
        },
    )


def measure(folder: Path, contacts: int, each: int) -> None:
    """Fill a store, and print what each part took."""
    shapes = Shapes(FIELDS, ATTRIBUTES)
    with open_store(folder, shapes, _Clock()) as store, store.lease():
        store.bind("hubspot", Account("1", "Europe/Paris"), "Europe/Paris")
        _report("save contacts", _save(store, contact_pages(contacts)), contacts)
        _report("save again, unchanged", _save(store, contact_pages(contacts)), contacts)
        _report("save activities", _save(store, activity_pages(contacts, each)), contacts * each)
        with _Watch() as watch:
            store.settle_activities()
        _report("settle the rest", watch.spent, contacts * each)
        again = contacts * each // 100 // PAGE
        pages = islice(activity_pages(contacts, each), again)
        _report("save 1 % again", _save(store, pages), again * PAGE)
        with _Watch() as watch:
            store.settle_activities()
        _report("settle it: nothing new", watch.spent, again * PAGE)
        _measure_reading(store)
        _measure_journal(store, contacts)
    _print_sizes(folder, contacts, each)


def _save(store: EmbeddedStore, pages: Iterator[Page]) -> _Spent:
    """Save pages; making them up is not counted."""
    wall = cpu = 0.0
    for page in pages:
        with _Watch() as watch:
            store.save_page("stream", page)
        wall, cpu = wall + watch.spent.wall, cpu + watch.spent.cpu
    return _Spent(wall, cpu)


def _measure_reading(store: EmbeddedStore) -> None:
    with _Watch() as watch:
        contacts = sum(len(store.load_facts(bucket, RULES).contact) for bucket in store.buckets())
    _report("load facts", watch.spent, contacts)
    with _Watch() as watch:
        rows = sum(_rows(store.load_facts(bucket, RULES).activity) for bucket in store.buckets())
    _report("the same, Parquet too", watch.spent, rows)
    with _Watch() as watch:
        for no in range(1, 101):
            store.load_facts_of(no, RULES)
    _report("load facts of one", watch.spent, 100)


def _measure_journal(store: EmbeddedStore, contacts: int) -> None:
    run = store.start_run("sync", START, "")
    numbers = range(1, contacts + 1)
    with _Watch() as watch:
        for first in range(0, contacts, contacts // 64 + 1):
            _stage(store, run, numbers[first : first + contacts // 64 + 1])
    _report("stage a plan", watch.spent, contacts)
    with _Watch() as watch:
        store.accept_plan(run, "")
    _report("accept it", watch.spent, contacts)
    wall = cpu = 0.0
    while entries := store.load_waiting("contact", PAGE):
        answers = [(entry, Outcome(Verdict.ACCEPTED)) for entry in entries]
        with _Watch() as watch:
            store.settle(answers, run)
        wall, cpu = wall + watch.spent.wall, cpu + watch.spent.cpu
    _report("settle answers", _Spent(wall, cpu), contacts)


def _stage(store: EmbeddedStore, run: RunId, numbers: Sequence[int]) -> None:
    memory = schema_of({"contact": "BIGINT", **MEMORY})
    shown = schema_of({"contact": "BIGINT", **SHOWN})
    texts: dict[str, object] = {"stage": "lead", "temperature": "warm", "shown_stage": "lead"}
    score, show = (
        table_of(s, [[n if c == "contact" else texts.get(c) for c in s.names] for n in numbers])
        for s in (memory, shown)
    )
    values = {"leadripe_score": "40", "leadripe_stage": "lead", "leadripe_reasons": "a form" * 20}
    before = dict.fromkeys(values)
    writes = [PlannedWrite(n, WriteBack(ContactId(str(n)), values), before) for n in numbers]
    store.stage_plan(run, score=score, move=None, shown=show, writes=writes, tasks=[])


def _rows(activity: pa.Table | Sequence[Path]) -> int:
    if isinstance(activity, pa.Table):
        return len(activity)
    return sum(len(pq.ParquetFile(path).read()) for path in activity)


def _report(what: str, spent: _Spent, rows: int) -> None:
    print(f"{what:24}{spent.rate(rows)}")


def _print_sizes(folder: Path, contacts: int, each: int) -> None:
    files = list(folder.glob("activities/*/*.parquet"))
    parquet = sum(file.stat().st_size for file in files)
    database = (folder / "state.db").stat().st_size
    print(
        f"{'size':24}{parquet / max(contacts * each, 1):.1f} B an activity in {len(files)} files,"
    )
    print(f"{'':24}state.db {database / 1e6:.1f} MB for {contacts:,} contacts")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory':24}{peak:.0f} MiB")


def main() -> None:
    """Read the size to measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=10_000)
    parser.add_argument("--activities", type=int, default=20, help="of each contact")
    parser.add_argument("--folder", type=Path, help="where to make the store; default: temporary")
    options = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"SQLite {sqlite3.sqlite_version}, Arrow {pa.__version__}")
    print(f"{options.contacts:,} contacts with {options.activities} activities each")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        measure(Path(folder) / "store", options.contacts, options.activities)


if __name__ == "__main__":
    main()
