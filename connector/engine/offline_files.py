"""Finds the files to score and says how each is laid out, without reading their rows."""

import csv
import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connector.errors import Problem
from connector.rules import sql

_ENDINGS = (".csv", ".parquet")
_BYTES_OF_A_ROW = 50  # of a CSV, roughly: it only decides into how many parts the work is cut


@dataclass(frozen=True, slots=True)
class Layout:
    """How some files are laid out. `columns`: {our name: the file's own name or place}.

    `delimiter` is empty for Parquet. `width`: how many columns a CSV row has.
    """

    delimiter: str
    columns: Mapping[str, str]
    types: Mapping[str, pa.DataType] = field(default_factory=dict)
    width: int = 0

    @property
    def is_csv(self) -> bool:
        """Tell whether it is text."""
        return bool(self.delimiter)

    def is_timestamp(self, name: str) -> bool:
        """Tell whether a column holds moments as such, not as text."""
        return name in self.types and pa.types.is_timestamp(self.types[name])


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file and its layout."""

    path: Path
    layout: Layout

    def rows(self) -> int:
        """Return about how many rows it has."""
        if self.layout.is_csv:
            return self.path.stat().st_size // _BYTES_OF_A_ROW
        return int(pq.read_metadata(self.path).num_rows)


def find_files(pattern: str, what: str, problems: list[Problem]) -> list[InputFile]:
    """Return the files that a path, glob or directory stands for, sorted by name.

    A directory stands for every `.csv` and `.parquet` in and below it, hidden ones left out.
    """
    paths = _paths(pattern)
    if not paths:
        problems.append(Problem(pattern, 0, 0, f"no file with {what} is here"))
    found = [_look_at(path, problems) for path in paths]
    return [file for file in found if file is not None]


def _paths(pattern: str) -> list[Path]:
    here = Path(pattern)
    if here.is_file():
        return [here]
    if not here.is_dir():
        return sorted(
            path
            for name in glob.glob(pattern, recursive=True)  # noqa: PTH207  of any folder
            if (path := Path(name)).is_file()
        )
    below = (path for path in here.rglob("*") if path.suffix.lower() in _ENDINGS)
    return sorted(path for path in below if path.is_file() and path.name[0] not in "._")


def _look_at(path: Path, problems: list[Problem]) -> InputFile | None:
    try:
        layout = (_parquet_layout if _is_parquet(path) else _csv_layout)(path, problems)
    except UnicodeDecodeError:
        problems.append(Problem(str(path), 1, 0, "the text is not UTF-8; save it as «CSV UTF-8»"))
        return None
    except (OSError, pa.ArrowException, csv.Error):
        problems.append(Problem(str(path), 0, 0, "cannot be read as CSV or Parquet"))
        return None
    return InputFile(path, layout)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _csv_layout(path: Path, problems: list[Problem]) -> Layout:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
        delimiter = ";" if first.count(";") > first.count(",") else ","
        lines.seek(0)
        header = next(csv.reader(lines, delimiter=delimiter), [])
    if not any(header):
        problems.append(
            Problem(str(path), 1, 0, "the file is empty; it needs a line of column names")
        )
    names = [name.strip().lower() for name in header]
    problems += [
        Problem(str(path), 1, 0, f"column «{name}» stands twice") for name in _twice(names)
    ]
    return Layout(
        delimiter=delimiter,
        columns={name: f"c{place}" for place, name in enumerate(names)},
        width=len(names),
    )


def _parquet_layout(path: Path, problems: list[Problem]) -> Layout:
    schema = pq.read_schema(path)
    names = [name.strip().lower() for name in schema.names]
    problems += [
        Problem(str(path), 0, 0, f"column «{name}» stands twice") for name in _twice(names)
    ]
    return Layout(
        delimiter="",
        columns=dict(zip(names, schema.names, strict=True)),
        types=dict(zip(names, schema.types, strict=True)),
    )


def _twice(names: Sequence[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if name and times > 1]


def by_layout(files: Sequence[InputFile]) -> list[list[InputFile]]:
    """Return the files in groups that can be read as one."""
    groups: list[list[InputFile]] = []
    for file in files:
        group = next((each for each in groups if each[0].layout == file.layout), None)
        if group is None:
            groups.append([file])
        else:
            group.append(file)
    return groups


def table_sql(files: Sequence[InputFile], *, rejects: str = "") -> str:
    """Return a table of files of one layout, with `filename`, and `file_row_number` for Parquet.

    Lines of a CSV that are no rows go to a table `rejects`, named once in a connection.
    """
    layout = files[0].layout
    paths = ", ".join(sql.text(_literally(file.path)) for file in files)
    if not layout.is_csv:
        return f"read_parquet([{paths}], filename = true, file_row_number = true)"
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(layout.width))
    refused = f"store_rejects = true, rejects_table = '{rejects}', rejects_scan = '{rejects}_scan'"
    return (
        f"read_csv([{paths}], auto_detect = false, header = true, delim = '{layout.delimiter}',"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, filename = true, {refused})"
    )


def text_sql(layout: Layout, name: str) -> str:
    """Return a column of a layout as the text that a CSV would hold, NULL where it is empty."""
    if name not in layout.columns:
        return "CAST(NULL AS VARCHAR)"
    column = sql.identifier(layout.columns[name])
    if layout.is_csv:
        return f"NULLIF({column}, '')"
    kind = layout.types[name]
    if pa.types.is_floating(kind):
        # Tools turn whole numbers into floats as soon as one is missing: 42.0 is the id 42.
        whole = f"CAST(TRY_CAST({column} AS BIGINT) AS VARCHAR)"
        is_whole = f"{column} = trunc({column}) AND abs({column}) < 9007199254740992"
        spelled = f"CASE WHEN {is_whole} THEN {whole} ELSE CAST({column} AS VARCHAR) END"
        return f"CASE WHEN NOT isnan({column}) THEN {spelled} END"
    if layout.is_timestamp(name):
        # To be read by `micros_sql`: as text it is only there or not.
        return f"CASE WHEN {column} IS NOT NULL THEN 'a moment' END"
    return f"NULLIF(CAST({column} AS VARCHAR), '')"


def micros_sql(layout: Layout, name: str) -> str:
    """Return a column of moments as microseconds since 1970, of UTC or of the wall clock."""
    return f"epoch_us({sql.identifier(layout.columns[name])})"


def _literally(path: Path) -> str:
    """Return a path in which nothing is read as a pattern."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(path))
