"""Reads CSV files so that every bad line is found and named, not only the first."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from connector.errors import ConfigError, Problem

MOST_PROBLEMS = 20

# A slip of the keyboard (0204, 20024) is found here rather than moved about with all other days.
_FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(2199, 12, 31)
_MOST_DIGITS = 15
_MOST_QUOTED = 40


class Mistakes:
    """Collects what is wrong in a folder of CSV files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._problems: list[Problem] = []
        self._is_incomplete = False

    def add(self, file: Path, line: int, message: str) -> None:
        """Note a mistake; line 0 stands for the file as a whole."""
        # The position of a value within its line is not known, so the line's beginning stands in.
        self._problems.append(Problem(str(file), line, 1 if line else 0, message))

    def add_unreadable(self, file: Path, line: int, message: str) -> None:
        """Note that the file cannot be read from this line on."""
        self._is_incomplete = True
        self.add(file, line, message)

    def raise_if_unreadable(self) -> None:
        """Raise a ConfigError if a file could not be read to its end."""
        if self._is_incomplete:
            self.raise_if_any()

    def raise_if_any(self) -> None:
        """Raise a ConfigError that lists the first mistakes and counts the rest."""
        if not self._problems:
            return
        self._problems.sort(key=lambda problem: (problem.file, problem.line))
        number = len(self._problems)
        shown = f", the first {MOST_PROBLEMS} are listed" if number > MOST_PROBLEMS else ""
        raise ConfigError(
            what=f"{number} {'mistake' if number == 1 else 'mistakes'} in the CSV files{shown}",
            where=str(self._folder),
            do="correct the lines named below and load the folder again; nothing was loaded",
            problems=tuple(self._problems[:MOST_PROBLEMS]),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file. What cannot be read is noted as a mistake, and a stand-in returned."""

    file: Path
    line: int
    values: Mapping[str, str]
    mistakes: Mistakes = field(repr=False)

    def __getitem__(self, column: str) -> str:
        """Return the text of a column."""
        return self.values[column]

    def quoted(self, column: str) -> str:
        """Return a column's text as a message shows it, cut where it is long."""
        text = self[column]
        return f"«{text if len(text) <= _MOST_QUOTED else text[:_MOST_QUOTED] + '…'}»"

    def reject(self, message: str) -> None:
        """Note a mistake in this line."""
        self.mistakes.add(self.file, self.line, message)

    def day(self, column: str) -> date:
        """Return a date written YYYY-MM-DD."""
        try:
            day = date.fromisoformat(self[column])
        except ValueError:
            self.reject(f"{column} {self.quoted(column)} is not a date like 2024-01-31")
            return _FIRST_DAY
        if _FIRST_DAY <= day <= _LAST_DAY:
            return day
        self.reject(f"{column} {self.quoted(column)} lies outside {_FIRST_DAY} to {_LAST_DAY}")
        return _FIRST_DAY

    def number(self, column: str) -> int:
        """Return a whole number, 0 or more."""
        # `isdecimal` alone would let through the digits of other scripts.
        text = self[column]
        if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
            return int(text)
        self.reject(f"{column} {self.quoted(column)} is not a whole number")
        return 0

    def known(self, column: str, keys: Mapping[str, object], home: str) -> bool:
        """Tell whether the column's id stands in the file called `home`; if not, note it."""
        if self[column] in keys:
            return True
        self.reject(f"{column} {self.quoted(column)} does not stand in {home}")
        return False


def read_rows(file: Path, columns: Sequence[str], mistakes: Mistakes) -> Iterator[Row]:
    """Yield the lines of a UTF-8 file that has these columns, in any order, among others."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from _rows(file, lines, columns, mistakes)
    except FileNotFoundError:
        mistakes.add_unreadable(file, 0, "there is no such file")
    except OSError as error:
        mistakes.add_unreadable(file, 0, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        mistakes.add_unreadable(file, 0, f"is not UTF-8 text: {error.reason}")


def _rows(
    file: Path, lines: Iterable[str], columns: Sequence[str], mistakes: Mistakes
) -> Iterator[Row]:
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
        missing = [f"«{column}»" for column in columns if column not in header]
        if missing:
            mistakes.add_unreadable(file, 1, f"the header lacks {', '.join(missing)}")
            return
        for values in reader:
            if len(values) == len(header):
                yield Row(file, reader.line_num, dict(zip(header, values, strict=True)), mistakes)
            elif values:
                found = f"{len(values)} values where the header has {len(header)}"
                mistakes.add(file, reader.line_num, found)
    except csv.Error as error:
        mistakes.add_unreadable(file, reader.line_num, f"is not CSV: {error}")
