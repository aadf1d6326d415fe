# ruff: noqa: S608  names in SQL are ours or quoted, paths are quoted
"""Reads contacts, activities and opportunities from files, ready for an engine.

Everything is read and checked before the first part is handed out, so that a mistake anywhere
stops a score before its first line. Activities are written once to Parquet, parted by contact, in
a folder that is gone afterwards: memory does not grow with the files.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from connector.engine.offline_columns import (
    LOCAL,
    Wanted,
    activity_columns,
    compare_columns,
    contact_columns,
    opportunity_columns,
    rows_sql,
)
from connector.engine.offline_files import InputFile, by_layout, find_files
from connector.engine.offline_parts import STAGING, Offline, explained
from connector.engine.offline_problems import (
    MOST,
    BadValue,
    line_problems,
    refusal,
    repeated_problems,
    value_problems,
)
from connector.errors import Problem
from connector.rules.plan import CompiledRules

PART_ACTIVITIES = 300_000
PART_CONTACTS = 30_000
"""About so many rows are evaluated at a time, whichever is reached first."""

_STAGING = ", ".join(STAGING)
_MEMORY = "400MB"  # of the reader; beyond it, sorting and joining go through the folder


@dataclass(frozen=True, slots=True)
class Inputs:
    """Where the rows are: for each table a file, a glob or a directory. None: there are none."""

    contacts: str
    activities: str | None = None
    opportunities: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """One of the three tables: what it is called, where its rows are, what is wanted of them."""

    name: str
    files: Sequence[InputFile]
    wanted: Sequence[Wanted]

    @property
    def rows(self) -> str:
        return rows_sql(self.files, self.wanted, f"reject_{self.name}")


@contextmanager
def read_files(
    compiled: CompiledRules,
    inputs: Inputs,
    *,
    zone: str,
    part_activities: int = PART_ACTIVITIES,
    part_contacts: int = PART_CONTACTS,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[Offline]:
    """Read and check the files; what was read lives as long as the context.

    `zone`: IANA name, of days and of times without one. `told` hears what is read next. Raises
    ConfigError with every kind of mistake at once, and StoreError where disk or memory fail.
    """
    with tempfile.TemporaryDirectory(prefix="leadripe-score-") as name:
        folder = Path(name)
        sources, notes = _sources(compiled, inputs)
        with _connect(folder) as connection:
            offline = Offline(compiled, zone, folder / "activities", connection, notes=notes)
            with explained():
                _Reader(offline, sources).read(part_activities, part_contacts, told)
            yield offline


def _sources(compiled: CompiledRules, inputs: Inputs) -> tuple[list[_Source], list[str]]:
    """Return the three tables and what is to be noted of them, if their columns suffice."""
    problems: list[Problem] = []
    notes: list[str] = []
    sources = []
    for name, pattern, wanted in (
        ("contacts", inputs.contacts, contact_columns(compiled)),
        ("activities", inputs.activities, activity_columns(compiled)),
        ("opportunities", inputs.opportunities, opportunity_columns(compiled)),
    ):
        files = find_files(pattern, name, problems) if pattern is not None else []
        notes += compare_columns(files, wanted, name, problems) if files else []
        sources.append(_Source(name, files, wanted))
    if problems:
        raise refusal(problems)
    return sources, notes


@contextmanager
def _connect(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": str(folder / "spill"),
        "memory_limit": _MEMORY,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "preserve_insertion_order": False,
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield connection
    finally:
        connection.close()


class _Reader:
    """Fills an `Offline` from its sources, and gathers what is wrong with them."""

    def __init__(self, offline: Offline, sources: Sequence[_Source]) -> None:
        self._offline = offline
        self._run = offline.connection.execute
        self._contacts, self._activities, self._opportunities = sources
        self._problems: list[Problem] = []
        self._more = 0

    def read(self, part_activities: int, part_contacts: int, told: Callable[[str], None]) -> None:
        told("contacts")
        self._read_contacts(part_activities, part_contacts)
        told("activities")
        self._read_activities()
        told("opportunities")
        self._read_opportunities()
        if self._problems:
            raise refusal(self._problems, self._more)

    def _one(self, query: str) -> int:
        return int(self._run(query).fetchall()[0][0])

    # ------------------------------------------------------------ the tables

    def _read_contacts(self, part_activities: int, part_contacts: int) -> None:
        self._run(f"CREATE TEMP TABLE contact_read AS {self._contacts.rows}")
        self._check(self._contacts, "contact_read")
        self._check_repeated()
        offline = self._offline
        offline.contacts = self._one("SELECT count(*) FROM contact_read")
        activities = sum(file.rows() for file in self._activities.files)
        parts = max(-(-offline.contacts // part_contacts), -(-activities // part_activities), 1)
        offline.parts_total = min(parts, max(offline.contacts, 1))
        numbered = (
            "SELECT row_number() OVER (ORDER BY id) AS contact,"
            f" * EXCLUDE ({_STAGING}) FROM contact_read" + (" LIMIT 0" if self._problems else "")
            # With mistakes in it, nobody is scored: the other files are only checked.
        )
        self._run(
            f"CREATE TEMP TABLE contact AS SELECT *, CAST((contact - 1) * {offline.parts_total}"
            f" // {max(offline.contacts, 1)} AS INTEGER) AS part FROM ({numbered})"
        )
        self._run("DROP TABLE contact_read")

    def _read_activities(self) -> None:
        source, offline = self._activities, self._offline
        if not source.files:
            return
        told = "COALESCE(a.outbound, a.direction, FALSE) AS is_outbound"
        self._run(
            f"COPY (SELECT c.contact, COALESCE(c.part, -1) AS part, {told},"
            " a.* EXCLUDE (contact_id, outbound, direction)"
            f" FROM ({source.rows}) AS a LEFT JOIN contact AS c ON c.id = a.contact_id)"
            f" TO {_quoted(offline.folder)} (FORMAT parquet, PARTITION_BY (part))"
        )
        files = list(offline.folder.rglob("*.parquet"))
        sizes = [(file.parent.name, pq.read_metadata(file).num_rows) for file in files]
        unknown = sum(rows for part, rows in sizes if part == "part=-1")
        offline.activities = sum(rows for _, rows in sizes) - unknown
        offline.note_unknown("activities", unknown)
        written = f"read_parquet({_quoted(offline.folder)} || '/**/*.parquet')"
        self._check(source, written if files else None)

    def _read_opportunities(self) -> None:
        source, offline = self._opportunities, self._offline
        if not source.files:
            self._run("CREATE TEMP TABLE opportunity (contact BIGINT, part INTEGER)")
            self._run("CREATE TEMP TABLE every_opportunity (opportunity VARCHAR)")
            return
        self._run(f"CREATE TEMP TABLE opportunity_read AS {source.rows}")
        self._check(source, "opportunity_read")
        known = "opportunity_read AS o JOIN contact AS c ON c.id = o.contact_id"
        # Those of whose contacts none is in the file have a score too.
        self._run(
            "CREATE TEMP TABLE every_opportunity AS SELECT DISTINCT ON (opportunity) *"
            f" FROM (SELECT o.* EXCLUDE (contact_id, is_percent, {_STAGING})"
            f" REPLACE ({_PROBABILITY} AS probability) FROM opportunity_read AS o)"
            " ORDER BY opportunity, created_us DESC, COLUMNS(*)"
        )
        # What was last done to an opportunity is not in the file: its creation is what is known.
        self._run(
            "CREATE TEMP TABLE opportunity AS SELECT DISTINCT ON (contact, opportunity) *,"
            f" created_us AS changed_us, created_us{LOCAL} AS changed_us{LOCAL}"
            f" FROM (SELECT c.contact, c.part, o.* EXCLUDE (contact_id, is_percent, {_STAGING})"
            f" REPLACE ({_PROBABILITY} AS probability) FROM {known})"
            " ORDER BY contact, opportunity, created_us DESC, COLUMNS(*)"
        )
        everything = self._one("SELECT count(*) FROM opportunity_read")
        joined = self._one(f"SELECT count(*) FROM {known}")
        offline.opportunities = self._one("SELECT count(*) FROM opportunity")
        offline.note_unknown("opportunities", everything - joined, has_score=_has_score(offline))
        offline.note_repeated("opportunities", joined - offline.opportunities)

    # ---------------------------------------------------------- the mistakes

    def _check(self, source: _Source, table: str | None) -> None:
        """Gather lines that are no rows, and values that cannot be understood."""
        connection = self._offline.connection
        for place, group in enumerate(by_layout(source.files)):
            if group[0].layout.is_csv:
                rejects = f"reject_{source.name}_{place}"
                self._problems += line_problems(connection, group, rejects)
        if table is None:
            return
        rows = f"FROM {table} WHERE problem IS NOT NULL"
        number = self._one(f"SELECT count(*) {rows}")
        if not number:
            return
        listed = self._run(
            f"SELECT file, key, problem, problem_text {rows} ORDER BY ALL LIMIT {MOST}"
        ).fetchall()
        bad = [BadValue(*row) for row in listed]
        self._problems += value_problems(connection, source.files, source.wanted, bad)
        self._more += number - len(bad)

    def _check_repeated(self) -> None:
        repeated = (
            "SELECT id FROM contact_read WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1"
        )
        keys = self._run(f"SELECT id FROM ({repeated}) ORDER BY id LIMIT {MOST}").fetchall()
        if not keys:
            return
        found = list(
            repeated_problems(
                self._offline.connection,
                self._contacts.files,
                self._contacts.wanted,
                {key for (key,) in keys},
            )
        )
        number = self._one(f"SELECT count(*) FROM contact_read WHERE id IN ({repeated})")
        number -= self._one(f"SELECT count(*) FROM ({repeated})")
        self._problems += found
        self._more += max(number - len(found), 0)


_PROBABILITY = (
    "CASE WHEN o.is_percent OR (SELECT MAX(probability) FROM opportunity_read WHERE NOT is_percent)"
    " > 1000000 THEN (o.probability + 50) // 100 ELSE o.probability END"
)
"""0.6, 60 or 60%: a column with a number above 1 counts in hundredths throughout."""


def _has_score(offline: Offline) -> bool:
    return offline.compiled.opportunities is not None


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
