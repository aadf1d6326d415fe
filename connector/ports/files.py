"""What a CRM can do besides that takes many write-backs as one file: not every CRM does."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from connector.domain.ids import ContactId, JobId
from connector.ports.writes import Outcome, WriteBack


@dataclass(frozen=True, slots=True)
class FileJob:
    """A file of write-backs on its way. `part`: which contacts are in it, see `FileCrm.part_of`."""

    id: JobId
    part: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """One write-back of a file, as the CRM names it when it is done.

    `outcome`: ACCEPTED or REFUSED; None if the row has to be sent by itself to be known: it was
    locked, its record went elsewhere, or it was not looked at.
    """

    write_back: WriteBack
    outcome: Outcome | None


@runtime_checkable
class FileCrm(Protocol):
    """A CRM that takes write-backs as files: far fewer calls for many.

    A job is opened, and its id stored, before anything is in it. So after a crash its id leads to
    what became of it: `finish_file` again. All raise what `Crm.write` raises.
    """

    @property
    def file_from(self) -> int:
        """From so many write-backs of one part on a file costs fewer calls."""
        ...

    def part_of(self, contact: ContactId) -> str:
        """Return which contacts can be in one file with this one. Costs nothing."""
        ...

    def open_file(self, part: str) -> JobId:
        """Open a job that holds nothing yet."""
        ...

    def send_file(self, job: FileJob, rows: Iterable[WriteBack]) -> None:
        """Put the rows into an open job, and let the CRM work on it."""
        ...

    def finish_file(self, job: FileJob) -> Iterator[FileRow]:
        """Wait until a job is over, and yield what became of its rows, in any order.

        One that was never sent is given up, and one that the CRM no longer knows forgotten: neither
        yields anything.
        """
        ...
