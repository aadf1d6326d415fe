"""Finds the lines of what cannot be scored: only when something is wrong, and only those lines."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from connector.engine.offline_columns import Wanted, said_of
from connector.engine.offline_files import InputFile, table_sql, text_sql
from connector.errors import ConfigError, Problem

MOST = 20
"""How many mistakes are listed."""


@dataclass(frozen=True, slots=True)
class BadValue:
    """A text that cannot be understood: in `column` of the row with the id `key`, None if empty."""

    file: str
    key: str | None
    column: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A row at a line: of a CSV, where it begins; of Parquet, the row's number from 1."""

    line: int
    texts: Mapping[str, str | None]


def refusal(problems: Sequence[Problem], more: int = 0) -> ConfigError:
    """Return the error that lists the first mistakes and counts all."""
    number = len(problems) + more
    listed = sorted(problems, key=lambda p: (p.file, p.line, p.message))[:MOST]
    mistakes = "1 mistake" if number == 1 else f"{number} mistakes"
    shown = f", the first {len(listed)} of them here" if number > len(listed) else ""
    return ConfigError(
        what=f"The files cannot be scored: {mistakes}{shown}",
        do="Correct the lines and score again. Nothing was written.",
        problems=listed,
    )


def value_problems(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[InputFile],
    wanted: Sequence[Wanted],
    bad: Sequence[BadValue],
) -> Iterator[Problem]:
    """Yield where each bad value stands."""
    by_name = {w.name: w for w in wanted}
    for file in files:
        here = [each for each in bad if each.file == str(file.path)]
        left = _rows_of(connection, file, wanted, {each.key for each in here})
        for each in here:
            line = _take(left[each.key], each)
            says = said_of(by_name[each.column], each.text)
            yield Problem(each.file, line, 1 if line else 0, f"column «{each.column}» {says}")


def _take(rows: list[Found], bad: BadValue) -> int:
    """Return the line of the first row that shows a value, and take it away; 0 if none does."""
    for place, row in enumerate(rows):
        if (row.texts.get(bad.column) or "").strip() == (bad.text or "").strip():
            return rows.pop(place).line
    return 0


def repeated_problems(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[InputFile],
    wanted: Sequence[Wanted],
    keys: set[str | None],
) -> Iterator[Problem]:
    """Yield where contacts stand again whose id is among `keys`."""
    seen: dict[str, str] = {}
    for file in files:
        rows = _rows_of(connection, file, wanted, keys)
        found = sorted((row.line, str(key)) for key, each in rows.items() for row in each)
        for line, key in found:
            place = f"{file.path}:{line}"
            if key in seen:
                yield Problem(
                    str(file.path), line, 1, f"the contact of {seen[key]} stands here again"
                )
            seen.setdefault(key, place)


def _rows_of(
    connection: duckdb.DuckDBPyConnection,
    file: InputFile,
    wanted: Sequence[Wanted],
    keys: set[str | None],
) -> dict[str | None, list[Found]]:
    """Return the rows of a file that have one of the ids, by id, in the order of the file."""
    rows: dict[str | None, list[Found]] = defaultdict(list)
    if not keys:
        return rows
    read = _csv_rows(file) if file.layout.is_csv else _parquet_rows(connection, file, wanted)
    for row in read:
        key = (row.texts.get(wanted[0].name) or "").strip() or None
        if key in keys:
            rows[key].append(row)
    return rows


def _csv_rows(file: InputFile) -> Iterator[Found]:
    names = list(file.layout.columns)
    with file.path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=file.layout.delimiter)
        next(reader, None)
        before = reader.line_num
        for row in reader:
            if row:
                yield Found(before + 1, dict(zip(names, row, strict=False)))
            before = reader.line_num


def _parquet_rows(
    connection: duckdb.DuckDBPyConnection, file: InputFile, wanted: Sequence[Wanted]
) -> Iterator[Found]:
    names = [w.name for w in wanted if w.name in file.layout.columns]
    texts = ", ".join(text_sql(file.layout, name) for name in names)
    read = connection.execute(
        f"SELECT file_row_number + 1, {texts} FROM {table_sql([file])} ORDER BY 1"  # noqa: S608  quoted
    )
    while batch := read.fetchmany(10_000):
        for number, *row in batch:
            yield Found(number, dict(zip(names, row, strict=True)))


def line_problems(
    connection: duckdb.DuckDBPyConnection, files: Sequence[InputFile], rejects: str
) -> Iterator[Problem]:
    """Yield the lines of CSV files that are no rows."""
    widths = {str(file.path): file.layout.width for file in files}
    found = connection.execute(
        "SELECT DISTINCT s.file_path, r.line_byte_position, CAST(r.error_type AS VARCHAR)"  # noqa: S608  ours
        f" FROM {rejects} AS r JOIN {rejects}_scan AS s USING (scan_id, file_id)"
        f" ORDER BY ALL LIMIT {MOST}"
    ).fetchall()
    for path, position, kind in found:
        says = _LINE_SAYS.get(kind, _LINE_SAYS[""]).format(width=widths.get(path, 0))
        yield Problem(path, _line_at(Path(path), position or 0), 1, says)


_LINE_SAYS = {
    "TOO MANY COLUMNS": "has more values than the {width} columns of the first line",
    "MISSING COLUMNS": "has fewer values than the {width} columns of the first line",
    "INVALID ENCODING": "is not UTF-8; save the file as «CSV UTF-8»",
    "UNQUOTED VALUE": 'has a quotation mark out of place; write it twice inside a value: ""',
    "": "cannot be read as a row",
}


def _line_at(path: Path, position: int) -> int:
    """Return the line of the first row at or behind a byte of a file."""
    line = 1
    with path.open("rb") as file:
        while position > 0 and (part := file.read(min(position, 1 << 20))):
            line += part.count(b"\n")
            position -= len(part)
        while file.read(1) in (b"\n", b"\r"):
            file.seek(-1, 1)
            line += file.read(1) == b"\n"
    return line
