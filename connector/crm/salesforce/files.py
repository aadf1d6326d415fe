"""Write-backs as one file: Bulk API 2.0 ingest."""

import csv
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, TextIO, cast

from connector.crm.http import TryAgainError
from connector.crm.salesforce.bulk import Job, Jobs, LostJobError, State
from connector.crm.salesforce.client import CSV, Client
from connector.crm.salesforce.judging import ConflictError
from connector.crm.salesforce.people import object_of
from connector.crm.salesforce.refusal import Refusal, parse_cell
from connector.crm.salesforce.rows import Row, csv_rows, lines_of
from connector.crm.salesforce.schema import Schema
from connector.crm.salesforce.writing import UnfitError, typed
from connector.domain.ids import ContactId, JobId
from connector.errors import CrmRefusedError, CrmUnavailableError, StoreError
from connector.ports import FileJob, FileRow, Outcome, Verdict, WriteBack

FILE_FROM = 10_000
"""A file costs some nine calls, and a thousand write-backs one."""
FILE_CALLS = 6
"""Open, send, begin, look twice, fetch what became of it."""
_NULL = "#N/A"
_RESENT = frozenset({"DUPLICATES_DETECTED"})
_LARGEST = 95 * 1024 * 1024  # the platform's 150 MB are counted in base64


@dataclass(frozen=True, slots=True)
class FileWriter:
    """Sends files of write-backs.

    `fields`: {object: those of ours that can be in one}. `sent`: {job of this process: its rows}.
    """

    client: Client
    schema: Schema
    fields: Mapping[str, Sequence[str]]
    sent: dict[str, int] = field(default_factory=dict)

    @property
    def _jobs(self) -> Jobs:
        return Jobs(self.client, "ingest")

    def open(self, source: str) -> JobId:
        """Open a job that holds nothing yet. No assignment rule is named, so that none runs."""
        body = {
            "object": source,
            "operation": "update",
            "contentType": "CSV",
            "lineEnding": "LF",
            "columnDelimiter": "COMMA",
        }
        return JobId(self._jobs.create(body).id)

    def send(self, job: FileJob, rows: Iterable[WriteBack]) -> None:
        """Put the rows into an open job, and let the platform work on it."""
        with tempfile.TemporaryFile() as file:
            try:
                count = self._fill(cast("BinaryIO", file), job.part, rows)
            except OSError as error:
                self._give_up(job)
                raise StoreError(
                    what=f"the file of writes cannot be made: {error.strerror}",
                    where=tempfile.gettempdir(),
                    do="Make room there. Nothing is lost: the writes wait.",
                ) from error
            try:
                self._upload(job, cast("BinaryIO", file))
                self._jobs.change(job.id, State.UPLOADED)
                self.sent[job.id] = count
            except CrmUnavailableError:
                # Whether it arrived is unknown; a job given up has changed nothing.
                self._give_up(job)
                raise

    def _upload(self, job: FileJob, file: BinaryIO) -> None:
        target = self.client.target(f"/jobs/ingest/{job.id}/batches")
        self.client.upload(target, file, content=CSV)

    def _fill(self, file: BinaryIO, source: str, rows: Iterable[WriteBack]) -> int:
        count = 0
        names = self.fields[source]
        text = _Utf8(file)
        writer = csv.writer(cast("TextIO", text), lineterminator="\n")
        writer.writerow(["Id", *names])
        for row in rows:
            cells = self._cells(source, names, row)
            if cells is not None and file.tell() < _LARGEST:
                writer.writerow(cells)
                count += 1
        return count

    def _cells(self, source: str, names: Sequence[str], row: WriteBack) -> list[str] | None:
        """Return a line; None for what cannot be in a file, which is sent by itself."""
        if not row.values.keys() <= set(names):
            return None
        cells: list[str] = [row.contact]
        for name in names:
            # An empty cell is no value: it leaves the field as it is.
            cell = self._cell(source, name, row.values[name]) if name in row.values else ""
            if cell is None:
                return None
            cells.append(cell)
        return cells

    def _cell(self, source: str, name: str, text: str | None) -> str | None:
        info = self.schema.field(source, name)
        if info is None:
            return None
        try:
            value = typed(info, text)
        except UnfitError:
            return None
        if value is None:
            return _NULL
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value).replace("\0", "")

    def _give_up(self, job: FileJob) -> None:
        try:
            self._jobs.change(job.id, State.ABORTED)
        except (CrmUnavailableError, CrmRefusedError):
            return  # a job that was never begun ends by itself within a day

    def finish(self, job: FileJob) -> Iterator[FileRow]:
        """Wait until a job is over, and yield what became of its rows."""
        try:
            if job.id in self.sent:
                found = self._jobs.finished(job.id, self.sent[job.id])
            else:
                found = self._jobs.look(job.id)
                if found.state == State.OPEN:
                    self._give_up(job)
                    return
            if not found.is_over:
                found = self._jobs.finished(job.id)
            yield from self._results(job, found)
        except LostJobError:
            return

    def _results(self, job: FileJob, found: Job) -> Iterator[FileRow]:
        names = self.fields[job.part]
        if found.processed > found.failed:
            for row in self._file(job, "successfulResults"):
                sent = _sent(row, names)
                yield FileRow(sent, Outcome(Verdict.ACCEPTED, values=dict(sent.values)))
        if found.failed:
            for row in self._file(job, "failedResults"):
                yield FileRow(_sent(row, names), _refused(parse_cell(row.get("sf__Error") or "")))
        # Rows that were not looked at wait, and are sent by themselves.

    def _file(self, job: FileJob, name: str) -> Iterator[Row]:
        path = f"/jobs/ingest/{job.id}/{name}/"
        try:
            with self.client.stream(path, {}, accept="text/csv") as answer:
                yield from csv_rows(lines_of(answer.pieces()))
        except TryAgainError as cut:
            # What was put down already is not put down twice: a second run reads the file again.
            raise cut.failure from cut
        except ConflictError as refused:
            if refused.status == 404:
                raise LostJobError from refused
            raise


def _sent(row: Row, names: Sequence[str]) -> WriteBack:
    """Return the write-back that a line of a result is."""
    values = {name: None if row[name] == _NULL else row[name] for name in names if row.get(name)}
    return WriteBack(ContactId(row.get("Id") or row.get("sf__Id") or ""), values)


def _refused(why: Refusal) -> Outcome | None:
    """Return the outcome of a row; None if it has to be sent by itself to be known."""
    goes_on = why.is_passing or why.is_converted or why.is_gone or why.code in _RESENT
    return None if goes_on else Outcome(Verdict.REFUSED, why.says)


class _Utf8:
    """Writes text into a binary file: a wrapper of the library's would close it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        """Write a text."""
        return self._file.write(text.encode())


def part_of(contact: ContactId) -> str:
    """Return the object of a contact: a file holds records of one object."""
    return object_of(contact) or ""
